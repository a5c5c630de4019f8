//! Profiles and the identifiers that find them.

use zis_flow::{Timestamp, Value};

use super::document;
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Param, Row, Statement, statement},
};

/// A profile: what one source knows about a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// A ULID.
    pub id: String,
    pub user_id: i64,
    pub source: String,
    pub kind: String,
    pub name: String,
    /// Type and value, in the order they came.
    pub identifiers: Vec<Identifier>,
    /// An object.
    pub attributes: Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a profile is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    pub kind: String,
    pub value: String,
}

const COLUMNS: &str =
    "p.id, p.user_id, p.source, p.type, p.name, p.identifiers, p.attributes, p.created_at, p.updated_at";

fn profile(row: &Row) -> Result<Profile, StoreError> {
    let identifiers = document(row, 5)?;
    let text = |value: &Value, at: usize| value.item(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Profile {
        id: row.text(0).to_owned(),
        user_id: row.int(1),
        source: row.text(2).to_owned(),
        kind: row.text(3).to_owned(),
        name: row.text(4).to_owned(),
        identifiers: identifiers
            .as_array()
            .unwrap_or_default()
            .iter()
            .map(|pair| Identifier { kind: text(pair, 0), value: text(pair, 1) })
            .collect(),
        attributes: document(row, 6)?,
        created_at: Timestamp(row.int(7)),
        updated_at: Timestamp(row.int(8)),
    })
}

fn pairs(identifiers: &[Identifier]) -> String {
    let pair =
        |identifier: &Identifier| Value::array([Value::string(&identifier.kind), Value::string(&identifier.value)]);
    Value::array(identifiers.iter().map(pair)).to_json()
}

/// The profile and its identifiers; one that another profile of the source and type has is [`StoreError::Duplicate`] of
/// `zd_profile_identifier`.
pub fn insert(account: AccountId, profile: &Profile) -> Vec<Statement> {
    let row = statement(
        "INSERT INTO zd_profile (account, id, user_id, source, type, name, identifiers, attributes, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            account,
            &profile.id,
            profile.user_id,
            &profile.source,
            &profile.kind,
            &profile.name,
            pairs(&profile.identifiers),
            &profile.attributes,
            profile.created_at,
            profile.updated_at,
        ],
    );
    std::iter::once(row).chain(profile.identifiers.iter().map(|one| insert_identifier(account, profile, one))).collect()
}

/// Replaces the row, when nobody has changed it since `seen`, and its identifiers.
pub fn update(account: AccountId, profile: &Profile, seen: &Profile) -> Vec<Statement> {
    let row = statement(
        "UPDATE zd_profile SET user_id = $1, source = $2, type = $3, name = $4, identifiers = $5, attributes = $6, updated_at = $7 \
         WHERE account = $8 AND id = $9 AND updated_at = $10 AND identifiers = $11",
        params![
            profile.user_id,
            &profile.source,
            &profile.kind,
            &profile.name,
            pairs(&profile.identifiers),
            &profile.attributes,
            profile.updated_at,
            account,
            &profile.id,
            seen.updated_at,
            pairs(&seen.identifiers),
        ],
    )
    .expect(Expect::Exactly(1));
    let moved = (&profile.source, &profile.kind) != (&seen.source, &seen.kind);
    let mut all = vec![row];
    for gone in seen.identifiers.iter().filter(|one| moved || !profile.identifiers.contains(one)) {
        all.push(statement(
            "DELETE FROM zd_profile_identifier WHERE account = $1 AND source = $2 AND type = $3 AND kind = $4 AND value = $5",
            params![account, &seen.source, &seen.kind, &gone.kind, &gone.value],
        ));
    }
    for new in profile.identifiers.iter().filter(|one| moved || !seen.identifiers.contains(one)) {
        all.push(insert_identifier(account, profile, new));
    }
    all
}

fn insert_identifier(account: AccountId, profile: &Profile, identifier: &Identifier) -> Statement {
    statement(
        "INSERT INTO zd_profile_identifier (account, source, type, kind, value, profile_id) VALUES ($1, $2, $3, $4, $5, $6)",
        params![account, &profile.source, &profile.kind, &identifier.kind, &identifier.value, &profile.id],
    )
}

/// The profile, its identifiers and its events.
pub fn delete(account: AccountId, id: &str) -> Vec<Statement> {
    vec![
        statement("DELETE FROM zd_profile WHERE account = $1 AND id = $2", params![account, id])
            .expect(Expect::Exactly(1)),
        statement("DELETE FROM zd_profile_identifier WHERE account = $1 AND profile_id = $2", params![account, id]),
        statement("DELETE FROM zd_activity WHERE account = $1 AND profile_id = $2", params![account, id]),
    ]
}

pub async fn show(store: &Store, account: AccountId, id: &str) -> Result<Option<Profile>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM zd_profile p WHERE p.account = $1 AND p.id = $2");
    store.look(statement(sql, params![account, id])).await?.first().map(profile).transpose()
}

pub async fn of_user(store: &Store, account: AccountId, user_id: i64) -> Result<Vec<Profile>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM zd_profile p WHERE p.account = $1 AND p.user_id = $2 ORDER BY p.id");
    store.read(statement(sql, params![account, user_id])).await?.rows.iter().map(profile).collect()
}

/// Profiles of the source and type that have one of the identifiers.
pub async fn matching(
    store: &Store,
    account: AccountId,
    source: &str,
    kind: &str,
    identifiers: &[Identifier],
) -> Result<Vec<Profile>, StoreError> {
    let mut params = params![account, source, kind];
    let mut any = Vec::new();
    for one in identifiers {
        params.push(Param::from(&one.kind));
        params.push(Param::from(&one.value));
        any.push(format!("(i.kind = ${} AND i.value = ${})", params.len() - 1, params.len()));
    }
    // A join, and no `IN (SELECT …)`: for that, SQLite makes a table for every single look.
    let sql = format!(
        "SELECT {COLUMNS} FROM zd_profile_identifier i JOIN zd_profile p ON p.account = i.account AND p.id = i.profile_id \
         WHERE i.account = $1 AND i.source = $2 AND i.type = $3 AND ({}) ORDER BY p.id",
        any.join(" OR ")
    );
    let mut found: Vec<Profile> =
        store.look(statement(sql, params)).await?.rows.iter().map(profile).collect::<Result<_, _>>()?;
    found.dedup_by(|one, other| one.id == other.id);
    Ok(found)
}
