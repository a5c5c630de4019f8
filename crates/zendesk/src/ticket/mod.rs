//! Tickets (spec 3): create with idempotency keys, change with audits and comments, delete, list.

mod bulk;
mod change;
mod commenting;
mod create;
mod input;
mod requester;
mod update;

use zis_flow::Value;
use zis_store::zendesk::{
    Order, Sorted, Window,
    audit::{self, Audit},
    comment::{self, Comment},
    job::{self, Job},
    ticket::{self, Filter, Ticket},
};

use crate::{
    error::ZendeskError,
    handle::Zendesk,
    read,
    user::{Listed, one_more},
};

pub(crate) use change::tag_changes;
pub use create::Created;
pub use input::{CommentIn, RequesterIn, TicketIn};
pub use zis_store::zendesk::{
    audit::Audit as AuditRow,
    comment::Comment as CommentRow,
    job::Job as JobRow,
    ticket::{Filter as TicketFilter, Ticket as TicketRow},
};

/// Comments of a ticket at most.
pub const MAX_COMMENTS: u64 = 5_000;
/// Tickets of a bulk request at most.
pub const MAX_BULK: usize = 100;
/// How long an idempotency key is remembered.
pub const KEY_TIME: std::time::Duration = std::time::Duration::from_secs(2 * 60 * 60);

/// From the lowest to the highest.
pub const STATUSES: &[&str] = &["new", "open", "pending", "hold", "solved", "closed"];
/// From the lowest to the highest.
pub const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
pub const TYPES: &[&str] = &["problem", "incident", "question", "task"];

impl Zendesk {
    pub async fn ticket(&self, id: i64) -> Result<Ticket, ZendeskError> {
        ticket::show(&self.store, self.account, id).await?.ok_or_else(|| ZendeskError::not_found("ticket", id))
    }

    pub async fn tickets_by_ids(&self, ids: &[i64]) -> Result<Vec<Ticket>, ZendeskError> {
        Ok(ticket::show_many(&self.store, self.account, ids).await?)
    }

    pub async fn tickets(
        &self,
        filter: &Filter,
        order: (Sorted, Order),
        window: Window,
        counted: bool,
    ) -> Result<Listed<Ticket>, ZendeskError> {
        let items = ticket::list(&self.store, self.account, filter, order, one_more(window)).await?;
        let count = if counted { Some(self.count_tickets(filter).await?) } else { None };
        Ok(Listed::cut(items, window, count))
    }

    pub async fn count_tickets(&self, filter: &Filter) -> Result<u64, ZendeskError> {
        Ok(ticket::count(&self.store, self.account, filter).await?)
    }

    pub async fn comments(
        &self,
        ticket_id: i64,
        order: Order,
        window: Window,
        counted: bool,
    ) -> Result<Listed<Comment>, ZendeskError> {
        self.ticket(ticket_id).await?;
        let items = comment::list(&self.store, self.account, ticket_id, order, one_more(window)).await?;
        let count = if counted { Some(comment::count(&self.store, self.account, ticket_id).await?) } else { None };
        Ok(Listed::cut(items, window, count))
    }

    pub async fn audits(&self, ticket_id: i64, order: Order, window: Window) -> Result<Listed<Audit>, ZendeskError> {
        self.ticket(ticket_id).await?;
        let items = audit::list(&self.store, self.account, ticket_id, order, one_more(window)).await?;
        Ok(Listed::cut(items, window, None))
    }

    pub async fn job(&self, id: &str) -> Result<Job, ZendeskError> {
        job::show(&self.store, self.account, id).await?.ok_or_else(|| ZendeskError::not_found("job status", id))
    }
}

/// Members of `ticket` in a request that are not known.
pub fn ignored(body: &Value) -> Vec<String> {
    read::unknown(body, input::KNOWN)
}
