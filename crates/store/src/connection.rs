//! Connections: stored credentials by name, secrets sealed (spec 6.1–6.3, 6.5; D9).

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use zis_flow::{Timestamp, Value};

use crate::{
    AccountId, Store, StoreError,
    oauth::GrantType,
    page::{self, Page, Paged},
    params,
    secret::Vault,
    sql::{Expect, Param, Row, Statement, Where, statement},
};

/// The type of a connection; its name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    ApiKey,
    BasicAuth,
    BearerToken,
    Oauth,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::ApiKey, Kind::BasicAuth, Kind::BearerToken, Kind::Oauth];

    /// `api_key`, `basic_auth`, `bearer_token`, `oauth`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ApiKey => "api_key",
            Kind::BasicAuth => "basic_auth",
            Kind::BearerToken => "bearer_token",
            Kind::Oauth => "oauth",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A connection with its secret in clear: can't be printed or serialised.
#[derive(Clone)]
pub struct Connection {
    pub account: AccountId,
    pub integration: String,
    /// Unique in the integration across all kinds.
    pub name: String,
    pub detail: Detail,
    /// Counts the changes of the row: an update names the version it was made from.
    pub version: i64,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone)]
pub enum Detail {
    ApiKey { allowed_domain: String, header_name: String, api_key: SecretString },
    BasicAuth { allowed_domain: String, username: String, password: SecretString },
    BearerToken { allowed_domain: String, token: SecretString },
    Oauth(Oauth),
}

/// What a provider gave.
#[derive(Clone)]
pub struct Oauth {
    pub uuid: String,
    /// The OAuth client it was made with; `zendesk` for the predefined one.
    pub client_uuid: String,
    pub grant_type: GrantType,
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    /// As the provider wrote it: `bearer`.
    pub token_type: String,
    /// `None`: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// Space-delimited.
    pub scope: Option<String>,
    pub url_subdomain: Option<String>,
    /// The provider's JSON; holds the tokens.
    pub response_body: SecretString,
}

impl Detail {
    pub fn kind(&self) -> Kind {
        match self {
            Detail::ApiKey { .. } => Kind::ApiKey,
            Detail::BasicAuth { .. } => Kind::BasicAuth,
            Detail::BearerToken { .. } => Kind::BearerToken,
            Detail::Oauth(_) => Kind::Oauth,
        }
    }

    /// The secret that goes into requests.
    pub fn secret(&self) -> &SecretString {
        match self {
            Detail::ApiKey { api_key: secret, .. }
            | Detail::BasicAuth { password: secret, .. }
            | Detail::BearerToken { token: secret, .. } => secret,
            Detail::Oauth(oauth) => &oauth.access_token,
        }
    }
}

const COLUMNS: &str = "account, integration, name, kind, version, secret, allowed_domain, header_name, username, uuid, client_uuid, \
                       grant_type, token_type, scope, url_subdomain, expires_at, extra, created_by, created_at, updated_at";

/// Places of the sealed columns.
const SECRET: usize = 5;
const EXTRA: usize = 16;
/// Connections that one transaction of a rotation seals.
const RESEAL_BATCH: usize = 100;

/// Columns before this one name the row; those from here on may change.
const FIRST_CHANGEABLE: usize = 5;

/// What a sealed column is bound to: it does not open in another row, nor in another column.
fn context(account: AccountId, integration: &str, name: &str, column: &str) -> String {
    format!("{}/{integration}/{name}/{column}", account.0)
}

/// The values of [`COLUMNS`], in order.
fn values(vault: &Vault, connection: &Connection) -> Vec<Param> {
    let Connection { account, integration, name, detail, .. } = connection;
    let seal = |column: &str, secret: &SecretString| vault.seal(&context(*account, integration, name, column), secret);
    let mut params = params![*account, integration, name, detail.kind().as_str(), connection.version];
    params.push(seal("secret", detail.secret()).into());
    params.extend(match detail {
        Detail::ApiKey { allowed_domain, header_name, .. } => {
            params![Some(allowed_domain), Some(header_name), Param::Null]
        }
        Detail::BasicAuth { allowed_domain, username, .. } => {
            params![Some(allowed_domain), Param::Null, Some(username)]
        }
        Detail::BearerToken { allowed_domain, .. } => params![Some(allowed_domain), Param::Null, Param::Null],
        Detail::Oauth(_) => vec![Param::Null; 3],
    });
    params.extend(match detail {
        Detail::Oauth(oauth) => params![
            &oauth.uuid,
            &oauth.client_uuid,
            oauth.grant_type.as_str(),
            &oauth.token_type,
            oauth.scope.as_ref(),
            oauth.url_subdomain.as_ref(),
            oauth.expires_at,
            seal("extra", &extra(oauth)),
        ],
        _ => vec![Param::Null; 8],
    });
    params.extend(params![connection.created_by.as_ref(), connection.created_at, connection.updated_at]);
    params
}

/// The secrets of an OAuth connection beside its access token, as one text to seal.
fn extra(oauth: &Oauth) -> SecretString {
    let refresh_token = oauth.refresh_token.as_ref().map(|token| token.expose_secret());
    let pairs = [("refresh_token", refresh_token), ("response_body", Some(oauth.response_body.expose_secret()))];
    SecretString::from(Value::object(pairs.map(|(key, text)| (key, text.into()))).to_json())
}

fn read(vault: &Vault, row: &Row) -> Result<Connection, StoreError> {
    let (account, integration, name) = (AccountId(row.int(0)), row.text(1), row.text(2));
    let damaged = |what: &str| StoreError::Damaged(format!("connection {integration}/{name}: {what}"));
    let open = |column: &str, at: usize| vault.open(&context(account, integration, name, column), row.bytes(at));
    let secret = open("secret", SECRET)?;
    let allowed_domain = row.text(6).to_owned();
    let detail = match Kind::parse(row.text(3)).ok_or_else(|| damaged("unknown kind"))? {
        Kind::ApiKey => Detail::ApiKey { allowed_domain, header_name: row.text(7).to_owned(), api_key: secret },
        Kind::BasicAuth => Detail::BasicAuth { allowed_domain, username: row.text(8).to_owned(), password: secret },
        Kind::BearerToken => Detail::BearerToken { allowed_domain, token: secret },
        Kind::Oauth => {
            let extra =
                Value::from_json(open("extra", EXTRA)?.expose_secret()).map_err(|_| damaged("unreadable tokens"))?;
            let text = |key: &str| extra.get(key).and_then(Value::as_str).map(SecretString::from);
            Detail::Oauth(Oauth {
                uuid: row.text(9).to_owned(),
                client_uuid: row.text(10).to_owned(),
                grant_type: GrantType::parse(row.text(11)).ok_or_else(|| damaged("unknown grant type"))?,
                access_token: secret,
                refresh_token: text("refresh_token"),
                token_type: row.text(12).to_owned(),
                expires_at: row.opt_int(15).map(Timestamp),
                scope: row.opt_string(13),
                url_subdomain: row.opt_string(14),
                response_body: text("response_body").unwrap_or_default(),
            })
        }
    };
    Ok(Connection {
        account,
        integration: integration.to_owned(),
        name: name.to_owned(),
        detail,
        version: row.int(4),
        created_by: row.opt_string(17),
        created_at: Timestamp(row.int(18)),
        updated_at: Timestamp(row.int(19)),
    })
}

/// A new connection; a taken name is [`StoreError::Duplicate`] of table `connection`.
pub fn insert(vault: &Vault, connection: &Connection) -> Statement {
    let params = values(vault, connection);
    statement(format!("INSERT INTO connection ({COLUMNS}) VALUES ({})", places(params.len())), params)
}

fn places(count: usize) -> String {
    (1..=count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

/// Notes that the connection `name` was used. No change of the connection: its version stays.
pub fn used(account: AccountId, integration: &str, name: &str, at: Timestamp) -> Statement {
    statement(
        "UPDATE connection SET used_at = $1 WHERE account = $2 AND integration = $3 AND name = $4 AND (used_at IS NULL OR used_at < $1)",
        params![at, account, integration, name],
    )
}

/// When the connections of an integration were last used, by name; one that never was is left out.
pub async fn uses(
    store: &Store,
    account: AccountId,
    integration: &str,
) -> Result<HashMap<String, Timestamp>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    query.and_that("used_at IS NOT NULL");
    let rows = store.read(query.select("name, used_at", "connection", "")).await?;
    Ok(rows.rows.iter().map(|row| (row.text(0).to_owned(), Timestamp(row.int(1)))).collect())
}

/// Replaces what the row holds, unless somebody changed it since `connection.version` was read (an expectation error). The stored version
/// is one higher. A refresh that was claimed is over.
pub fn update(vault: &Vault, connection: &Connection) -> Statement {
    let Connection { account, integration, name, detail, version, .. } = connection;
    let columns: Vec<_> = COLUMNS.split(", ").map(str::trim).collect();
    let mut params = Vec::with_capacity(columns.len());
    let mut sets = Vec::with_capacity(columns.len());
    for (column, value) in columns.into_iter().zip(values(vault, connection)).skip(FIRST_CHANGEABLE) {
        params.push(value);
        sets.push(format!("{column} = ${}", params.len()));
    }
    let at = params.len();
    params.extend(params![*account, integration, name, detail.kind().as_str(), *version]);
    let sql = format!(
        "UPDATE connection SET version = version + 1, refreshing_until = NULL, {} \
         WHERE account = ${} AND integration = ${} AND name = ${} AND kind = ${} AND version = ${}",
        sets.join(", "),
        at + 1,
        at + 2,
        at + 3,
        at + 4,
        at + 5
    );
    statement(sql, params).expect(Expect::Exactly(1))
}

/// A new OAuth connection, or new tokens for the one of this name: authorising again keeps the name. An expectation error: the name
/// belongs to a connection of another kind.
pub fn authorise(vault: &Vault, connection: &Connection) -> Statement {
    let params = values(vault, connection);
    let sets: Vec<_> = COLUMNS
        .split(", ")
        .map(str::trim)
        .skip(FIRST_CHANGEABLE)
        .filter(|column| !matches!(*column, "created_at" | "uuid"))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let sql = format!(
        "INSERT INTO connection ({COLUMNS}) VALUES ({}) ON CONFLICT (account, integration, name) DO UPDATE SET \
         version = connection.version + 1, refreshing_until = NULL, {} WHERE connection.kind = 'oauth'",
        places(params.len()),
        sets.join(", ")
    );
    statement(sql, params).expect(Expect::Exactly(1))
}

/// The connection `name` of any kind.
pub async fn show(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
    name: &str,
) -> Result<Option<Connection>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connection WHERE account = $1 AND integration = $2 AND name = $3");
    let rows = store.read(statement(sql, params![account, integration, name])).await?;
    rows.first().map(|row| read(vault, row)).transpose()
}

/// The OAuth connection with this uuid.
pub async fn by_uuid(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
    uuid: &str,
) -> Result<Option<Connection>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connection WHERE account = $1 AND integration = $2 AND uuid = $3");
    let rows = store.read(statement(sql, params![account, integration, uuid])).await?;
    rows.first().map(|row| read(vault, row)).transpose()
}

/// Connections of all kinds by name; cursors are names.
pub async fn list(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    integration: &str,
    page: &Page,
) -> Result<Paged<Connection>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    page::read(store, query, (COLUMNS, "connection", "name"), page, |row| read(vault, row)).await
}

/// Deletes the connection when it is of this kind; touches no row otherwise.
pub fn delete(account: AccountId, integration: &str, name: &str, kind: Kind) -> Statement {
    statement(
        "DELETE FROM connection WHERE account = $1 AND integration = $2 AND name = $3 AND kind = $4",
        params![account, integration, name, kind.as_str()],
    )
}

/// Says that this node refreshes the tokens, until `until` at the latest. False: another node does, or has done since
/// `connection.version` was read.
pub async fn claim_refresh(
    store: &Store,
    connection: &Connection,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let Connection { account, integration, name, version, .. } = connection;
    let claim = statement(
        "UPDATE connection SET refreshing_until = $1 WHERE account = $2 AND integration = $3 AND name = $4 AND version = $5 \
         AND (refreshing_until IS NULL OR refreshing_until < $6)",
        params![until, *account, integration, name, *version, now],
    );
    let rows = store.write(vec![claim]).await?;
    Ok(rows.first().is_some_and(|rows| rows.affected == 1))
}

/// Gives a claim back after a refresh that failed.
pub fn release_refresh(connection: &Connection) -> Statement {
    let Connection { account, integration, name, version, .. } = connection;
    statement(
        "UPDATE connection SET refreshing_until = NULL \
         WHERE account = $1 AND integration = $2 AND name = $3 AND version = $4",
        params![*account, integration, name, *version],
    )
}

/// Seals every connection of `account` anew with the vault's first key; how many. Neither counts a row's version nor ends a claim. A row
/// that changes meanwhile is left alone: whoever changed it has sealed it.
pub async fn reseal(store: &Store, vault: &Vault, account: AccountId) -> Result<u64, StoreError> {
    let (mut count, mut at) = (0, (String::new(), String::new()));
    loop {
        let sql = format!(
            "SELECT {COLUMNS} FROM connection WHERE account = $1 AND (integration > $2 OR (integration = $2 AND name > $3)) \
             ORDER BY integration, name LIMIT {RESEAL_BATCH}"
        );
        let rows = store.read(statement(sql, params![account, &at.0, &at.1])).await?.rows;
        let Some(last) = rows.last() else { return Ok(count) };
        at = (last.text(1).to_owned(), last.text(2).to_owned());
        let mut statements = Vec::with_capacity(rows.len());
        for row in &rows {
            let connection = read(vault, row)?;
            let sealed = values(vault, &connection);
            let Connection { integration, name, version, .. } = &connection;
            statements.push(statement(
                "UPDATE connection SET secret = $1, extra = $2 \
                 WHERE account = $3 AND integration = $4 AND name = $5 AND version = $6",
                params![sealed[SECRET].clone(), sealed[EXTRA].clone(), account, integration, name, *version],
            ));
        }
        let written = store.write(statements).await?;
        count += written.iter().map(|rows| rows.affected as u64).sum::<u64>();
    }
}
