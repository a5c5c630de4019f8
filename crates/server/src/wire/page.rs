//! Cursor paging: `page[size]`, `page[after]`, `page[before]` in; a page and what surrounds it out.

use serde::Serialize;
use utoipa::ToSchema;

pub use zis_store::page::Page;

use crate::{errors::Refusal, wire::Query};

/// Most items of a page (spec 1.6).
pub const MAX_SIZE: usize = 100;

/// Reads the three parameters; sizes above [`MAX_SIZE`] count as that.
pub fn read(query: &Query, default_size: usize) -> Result<Page, Refusal> {
    let size = query.parsed("page[size]", |text| text.parse().ok().filter(|size| *size > 0), "1 to 100")?;
    let (after, before) = (query.get("page[after]"), query.get("page[before]"));
    if after.is_some() && before.is_some() {
        return Err(Refusal::invalid("use `page[after]` or `page[before]`, not both"));
    }
    Ok(Page {
        size: size.unwrap_or(default_size).min(MAX_SIZE),
        after: after.map(str::to_owned),
        before: before.map(str::to_owned),
    })
}

/// Reads the parameters of a list that goes forward only, with a cursor that is an id.
pub fn forward<T>(
    query: &Query,
    default_size: usize,
    id: impl Fn(&str) -> Option<T>,
) -> Result<(usize, Option<T>), Refusal> {
    if query.get("page[before]").is_some() {
        return Err(Refusal::invalid("this list has no `page[before]`: follow `page[after]`"));
    }
    let size = read(query, default_size)?.size;
    Ok((size, query.parsed("page[after]", id, "the cursor of the page before")?))
}

/// Cuts a list that was read with one item more than the page has; whether there was more.
pub fn cut<T>(items: &mut Vec<T>, size: usize) -> bool {
    let more = items.len() > size;
    items.truncate(size);
    more
}

/// Where a page of the ZIS services stands: `after` is the cursor of its last item, `before` that of its first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetaOut {
    after: Option<String>,
    before: Option<String>,
    has_more: bool,
}

impl MetaOut {
    pub fn new(cursors: impl IntoIterator<Item = String>, has_more: bool) -> Self {
        let mut cursors = cursors.into_iter();
        let before = cursors.next();
        Self { after: cursors.last().or_else(|| before.clone()), before, has_more }
    }
}

/// Where a page of our own API stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CursorOut {
    /// What to give as `page[after]` for the next page; `null` on an empty page.
    after_cursor: Option<String>,
    has_more: bool,
}

impl CursorOut {
    pub fn new(last: Option<String>, has_more: bool) -> Self {
        Self { after_cursor: last, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(query: &str) -> Result<usize, Refusal> {
        read(&Query::parse(query), 20).map(|page| page.size)
    }

    #[test]
    fn sizes_are_clamped_and_checked() {
        assert_eq!(size(""), Ok(20));
        assert_eq!(size("page[size]=1000"), Ok(100));
        for bad in ["page[size]=0", "page[size]=x", "page[size]=-1", "page[after]=a&page[before]=b"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cursors_are_those_of_the_first_and_the_last_item() {
        let meta = |cursors: &[&str]| {
            let meta = MetaOut::new(cursors.iter().map(|cursor| (*cursor).to_owned()), false);
            (meta.before, meta.after)
        };
        assert_eq!(meta(&[]), (None, None));
        assert_eq!(meta(&["a"]), (Some("a".into()), Some("a".into())));
        assert_eq!(meta(&["a", "b", "c"]), (Some("a".into()), Some("c".into())));
    }
}
