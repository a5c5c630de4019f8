//! Search over tickets and users (spec 5).

use axum::{Router, extract::State, routing::get};
use http::StatusCode;
use zis_flow::Value;
use zis_zendesk::{
    ZendeskError,
    search::{Hit, MAX_RESULTS, Options},
};

use super::{
    caller::Staff,
    error::{Answer, Refused},
    input::Base,
    page::{Listing, Paging, number},
    reply,
    ticket::show_ticket,
    user::show_user,
};
use crate::{app::App, wire::Query};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/search", get(search))
        .route("/api/v2/search/count", get(count))
        .route("/api/v2/search/export", get(export))
}

fn show_hit(hit: &Hit, base: &Base) -> Value {
    let (value, kind) = match hit {
        Hit::Ticket(ticket) => (show_ticket(ticket, base), "ticket"),
        Hit::User(user) => (show_user(user, base), "user"),
    };
    let members = value.as_object().cloned().unwrap_or_default();
    Value::object(members.into_iter().chain([("result_type".into(), Value::from(kind))]))
}

fn asked(query: &Query) -> Result<&str, Refused> {
    query.get("query").ok_or_else(|| {
        Refused::titled(
            StatusCode::BAD_REQUEST,
            "Invalid attribute",
            "query is missing: /api/v2/search.json?query={search_string}",
        )
    })
}

async fn search(caller: Staff, State(app): State<App>, base: Base, listing: Listing) -> Answer {
    // Paging by cursor is for the export.
    let Paging::Offset { page, size } = listing.paging else {
        return Err(Refused::titled(StatusCode::BAD_REQUEST, "Invalid attribute", "page must be an integer"));
    };
    let options = Options {
        sort_by: listing.query.get("sort_by").map(str::to_owned),
        sort_order: listing.query.get("sort_order").map(str::to_owned),
        kind: None,
    };
    if page.saturating_mul(size) > MAX_RESULTS && (page - 1).saturating_mul(size) >= MAX_RESULTS {
        let text = "Requested response size was greater than Search Response Limits";
        return Err(ZendeskError::Search(text.to_owned()).into());
    }
    let hits = app.zendesk.search(asked(&listing.query)?, &options, &caller.0).await?;
    let shown = hits.iter().take(MAX_RESULTS).skip((page - 1) * size).take(size).map(|hit| show_hit(hit, &base));
    let mut members = vec![("results", Value::array(shown)), ("facets", Value::Null)];
    members.extend(listing.pages(u64::try_from(hits.len()).unwrap_or(u64::MAX)));
    Ok(reply::json(StatusCode::OK, &Value::object(members)))
}

async fn count(caller: Staff, State(app): State<App>, query: Query) -> Answer {
    let hits = app.zendesk.search(asked(&query)?, &Options::default(), &caller.0).await?;
    Ok(reply::one("count", Value::from(i64::try_from(hits.len()).unwrap_or(i64::MAX))))
}

/// By cursor, oldest first; up to a thousand on a page.
async fn export(caller: Staff, State(app): State<App>, base: Base, mut listing: Listing) -> Answer {
    let size = number(&listing.query, "page[size]")?.unwrap_or(100).clamp(1, MAX_RESULTS);
    let options = Options {
        sort_by: Some("created_at".to_owned()),
        sort_order: Some("asc".to_owned()),
        kind: listing.query.get("filter[type]").map(str::to_owned),
    };
    let hits = app.zendesk.search(asked(&listing.query)?, &options, &caller.0).await?;
    let after = match listing.paging {
        Paging::Cursor { after, .. } => after,
        Paging::Offset { .. } => None,
    };
    // Other lists page by cursor when they are asked to, and in smaller pages.
    listing.paging = Paging::Cursor { after, before: None, size };
    let start = after.map_or(0, |after| hits.partition_point(|hit| hit.key() <= after));
    let page = &hits[start..hits.len().min(start + size)];
    let has_more = start + page.len() < hits.len();
    let ends = (page.first().map(Hit::key), page.last().map(Hit::key));
    let mut members =
        vec![("results", Value::array(page.iter().map(|hit| show_hit(hit, &base)))), ("facets", Value::Null)];
    members.extend(listing.cursors(ends, has_more));
    Ok(reply::json(StatusCode::OK, &Value::object(members)))
}
