//! Configs: settings of an integration by scope (spec 7.1).

use std::sync::Arc;

use zis_flow::{Timestamp, Value};

use crate::{
    AccountId, Store, StoreError,
    page::{Page, Paged},
    params,
    pattern::{self, Pattern},
    sql::{Expect, Row, Statement, Where, statement},
};

/// One scope's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub account: AccountId,
    pub integration: String,
    /// Unique in the integration; case counts.
    pub scope: String,
    /// Random, below 2^53.
    pub id: i64,
    /// An object.
    pub config: Value,
    /// Counts the changes: an update names the version it was made from.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "account, integration, scope, id, config, version, created_at, updated_at";

/// Merges that find the config changed under their hands are tried again so often; each round somebody else has got on.
const MERGE_ROUNDS: usize = 16;

fn read(row: &Row) -> Result<Config, StoreError> {
    let config = Value::from_json(row.text(4))
        .map_err(|error| StoreError::Damaged(format!("config `{}` is no JSON: {error}", row.text(2))))?;
    Ok(Config {
        account: AccountId(row.int(0)),
        integration: row.text(1).to_owned(),
        scope: row.text(2).to_owned(),
        id: row.int(3),
        config,
        version: row.int(5),
        created_at: Timestamp(row.int(6)),
        updated_at: Timestamp(row.int(7)),
    })
}

/// Configs whose scope fits `pattern`, by scope; cursors are scopes.
pub async fn find(
    store: &Store,
    account: AccountId,
    integration: &str,
    pattern: &Pattern,
    page: &Page,
) -> Result<Paged<Config>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    pattern.narrow(&mut query, "scope");
    let (key, wanted) = (|item: &Config| item.scope.clone(), |item: &Config| pattern.matches(&item.scope));
    pattern::find(store, &query, (COLUMNS, "config", "scope"), page, read, (key, wanted)).await
}

/// The config of exactly this scope.
pub async fn show(
    store: &Store,
    account: AccountId,
    integration: &str,
    scope: &str,
) -> Result<Option<Config>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM config WHERE account = $1 AND integration = $2 AND scope = $3");
    let rows = store.read(statement(sql, params![account, integration, scope])).await?;
    rows.first().map(read).transpose()
}

/// Makes a config; a taken scope is [`StoreError::Duplicate`] of table `config`.
pub async fn create(
    store: &Store,
    account: AccountId,
    integration: &str,
    scope: &str,
    config: &Value,
    now: Timestamp,
) -> Result<Config, StoreError> {
    let made = Config {
        account,
        integration: integration.to_owned(),
        scope: scope.to_owned(),
        id: random_id(),
        config: config.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let insert = statement(
        format!("INSERT INTO config ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        params![account, integration, scope, made.id, config, made.version, now, now],
    );
    store.write(vec![insert]).await?;
    Ok(made)
}

/// 52 random bits: exact in every JSON reader, and no counter that the nodes would have to share.
fn random_id() -> i64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    i64::try_from(high & ((1 << 52) - 1)).unwrap_or_default()
}

/// Puts `config` in the place of what stands under `scope`; `None` when there is no such scope.
pub async fn replace(
    store: &Store,
    account: AccountId,
    integration: &str,
    scope: &str,
    config: &Value,
    now: Timestamp,
) -> Result<Option<Config>, StoreError> {
    let sql = format!(
        "UPDATE config SET config = $1, updated_at = $2, version = version + 1 \
         WHERE account = $3 AND integration = $4 AND scope = $5 RETURNING {COLUMNS}"
    );
    let rows = store.write(vec![statement(sql, params![config, now, account, integration, scope])]).await?;
    rows.first().and_then(|rows| rows.first()).map(read).transpose()
}

/// The statement that makes `config` the successor of `current`; an expectation error when somebody else was faster.
pub fn succeed(current: &Config, config: &Value, now: Timestamp) -> Statement {
    statement(
        "UPDATE config SET config = $1, updated_at = $2, version = version + 1 \
         WHERE account = $3 AND integration = $4 AND scope = $5 AND version = $6",
        params![config, now, current.account, &current.integration, &current.scope, current.version],
    )
    .expect(Expect::Exactly(1))
}

/// Merges `patch` into what stands under `scope` ([`merge`]); `None` when there is no such scope.
pub async fn patch(
    store: &Store,
    account: AccountId,
    integration: &str,
    scope: &str,
    patch: &Value,
    now: Timestamp,
) -> Result<Option<Config>, StoreError> {
    let mut faster = StoreError::Internal("no round was run".to_owned());
    for _ in 0..MERGE_ROUNDS {
        let Some(current) = show(store, account, integration, scope).await? else { return Ok(None) };
        let config = merge(&current.config, patch);
        match store.write(vec![succeed(&current, &config, now)]).await {
            Ok(_) => return Ok(Some(Config { config, version: current.version + 1, updated_at: now, ..current })),
            Err(error @ StoreError::Expectation { .. }) => faster = error,
            Err(error) => return Err(error),
        }
    }
    Err(faster)
}

/// Objects are merged member by member, at any depth; everything else is replaced, `null` too (spec 4.3: RFC 7396 without deletion).
pub fn merge(old: &Value, patch: &Value) -> Value {
    let (Value::Object(old), Value::Object(patch)) = (old, patch) else { return patch.clone() };
    let mut merged = old.as_ref().clone();
    for (key, value) in patch.iter() {
        let value = merged.get(key).map_or_else(|| value.clone(), |old| merge(old, value));
        merged.insert(key.clone(), value);
    }
    Value::Object(Arc::new(merged))
}

/// Whether there was such a scope.
pub async fn delete(store: &Store, account: AccountId, integration: &str, scope: &str) -> Result<bool, StoreError> {
    let delete = statement(
        "DELETE FROM config WHERE account = $1 AND integration = $2 AND scope = $3",
        params![account, integration, scope],
    );
    let rows = store.write(vec![delete]).await?;
    Ok(rows.first().is_some_and(|rows| rows.affected > 0))
}
