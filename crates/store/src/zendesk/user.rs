//! Users and their identities.

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

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    EndUser,
    Agent,
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::EndUser => "end-user",
            Role::Agent => "agent",
            Role::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Role::EndUser, Role::Agent, Role::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub id: i64,
    pub name: String,
    /// The primary e-mail address, in the case it came in.
    pub email: Option<String>,
    pub role: Role,
    pub external_id: Option<String>,
    /// False once deleted.
    pub active: bool,
    pub verified: bool,
    pub suspended: bool,
    pub phone: Option<String>,
    pub tags: Vec<String>,
    /// The other writable members, as they came: an object.
    pub fields: Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
}

impl User {
    pub fn sort_key(&self, sorted: Sorted) -> (i64, i64) {
        page::key(sorted, self.id, self.created_at, self.updated_at)
    }
}

/// Something a user is known by: an e-mail address, a phone number, an account elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub id: i64,
    pub user_id: i64,
    /// `email`, `phone_number`, `twitter`, …
    pub kind: String,
    pub value: String,
    pub primary: bool,
    pub verified: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "u.id, u.name, u.email, u.role, u.external_id, u.active, u.verified, u.suspended, u.phone, u.tags, u.fields, \
     u.created_at, u.updated_at, u.last_login_at";

fn user(row: &Row) -> Result<User, StoreError> {
    let role = row.text(3);
    Ok(User {
        id: row.int(0),
        name: row.text(1).to_owned(),
        email: row.opt_string(2),
        role: Role::parse(role).ok_or_else(|| StoreError::Damaged(format!("unknown role {role}")))?,
        external_id: row.opt_string(4),
        active: row.bool(5),
        verified: row.bool(6),
        suspended: row.bool(7),
        phone: row.opt_string(8),
        tags: texts(row, 9)?,
        fields: document(row, 10)?,
        created_at: Timestamp(row.int(11)),
        updated_at: Timestamp(row.int(12)),
        last_login_at: row.opt_int(13).map(Timestamp),
    })
}

fn identity(row: &Row) -> Identity {
    Identity {
        id: row.int(0),
        user_id: row.int(1),
        kind: row.text(2).to_owned(),
        value: row.text(3).to_owned(),
        primary: row.bool(4),
        verified: row.bool(5),
        created_at: Timestamp(row.int(6)),
        updated_at: Timestamp(row.int(7)),
    }
}

/// What two texts must share to be the same for lookups.
pub fn lookup(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A new user; a taken external id is [`StoreError::Duplicate`] of `zd_user`.
pub fn insert(account: AccountId, user: &User) -> Statement {
    statement(
        "INSERT INTO zd_user (account, id, name, name_lookup, email, role, external_id, external_lookup, active, verified, suspended, \
         phone, tags, fields, created_at, updated_at, last_login_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        columns(account, user),
    )
}

/// Replaces everything but the password.
pub fn update(account: AccountId, user: &User) -> Statement {
    statement(
        "UPDATE zd_user SET name = $1, name_lookup = $2, email = $3, role = $4, external_id = $5, external_lookup = $6, active = $7, \
         verified = $8, suspended = $9, phone = $10, tags = $11, fields = $12, created_at = $13, updated_at = $14, last_login_at = $15 \
         WHERE account = $16 AND id = $17",
        key_last(columns(account, user)),
    )
    .expect(Expect::Exactly(1))
}

fn columns(account: AccountId, user: &User) -> Vec<Param> {
    // A deleted user gives its external id back.
    let external = user.external_id.as_deref().filter(|_| user.active).map(lookup);
    params![
        account,
        user.id,
        &user.name,
        lookup(&user.name),
        user.email.as_deref(),
        user.role.as_str(),
        user.external_id.as_deref(),
        external,
        user.active,
        user.verified,
        user.suspended,
        user.phone.as_deref(),
        list_of(&user.tags),
        &user.fields,
        user.created_at,
        user.updated_at,
        user.last_login_at,
    ]
}

pub async fn show(store: &Store, account: AccountId, id: i64) -> Result<Option<User>, StoreError> {
    Ok(show_many(store, account, &[id]).await?.pop())
}

pub async fn show_many(store: &Store, account: AccountId, ids: &[i64]) -> Result<Vec<User>, StoreError> {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM zd_user u WHERE u.account = $1"), account);
    query.within("u.id", ids.iter().copied());
    rows(store, query.done()).await
}

/// Active users that one of the identities belongs to; `(kind, value)` in any case.
pub async fn by_identities(
    store: &Store,
    account: AccountId,
    identities: &[(&str, &str)],
) -> Result<Vec<User>, StoreError> {
    let mut params = params![account];
    let mut any = Vec::new();
    for (kind, value) in identities {
        params.push(Param::from(*kind));
        params.push(Param::from(lookup(value)));
        let at = params.len();
        any.push(if *kind == "external_id" {
            format!("(${} = 'external_id' AND u.external_lookup = ${at})", at - 1)
        } else {
            format!("u.id IN (SELECT i.user_id FROM zd_identity i WHERE i.account = $1 AND i.type = ${} AND i.lookup = ${at})", at - 1)
        });
    }
    if any.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM zd_user u WHERE u.account = $1 AND u.active = 1 AND ({}) ORDER BY u.id",
        any.join(" OR ")
    );
    rows(store, statement(sql, params)).await
}

/// The active user with this e-mail address, and the hash of the password.
pub async fn with_password(
    store: &Store,
    account: AccountId,
    email: &str,
) -> Result<Option<(User, Option<String>)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, u.password FROM zd_user u WHERE u.account = $1 AND u.active = 1 AND u.id = \
         (SELECT i.user_id FROM zd_identity i WHERE i.account = $1 AND i.type = 'email' AND i.lookup = $2)"
    );
    let rows = store.read(statement(sql, params![account, lookup(email)])).await?;
    rows.first().map(|row| Ok((user(row)?, row.opt_string(14)))).transpose()
}

pub fn set_password(account: AccountId, id: i64, hash: &str, at: Timestamp) -> Statement {
    statement(
        "UPDATE zd_user SET password = $1, updated_at = $2 WHERE account = $3 AND id = $4",
        params![hash, at, account, id],
    )
    .expect(Expect::Exactly(1))
}

/// What a list of users looks for; `None` and empty match all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub roles: Vec<Role>,
    pub external_id: Option<String>,
    /// Lower-cased text within the name.
    pub name: Option<String>,
    pub include_inactive: bool,
}

fn filtered(select: &str, account: AccountId, filter: &Filter) -> Query {
    let mut query = Query::new(format!("SELECT {select} FROM zd_user u WHERE u.account = $1"), account);
    if !filter.include_inactive {
        query.raw(" AND u.active = 1");
    }
    if !filter.roles.is_empty() {
        query.within("u.role", filter.roles.iter().map(|role| role.as_str()));
    }
    if let Some(external) = &filter.external_id {
        query.and("u.external_lookup = ?", lookup(external));
    }
    if let Some(name) = &filter.name {
        query.and("u.name_lookup LIKE ? ESCAPE '\\'", like(name));
    }
    query
}

/// A LIKE pattern for `text` anywhere.
fn like(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

pub async fn list(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    order: (Sorted, Order),
    window: Window,
) -> Result<Vec<User>, StoreError> {
    rows(store, filtered(COLUMNS, account, filter).window(order.0, order.1, window)).await
}

pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<u64, StoreError> {
    let rows = store.read(filtered("count(*)", account, filter).done()).await?;
    Ok(rows.first().map_or(0, |row| u64::try_from(row.int(0)).unwrap_or_default()))
}

/// A new identity; one that somebody has is [`StoreError::Duplicate`] of `zd_identity`.
pub fn insert_identity(account: AccountId, identity: &Identity) -> Statement {
    statement(
        "INSERT INTO zd_identity (account, id, user_id, type, value, lookup, is_primary, verified, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            account,
            identity.id,
            identity.user_id,
            &identity.kind,
            &identity.value,
            lookup(&identity.value),
            identity.primary,
            identity.verified,
            identity.created_at,
            identity.updated_at,
        ],
    )
}

/// Changes `primary`, `verified` and `updated_at`.
pub fn update_identity(account: AccountId, identity: &Identity) -> Statement {
    statement(
        "UPDATE zd_identity SET is_primary = $1, verified = $2, updated_at = $3 WHERE account = $4 AND type = $5 AND lookup = $6",
        params![
            identity.primary,
            identity.verified,
            identity.updated_at,
            account,
            &identity.kind,
            lookup(&identity.value),
        ],
    )
}

pub fn delete_identity(account: AccountId, user_id: i64, id: i64) -> Statement {
    statement("DELETE FROM zd_identity WHERE account = $1 AND user_id = $2 AND id = $3", params![account, user_id, id])
        .expect(Expect::Exactly(1))
}

/// A deleted user's identities are free for others.
pub fn delete_identities(account: AccountId, user_id: i64) -> Statement {
    statement("DELETE FROM zd_identity WHERE account = $1 AND user_id = $2", params![account, user_id])
}

/// In the order they were added.
pub async fn identities(store: &Store, account: AccountId, user_id: i64) -> Result<Vec<Identity>, StoreError> {
    let found = store
        .read(statement(
            "SELECT id, user_id, type, value, is_primary, verified, created_at, updated_at FROM zd_identity \
             WHERE account = $1 AND user_id = $2 ORDER BY id",
            params![account, user_id],
        ))
        .await?;
    Ok(found.rows.iter().map(identity).collect())
}

async fn rows(store: &Store, statement: Statement) -> Result<Vec<User>, StoreError> {
    store.read(statement).await?.rows.iter().map(user).collect()
}
