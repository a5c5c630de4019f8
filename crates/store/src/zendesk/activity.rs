//! User activities: the custom events of a profile.

use zis_flow::{Timestamp, Value};

use super::document;
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Param, Row, Statement, statement},
};

/// One custom event.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// A ULID.
    pub id: String,
    pub profile_id: String,
    pub user_id: i64,
    pub source: String,
    pub kind: String,
    pub description: Option<String>,
    /// An object.
    pub properties: Value,
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    /// The sender's `Idempotency-Key` and the digest of what came with it.
    pub key: Option<(String, String)>,
}

const COLUMNS: &str =
    "id, profile_id, user_id, source, type, description, properties, created_at, received_at, idempotency_key, digest";

fn activity(row: &Row) -> Result<Activity, StoreError> {
    Ok(Activity {
        id: row.text(0).to_owned(),
        profile_id: row.text(1).to_owned(),
        user_id: row.int(2),
        source: row.text(3).to_owned(),
        kind: row.text(4).to_owned(),
        description: row.opt_string(5),
        properties: document(row, 6)?,
        created_at: Timestamp(row.int(7)),
        received_at: Timestamp(row.int(8)),
        key: row.opt_string(9).zip(row.opt_string(10)),
    })
}

/// A taken idempotency key is [`StoreError::Duplicate`] of `zd_activity`.
pub fn insert(account: AccountId, activity: &Activity) -> Statement {
    let (key, digest) = activity.key.as_ref().map(|(key, digest)| (key.as_str(), digest.as_str())).unzip();
    statement(
        "INSERT INTO zd_activity (account, id, profile_id, user_id, source, type, description, properties, created_at, received_at, \
         idempotency_key, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            account,
            &activity.id,
            &activity.profile_id,
            activity.user_id,
            &activity.source,
            &activity.kind,
            activity.description.as_deref(),
            &activity.properties,
            activity.created_at,
            activity.received_at,
            key,
            digest,
        ],
    )
}

pub async fn by_key(store: &Store, account: AccountId, key: &str) -> Result<Option<Activity>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM zd_activity WHERE account = $1 AND idempotency_key = $2");
    store.read(statement(sql, params![account, key])).await?.first().map(activity).transpose()
}

/// What [`list`] looks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub source: Option<String>,
    pub kind: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// Events of the profiles, newest first; `after` is the id of the last one of the page before.
pub async fn list(
    store: &Store,
    account: AccountId,
    profiles: &[String],
    filter: &Filter,
    after: Option<&str>,
    size: usize,
) -> Result<Vec<Activity>, StoreError> {
    let mut query = super::page::Query::new(format!("SELECT {COLUMNS} FROM zd_activity WHERE account = $1"), account);
    query.within("profile_id", profiles.iter().map(Param::from));
    if let Some(source) = &filter.source {
        query.and("source = ?", source);
    }
    if let Some(kind) = &filter.kind {
        query.and("type = ?", kind);
    }
    if let Some(from) = filter.from {
        query.and("created_at >= ?", from);
    }
    if let Some(until) = filter.until {
        query.and("created_at <= ?", until);
    }
    if let Some(after) = after {
        query.and("id < ?", after);
    }
    query.raw(&format!(" ORDER BY id DESC LIMIT {size}"));
    store.read(query.done()).await?.rows.iter().map(activity).collect()
}
