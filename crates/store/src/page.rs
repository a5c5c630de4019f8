//! Cursor paging: a page begins after the last row of the one before (spec 1.6).

use crate::{
    Store, StoreError,
    sql::{Row, Where},
};

/// Which page. Cursors are the ids of rows, opaque to callers; with both, `after` counts.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub size: usize,
    pub after: Option<String>,
    pub before: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    pub items: Vec<T>,
    /// There are more in the direction that was asked for.
    pub has_more: bool,
}

/// Reads one page of `table`, ascending by `key`.
pub(crate) async fn read<T>(
    store: &Store,
    mut query: Where,
    (columns, table, key): (&str, &str, &str),
    page: &Page,
    make: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Paged<T>, StoreError> {
    let back = page.after.is_none() && page.before.is_some();
    let (operator, order) = if back { ("<", "DESC") } else { (">", "ASC") };
    let cursor = page.after.as_ref().or(page.before.as_ref());
    query.and_some(&format!("{key} {operator} "), cursor);
    // One more than asked for tells whether there is more.
    let tail = format!("ORDER BY {key} {order} LIMIT {}", page.size.saturating_add(1));
    let mut rows = store.read(query.select(columns, table, &tail)).await?.rows;
    let has_more = rows.len() > page.size;
    rows.truncate(page.size);
    if back {
        rows.reverse();
    }
    Ok(Paged { items: rows.iter().map(make).collect::<Result<_, _>>()?, has_more })
}
