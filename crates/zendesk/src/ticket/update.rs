//! Changing and deleting a ticket (spec 3.4): the versioned row, the audit, the comment and the events in one transaction.

use zis_flow::Value;
use zis_store::{
    StoreError,
    zendesk::{
        audit::{self, Audit},
        comment,
        ticket::{self, Ticket},
    },
};

use super::{MAX_COMMENTS, TicketIn, change, create::metadata};
use crate::{
    auth::Principal,
    error::{Fault, ZendeskError},
    handle::Zendesk,
    outbox::Happening,
    read,
};

/// How often a change is made anew when somebody else was faster.
const TRIES: usize = 5;

impl TicketIn {
    /// Puts what the request says into the ticket; requester, assignee and comment are the caller's.
    pub(super) fn apply(&self, ticket: &mut Ticket) {
        if let Some(subject) = &self.subject {
            ticket.subject.clone_from(subject);
        }
        if let Some(status) = self.status {
            status.clone_into(&mut ticket.status);
        }
        if let Some(priority) = self.priority {
            ticket.priority = priority.map(str::to_owned);
        }
        if let Some(kind) = self.kind {
            ticket.kind = kind.map(str::to_owned);
        }
        if let Some(group) = self.group_id {
            ticket.group_id = group;
        }
        if let Some(organization) = self.organization_id {
            ticket.organization_id = organization;
        }
        if let Some(external) = &self.external_id {
            ticket.external_id.clone_from(external);
        }
        if let Some(tags) = &self.tags {
            ticket.tags.clone_from(tags);
        }
        ticket.tags.extend(self.add_tags.iter().cloned());
        ticket.tags.retain(|tag| !self.remove_tags.contains(tag));
        ticket.tags.sort();
        ticket.tags.dedup();
        ticket.fields = read::overlay(&ticket.fields, &self.fields);
        if !self.custom_fields.is_empty() {
            ticket.custom_fields = with_custom(ticket, &self.custom_fields);
        }
    }
}

fn with_custom(ticket: &Ticket, said: &[(i64, Value)]) -> Value {
    let mut ids = change::custom_ids(ticket);
    for (id, _) in said {
        if !ids.contains(id) {
            ids.push(*id);
        }
    }
    let value = |id: i64| {
        let new = said.iter().rev().find(|(one, _)| *one == id).map(|(_, value)| value.clone());
        new.unwrap_or_else(|| change::custom_value(ticket, id))
    };
    Value::array(ids.into_iter().map(|id| Value::object([("id", Value::from(id)), ("value", value(id))])))
}

impl Zendesk {
    pub async fn update_ticket(
        &self,
        caller: &Principal,
        id: i64,
        input: &TicketIn,
        client: &Value,
    ) -> Result<(Ticket, Audit), ZendeskError> {
        for _ in 0..TRIES {
            match self.try_update(caller, id, input, client).await {
                Err(ZendeskError::Store(StoreError::Expectation { .. })) => {}
                other => return other,
            }
        }
        Err(ZendeskError::Conflict)
    }

    async fn try_update(
        &self,
        caller: &Principal,
        id: i64,
        input: &TicketIn,
        client: &Value,
    ) -> Result<(Ticket, Audit), ZendeskError> {
        let old = self.ticket(id).await?;
        if old.status == "closed" {
            let text = "Status: closed prevents ticket update";
            return Err(ZendeskError::Invalid(vec![Fault::new("status", text, None)]));
        }
        if input.safe_stamp.is_some_and(|stamp| old.updated_at.0 / 1_000_000 > stamp.0 / 1_000_000) {
            return Err(ZendeskError::Conflict);
        }
        if input.comment.is_some() && comment::count(&self.store, self.account, id).await? >= MAX_COMMENTS {
            let text = format!("Ticket: has {MAX_COMMENTS} comments, no more can be added");
            return Err(ZendeskError::Invalid(vec![Fault::new("base", text, None)]));
        }
        let now = self.now();
        let mut new = old.clone();
        input.apply(&mut new);
        let mut writes = Vec::new();
        let mut entries = Vec::new();
        if let Some(said) = &input.requester {
            let requester = self.requester(caller, Some(said)).await?;
            new.requester_id = requester.id;
            writes.extend(requester.writes);
            entries.extend(requester.entries);
        }
        if let Some(None) = input.assignee_id {
            new.assignee_id = None;
        } else if let Some(assignee) =
            self.assignee(input.assignee_id.flatten(), input.assignee_email.as_deref()).await?
        {
            new.assignee_id = Some(assignee);
        }
        settle(&old, &mut new, input, now);
        let audit_id = self.number();
        let metadata = metadata(client, input.metadata.as_ref());
        let said = input.comment.as_ref().filter(|comment| !comment.is_blank());
        let comment = said.map(|comment| {
            let author = comment.author_id.unwrap_or(caller.user.id);
            self.new_comment(id, audit_id, author, comment, &metadata)
        });
        let mut events: Vec<Value> = comment.iter().map(|comment| self.comment_entry(comment)).collect();
        events.extend(self.change_entries(&old, &new));
        let audit = Audit {
            id: audit_id,
            ticket_id: id,
            author_id: caller.user.id,
            metadata,
            events: Value::array(events),
            created_at: now,
        };
        if comment.is_none() && new == old {
            return Ok((old, audit));
        }
        new.updated_at = now;
        new.version += 1;
        let happened = change::happenings(&old, &new, comment.as_ref());
        let ticket_entries = self.envelopes("ticket", &change::snapshot(&new), happened);
        writes.push(ticket::update(self.account, &new));
        writes.push(audit::insert(self.account, &audit));
        writes.extend(comment.iter().map(|comment| comment::insert(self.account, comment)));
        writes.extend(self.outbox_inserts(&ticket_entries));
        self.store.write(writes).await?;
        entries.extend(ticket_entries);
        self.hand_over(entries).await;
        Ok((new, audit))
    }

    /// Takes the ticket out of use: the row stays.
    pub async fn delete_ticket(&self, id: i64) -> Result<(), ZendeskError> {
        for _ in 0..TRIES {
            let old = self.ticket(id).await?;
            let new = Ticket { deleted: true, updated_at: self.now(), version: old.version + 1, ..old };
            let gone = Happening::new("ticket.TicketSoftDeleted", "Ticket Soft Deleted", Vec::new());
            let entries = self.envelopes("ticket", &change::snapshot(&new), vec![gone]);
            let mut writes = vec![ticket::update(self.account, &new)];
            writes.extend(self.outbox_inserts(&entries));
            match self.store.write(writes).await {
                Err(StoreError::Expectation { .. }) => continue,
                other => other?,
            };
            self.hand_over(entries).await;
            return Ok(());
        }
        Err(ZendeskError::Conflict)
    }
}

/// What follows from a change: an assigned ticket is open; solving has a time.
fn settle(old: &Ticket, new: &mut Ticket, input: &TicketIn, now: zis_flow::Timestamp) {
    if new.assignee_id.is_some() && old.assignee_id.is_none() && new.status == "new" && input.status.is_none() {
        "open".clone_into(&mut new.status);
    }
    let done = |status: &str| matches!(status, "solved" | "closed");
    if done(&new.status) && !done(&old.status) {
        new.solved_at = Some(now);
    } else if !done(&new.status) {
        new.solved_at = None;
    }
}
