//! Tickets, their audits and comments, replies kept for idempotency keys, and jobs.

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

/// One change of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    pub id: i64,
    pub ticket_id: i64,
    pub author_id: i64,
    pub metadata: Value,
    /// An array of what changed.
    pub events: Value,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    pub id: i64,
    pub ticket_id: i64,
    pub audit_id: i64,
    pub author_id: i64,
    pub body: String,
    pub html_body: String,
    pub is_public: bool,
    pub metadata: Value,
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, external_id, subject, description, status, priority, type, requester_id, submitter_id, assignee_id, group_id, \
     organization_id, tags, custom_fields, fields, channel, is_public, deleted, created_at, updated_at, solved_at, version";

fn ticket(row: &Row) -> Result<Ticket, StoreError> {
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

fn columns(account: AccountId, ticket: &Ticket) -> Vec<Param> {
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

pub fn insert_audit(account: AccountId, audit: &Audit) -> Statement {
    statement(
        "INSERT INTO zd_audit (account, ticket_id, id, author_id, metadata, events, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![account, audit.ticket_id, audit.id, audit.author_id, &audit.metadata, &audit.events, audit.created_at,],
    )
}

fn audit(row: &Row) -> Result<Audit, StoreError> {
    Ok(Audit {
        ticket_id: row.int(0),
        id: row.int(1),
        author_id: row.int(2),
        metadata: document(row, 3)?,
        events: document(row, 4)?,
        created_at: Timestamp(row.int(5)),
    })
}

/// Oldest first; from one that `after` names on.
pub async fn audits(
    store: &Store,
    account: AccountId,
    ticket_id: i64,
    order: Order,
    window: Window,
) -> Result<Vec<Audit>, StoreError> {
    let mut query = Query::new(
        "SELECT ticket_id, id, author_id, metadata, events, created_at FROM zd_audit WHERE account = $1",
        account,
    );
    query.and("ticket_id = ?", ticket_id);
    store.read(query.window(Sorted::Id, order, window)).await?.rows.iter().map(audit).collect()
}

pub async fn audit_by_id(
    store: &Store,
    account: AccountId,
    ticket_id: i64,
    id: i64,
) -> Result<Option<Audit>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT ticket_id, id, author_id, metadata, events, created_at FROM zd_audit \
             WHERE account = $1 AND ticket_id = $2 AND id = $3",
            params![account, ticket_id, id],
        ))
        .await?;
    rows.first().map(audit).transpose()
}

pub fn insert_comment(account: AccountId, comment: &Comment) -> Statement {
    statement(
        "INSERT INTO zd_comment (account, ticket_id, id, audit_id, author_id, body, html_body, is_public, metadata, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            account,
            comment.ticket_id,
            comment.id,
            comment.audit_id,
            comment.author_id,
            &comment.body,
            &comment.html_body,
            comment.is_public,
            &comment.metadata,
            comment.created_at,
        ],
    )
}

const COMMENT: &str = "ticket_id, id, audit_id, author_id, body, html_body, is_public, metadata, created_at";

fn comment(row: &Row) -> Result<Comment, StoreError> {
    Ok(Comment {
        ticket_id: row.int(0),
        id: row.int(1),
        audit_id: row.int(2),
        author_id: row.int(3),
        body: row.text(4).to_owned(),
        html_body: row.text(5).to_owned(),
        is_public: row.bool(6),
        metadata: document(row, 7)?,
        created_at: Timestamp(row.int(8)),
    })
}

pub async fn comments(
    store: &Store,
    account: AccountId,
    ticket_id: i64,
    order: Order,
    window: Window,
) -> Result<Vec<Comment>, StoreError> {
    let mut query = Query::new(format!("SELECT {COMMENT} FROM zd_comment WHERE account = $1"), account);
    query.and("ticket_id = ?", ticket_id);
    store.read(query.window(Sorted::Id, order, window)).await?.rows.iter().map(comment).collect()
}

/// All comments of the tickets, for searching in them.
pub async fn comments_of(store: &Store, account: AccountId, tickets: &[i64]) -> Result<Vec<Comment>, StoreError> {
    let mut query = Query::new(format!("SELECT {COMMENT} FROM zd_comment WHERE account = $1"), account);
    query.within("ticket_id", tickets.iter().copied());
    store.read(query.done()).await?.rows.iter().map(comment).collect()
}

pub async fn count_comments(store: &Store, account: AccountId, ticket_id: i64) -> Result<u64, StoreError> {
    let rows = store
        .read(statement(
            "SELECT count(*) FROM zd_comment WHERE account = $1 AND ticket_id = $2",
            params![account, ticket_id],
        ))
        .await?;
    Ok(rows.first().map_or(0, |row| u64::try_from(row.int(0)).unwrap_or_default()))
}

/// What a create request with an idempotency key gave.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptReply {
    pub key: String,
    pub digest: String,
    pub ticket_id: i64,
    pub audit_id: i64,
    /// The ticket as it was answered.
    pub ticket: Ticket,
    pub expires_at: Timestamp,
}

/// Keeps the reply. A key in use is [`StoreError::Duplicate`] of `zd_reply`; an expired one is taken over.
pub fn keep_reply(account: AccountId, reply: &KeptReply, now: Timestamp) -> Vec<Statement> {
    vec![
        statement(
            "DELETE FROM zd_reply WHERE account = $1 AND idempotency_key = $2 AND expires_at <= $3",
            params![account, &reply.key, now],
        ),
        statement(
            "INSERT INTO zd_reply (account, idempotency_key, digest, ticket_id, audit_id, snapshot, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                account,
                &reply.key,
                &reply.digest,
                reply.ticket_id,
                reply.audit_id,
                snapshot(&reply.ticket),
                reply.expires_at,
            ],
        ),
    ]
}

fn snapshot(ticket: &Ticket) -> String {
    // The row's own columns, so that one reader serves both.
    let value = |param: &Param| match param {
        Param::Int(int) => Value::from(*int),
        Param::Text(text) => Value::string(text),
        _ => Value::Null,
    };
    Value::array(columns(AccountId(0), ticket).iter().skip(1).map(value)).to_json()
}

pub async fn kept_reply(
    store: &Store,
    account: AccountId,
    key: &str,
    now: Timestamp,
) -> Result<Option<KeptReply>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT digest, ticket_id, audit_id, snapshot, expires_at FROM zd_reply \
             WHERE account = $1 AND idempotency_key = $2 AND expires_at > $3",
            params![account, key, now],
        ))
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let cells = document(row, 3)?;
    let cell = |value: &Value| match (value.as_i64(), value.as_str()) {
        (Some(int), _) => Param::Int(int),
        (_, Some(text)) => Param::Text(text.to_owned()),
        _ => Param::Null,
    };
    Ok(Some(KeptReply {
        key: key.to_owned(),
        digest: row.text(0).to_owned(),
        ticket_id: row.int(1),
        audit_id: row.int(2),
        ticket: ticket(&Row(cells.as_array().unwrap_or_default().iter().map(cell).collect()))?,
        expires_at: Timestamp(row.int(4)),
    }))
}

/// Replies whose keys have expired.
pub fn expire_replies(account: AccountId, now: Timestamp) -> Statement {
    statement("DELETE FROM zd_reply WHERE account = $1 AND expires_at <= $2", params![account, now])
}

/// A bulk request that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// `V3-` and 32 hexadecimal digits.
    pub id: String,
    pub total: u64,
    /// An array, one result for each item.
    pub results: Value,
    pub created_at: Timestamp,
}

pub fn insert_job(account: AccountId, job: &Job) -> Statement {
    statement(
        "INSERT INTO zd_job (account, id, total, results, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![account, &job.id, i64::try_from(job.total).unwrap_or(i64::MAX), &job.results, job.created_at],
    )
}

pub async fn job(store: &Store, account: AccountId, id: &str) -> Result<Option<Job>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT id, total, results, created_at FROM zd_job WHERE account = $1 AND id = $2",
            params![account, id],
        ))
        .await?;
    let job = |row: &Row| {
        Ok(Job {
            id: row.text(0).to_owned(),
            total: u64::try_from(row.int(1)).unwrap_or_default(),
            results: document(row, 2)?,
            created_at: Timestamp(row.int(3)),
        })
    };
    rows.first().map(job).transpose()
}
