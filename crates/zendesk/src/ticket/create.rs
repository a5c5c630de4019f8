//! Creating a ticket: requester, first comment, audit, events and the kept reply in one transaction (spec 3.1, 3.2).

use std::sync::atomic::Ordering;

use zis_flow::{Timestamp, Value};
use zis_store::{
    StoreError,
    zendesk::{
        audit::{self, Audit},
        comment::{self, Comment},
        reply::{self, Reply},
        ticket::{self, Ticket},
    },
};

use super::{CommentIn, KEY_TIME, TicketIn, change};
use crate::{
    activity::Key,
    auth::Principal,
    error::{Fault, ZendeskError},
    handle::Zendesk,
    outbox::Happening,
    user::Role,
};

/// How often another id is tried when another node took it.
const TRIES: usize = 20;

/// A created ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    pub ticket: Ticket,
    pub audit: Audit,
    /// The idempotency key was seen before: this is the first answer again.
    pub repeated: bool,
}

impl Zendesk {
    pub async fn create_ticket(
        &self,
        caller: &Principal,
        input: &TicketIn,
        client: &Value,
        key: Option<&Key>,
    ) -> Result<Created, ZendeskError> {
        let comment = first_comment(input)?;
        for _ in 0..TRIES {
            if let Some(key) = key
                && let Some(before) = self.kept(key).await?
            {
                return Ok(before);
            }
            match self.try_create(caller, input, &comment, client, key).await {
                Err(ZendeskError::Conflict) => {}
                other => return other,
            }
        }
        Err(ZendeskError::Conflict)
    }

    /// The answer that the key got before.
    async fn kept(&self, key: &Key) -> Result<Option<Created>, ZendeskError> {
        let Some(reply) = reply::kept(&self.store, self.account, &key.key, self.now()).await? else {
            return Ok(None);
        };
        if reply.digest != key.digest {
            return Err(ZendeskError::KeyReused);
        }
        let audit = audit::show(&self.store, self.account, reply.ticket_id, reply.audit_id).await?;
        let audit = audit.ok_or_else(|| ZendeskError::Internal("a kept reply has lost its audit".to_owned()))?;
        Ok(Some(Created { ticket: reply.ticket, audit, repeated: true }))
    }

    async fn try_create(
        &self,
        caller: &Principal,
        input: &TicketIn,
        comment: &CommentIn,
        client: &Value,
        key: Option<&Key>,
    ) -> Result<Created, ZendeskError> {
        let requester = self.requester(caller, input.requester.as_ref()).await?;
        let assignee = self.assignee(input.assignee_id.flatten(), input.assignee_email.as_deref()).await?;
        let submitter = self.submitter(caller, input).await?;
        let author = comment.author_id.unwrap_or(submitter);
        if author != submitter && author != requester.id {
            self.user(author).await.map_err(|_| ZendeskError::fault("author", "Author: is invalid", "InvalidValue"))?;
        }
        let now = self.now();
        let id = self.next_ticket_id().await?;
        let audit_id = self.number();
        let metadata = metadata(client, input.metadata.as_ref());
        let comment = self.new_comment(id, audit_id, author, comment, &metadata);
        let people = People { requester: requester.id, submitter, assignee };
        let ticket = new_ticket(input, &comment, &people, now);
        let mut events = vec![self.comment_entry(&comment)];
        events.extend(self.create_entries(&ticket));
        let audit = Audit {
            id: audit_id,
            ticket_id: id,
            author_id: caller.user.id,
            metadata,
            events: Value::array(events),
            created_at: now,
        };
        let created = Happening::new("ticket.TicketCreated", "Ticket Created", Vec::new());
        let happened = vec![created, change::comment_added(&comment)];
        let mut entries = requester.entries;
        let ticket_entries = self.envelopes("ticket", &change::snapshot(&ticket), happened);
        let mut writes = requester.writes;
        writes.push(ticket::insert(self.account, &ticket));
        writes.push(audit::insert(self.account, &audit));
        writes.push(comment::insert(self.account, &comment));
        writes.extend(self.outbox_inserts(&ticket_entries));
        writes.extend(key.into_iter().flat_map(|key| reply::keep(self.account, &kept_for(key, &ticket, &audit), now)));
        if let Err(error) = self.store.write(writes).await {
            return Err(self.create_failed(error));
        }
        entries.extend(ticket_entries);
        self.hand_over(entries).await;
        Ok(Created { ticket, audit, repeated: false })
    }

    /// Somebody else took the id, the key or the requester's address: look again.
    fn create_failed(&self, error: StoreError) -> ZendeskError {
        match error {
            StoreError::Duplicate { table } => {
                if table == "zd_ticket" {
                    self.last_ticket.store(0, Ordering::Release);
                }
                ZendeskError::Conflict
            }
            error => error.into(),
        }
    }

    /// The next free id as far as this node knows; the unique key is the judge.
    async fn next_ticket_id(&self) -> Result<i64, ZendeskError> {
        if self.last_ticket.load(Ordering::Acquire) == 0 {
            let last = ticket::last_id(&self.store, self.account).await?;
            let _ = self.last_ticket.compare_exchange(0, last, Ordering::AcqRel, Ordering::Acquire);
        }
        Ok(self.last_ticket.fetch_add(1, Ordering::AcqRel) + 1)
    }

    async fn submitter(&self, caller: &Principal, input: &TicketIn) -> Result<i64, ZendeskError> {
        match input.submitter_id {
            Some(id) if caller.user.role != Role::EndUser => {
                let found = self.user(id).await;
                found
                    .map(|user| user.id)
                    .map_err(|_| ZendeskError::fault("submitter", "Submitter: is invalid", "InvalidValue"))
            }
            _ => Ok(caller.user.id),
        }
    }
}

/// Who a ticket is about.
struct People {
    requester: i64,
    submitter: i64,
    assignee: Option<i64>,
}

fn new_ticket(input: &TicketIn, first: &Comment, people: &People, now: Timestamp) -> Ticket {
    let mut ticket = Ticket {
        id: first.ticket_id,
        external_id: None,
        subject: None,
        description: first.body.clone(),
        status: "new".to_owned(),
        priority: None,
        kind: None,
        requester_id: people.requester,
        submitter_id: people.submitter,
        assignee_id: people.assignee,
        group_id: None,
        organization_id: None,
        tags: Vec::new(),
        custom_fields: Value::array([]),
        fields: Value::object::<&str>([]),
        channel: input.channel.clone().unwrap_or_else(|| "api".to_owned()),
        is_public: first.is_public,
        deleted: false,
        created_at: now,
        updated_at: now,
        solved_at: None,
        version: 1,
    };
    input.apply(&mut ticket);
    if ticket.assignee_id.is_some() && ticket.status == "new" {
        // A ticket that somebody works on is not new.
        "open".clone_into(&mut ticket.status);
    }
    ticket.solved_at = matches!(ticket.status.as_str(), "solved" | "closed").then_some(now);
    ticket
}

fn kept_for(key: &Key, ticket: &Ticket, audit: &Audit) -> Reply {
    Reply {
        key: key.key.clone(),
        digest: key.digest.clone(),
        ticket_id: ticket.id,
        audit_id: audit.id,
        ticket: ticket.clone(),
        expires_at: ticket.created_at.saturating_add(KEY_TIME),
    }
}

/// `system` is what is known of the client, `custom` what the request says.
pub(super) fn metadata(client: &Value, custom: Option<&Value>) -> Value {
    let empty = || Value::object::<&str>([]);
    Value::object([("system", client.clone()), ("custom", custom.cloned().unwrap_or_else(empty))])
}

fn first_comment(input: &TicketIn) -> Result<CommentIn, ZendeskError> {
    let said = input.comment.clone().filter(|comment| !comment.is_blank());
    let described = || {
        let body = input.description.clone().filter(|text| !text.trim().is_empty())?;
        Some(CommentIn { body: Some(body), ..input.comment.clone().unwrap_or_default() })
    };
    said.or_else(described).ok_or_else(|| {
        ZendeskError::Invalid(vec![Fault::new("base", "Description: cannot be blank", Some("BlankValue"))])
    })
}
