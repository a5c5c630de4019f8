//! OAuth clients, authorization codes, access and refresh tokens. Secrets are kept as SHA-256.

use zis_flow::Timestamp;

use super::{key_last, list_of, texts};
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Param, Row, Statement, statement},
};

/// An OAuth client without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    pub id: i64,
    pub identifier: String,
    pub name: String,
    /// The owner: `client_credentials` act as this user.
    pub user_id: i64,
    pub secret_hash: String,
    /// The first characters of the secret, for lists.
    pub secret_shown: String,
    /// Confidential clients have a secret; public ones must use PKCE.
    pub confidential: bool,
    pub global: bool,
    pub redirect_uris: Vec<String>,
    pub company: Option<String>,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An access token without the token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub id: i64,
    pub hash: String,
    pub shown: String,
    pub refresh_hash: Option<String>,
    pub client_id: i64,
    pub user_id: i64,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub refresh_expires_at: Option<Timestamp>,
}

/// An authorization code on its way to be exchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    pub hash: String,
    pub client_id: i64,
    pub user_id: i64,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    /// PKCE, method S256.
    pub challenge: Option<String>,
    pub expires_at: Timestamp,
}

const CLIENT: &str = "id, identifier, name, user_id, secret_hash, secret_shown, kind, global, redirect_uris, company, description, \
     created_at, updated_at";
const TOKEN: &str =
    "id, hash, shown, refresh_hash, client_id, user_id, scopes, created_at, expires_at, refresh_expires_at";

fn client(row: &Row) -> Result<Client, StoreError> {
    Ok(Client {
        id: row.int(0),
        identifier: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        user_id: row.int(3),
        secret_hash: row.text(4).to_owned(),
        secret_shown: row.text(5).to_owned(),
        confidential: row.text(6) == "confidential",
        global: row.bool(7),
        redirect_uris: texts(row, 8)?,
        company: row.opt_string(9),
        description: row.opt_string(10),
        created_at: Timestamp(row.int(11)),
        updated_at: Timestamp(row.int(12)),
    })
}

fn token(row: &Row) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.int(0),
        hash: row.text(1).to_owned(),
        shown: row.text(2).to_owned(),
        refresh_hash: row.opt_string(3),
        client_id: row.int(4),
        user_id: row.int(5),
        scopes: texts(row, 6)?,
        created_at: Timestamp(row.int(7)),
        expires_at: row.opt_int(8).map(Timestamp),
        refresh_expires_at: row.opt_int(9).map(Timestamp),
    })
}

fn client_columns(account: AccountId, client: &Client) -> Vec<Param> {
    params![
        account,
        client.id,
        &client.identifier,
        &client.name,
        client.user_id,
        &client.secret_hash,
        &client.secret_shown,
        if client.confidential { "confidential" } else { "public" },
        client.global,
        list_of(&client.redirect_uris),
        client.company.as_deref(),
        client.description.as_deref(),
        client.created_at,
        client.updated_at,
    ]
}

/// A new client; a taken identifier is [`StoreError::Duplicate`] of `zd_oauth_client`.
pub fn insert_client(account: AccountId, client: &Client) -> Statement {
    statement(
        "INSERT INTO zd_oauth_client (account, id, identifier, name, user_id, secret_hash, secret_shown, kind, global, redirect_uris, \
         company, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        client_columns(account, client),
    )
}

pub fn update_client(account: AccountId, client: &Client) -> Statement {
    statement(
        "UPDATE zd_oauth_client SET identifier = $1, name = $2, user_id = $3, secret_hash = $4, secret_shown = $5, kind = $6, \
         global = $7, redirect_uris = $8, company = $9, description = $10, created_at = $11, updated_at = $12 \
         WHERE account = $13 AND id = $14",
        key_last(client_columns(account, client)),
    )
    .expect(Expect::Exactly(1))
}

/// The client, its tokens and its codes.
pub fn delete_client(account: AccountId, id: i64) -> Vec<Statement> {
    vec![
        statement("DELETE FROM zd_oauth_client WHERE account = $1 AND id = $2", params![account, id])
            .expect(Expect::Exactly(1)),
        statement("DELETE FROM zd_oauth_token WHERE account = $1 AND client_id = $2", params![account, id]),
        statement("DELETE FROM zd_oauth_code WHERE account = $1 AND client_id = $2", params![account, id]),
    ]
}

pub async fn client_by_id(store: &Store, account: AccountId, id: i64) -> Result<Option<Client>, StoreError> {
    let sql = format!("SELECT {CLIENT} FROM zd_oauth_client WHERE account = $1 AND id = $2");
    store.read(statement(sql, params![account, id])).await?.first().map(client).transpose()
}

pub async fn client_by_identifier(
    store: &Store,
    account: AccountId,
    identifier: &str,
) -> Result<Option<Client>, StoreError> {
    let sql = format!("SELECT {CLIENT} FROM zd_oauth_client WHERE account = $1 AND identifier = $2");
    store.read(statement(sql, params![account, identifier])).await?.first().map(client).transpose()
}

/// By id; an account has few.
pub async fn clients(store: &Store, account: AccountId) -> Result<Vec<Client>, StoreError> {
    let sql = format!("SELECT {CLIENT} FROM zd_oauth_client WHERE account = $1 ORDER BY id");
    store.read(statement(sql, params![account])).await?.rows.iter().map(client).collect()
}

pub fn insert_token(account: AccountId, token: &Token) -> Statement {
    statement(
        "INSERT INTO zd_oauth_token (account, id, hash, shown, refresh_hash, client_id, user_id, scopes, created_at, expires_at, \
         refresh_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            account,
            token.id,
            &token.hash,
            &token.shown,
            token.refresh_hash.as_deref(),
            token.client_id,
            token.user_id,
            list_of(&token.scopes),
            token.created_at,
            token.expires_at,
            token.refresh_expires_at,
        ],
    )
}

/// An expectation error: there is no such token (or somebody else has just used it up).
pub fn delete_token(account: AccountId, id: i64) -> Statement {
    statement("DELETE FROM zd_oauth_token WHERE account = $1 AND id = $2", params![account, id])
        .expect(Expect::Exactly(1))
}

/// Tokens of a user, for a change of password.
pub fn delete_tokens_of(account: AccountId, user_id: i64) -> Statement {
    statement("DELETE FROM zd_oauth_token WHERE account = $1 AND user_id = $2", params![account, user_id])
}

pub async fn token_by_hash(store: &Store, account: AccountId, hash: &str) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {TOKEN} FROM zd_oauth_token WHERE account = $1 AND hash = $2");
    store.read(statement(sql, params![account, hash])).await?.first().map(token).transpose()
}

pub async fn token_by_refresh(store: &Store, account: AccountId, hash: &str) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {TOKEN} FROM zd_oauth_token WHERE account = $1 AND refresh_hash = $2");
    store.read(statement(sql, params![account, hash])).await?.first().map(token).transpose()
}

pub async fn token_by_id(store: &Store, account: AccountId, id: i64) -> Result<Option<Token>, StoreError> {
    let sql = format!("SELECT {TOKEN} FROM zd_oauth_token WHERE account = $1 AND id = $2");
    store.read(statement(sql, params![account, id])).await?.first().map(token).transpose()
}

/// Newest first, of one client or of all, of one user or of all.
pub async fn tokens(
    store: &Store,
    account: AccountId,
    client_id: Option<i64>,
    user_id: Option<i64>,
    limit: usize,
) -> Result<Vec<Token>, StoreError> {
    let mut query = super::page::Query::new(format!("SELECT {TOKEN} FROM zd_oauth_token WHERE account = $1"), account);
    if let Some(client) = client_id {
        query.and("client_id = ?", client);
    }
    if let Some(user) = user_id {
        query.and("user_id = ?", user);
    }
    query.raw(&format!(" ORDER BY id DESC LIMIT {limit}"));
    store.read(query.done()).await?.rows.iter().map(token).collect()
}

pub fn insert_code(account: AccountId, code: &Code) -> Statement {
    statement(
        "INSERT INTO zd_oauth_code (account, hash, client_id, user_id, redirect_uri, scopes, challenge, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            account,
            &code.hash,
            code.client_id,
            code.user_id,
            &code.redirect_uri,
            list_of(&code.scopes),
            code.challenge.as_deref(),
            code.expires_at,
        ],
    )
}

/// Takes the code away: it works once, even when two come at the same moment.
pub async fn take_code(store: &Store, account: AccountId, hash: &str) -> Result<Option<Code>, StoreError> {
    let taken = store
        .write(vec![statement(
            "DELETE FROM zd_oauth_code WHERE account = $1 AND hash = $2 \
             RETURNING hash, client_id, user_id, redirect_uri, scopes, challenge, expires_at",
            params![account, hash],
        )])
        .await?;
    let code = |row: &Row| {
        Ok(Code {
            hash: row.text(0).to_owned(),
            client_id: row.int(1),
            user_id: row.int(2),
            redirect_uri: row.text(3).to_owned(),
            scopes: texts(row, 4)?,
            challenge: row.opt_string(5),
            expires_at: Timestamp(row.int(6)),
        })
    };
    taken.first().and_then(|rows| rows.first()).map(code).transpose()
}

/// Codes and tokens that can't be used any more.
pub fn expire(account: AccountId, now: Timestamp) -> Vec<Statement> {
    vec![
        statement("DELETE FROM zd_oauth_code WHERE account = $1 AND expires_at <= $2", params![account, now]),
        statement(
            "DELETE FROM zd_oauth_token WHERE account = $1 AND expires_at <= $2 AND COALESCE(refresh_expires_at, 0) <= $2",
            params![account, now],
        ),
    ]
}
