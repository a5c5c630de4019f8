//! OAuth clients, and grants that wait for their browser or their second call (spec 6.4, 6.5).

use secrecy::SecretString;
use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    secret::Vault,
    sql::{Expect, Param, Row, Statement, statement},
};

/// How a client gets its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    AuthorizationCode,
    ClientCredentials,
}

impl GrantType {
    /// `authorization_code`, `client_credentials`.
    pub fn as_str(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::ClientCredentials => "client_credentials",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [GrantType::AuthorizationCode, GrantType::ClientCredentials].into_iter().find(|grant| grant.as_str() == text)
    }
}

/// A client that the user registered at a provider.
#[derive(Clone)]
pub struct Client {
    pub account: AccountId,
    pub integration: String,
    pub uuid: String,
    /// Unique in the integration when there is one.
    pub name: Option<String>,
    pub client_id: String,
    pub client_secret: SecretString,
    /// May hold `{subdomain}` or `{{subdomain}}`.
    pub token_url: String,
    pub auth_url: Option<String>,
    pub grant_type: GrantType,
    /// Space-delimited.
    pub default_scopes: Option<String>,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const CLIENT: &str = "account, integration, uuid, name, client_id, secret, token_url, auth_url, grant_type, default_scopes, \
                      created_by, created_at, updated_at";

fn client_context(account: AccountId, integration: &str, uuid: &str) -> String {
    format!("{}/{integration}/{uuid}/client_secret", account.0)
}

fn client_values(vault: &Vault, client: &Client) -> Vec<Param> {
    let context = client_context(client.account, &client.integration, &client.uuid);
    params![
        client.account,
        &client.integration,
        &client.uuid,
        client.name.as_ref(),
        &client.client_id,
        vault.seal(&context, &client.client_secret),
        &client.token_url,
        client.auth_url.as_ref(),
        client.grant_type.as_str(),
        client.default_scopes.as_ref(),
        client.created_by.as_ref(),
        client.created_at,
        client.updated_at,
    ]
}

fn read_client(vault: &Vault, row: &Row) -> Result<Client, StoreError> {
    let (account, integration, uuid) = (AccountId(row.int(0)), row.text(1), row.text(2));
    let grant_type = GrantType::parse(row.text(8))
        .ok_or_else(|| StoreError::Damaged(format!("OAuth client {integration}/{uuid}: unknown grant type")))?;
    Ok(Client {
        account,
        integration: integration.to_owned(),
        uuid: uuid.to_owned(),
        name: row.opt_string(3),
        client_id: row.text(4).to_owned(),
        client_secret: vault.open(&client_context(account, integration, uuid), row.bytes(5))?,
        token_url: row.text(6).to_owned(),
        auth_url: row.opt_string(7),
        grant_type,
        default_scopes: row.opt_string(9),
        created_by: row.opt_string(10),
        created_at: Timestamp(row.int(11)),
        updated_at: Timestamp(row.int(12)),
    })
}

/// A new client; a taken name is [`StoreError::Duplicate`] of table `oauth_client`.
pub fn insert_client(vault: &Vault, client: &Client) -> Statement {
    let sql =
        format!("INSERT INTO oauth_client ({CLIENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
    statement(sql, client_values(vault, client))
}

/// Replaces the client's members; an expectation error when it was deleted meanwhile, a duplicate when the name is taken.
pub fn update_client(vault: &Vault, client: &Client) -> Statement {
    let mut params = client_values(vault, client);
    params.rotate_left(3);
    statement(
        "UPDATE oauth_client SET name = $1, client_id = $2, secret = $3, token_url = $4, auth_url = $5, grant_type = $6, \
         default_scopes = $7, created_by = $8, created_at = $9, updated_at = $10 \
         WHERE account = $11 AND integration = $12 AND uuid = $13",
        params,
    )
    .expect(Expect::Exactly(1))
}

/// The client with this uuid or, when there is none, of this name.
pub async fn client(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
    handle: Handle<'_>,
) -> Result<Option<Client>, StoreError> {
    let (column, text) = match handle {
        Handle::Uuid(uuid) => ("uuid", uuid),
        Handle::Name(name) => ("name", name),
    };
    let sql = format!("SELECT {CLIENT} FROM oauth_client WHERE account = $1 AND integration = $2 AND {column} = $3");
    let rows = store.read(statement(sql, params![account, integration, text])).await?;
    rows.first().map(|row| read_client(vault, row)).transpose()
}

/// By what a client is found.
#[derive(Debug, Clone, Copy)]
pub enum Handle<'t> {
    Uuid(&'t str),
    Name(&'t str),
}

/// All clients of the integration, oldest first.
pub async fn clients(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
) -> Result<Vec<Client>, StoreError> {
    let sql = format!(
        "SELECT {CLIENT} FROM oauth_client WHERE account = $1 AND integration = $2 ORDER BY created_at, uuid LIMIT 1000"
    );
    let rows = store.read(statement(sql, params![account, integration])).await?;
    rows.rows.iter().map(|row| read_client(vault, row)).collect()
}

/// Deletes the client with its connections and grants (spec 6.4); the rows of statement 0 tell whether there was one.
pub fn delete_client(account: AccountId, integration: &str, uuid: &str) -> Vec<Statement> {
    [
        "DELETE FROM oauth_client WHERE account = $1 AND integration = $2 AND uuid = $3",
        "DELETE FROM connection WHERE account = $1 AND integration = $2 AND client_uuid = $3",
        "DELETE FROM oauth_grant WHERE account = $1 AND integration = $2 AND client_uuid = $3",
    ]
    .map(|sql| statement(sql, params![account, integration, uuid]))
    .to_vec()
}

/// Seals every client of `account` anew with the vault's first key; how many. Grants are not: they live for an hour.
pub async fn reseal(store: &Store, vault: &Vault, account: AccountId) -> Result<u64, StoreError> {
    let sql = format!("SELECT {CLIENT} FROM oauth_client WHERE account = $1");
    let rows = store.read(statement(sql, params![account])).await?.rows;
    let mut statements = Vec::with_capacity(rows.len());
    for row in &rows {
        let client = read_client(vault, row)?;
        let context = client_context(account, &client.integration, &client.uuid);
        let sealed = vault.seal(&context, &client.client_secret);
        statements.push(statement(
            "UPDATE oauth_client SET secret = $1 WHERE account = $2 AND integration = $3 AND uuid = $4 AND secret = $5",
            params![sealed, account, &client.integration, &client.uuid, row.bytes(5)],
        ));
    }
    let written = store.write(statements).await?;
    Ok(written.iter().map(|rows| rows.affected as u64).sum())
}

/// A grant on its way: started, waiting for the callback or for `access_codes`.
#[derive(Clone)]
pub struct Grant {
    pub account: AccountId,
    /// SHA-256 of the `state` in hexadecimal digits: the state itself is not kept.
    pub id: String,
    pub integration: String,
    /// Name of the connection that it will make.
    pub connection: String,
    pub client_uuid: String,
    pub grant_type: GrantType,
    pub scope: Option<String>,
    pub url_subdomain: Option<String>,
    /// The callback as it was given to the provider.
    pub redirect_uri: String,
    /// Where the browser goes at the end.
    pub return_to: Option<String>,
    /// PKCE: the code verifier.
    pub verifier: Option<SecretString>,
    /// SHA-256 of the verification code in hexadecimal digits.
    pub verification: Option<String>,
    pub stage: Stage,
    pub created_by: Option<String>,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Started,
    /// Somebody exchanges the code just now, or has failed to: it can't be used again.
    Taken,
    Done,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Stage::Started => "started",
            Stage::Taken => "taken",
            Stage::Done => "done",
        }
    }
}

const GRANT: &str = "account, id, integration, connection, client_uuid, grant_type, scope, url_subdomain, redirect_uri, return_to, \
                     verifier, verification, stage, created_by, expires_at";

fn grant_context(account: AccountId, integration: &str, id: &str) -> String {
    format!("{}/{integration}/{id}/verifier", account.0)
}

fn read_grant(vault: &Vault, row: &Row) -> Result<Grant, StoreError> {
    let (account, id, integration) = (AccountId(row.int(0)), row.text(1), row.text(2));
    let damaged = || StoreError::Damaged(format!("OAuth grant {integration}/{id}"));
    let verifier = match row.bytes(10) {
        [] => None,
        sealed => Some(vault.open(&grant_context(account, integration, id), sealed)?),
    };
    let stages = [Stage::Started, Stage::Taken, Stage::Done];
    Ok(Grant {
        account,
        id: id.to_owned(),
        integration: integration.to_owned(),
        connection: row.text(3).to_owned(),
        client_uuid: row.text(4).to_owned(),
        grant_type: GrantType::parse(row.text(5)).ok_or_else(damaged)?,
        scope: row.opt_string(6),
        url_subdomain: row.opt_string(7),
        redirect_uri: row.text(8).to_owned(),
        return_to: row.opt_string(9),
        verifier,
        verification: row.opt_string(11),
        stage: stages.into_iter().find(|stage| stage.as_str() == row.text(12)).ok_or_else(damaged)?,
        created_by: row.opt_string(13),
        expires_at: Timestamp(row.int(14)),
    })
}

/// Keeps a grant that has begun, and forgets those that nobody finished before `now`.
pub fn insert_grant(vault: &Vault, grant: &Grant, now: Timestamp) -> Vec<Statement> {
    let context = grant_context(grant.account, &grant.integration, &grant.id);
    let sql = format!(
        "INSERT INTO oauth_grant ({GRANT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    let params = params![
        grant.account,
        &grant.id,
        &grant.integration,
        &grant.connection,
        &grant.client_uuid,
        grant.grant_type.as_str(),
        grant.scope.as_ref(),
        grant.url_subdomain.as_ref(),
        &grant.redirect_uri,
        grant.return_to.as_ref(),
        grant.verifier.as_ref().map(|verifier| vault.seal(&context, verifier)),
        grant.verification.as_ref(),
        grant.stage.as_str(),
        grant.created_by.as_ref(),
        grant.expires_at,
    ];
    let forget =
        statement("DELETE FROM oauth_grant WHERE account = $1 AND expires_at < $2", params![grant.account, now]);
    vec![forget, statement(sql, params)]
}

/// Takes a started grant out of play: of several callers exactly one gets it. `None` for one that is unknown, used or too old.
pub async fn take_grant(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    id: &str,
    now: Timestamp,
) -> Result<Option<Grant>, StoreError> {
    let sql = format!(
        "UPDATE oauth_grant SET stage = 'taken' WHERE account = $1 AND id = $2 AND stage = 'started' AND expires_at > $3 \
         RETURNING {GRANT}"
    );
    let rows = store.write(vec![statement(sql, params![account, id, now])]).await?;
    rows.first().and_then(|rows| rows.first()).map(|row| read_grant(vault, row)).transpose()
}

/// The grant that this verification code (its SHA-256) belongs to.
pub async fn grant_by_verification(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
    verification: &str,
    now: Timestamp,
) -> Result<Option<Grant>, StoreError> {
    let sql = format!(
        "SELECT {GRANT} FROM oauth_grant WHERE account = $1 AND integration = $2 AND verification = $3 AND expires_at > $4"
    );
    let rows = store.read(statement(sql, params![account, integration, verification, now])).await?;
    rows.first().map(|row| read_grant(vault, row)).transpose()
}

/// The connection of a taken grant exists: from now on its verification code shows it.
pub fn finish_grant(grant: &Grant, verification: &str, expires_at: Timestamp) -> Statement {
    statement(
        "UPDATE oauth_grant SET stage = 'done', verification = $1, verifier = NULL, expires_at = $2 \
         WHERE account = $3 AND id = $4 AND stage = 'taken'",
        params![verification, expires_at, grant.account, &grant.id],
    )
    .expect(Expect::Exactly(1))
}

/// A taken client_credentials grant whose provider failed may be tried again.
pub fn release_grant(grant: &Grant) -> Statement {
    statement(
        "UPDATE oauth_grant SET stage = 'started' WHERE account = $1 AND id = $2 AND stage = 'taken'",
        params![grant.account, &grant.id],
    )
}
