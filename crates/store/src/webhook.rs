//! Inbound webhooks (spec 8): an address, its credentials, and the event that a post to it becomes.

use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError,
    page::{self, Page, Paged},
    params,
    secret::Vault,
    sql::{Expect, Row, Statement, Where, statement},
};

/// One inbound webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub account: AccountId,
    /// The name used in paths.
    pub uuid: String,
    /// A ULID: sorts by the time it was made.
    pub id: String,
    pub integration: String,
    pub source_system: String,
    pub event_type: String,
    /// Last part of the ingest path.
    pub token: String,
    pub username: String,
    /// SHA-256 of the generated password, hexadecimal.
    pub password_hash: String,
    /// The password before the last rotation, and until when it is still good.
    pub old: Option<(String, Timestamp)>,
    pub hmac: Option<Hmac>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How the sender signs its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Hmac {
    pub header: String,
    /// `sha256`, `sha1`, …: the server knows which.
    pub algorithm: String,
    /// Sealed by the vault.
    pub secret: Vec<u8>,
}

const COLUMNS: &str = "account, uuid, id, integration, source_system, event_type, token, username, password_hash, \
                       old_password_hash, old_until, hmac_header, hmac_algorithm, hmac_secret, created_at, updated_at";

/// What a signing secret is sealed with: it opens for its own webhook only.
pub fn context(account: AccountId, uuid: &str) -> String {
    format!("{}/webhook/{uuid}/hmac", account.0)
}

/// Keeps a new webhook.
pub fn insert(webhook: &Webhook) -> Statement {
    let (header, algorithm, secret) = match &webhook.hmac {
        Some(hmac) => (Some(&hmac.header), Some(&hmac.algorithm), Some(hmac.secret.as_slice())),
        None => (None, None, None),
    };
    let (old, until) = webhook.old.clone().unzip();
    statement(
        format!(
            "INSERT INTO webhook ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        ),
        params![
            webhook.account,
            &webhook.uuid,
            &webhook.id,
            &webhook.integration,
            &webhook.source_system,
            &webhook.event_type,
            &webhook.token,
            &webhook.username,
            &webhook.password_hash,
            old,
            until,
            header,
            algorithm,
            secret,
            webhook.created_at,
            webhook.updated_at
        ],
    )
}

/// Gives the webhook a new password; the old one stays good until `old_until`. An expectation error: there is no such webhook.
pub fn rotate(
    account: AccountId,
    integration: &str,
    uuid: &str,
    hash: &str,
    old_until: Timestamp,
    now: Timestamp,
) -> Statement {
    statement(
        "UPDATE webhook SET old_password_hash = password_hash, old_until = $1, password_hash = $2, updated_at = $3 \
         WHERE account = $4 AND integration = $5 AND uuid = $6",
        params![old_until, hash, now, account, integration, uuid],
    )
    .expect(Expect::Exactly(1))
}

/// An expectation error: there is no such webhook.
pub fn delete(account: AccountId, integration: &str, uuid: &str) -> Statement {
    statement(
        "DELETE FROM webhook WHERE account = $1 AND integration = $2 AND uuid = $3",
        params![account, integration, uuid],
    )
    .expect(Expect::Exactly(1))
}

pub async fn show(
    store: &Store,
    account: AccountId,
    integration: &str,
    uuid: &str,
) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook WHERE account = $1 AND integration = $2 AND uuid = $3");
    let rows = store.read(statement(sql, params![account, integration, uuid])).await?;
    Ok(rows.first().map(webhook))
}

/// The webhook whose ingest path ends in `token`; over all accounts, for it comes without any other credential.
pub async fn by_token(store: &Store, token: &str) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook WHERE token = $1");
    let rows = store.read(statement(sql, params![token])).await?;
    Ok(rows.first().map(webhook))
}

/// One page, the oldest first; cursors are ids.
pub async fn list(
    store: &Store,
    account: AccountId,
    integration: &str,
    page: &Page,
) -> Result<Paged<Webhook>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    page::read(store, query, (COLUMNS, "webhook", "id"), page, |row| Ok(webhook(row))).await
}

/// Seals the signing secret of every webhook of `account` anew with the vault's first key; how many.
pub async fn reseal(store: &Store, vault: &Vault, account: AccountId) -> Result<u64, StoreError> {
    let sql = "SELECT uuid, hmac_secret FROM webhook WHERE account = $1 AND hmac_secret IS NOT NULL";
    let rows = store.read(statement(sql, params![account])).await?.rows;
    let mut statements = Vec::with_capacity(rows.len());
    for row in &rows {
        let (uuid, old) = (row.text(0), row.bytes(1));
        let context = context(account, uuid);
        let sealed = vault.seal(&context, &vault.open(&context, old)?);
        statements.push(statement(
            "UPDATE webhook SET hmac_secret = $1 WHERE account = $2 AND uuid = $3 AND hmac_secret = $4",
            params![sealed, account, uuid, old],
        ));
    }
    let written = store.write(statements).await?;
    Ok(written.iter().map(|rows| rows.affected as u64).sum())
}

fn webhook(row: &Row) -> Webhook {
    let hmac = row.opt_string(11).map(|header| Hmac {
        header,
        algorithm: row.text(12).to_owned(),
        secret: row.bytes(13).to_vec(),
    });
    Webhook {
        account: AccountId(row.int(0)),
        uuid: row.text(1).to_owned(),
        id: row.text(2).to_owned(),
        integration: row.text(3).to_owned(),
        source_system: row.text(4).to_owned(),
        event_type: row.text(5).to_owned(),
        token: row.text(6).to_owned(),
        username: row.text(7).to_owned(),
        password_hash: row.text(8).to_owned(),
        old: row.opt_string(9).zip(row.opt_int(10).map(Timestamp)),
        hmac,
        created_at: Timestamp(row.int(14)),
        updated_at: Timestamp(row.int(15)),
    }
}
