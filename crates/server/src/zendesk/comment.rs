//! Comments and audits of tickets (spec 3.4).

use axum::{Router, extract::State, routing::get};
use zis_flow::Value;
use zis_zendesk::{Order, Window, ticket::CommentRow as Comment};

use super::{
    caller::Staff,
    error::Answer,
    input::Id,
    page::{Listing, Paging},
    ticket::{show_audit, via},
};
use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/tickets/{id}/comments", get(comments))
        .route("/api/v2/tickets/{id}/audits", get(audits))
}

fn show_comment(comment: &Comment) -> Value {
    Value::object([
        ("id", Value::from(comment.id)),
        ("type", "Comment".into()),
        ("author_id", comment.author_id.into()),
        ("body", comment.body.as_str().into()),
        ("html_body", comment.html_body.as_str().into()),
        ("plain_body", comment.body.as_str().into()),
        ("public", comment.is_public.into()),
        ("attachments", Value::array([])),
        ("audit_id", comment.audit_id.into()),
        ("via", via("api")),
        ("created_at", comment.created_at.into()),
        ("metadata", comment.metadata.clone()),
    ])
}

/// Comments are made in the order of their ids: by time is by id.
fn order(listing: &Listing) -> Order {
    match listing.paging {
        Paging::Offset { .. } if listing.query.get("sort_order") == Some("desc") => Order::Descending,
        _ => listing.order().1,
    }
}

/// The cursor of a list by time holds the id twice.
fn window(listing: &Listing) -> Window {
    match listing.window() {
        Window::After { last, size } => Window::After { last: last.map(|(_, id)| (id, id)), size },
        Window::Before { first: (_, id), size } => Window::Before { first: (id, id), size },
        other @ Window::Offset { .. } => other,
    }
}

async fn comments(_caller: Staff, State(app): State<App>, Id(id): Id, listing: Listing) -> Answer {
    let found = app.zendesk.comments(id, order(&listing), window(&listing), listing.counted()).await?;
    Ok(listing.answer("comments", &found, |comment| (comment.id, comment.id), show_comment))
}

async fn audits(_caller: Staff, State(app): State<App>, Id(id): Id, listing: Listing) -> Answer {
    let mut found = app.zendesk.audits(id, order(&listing), window(&listing)).await?;
    found.count = u64::try_from(found.items.len()).ok();
    Ok(listing.answer("audits", &found, |audit| (audit.id, audit.id), show_audit))
}
