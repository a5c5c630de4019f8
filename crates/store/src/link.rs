//! Links: a left and a right object under a link type (spec 7.2).

use zis_flow::{Timestamp, Value};

use crate::{
    AccountId, Store, StoreError,
    page::{Page, Paged},
    params,
    pattern::{self, Pattern},
    sql::{Expect, Row, Statement, Where, statement},
};

/// One link; `(link_type, left name, right name)` is unique in the integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub account: AccountId,
    pub integration: String,
    /// A version 7 UUID: sorts by the time it was made, and is the cursor.
    pub id: String,
    pub link_type: String,
    pub left: Object,
    pub right: Object,
    /// Counts the changes: an update names the version it was made from.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// An opaque text: `1234567`, `zendesk:ticket:1`.
    pub name: String,
    /// An object.
    pub metadata: Option<Value>,
}

/// Which links; a name that is not given fits all.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// `None`: of every type.
    pub link_type: Option<String>,
    pub left: Option<Pattern>,
    pub right: Option<Pattern>,
}

const COLUMNS: &str = "account, integration, id, link_type, left_name, left_metadata, right_name, right_metadata, version, created_at, \
                       updated_at";

fn read(row: &Row) -> Result<Link, StoreError> {
    let object = |name: usize, metadata: usize| {
        let metadata = row.opt_text(metadata).map(Value::from_json).transpose();
        let metadata =
            metadata.map_err(|error| StoreError::Damaged(format!("metadata of link {}: {error}", row.text(2))))?;
        Ok(Object { name: row.text(name).to_owned(), metadata })
    };
    Ok(Link {
        account: AccountId(row.int(0)),
        integration: row.text(1).to_owned(),
        id: row.text(2).to_owned(),
        link_type: row.text(3).to_owned(),
        left: object(4, 5)?,
        right: object(6, 7)?,
        version: row.int(8),
        created_at: Timestamp(row.int(9)),
        updated_at: Timestamp(row.int(10)),
    })
}

impl Link {
    /// A link that is not stored yet.
    pub fn new(
        account: AccountId,
        integration: &str,
        link_type: &str,
        left: Object,
        right: Object,
        now: Timestamp,
    ) -> Self {
        Self {
            account,
            integration: integration.to_owned(),
            id: uuid::Uuid::now_v7().to_string(),
            link_type: link_type.to_owned(),
            left,
            right,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Stores a new link; a taken triple is [`StoreError::Duplicate`] of table `link`.
pub fn insert(link: &Link) -> Statement {
    statement(
        format!("INSERT INTO link ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
        params![
            link.account,
            &link.integration,
            &link.id,
            &link.link_type,
            &link.left.name,
            link.left.metadata.as_ref(),
            &link.right.name,
            link.right.metadata.as_ref(),
            link.version,
            link.created_at,
            link.updated_at,
        ],
    )
}

/// Stores names and metadata of a link that was read before; an expectation error when somebody else changed it since, a duplicate when
/// the new names are taken.
pub fn update(link: &Link, now: Timestamp) -> Statement {
    statement(
        "UPDATE link SET left_name = $1, left_metadata = $2, right_name = $3, right_metadata = $4, updated_at = $5, \
         version = version + 1 WHERE account = $6 AND integration = $7 AND id = $8 AND version = $9",
        params![
            &link.left.name,
            link.left.metadata.as_ref(),
            &link.right.name,
            link.right.metadata.as_ref(),
            now,
            link.account,
            &link.integration,
            &link.id,
            link.version,
        ],
    )
    .expect(Expect::Exactly(1))
}

/// Deletes a link that was read before; an expectation error when it is gone.
pub fn delete(link: &Link) -> Statement {
    statement(
        "DELETE FROM link WHERE account = $1 AND integration = $2 AND id = $3",
        params![link.account, &link.integration, &link.id],
    )
    .expect(Expect::Exactly(1))
}

/// The links that fit, oldest first; cursors are ids.
pub async fn find(
    store: &Store,
    account: AccountId,
    integration: &str,
    query: &Query,
    page: &Page,
) -> Result<Paged<Link>, StoreError> {
    let mut rows = Where::account(account);
    rows.and("integration = ", integration);
    rows.and_some("link_type = ", query.link_type.as_ref());
    for (column, pattern) in [("left_name", &query.left), ("right_name", &query.right)] {
        if let Some(pattern) = pattern {
            pattern.narrow(&mut rows, column);
        }
    }
    let fits = |pattern: &Option<Pattern>, name: &str| pattern.as_ref().is_none_or(|pattern| pattern.matches(name));
    let wanted = |link: &Link| fits(&query.left, &link.left.name) && fits(&query.right, &link.right.name);
    let key = |link: &Link| link.id.clone();
    pattern::find(store, &rows, (COLUMNS, "link", "id"), page, read, (key, wanted)).await
}

/// The links of exactly these names (`*` is a letter like any other), at most two: one, or not one.
pub async fn exactly(
    store: &Store,
    account: AccountId,
    integration: &str,
    link_type: &str,
    left: &str,
    right: Option<&str>,
) -> Result<Vec<Link>, StoreError> {
    let mut rows = Where::account(account);
    rows.and("integration = ", integration);
    rows.and("link_type = ", link_type);
    rows.and("left_name = ", left);
    rows.and_some("right_name = ", right);
    let found = store.read(rows.select(COLUMNS, "link", "ORDER BY id LIMIT 2")).await?;
    found.rows.iter().map(read).collect()
}
