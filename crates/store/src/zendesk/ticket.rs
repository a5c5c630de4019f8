//! Tickets.

use zis_flow::{Timestamp, Value};

use super::{
    document, key_last, list_of,
    page::{self, Order, Query, Sorted, Window},
    texts,
};
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Param, Row, Statement, statement},
};

/// A ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// 1, 2, 3, … in each account.
    pub id: i64,
    pub external_id: Option<String>,
    pub subject: Option<String>,
    /// The text of the first comment.
    pub description: String,
    /// `new`, `open`, `pending`, `hold`, `solved`, `closed`.
    pub status: String,
    pub priority: Option<String>,
    pub kind: Option<String>,
    pub requester_id: i64,
    pub submitter_id: i64,
    pub assignee_id: Option<i64>,
    pub group_id: Option<i64>,
    pub organization_id: Option<i64>,
    pub tags: Vec<String>,
    /// `[{"id", "value"}, …]`
    pub custom_fields: Value,
    /// The other writable members, as they came: an object.
    pub fields: Value,
    pub channel: String,
    pub is_public: bool,
    pub deleted: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub solved_at: Option<Timestamp>,
    /// Counts up with each change.
    pub version: i64,
}

impl Ticket {
    pub fn sort_key(&self, sorted: Sorted) -> (i64, i64) {
        page::key(sorted, self.id, self.created_at, self.updated_at)
    }
}

const COLUMNS: &str = "id, external_id, subject, description, status, priority, type, requester_id, submitter_id, assignee_id, group_id, \
     organization_id, tags, custom_fields, fields, channel, is_public, deleted, created_at, updated_at, solved_at, version";

pub(super) fn ticket(row: &Row) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.int(0),
        external_id: row.opt_string(1),
        subject: row.opt_string(2),
        description: row.text(3).to_owned(),
        status: row.text(4).to_owned(),
        priority: row.opt_string(5),
        kind: row.opt_string(6),
        requester_id: row.int(7),
        submitter_id: row.int(8),
        assignee_id: row.opt_int(9),
        group_id: row.opt_int(10),
        organization_id: row.opt_int(11),
        tags: texts(row, 12)?,
        custom_fields: document(row, 13)?,
        fields: document(row, 14)?,
        channel: row.text(15).to_owned(),
        is_public: row.bool(16),
        deleted: row.bool(17),
        created_at: Timestamp(row.int(18)),
        updated_at: Timestamp(row.int(19)),
        solved_at: row.opt_int(20).map(Timestamp),
        version: row.int(21),
    })
}

/// Account and id first, then the rest.
pub(super) fn columns(account: AccountId, ticket: &Ticket) -> Vec<Param> {
    params![
        account,
        ticket.id,
        ticket.external_id.as_deref(),
        ticket.subject.as_deref(),
        &ticket.description,
        &ticket.status,
        ticket.priority.as_deref(),
        ticket.kind.as_deref(),
        ticket.requester_id,
        ticket.submitter_id,
        ticket.assignee_id,
        ticket.group_id,
        ticket.organization_id,
        list_of(&ticket.tags),
        &ticket.custom_fields,
        &ticket.fields,
        &ticket.channel,
        ticket.is_public,
        ticket.deleted,
        ticket.created_at,
        ticket.updated_at,
        ticket.solved_at,
        ticket.version,
    ]
}

/// A new ticket; a taken id is [`StoreError::Duplicate`] of `zd_ticket`.
pub fn insert(account: AccountId, ticket: &Ticket) -> Statement {
    statement(
        "INSERT INTO zd_ticket (account, id, external_id, subject, description, status, priority, type, requester_id, submitter_id, \
         assignee_id, group_id, organization_id, tags, custom_fields, fields, channel, is_public, deleted, created_at, updated_at, \
         solved_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22, $23)",
        columns(account, ticket),
    )
}

/// Replaces the ticket whose version is one less; an expectation error: somebody else was faster.
pub fn update(account: AccountId, ticket: &Ticket) -> Statement {
    statement(
        "UPDATE zd_ticket SET external_id = $1, subject = $2, description = $3, status = $4, priority = $5, type = $6, \
         requester_id = $7, submitter_id = $8, assignee_id = $9, group_id = $10, organization_id = $11, tags = $12, \
         custom_fields = $13, fields = $14, channel = $15, is_public = $16, deleted = $17, created_at = $18, updated_at = $19, \
         solved_at = $20, version = $21 WHERE account = $22 AND id = $23 AND version = $21 - 1",
        key_last(columns(account, ticket)),
    )
    .expect(Expect::Exactly(1))
}

pub async fn show(store: &Store, account: AccountId, id: i64) -> Result<Option<Ticket>, StoreError> {
    Ok(show_many(store, account, &[id]).await?.pop())
}

/// Those that exist and are not deleted, by id.
pub async fn show_many(store: &Store, account: AccountId, ids: &[i64]) -> Result<Vec<Ticket>, StoreError> {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM zd_ticket WHERE account = $1 AND deleted = 0"), account);
    query.within("id", ids.iter().copied()).raw(" ORDER BY id");
    store.read(query.done()).await?.rows.iter().map(ticket).collect()
}

/// The highest id in use, deleted tickets included.
pub async fn last_id(store: &Store, account: AccountId) -> Result<i64, StoreError> {
    let rows = store
        .read(statement("SELECT COALESCE(max(id), 0) FROM zd_ticket WHERE account = $1", params![account]))
        .await?;
    Ok(rows.first().map_or(0, |row| row.int(0)))
}

/// What a list of tickets looks for; `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub external_id: Option<String>,
    pub requesters: Option<Vec<i64>>,
    pub assignees: Option<Vec<i64>>,
    pub statuses: Option<Vec<String>>,
    pub ids: Option<Vec<i64>>,
    pub updated_from: Option<Timestamp>,
    pub created_from: Option<Timestamp>,
    pub created_until: Option<Timestamp>,
}

fn filtered(select: &str, account: AccountId, filter: &Filter) -> Query {
    let mut query = Query::new(format!("SELECT {select} FROM zd_ticket WHERE account = $1 AND deleted = 0"), account);
    if let Some(external) = &filter.external_id {
        query.and("external_id = ?", external);
    }
    if let Some(ids) = &filter.requesters {
        query.within("requester_id", ids.iter().copied());
    }
    if let Some(ids) = &filter.assignees {
        query.within("assignee_id", ids.iter().copied());
    }
    if let Some(statuses) = &filter.statuses {
        query.within("status", statuses.iter().map(String::as_str));
    }
    if let Some(ids) = &filter.ids {
        query.within("id", ids.iter().copied());
    }
    if let Some(from) = filter.updated_from {
        query.and("updated_at >= ?", from);
    }
    if let Some(from) = filter.created_from {
        query.and("created_at >= ?", from);
    }
    if let Some(until) = filter.created_until {
        query.and("created_at <= ?", until);
    }
    query
}

pub async fn list(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    order: (Sorted, Order),
    window: Window,
) -> Result<Vec<Ticket>, StoreError> {
    let statement = filtered(COLUMNS, account, filter).window(order.0, order.1, window);
    store.read(statement).await?.rows.iter().map(ticket).collect()
}

pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<u64, StoreError> {
    let rows = store.read(filtered("count(*)", account, filter).done()).await?;
    Ok(rows.first().map_or(0, |row| u64::try_from(row.int(0)).unwrap_or_default()))
}
