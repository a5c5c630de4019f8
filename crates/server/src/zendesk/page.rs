//! Zendesk's two ways of paging, and their envelopes (spec 0.4).

use axum::{extract::FromRequestParts, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{StatusCode, request::Parts};
use zis_flow::Value;
use zis_zendesk::{Order, Sorted, Window, user::Listed};

use super::{error::Refused, input::Base, reply};
use crate::{app::App, wire::Query};

/// Items of a page, by default and at most.
pub const SIZE: usize = 100;
/// Records that offset paging reaches.
const REACH: usize = 10_000;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    Cursor {
        after: Option<(i64, i64)>,
        before: Option<(i64, i64)>,
        size: usize,
    },
    /// Pages count from 1.
    Offset {
        page: usize,
        size: usize,
    },
}

/// What a cursor names: the value that the list is ordered by, and the id.
type Key = (i64, i64);

/// Paging, sorting and the address, as handlers of lists take them.
pub struct Listing {
    pub query: Query,
    pub paging: Paging,
    base: String,
    path: String,
    pairs: Vec<(String, String)>,
}

impl FromRequestParts<App> for Listing {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let Ok(Base(base)) = Base::from_request_parts(parts, app).await;
        let text = parts.uri.query().unwrap_or_default();
        let query = Query::parse(text);
        let paging = paging(&query)?;
        let pairs = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        Ok(Self { query, paging, base, path: parts.uri.path().to_owned(), pairs })
    }
}

fn paging(query: &Query) -> Result<Paging, Refused> {
    let cursor = |key: &str| match query.get(key) {
        None => Ok(None),
        Some(text) => read_cursor(text).map(Some).ok_or_else(|| {
            Refused::profiles(
                StatusCode::BAD_REQUEST,
                "InvalidPaginationCursor",
                &format!("{key} is not a cursor of this list"),
            )
        }),
    };
    if query.get("page[size]").or(query.get("page[after]")).or(query.get("page[before]")).is_some() {
        let size = number(query, "page[size]")?.unwrap_or(SIZE).clamp(1, SIZE);
        return Ok(Paging::Cursor { after: cursor("page[after]")?, before: cursor("page[before]")?, size });
    }
    let size = number(query, "per_page")?.unwrap_or(SIZE).clamp(1, SIZE);
    let page = number(query, "page")?.unwrap_or(1).max(1);
    if page.saturating_sub(1).saturating_mul(size) >= REACH {
        let title = format!("Pagination requests using Offset Pagination are limited to {REACH} records");
        return Err(Refused::profiles(StatusCode::BAD_REQUEST, "InvalidPaginationDepth", &title));
    }
    Ok(Paging::Offset { page, size })
}

/// A parameter that must be a number when it is there.
pub fn number(query: &Query, key: &str) -> Result<Option<usize>, Refused> {
    match query.get(key) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            let name = key.split('[').next().unwrap_or(key);
            let message = format!("{name} must be an integer");
            Refused::titled(StatusCode::BAD_REQUEST, "Invalid attribute", &message)
        }),
    }
}

impl Listing {
    pub fn window(&self) -> Window {
        match self.paging {
            Paging::Cursor { before: Some(first), size, .. } => Window::Before { first, size },
            Paging::Cursor { after, size, .. } => Window::After { last: after, size },
            Paging::Offset { page, size } => Window::Offset { skip: (page - 1) * size, size },
        }
    }

    /// Offset lists tell how many there are.
    pub fn counted(&self) -> bool {
        matches!(self.paging, Paging::Offset { .. })
    }

    /// `sort=-created_at` (cursor), or `sort_by` and `sort_order` (offset).
    pub fn order(&self) -> (Sorted, Order) {
        let (name, descending) = match (&self.paging, self.query.get("sort")) {
            (Paging::Cursor { .. }, Some(text)) => match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            },
            _ => (self.query.get("sort_by").unwrap_or_default(), self.query.get("sort_order") == Some("desc")),
        };
        let sorted = match name {
            "created_at" => Sorted::CreatedAt,
            "updated_at" => Sorted::UpdatedAt,
            _ => Sorted::Id,
        };
        (sorted, if descending { Order::Descending } else { Order::Ascending })
    }

    /// The answer to a list: the items and the envelope of the way of paging that was asked for.
    pub fn answer<T>(
        &self,
        name: &str,
        listed: &Listed<T>,
        key: impl Fn(&T) -> (i64, i64),
        show: impl Fn(&T) -> Value,
    ) -> Response {
        let ends = (listed.items.first().map(&key), listed.items.last().map(&key));
        let items = Value::array(listed.items.iter().map(show));
        let mut members = vec![(name, items)];
        match &self.paging {
            Paging::Cursor { .. } => members.extend(self.cursors(ends, listed.has_more)),
            Paging::Offset { .. } => members.extend(self.pages(listed.count.unwrap_or_default())),
        }
        reply::json(StatusCode::OK, &Value::object(members))
    }

    /// `meta` and `links` of a cursor page.
    pub fn cursors(&self, ends: (Option<Key>, Option<Key>), has_more: bool) -> Vec<(&'static str, Value)> {
        let Paging::Cursor { after, before, size } = &self.paging else { return Vec::new() };
        let (field, backward) = (self.field(), before.is_some());
        let first = ends.0.map(|key| write_cursor(field, key));
        let last = ends.1.map(|key| write_cursor(field, key));
        let link = |way: &str, cursor: &Option<String>, there: bool| {
            let cursor = cursor.as_ref().filter(|_| there)?;
            Some(self.link(&[("page[size]", size.to_string()), (way, cursor.clone())]))
        };
        // Walking back, "more" lies before; what was left behind lies after.
        let more_after = if backward { ends.1.is_some() } else { has_more };
        let more_before = if backward { has_more } else { after.is_some() };
        let meta = Value::object([
            ("has_more", Value::from(has_more)),
            ("after_cursor", Value::from(last.clone())),
            ("before_cursor", Value::from(first.clone())),
        ]);
        let links = Value::object([
            ("prev", Value::from(link("page[before]", &first, more_before))),
            ("next", Value::from(link("page[after]", &last, more_after))),
        ]);
        vec![("meta", meta), ("links", links)]
    }

    /// `next_page`, `previous_page` and `count` of an offset page.
    pub fn pages(&self, count: u64) -> Vec<(&'static str, Value)> {
        let Paging::Offset { page, size } = self.paging else { return Vec::new() };
        let link = |page: usize| {
            let mut pairs = vec![("page", page.to_string())];
            if self.query.get("per_page").is_some() {
                pairs.push(("per_page", size.to_string()));
            }
            Value::from(self.link(&pairs))
        };
        let reached = u64::try_from(page.saturating_mul(size)).unwrap_or(u64::MAX);
        vec![
            ("next_page", if reached < count { link(page + 1) } else { Value::Null }),
            ("previous_page", if page > 1 { link(page - 1) } else { Value::Null }),
            ("count", Value::from(i64::try_from(count).unwrap_or(i64::MAX))),
        ]
    }

    /// This list's address with other paging parameters.
    fn link(&self, paging: &[(&str, String)]) -> String {
        let kept = self.pairs.iter().filter(|(key, _)| !key.starts_with("page") && key != "per_page");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept.map(|(key, value)| (key.as_str(), value.as_str())));
        query.extend_pairs(paging.iter().map(|(key, value)| (*key, value.as_str())));
        format!("{}{}.json?{}", self.base, self.path, query.finish())
    }

    fn field(&self) -> &'static str {
        match self.order().0 {
            Sorted::Id => "id",
            Sorted::CreatedAt => "created_at",
            Sorted::UpdatedAt => "updated_at",
        }
    }
}

/// `{"o": field, "v": base64("value:id")}` in base64: opaque to clients.
fn write_cursor(field: &str, key: (i64, i64)) -> String {
    let inner = STANDARD.encode(format!("{}:{}", key.0, key.1));
    STANDARD.encode(format!("{{\"o\":\"{field}\",\"v\":\"{inner}\"}}"))
}

fn read_cursor(text: &str) -> Option<(i64, i64)> {
    let outer = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let value = Value::from_json(&outer).ok()?;
    let inner = String::from_utf8(STANDARD.decode(value.get("v")?.as_str()?).ok()?).ok()?;
    let (value, id) = inner.split_once(':')?;
    Some((value.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        for key in [(1, 1), (1_700_000_000_000_000, 9_000_000_000_000), (-5, 7)] {
            assert_eq!(read_cursor(&write_cursor("id", key)), Some(key));
        }
        for bad in ["", "x", "e30=", "eyJ2IjoiIn0="] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }

    fn check(query: &str, expected: Paging) {
        assert_eq!(paging(&Query::parse(query)).ok(), Some(expected), "{query}");
    }

    #[test]
    fn the_way_of_paging_shows_in_the_parameters() {
        check("", Paging::Offset { page: 1, size: 100 });
        check("page=2&per_page=500", Paging::Offset { page: 2, size: 100 });
        check("page%5Bsize%5D=5", Paging::Cursor { after: None, before: None, size: 5 });
        check("page[size]=1000", Paging::Cursor { after: None, before: None, size: 100 });
        for bad in ["page=x", "page[size]=x", "page[size]=5&page[after]=zzz", "page=101"] {
            assert!(paging(&Query::parse(bad)).is_err(), "{bad}");
        }
    }
}
