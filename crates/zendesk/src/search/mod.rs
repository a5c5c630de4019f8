//! Search over tickets and users (spec 5). New records are found at once.
//!
//! Conditions that an index serves narrow what is read; everything else is decided record by record.

mod date;
mod matching;
mod parse;
mod plan;
mod words;

use zis_flow::Timestamp;
use zis_store::zendesk::{
    Order, Sorted, Window,
    comment::{self, Comment},
    ticket::{self, Filter as TicketFilter, Ticket},
    user::{self, Filter as UserFilter, User},
};

use crate::{
    auth::Principal,
    error::ZendeskError,
    handle::Zendesk,
    ticket::{PRIORITIES, STATUSES, TYPES},
};
use plan::{Clause, Wanted};

pub use parse::Query;

/// Results that can be reached by paging.
pub const MAX_RESULTS: usize = 1_000;
/// Records read at once.
const CHUNK: usize = 1_000;

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub enum Hit {
    Ticket(Ticket),
    User(User),
}

impl Hit {
    fn id(&self) -> i64 {
        match self {
            Hit::Ticket(ticket) => ticket.id,
            Hit::User(user) => user.id,
        }
    }

    fn created_at(&self) -> Timestamp {
        match self {
            Hit::Ticket(ticket) => ticket.created_at,
            Hit::User(user) => user.created_at,
        }
    }

    fn updated_at(&self) -> Timestamp {
        match self {
            Hit::Ticket(ticket) => ticket.updated_at,
            Hit::User(user) => user.updated_at,
        }
    }

    /// By creation and id: what a cursor names.
    pub fn key(&self) -> (i64, i64) {
        (self.created_at().0, self.id())
    }
}

/// What the parameters of a request add to its query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub sort_by: Option<String>,
    pub sort_order: Option<String>,
    /// `ticket` or `user`, beside what the query says.
    pub kind: Option<String>,
}

impl Zendesk {
    /// All hits in order; the caller cuts its page.
    pub async fn search(&self, text: &str, options: &Options, caller: &Principal) -> Result<Vec<Hit>, ZendeskError> {
        let query = Query::parse(text)?;
        let clauses = self.clauses(&query, caller).await?;
        let wants = |kind: &str| {
            let by_query = query.kinds.is_empty() || query.kinds.iter().any(|one| one == kind);
            by_query && options.kind.as_deref().is_none_or(|one| one == kind)
        };
        let mut hits = Vec::new();
        if wants("ticket") {
            self.search_tickets(&clauses, &mut hits).await?;
        }
        if wants("user") && !clauses.iter().any(only_tickets) {
            self.search_users(&clauses, &mut hits).await?;
        }
        let by = query.order_by.as_deref().or(options.sort_by.as_deref()).unwrap_or("created");
        let ascending = query.sort.as_deref().or(options.sort_order.as_deref()) == Some("asc");
        hits.sort_by_key(|hit| (rank(hit, by), hit.id()));
        if !ascending {
            hits.reverse();
        }
        Ok(hits)
    }

    async fn search_tickets(&self, clauses: &[Clause], hits: &mut Vec<Hit>) -> Result<(), ZendeskError> {
        let filter = narrowed(clauses);
        let with_comments = clauses.iter().any(Clause::reads_comments);
        let mut last = None;
        loop {
            let window = Window::After { last, size: CHUNK };
            let chunk =
                ticket::list(&self.store, self.account, &filter, (Sorted::Id, Order::Ascending), window).await?;
            let Some(end) = chunk.last() else { return Ok(()) };
            last = Some(end.sort_key(Sorted::Id));
            let whole = chunk.len() == CHUNK;
            let mut comments: Vec<Comment> = Vec::new();
            if with_comments {
                let ids: Vec<i64> = chunk.iter().map(|ticket| ticket.id).collect();
                comments = comment::of_tickets(&self.store, self.account, &ids).await?;
                comments.sort_by_key(|comment| comment.ticket_id);
            }
            for ticket in chunk {
                let start = comments.partition_point(|comment| comment.ticket_id < ticket.id);
                let end = comments.partition_point(|comment| comment.ticket_id <= ticket.id);
                if matching::ticket_matches(clauses, &ticket, &comments[start..end]) {
                    hits.push(Hit::Ticket(ticket));
                }
            }
            if !whole {
                return Ok(());
            }
        }
    }

    async fn search_users(&self, clauses: &[Clause], hits: &mut Vec<Hit>) -> Result<(), ZendeskError> {
        let mut last = None;
        loop {
            let window = Window::After { last, size: CHUNK };
            let filter = UserFilter::default();
            let chunk = user::list(&self.store, self.account, &filter, (Sorted::Id, Order::Ascending), window).await?;
            let Some(end) = chunk.last() else { return Ok(()) };
            last = Some(end.sort_key(Sorted::Id));
            let whole = chunk.len() == CHUNK;
            hits.extend(chunk.into_iter().filter(|user| matching::user_matches(clauses, user)).map(Hit::User));
            if !whole {
                return Ok(());
            }
        }
    }
}

/// A condition that no user can meet: users need not be read.
fn only_tickets(clause: &Clause) -> bool {
    const NAMES: &[&str] = &[
        "assignee",
        "cc",
        "comment",
        "commenter",
        "description",
        "priority",
        "requester",
        "solved",
        "status",
        "subject",
        "submitter",
        "ticket_type",
        "via",
    ];
    matches!(clause, Clause::Property { name, .. } if NAMES.contains(&name.as_str()))
}

/// What the indexes of tickets can answer; the rest is left to the matching.
fn narrowed(clauses: &[Clause]) -> TicketFilter {
    let mut filter = TicketFilter::default();
    for clause in clauses {
        let Clause::Property { name, wanted, negated: false } = clause else { continue };
        let people = || {
            wanted.iter().try_fold(Vec::new(), |mut all, one| match one {
                Wanted::People(ids) => {
                    all.extend(ids);
                    Some(all)
                }
                _ => None,
            })
        };
        let words = || {
            wanted.iter().try_fold(Vec::new(), |mut all, one| match one {
                Wanted::Text { text, op: parse::Op::Is, .. } if !text.ends_with('*') => {
                    all.push(text.clone());
                    Some(all)
                }
                _ => None,
            })
        };
        match (name.as_str(), wanted.first()) {
            ("requester", _) => filter.requesters = people().or(filter.requesters),
            ("assignee", _) => filter.assignees = people().or(filter.assignees),
            ("status", _) => filter.statuses = words().or(filter.statuses),
            ("created", Some(Wanted::When(span))) => {
                filter.created_from = filter.created_from.max(Some(span.from));
                let until = filter.created_until.unwrap_or(Timestamp(i64::MAX));
                filter.created_until = Some(until.min(span.until));
            }
            _ => {}
        }
    }
    filter
}

fn rank(hit: &Hit, by: &str) -> i64 {
    let place = |word: Option<&str>, order: &[&str]| {
        let at = word.and_then(|word| order.iter().position(|one| *one == word));
        at.map_or(-1, |at| i64::try_from(at).unwrap_or(i64::MAX))
    };
    match (hit, by) {
        (_, "updated_at" | "updated" | "commented") => hit.updated_at().0,
        (Hit::Ticket(ticket), "priority") => place(ticket.priority.as_deref(), PRIORITIES),
        (Hit::Ticket(ticket), "status") => place(Some(&ticket.status), STATUSES),
        (Hit::Ticket(ticket), "ticket_type") => place(ticket.kind.as_deref(), TYPES),
        _ => hit.created_at().0,
    }
}
