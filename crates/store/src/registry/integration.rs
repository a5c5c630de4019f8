//! Integrations (spec 1.3).

use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Row, Statement, Where, contains, statement},
};

/// The namespace that owns bundles, connections, configs, links and webhooks.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    pub account: AccountId,
    pub name: String,
    pub description: String,
    /// RSA public key as PEM text.
    pub public_key: String,
    /// The Zendesk OAuth client `zis_<name>` that was made with it.
    pub client_id: i64,
    pub created_at: Timestamp,
}

const COLUMNS: &str = "account, name, description, public_key, client_id, created_at";

/// Creates the integration, or gives the account's own one a new description, public key and client (its time of creation stays).
/// An expectation error of statement 0: another account has the name.
pub async fn save_integration(store: &Store, integration: &Integration) -> Result<Integration, StoreError> {
    let rows = store.write(vec![upsert_integration(integration)]).await?;
    let row = rows.first().and_then(|rows| rows.first());
    row.map(read).ok_or_else(|| StoreError::Internal("an upsert returned no row".to_owned()))
}

/// The statement of [`save_integration`], to go together with that of its client.
pub fn upsert_integration(integration: &Integration) -> Statement {
    let save = statement(
        format!(
            "INSERT INTO integration ({COLUMNS}) \
             SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS BIGINT) \
             WHERE NOT EXISTS (SELECT 1 FROM integration AS other WHERE other.name = $2 AND other.account <> $1) \
             ON CONFLICT (account, name) DO UPDATE SET description = excluded.description, public_key = excluded.public_key, \
             client_id = excluded.client_id RETURNING {COLUMNS}"
        ),
        params![
            integration.account,
            &integration.name,
            &integration.description,
            &integration.public_key,
            integration.client_id,
            integration.created_at
        ],
    );
    save.expect(Expect::Exactly(1))
}

/// The account's integration `name`.
pub async fn show_integration(
    store: &Store,
    account: AccountId,
    name: &str,
) -> Result<Option<Integration>, StoreError> {
    let mut query = Where::account(account);
    query.and("name = ", name);
    Ok(store.read(query.select(COLUMNS, "integration", "")).await?.first().map(read))
}

/// All integrations of the account by name.
pub async fn integrations(store: &Store, account: AccountId) -> Result<Vec<Integration>, StoreError> {
    let rows = store.read(Where::account(account).select(COLUMNS, "integration", "ORDER BY name")).await?;
    Ok(rows.rows.iter().map(read).collect())
}

/// Integrations by name, of those that hold `text` in their name or description, whatever the case of its ASCII letters; `after` is the name
/// of the last one of the page before.
pub async fn find_integrations(
    store: &Store,
    account: AccountId,
    text: Option<&str>,
    after: Option<&str>,
    size: usize,
) -> Result<Vec<Integration>, StoreError> {
    let mut query = Where::account(account);
    query.and_some("name > ", after);
    if let Some(text) = text {
        let open = ["lower(name) LIKE lower(", "lower(description) LIKE lower("];
        query.and_any(&open, &[") ESCAPE '!'", ") ESCAPE '!'"], contains(text));
    }
    let rows = store.read(query.select(COLUMNS, "integration", &format!("ORDER BY name LIMIT {size}"))).await?;
    Ok(rows.rows.iter().map(read).collect())
}

fn read(row: &Row) -> Integration {
    Integration {
        account: AccountId(row.int(0)),
        name: row.text(1).to_owned(),
        description: row.text(2).to_owned(),
        public_key: row.text(3).to_owned(),
        client_id: row.int(4),
        created_at: Timestamp(row.int(5)),
    }
}
