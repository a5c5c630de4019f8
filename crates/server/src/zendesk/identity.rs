//! Identities of users (spec 4).

use axum::{
    Router,
    extract::State,
    routing::{get, put},
};
use zis_flow::Value;
use zis_zendesk::user::{Identity, Listed};

use super::{
    caller::Staff,
    error::Answer,
    input::{Base, Body, Id, Ids},
    page::Listing,
    reply,
};
use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/users/{id}/identities", get(list).post(add))
        .route("/api/v2/users/{id}/identities/{identity}", get(show).delete(remove))
        .route("/api/v2/users/{id}/identities/{identity}/make_primary", put(make_primary))
        .route("/api/v2/users/{id}/identities/{identity}/verify", put(verify))
}

fn show_identity(identity: &Identity, base: &Base) -> Value {
    let email = identity.kind == "email";
    Value::object([
        ("url", Value::from(base.url(&format!("users/{}/identities/{}", identity.user_id, identity.id)))),
        ("id", identity.id.into()),
        ("user_id", identity.user_id.into()),
        ("type", identity.kind.as_str().into()),
        ("value", identity.value.as_str().into()),
        ("verified", identity.verified.into()),
        ("primary", identity.primary.into()),
        ("created_at", identity.created_at.into()),
        ("updated_at", identity.updated_at.into()),
        ("deliverable_state", if email { "deliverable".into() } else { Value::Null }),
        ("verification_method", if identity.verified { "low".into() } else { "none".into() }),
    ])
}

fn listed(all: Vec<Identity>, listing: &Listing, base: &Base) -> axum::response::Response {
    let count = u64::try_from(all.len()).ok();
    let found = Listed { items: all, has_more: false, count };
    listing.answer("identities", &found, |one| (one.id, one.id), |one| show_identity(one, base))
}

async fn list(_caller: Staff, State(app): State<App>, base: Base, Id(user): Id, listing: Listing) -> Answer {
    Ok(listed(app.zendesk.identities(user).await?, &listing, &base))
}

async fn show(_caller: Staff, State(app): State<App>, base: Base, Ids(user, id): Ids) -> Answer {
    let all = app.zendesk.identities(user).await?;
    let one = all.iter().find(|identity| identity.id == id);
    let one = one.ok_or_else(|| zis_zendesk::ZendeskError::NotFound { what: "identity", id: id.to_string() })?;
    Ok(reply::one("identity", show_identity(one, &base)))
}

async fn add(_caller: Staff, State(app): State<App>, base: Base, Id(user): Id, body: Body) -> Answer {
    let made = app.zendesk.add_identity(user, body.member("identity")?).await?;
    let location = base.url(&format!("users/{user}/identities/{}", made.id));
    Ok(reply::created("identity", show_identity(&made, &base), &location))
}

async fn make_primary(
    _caller: Staff,
    State(app): State<App>,
    base: Base,
    Ids(user, id): Ids,
    listing: Listing,
) -> Answer {
    Ok(listed(app.zendesk.make_identity_primary(user, id).await?, &listing, &base))
}

async fn verify(_caller: Staff, State(app): State<App>, base: Base, Ids(user, id): Ids) -> Answer {
    Ok(reply::one("identity", show_identity(&app.zendesk.verify_identity(user, id).await?, &base)))
}

async fn remove(_caller: Staff, State(app): State<App>, Ids(user, id): Ids) -> Answer {
    app.zendesk.remove_identity(user, id).await?;
    Ok(reply::no_content())
}
