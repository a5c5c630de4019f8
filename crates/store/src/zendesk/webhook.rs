//! Webhooks of a real Zendesk account that deliver to us: a name, and the sealed secret that signs their deliveries.

use secrecy::SecretString;
use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    secret::Vault,
    sql::{Expect, Row, Statement, statement},
};

/// One webhook. Its secret stays sealed until a delivery comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub name: String,
    /// Sealed by the vault, for this webhook only.
    sealed: Vec<u8>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "name, secret, created_at, updated_at";

/// What a secret is sealed with: it opens for its own webhook only.
fn context(account: AccountId, name: &str) -> String {
    format!("{}/zendesk-webhook/{name}", account.0)
}

impl Webhook {
    /// The signing secret.
    pub fn secret(&self, vault: &Vault, account: AccountId) -> Result<SecretString, StoreError> {
        vault.open(&context(account, &self.name), &self.sealed)
    }
}

/// Keeps a webhook, or gives the one of this name another secret.
pub fn save(vault: &Vault, account: AccountId, name: &str, secret: &SecretString, now: Timestamp) -> Statement {
    statement(
        "INSERT INTO zd_webhook (account, name, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account, name) DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at",
        params![account, name, vault.seal(&context(account, name), secret), now, now],
    )
}

/// An expectation error: there is no such webhook.
pub fn delete(account: AccountId, name: &str) -> Statement {
    statement("DELETE FROM zd_webhook WHERE account = $1 AND name = $2", params![account, name])
        .expect(Expect::Exactly(1))
}

pub async fn show(store: &Store, account: AccountId, name: &str) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM zd_webhook WHERE account = $1 AND name = $2");
    let rows = store.read(statement(sql, params![account, name])).await?;
    Ok(rows.first().map(webhook))
}

/// All of the account, by name: there are a handful.
pub async fn list(store: &Store, account: AccountId) -> Result<Vec<Webhook>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM zd_webhook WHERE account = $1 ORDER BY name");
    let rows = store.read(statement(sql, params![account])).await?;
    Ok(rows.rows.iter().map(webhook).collect())
}

/// Seals every secret anew with the vault's first key; how many.
pub async fn reseal(store: &Store, vault: &Vault, account: AccountId) -> Result<u64, StoreError> {
    let mut statements = Vec::new();
    for webhook in list(store, account).await? {
        let sealed = vault.seal(&context(account, &webhook.name), &webhook.secret(vault, account)?);
        statements.push(statement(
            "UPDATE zd_webhook SET secret = $1 WHERE account = $2 AND name = $3 AND secret = $4",
            params![sealed, account, &webhook.name, webhook.sealed.as_slice()],
        ));
    }
    let written = store.write(statements).await?;
    Ok(written.iter().map(|rows| rows.affected as u64).sum())
}

fn webhook(row: &Row) -> Webhook {
    Webhook {
        name: row.text(0).to_owned(),
        sealed: row.bytes(1).to_vec(),
        created_at: Timestamp(row.int(2)),
        updated_at: Timestamp(row.int(3)),
    }
}
