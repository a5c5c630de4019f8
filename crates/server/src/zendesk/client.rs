//! OAuth clients (spec 6): for admins.

use axum::{
    Router,
    extract::State,
    routing::{get, put},
};
use http::StatusCode;
use zis_flow::Value;
use zis_zendesk::{
    oauth::{Client, ClientIn},
    user::Listed,
};

use super::{
    caller::Staff,
    error::{Answer, Refused},
    input::{Base, Body, Id},
    page::Listing,
    reply,
};
use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/oauth/clients", get(list).post(create))
        .route("/api/v2/oauth/clients/{id}", get(show).put(update).delete(delete))
        .route("/api/v2/oauth/clients/{id}/generate_secret", put(generate_secret))
}

/// The secret only when it has just been made.
fn show_client(client: &Client, secret: Option<&str>, base: &Base) -> Value {
    Value::object([
        ("id", Value::from(client.id)),
        ("url", base.url(&format!("oauth/clients/{}", client.id)).into()),
        ("name", client.name.as_str().into()),
        ("identifier", client.identifier.as_str().into()),
        ("user_id", client.user_id.into()),
        ("company", client.company.as_deref().into()),
        ("description", client.description.as_deref().into()),
        ("redirect_uri", Value::array(client.redirect_uris.iter().map(Value::string))),
        ("kind", if client.confidential { "confidential".into() } else { "public".into() }),
        ("global", client.global.into()),
        ("secret", secret.unwrap_or(&client.secret_shown).into()),
        ("created_at", client.created_at.into()),
        ("updated_at", client.updated_at.into()),
        ("logo_url", Value::Null),
    ])
}

fn admin(caller: &Staff) -> Result<(), Refused> {
    if caller.0.is_admin() { Ok(()) } else { Err(Refused::forbidden("only an admin may see OAuth clients")) }
}

async fn list(caller: Staff, State(app): State<App>, base: Base, listing: Listing) -> Answer {
    admin(&caller)?;
    let all = app.zendesk.clients().await?;
    // An account has few: the page is cut here.
    let count = u64::try_from(all.len()).ok();
    let (skip, size) = match listing.window() {
        zis_zendesk::Window::After { last, size } => {
            (last.map_or(0, |(_, id)| all.partition_point(|one| one.id <= id)), size)
        }
        zis_zendesk::Window::Before { first: (_, id), size } => {
            (all.partition_point(|one| one.id < id).saturating_sub(size), size)
        }
        zis_zendesk::Window::Offset { skip, size } => (skip, size),
    };
    let has_more = skip + size < all.len();
    let items = all.into_iter().skip(skip).take(size).collect();
    let found = Listed { items, has_more, count };
    Ok(listing.answer("clients", &found, |one| (one.id, one.id), |one| show_client(one, None, &base)))
}

async fn show(caller: Staff, State(app): State<App>, base: Base, Id(id): Id) -> Answer {
    admin(&caller)?;
    Ok(reply::one("client", show_client(&app.zendesk.client(id).await?, None, &base)))
}

async fn create(caller: Staff, State(app): State<App>, base: Base, body: Body) -> Answer {
    let made = app.zendesk.create_client(&caller.0, &ClientIn::read(body.member("client")?)?).await?;
    let shown = show_client(&made.client, Some(&made.secret), &base);
    Ok(reply::created("client", shown, &base.url(&format!("oauth/clients/{}", made.client.id))))
}

async fn update(caller: Staff, State(app): State<App>, base: Base, Id(id): Id, body: Body) -> Answer {
    let client = app.zendesk.update_client(&caller.0, id, &ClientIn::read(body.member("client")?)?).await?;
    Ok(reply::one("client", show_client(&client, None, &base)))
}

async fn delete(caller: Staff, State(app): State<App>, Id(id): Id) -> Answer {
    app.zendesk.delete_client(&caller.0, id).await?;
    Ok(reply::no_content())
}

async fn generate_secret(caller: Staff, State(app): State<App>, base: Base, Id(id): Id) -> Answer {
    let made = app.zendesk.generate_secret(&caller.0, id).await?;
    let shown = show_client(&made.client, Some(&made.secret), &base);
    Ok(reply::json(StatusCode::OK, &Value::object([("client", shown)])))
}
