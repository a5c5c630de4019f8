//! A query made ready to run: people looked up, dates computed, words split, repeated properties joined.

use zis_flow::Timestamp;
use zis_store::zendesk::{
    Order, Sorted, Window,
    user::{self, Filter as UserFilter},
};

use super::{
    date::{self, Span},
    parse::{Op, Query, Term},
    words::{Last, Pattern, words},
};
use crate::{auth::Principal, error::ZendeskError, handle::Zendesk};

/// Users of one name at most: a search for "a" must not read everybody.
const MAX_NAMESAKES: usize = 1_000;

/// What one value of a property asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// `none`: empty.
    Nothing,
    /// Compared without case; a trailing `*` asks for a prefix.
    Text {
        text: String,
        pattern: Pattern,
        op: Op,
    },
    People(Vec<i64>),
    When(Span),
}

/// All of these must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    Text {
        pattern: Pattern,
        id: Option<i64>,
        negated: bool,
    },
    /// Any of `wanted`; a negated clause has one.
    Property {
        name: String,
        wanted: Vec<Wanted>,
        negated: bool,
    },
}

impl Clause {
    /// The text of comments is needed to decide it.
    pub fn reads_comments(&self) -> bool {
        match self {
            Clause::Text { .. } => true,
            Clause::Property { name, .. } => matches!(name.as_str(), "comment" | "commenter"),
        }
    }
}

const PEOPLE: &[&str] = &["assignee", "submitter", "requester", "commenter", "cc"];
const DATES: &[&str] = &["created", "updated", "solved", "due_date"];

impl Zendesk {
    pub(super) async fn clauses(&self, query: &Query, caller: &Principal) -> Result<Vec<Clause>, ZendeskError> {
        let mut all: Vec<Clause> = Vec::new();
        for term in &query.terms {
            let (name, op, value, phrase, negated) = match term {
                Term::Text { text, phrase, negated } => {
                    let last = if *phrase { Last::Whole } else { Last::Prefix };
                    let id = if *phrase { None } else { text.trim_start_matches('#').parse().ok() };
                    all.push(Clause::Text { pattern: Pattern::new(text, last), id, negated: *negated });
                    continue;
                }
                Term::Property { name, op, value, phrase, negated } => (name, *op, value, *phrase, *negated),
            };
            if name == "tags" && phrase {
                // `tags:"a b"`: both.
                for word in value.split_whitespace() {
                    let wanted = vec![text_of(word, Op::Is)];
                    all.push(Clause::Property { name: name.clone(), wanted, negated });
                }
                continue;
            }
            let wanted = self.wanted(name, op, value, caller).await?;
            let joins = op == Op::Is && !negated && !DATES.contains(&name.as_str());
            let twin = all.iter_mut().find_map(|clause| match clause {
                Clause::Property { name: other, wanted, negated: false } if joins && other == name => Some(wanted),
                _ => None,
            });
            match twin {
                Some(twin) => twin.push(wanted),
                None => all.push(Clause::Property { name: name.clone(), wanted: vec![wanted], negated }),
            }
        }
        Ok(all)
    }

    async fn wanted(&self, name: &str, op: Op, value: &str, caller: &Principal) -> Result<Wanted, ZendeskError> {
        if value.eq_ignore_ascii_case("none") {
            return Ok(Wanted::Nothing);
        }
        if PEOPLE.contains(&name) {
            return Ok(Wanted::People(self.people(value, caller).await?));
        }
        if DATES.contains(&name) {
            let span = date::span(op, value, self.now());
            // What is no date matches nothing.
            let never = Span { from: Timestamp(0), until: Timestamp(0) };
            return Ok(Wanted::When(span.unwrap_or(never)));
        }
        Ok(text_of(value, op))
    }

    /// `me`, an id, an e-mail address, a `+phone`, or a name.
    async fn people(&self, value: &str, caller: &Principal) -> Result<Vec<i64>, ZendeskError> {
        if value.eq_ignore_ascii_case("me") {
            return Ok(vec![caller.user.id]);
        }
        if let Ok(id) = value.parse::<i64>()
            && !value.starts_with('+')
        {
            return Ok(vec![id]);
        }
        let kind = if value.contains('@') {
            Some("email")
        } else if value.starts_with('+') {
            Some("phone_number")
        } else {
            None
        };
        if let Some(kind) = kind {
            let found = user::by_identities(&self.store, self.account, &[(kind, value)]).await?;
            return Ok(found.into_iter().map(|user| user.id).collect());
        }
        let pattern = Pattern::new(value, Last::Whole);
        let filter = UserFilter { name: Some(user::lookup(value.trim_end_matches('*'))), ..UserFilter::default() };
        let window = Window::After { last: None, size: MAX_NAMESAKES };
        let found = user::list(&self.store, self.account, &filter, (Sorted::Id, Order::Ascending), window).await?;
        Ok(found.into_iter().filter(|user| pattern.matches(&words(&user.name))).map(|user| user.id).collect())
    }
}

fn text_of(value: &str, op: Op) -> Wanted {
    Wanted::Text { text: value.to_lowercase(), pattern: Pattern::new(value, Last::Whole), op }
}
