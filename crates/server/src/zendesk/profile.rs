//! Profiles (spec 1.3).

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use http::StatusCode;
use zis_flow::Value;
use zis_zendesk::{
    ZendeskError,
    profile::{ProfileRow as Profile, Query as ProfileQuery},
    user::Made,
};

use super::{
    caller::Staff,
    error::{Answer, Family, Refused, refuse},
    input::{Body, Id},
    reply,
};
use crate::{app::App, wire::Query};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/user_profiles", get(find).put(put).patch(patch_found))
        .route("/api/v2/user_profiles/{id}", get(show).put(replace).patch(patch).delete(delete))
        .route("/api/v2/users/{id}/profiles", get(of_user).put(put_for_user))
}

/// A profile; its user's id is a string here.
pub fn show_profile(profile: &Profile) -> Value {
    let identifier = |one: &zis_zendesk::profile::Identifier| {
        Value::object([("type", Value::string(&one.kind)), ("value", Value::string(&one.value))])
    };
    Value::object([
        ("id", Value::string(&profile.id)),
        ("name", Value::string(&profile.name)),
        ("source", Value::string(&profile.source)),
        ("type", Value::string(&profile.kind)),
        ("identifiers", Value::array(profile.identifiers.iter().map(identifier))),
        ("attributes", profile.attributes.clone()),
        ("user_id", Value::from(profile.user_id.to_string())),
        ("created_at", profile.created_at.into()),
        ("updated_at", profile.updated_at.into()),
    ])
}

/// An error in this family's shape.
pub fn family(error: ZendeskError) -> Refused {
    refuse(error, Family::Profiles)
}

/// The parameter `identifier`.
pub fn identifier(query: &Query) -> Result<ProfileQuery, Refused> {
    let text = query.get("identifier").ok_or_else(|| {
        let title = "identifier is required: source:type:identifier_type:identifier_value";
        Refused::profiles(StatusCode::BAD_REQUEST, "MissingIdentifier", title)
    })?;
    ProfileQuery::parse(text).map_err(family)
}

/// The object `name` of the body.
pub fn member<'b>(body: &'b Body, name: &str) -> Result<&'b Value, Refused> {
    let found = body.value.get(name).filter(|value| value.as_object().is_some());
    found.ok_or_else(|| Refused::profiles(StatusCode::BAD_REQUEST, "MissingProperty", &format!("{name} is required")))
}

async fn find(_caller: Staff, State(app): State<App>, query: Query) -> Answer {
    let profile = app.zendesk.profile_by(&identifier(&query)?).await.map_err(family)?;
    Ok(reply::one("profile", show_profile(&profile)))
}

async fn show(_caller: Staff, State(app): State<App>, Path(id): Path<String>) -> Answer {
    let profile = app.zendesk.profile(&id).await.map_err(family)?;
    Ok(reply::one("profile", show_profile(&profile)))
}

async fn of_user(_caller: Staff, State(app): State<App>, Id(id): Id) -> Answer {
    let all = app.zendesk.profiles_of(id).await.map_err(family)?;
    Ok(reply::one("profiles", Value::array(all.iter().map(show_profile))))
}

async fn put(_caller: Staff, State(app): State<App>, query: Query, body: Body) -> Answer {
    put_found(&app, &query, &body, None).await
}

async fn put_for_user(_caller: Staff, State(app): State<App>, Id(user): Id, query: Query, body: Body) -> Answer {
    put_found(&app, &query, &body, Some(user)).await
}

async fn put_found(app: &App, query: &Query, body: &Body, user: Option<i64>) -> Result<Response, Refused> {
    let said = member(body, "profile")?;
    let (profile, made) = app.zendesk.put_profile(&identifier(query)?, said, user).await.map_err(family)?;
    let status = if made == Made::New { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::json(status, &Value::object([("profile", show_profile(&profile))])))
}

async fn replace(_caller: Staff, State(app): State<App>, Path(id): Path<String>, body: Body) -> Answer {
    let profile = app.zendesk.replace_profile(&id, member(&body, "profile")?).await.map_err(family)?;
    Ok(reply::one("profile", show_profile(&profile)))
}

async fn patch(_caller: Staff, State(app): State<App>, Path(id): Path<String>, body: Body) -> Answer {
    let profile = app.zendesk.patch_profile(&id, member(&body, "profile")?).await.map_err(family)?;
    Ok(reply::one("profile", show_profile(&profile)))
}

async fn patch_found(_caller: Staff, State(app): State<App>, query: Query, body: Body) -> Answer {
    let found = app.zendesk.profile_by(&identifier(&query)?).await.map_err(family)?;
    let profile = app.zendesk.patch_profile(&found.id, member(&body, "profile")?).await.map_err(family)?;
    Ok(reply::one("profile", show_profile(&profile)))
}

async fn delete(_caller: Staff, State(app): State<App>, Path(id): Path<String>) -> Answer {
    app.zendesk.delete_profile(&id).await.map_err(family)?;
    Ok(reply::no_content())
}
