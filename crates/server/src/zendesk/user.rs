//! Users (spec 4).

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use http::StatusCode;
use zis_flow::Value;
use zis_zendesk::{
    auth::Role,
    search::{Hit, Options},
    user::{self, Made, User, UserFilter, UserIn},
};

use super::{
    caller::{Signed, Staff},
    error::{Answer, Refused},
    input::{Base, Body, Id},
    page::{Listing, Paging},
    reply,
};
use crate::{app::App, wire::Query};

/// Users of a bulk call at most.
const MAX_BULK: usize = 100;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/users", get(list).post(create))
        .route("/api/v2/users/me", get(me))
        .route("/api/v2/users/search", get(search))
        .route("/api/v2/users/count", get(count))
        .route("/api/v2/users/show_many", get(show_many))
        .route("/api/v2/users/create_or_update", post(create_or_update))
        .route("/api/v2/users/{id}", get(show).put(update).delete(delete))
        .route("/api/v2/users/{id}/password", post(set_password).put(set_password))
        .route("/api/v2/account/settings", get(settings))
}

/// A user as Zendesk shows it to admins.
pub fn show_user(user: &User, base: &Base) -> Value {
    let field = |key: &str| user.fields.get(key).cloned().unwrap_or_default();
    let or = |key: &str, default: Value| if field(key).is_null() { default } else { field(key) };
    let agent = user.role != Role::EndUser;
    Value::object([
        ("id", Value::from(user.id)),
        ("url", base.url(&format!("users/{}", user.id)).into()),
        ("name", user.name.as_str().into()),
        ("email", user.email.as_deref().into()),
        ("created_at", user.created_at.into()),
        ("updated_at", user.updated_at.into()),
        ("time_zone", or("time_zone", "UTC".into())),
        ("iana_time_zone", or("iana_time_zone", "Etc/UTC".into())),
        ("phone", user.phone.as_deref().into()),
        ("shared_phone_number", field("shared_phone_number")),
        ("photo", Value::Null),
        ("locale_id", or("locale_id", Value::from(1_i64))),
        ("locale", or("locale", "en-US".into())),
        ("organization_id", field("organization_id")),
        ("role", user.role.as_str().into()),
        ("verified", user.verified.into()),
        ("external_id", user.external_id.as_deref().into()),
        ("tags", Value::array(user.tags.iter().map(Value::string))),
        ("alias", field("alias")),
        ("active", user.active.into()),
        ("shared", false.into()),
        ("shared_agent", false.into()),
        ("last_login_at", user.last_login_at.into()),
        ("two_factor_auth_enabled", false.into()),
        ("signature", field("signature")),
        ("details", field("details")),
        ("notes", field("notes")),
        ("role_type", Value::Null),
        ("custom_role_id", field("custom_role_id")),
        ("moderator", or("moderator", agent.into())),
        ("ticket_restriction", or("ticket_restriction", if agent { Value::Null } else { "requested".into() })),
        ("only_private_comments", or("only_private_comments", false.into())),
        ("restricted_agent", (!agent).into()),
        ("suspended", user.suspended.into()),
        ("default_group_id", field("default_group_id")),
        ("report_csv", or("report_csv", false.into())),
        ("user_fields", or("user_fields", Value::object::<&str>([]))),
    ])
}

fn located(user: &User, base: &Base) -> axum::response::Response {
    reply::created("user", show_user(user, base), &base.url(&format!("users/{}", user.id)))
}

async fn list(_caller: Staff, State(app): State<App>, base: Base, listing: Listing) -> Answer {
    let roles = listing.query.all("role").chain(listing.query.all("role[]")).filter_map(Role::parse).collect();
    let external_id = listing.query.get("external_id").map(str::to_owned);
    let filter = UserFilter { roles, external_id, ..UserFilter::default() };
    let order = listing.order();
    let found = app.zendesk.users(&filter, order, listing.window(), listing.counted()).await?;
    Ok(listing.answer("users", &found, |user| user.sort_key(order.0), |user| show_user(user, &base)))
}

async fn count(_caller: Staff, State(app): State<App>, query: Query) -> Answer {
    let roles = query.all("role").chain(query.all("role[]")).filter_map(Role::parse).collect();
    let value = app.zendesk.count_users(&UserFilter { roles, ..UserFilter::default() }).await?;
    Ok(reply::one("count", counted(&app, value)))
}

/// `{"value", "refreshed_at"}`
pub fn counted(app: &App, value: u64) -> Value {
    let value = Value::from(i64::try_from(value).unwrap_or(i64::MAX));
    Value::object([("value", value), ("refreshed_at", app.clock.now().into())])
}

async fn show(caller: Signed, State(app): State<App>, base: Base, Id(id): Id) -> Answer {
    if !caller.0.is_agent() && caller.0.user.id != id {
        return Err(Refused::forbidden("You do not have access to this page."));
    }
    let user = app.zendesk.user(id).await?;
    Ok(reply::one("user", show_user(&user, &base)))
}

/// Without credentials, or with a wrong password: the anonymous user (spec 0.2).
async fn me(caller: Option<Signed>, base: Base) -> Answer {
    let user = match &caller {
        Some(Signed(principal)) => show_user(&principal.user, &base),
        None => Value::object([
            ("id", Value::Null),
            ("name", "Anonymous user".into()),
            ("email", "invalid@example.com".into()),
            ("role", "end-user".into()),
            ("active", Value::Null),
            ("verified", false.into()),
            ("locale", "en-US".into()),
            ("locale_id", Value::from(1_i64)),
            ("time_zone", "UTC".into()),
            ("tags", Value::array([])),
            ("user_fields", Value::object::<&str>([])),
        ]),
    };
    let token = Value::from(uuid::Uuid::new_v4().simple().to_string());
    let members = user.as_object().cloned().unwrap_or_default();
    let all = members.into_iter().chain([("authenticity_token".into(), token)]);
    Ok(reply::one("user", Value::object(all)))
}

async fn show_many(_caller: Staff, State(app): State<App>, base: Base, query: Query) -> Answer {
    let found = match (query.get("ids"), query.get("external_ids")) {
        (Some(ids), _) => {
            let ids: Vec<i64> = bounded(ids)?.iter().filter_map(|id| id.parse().ok()).collect();
            app.zendesk.users_by_ids(&ids).await?
        }
        (None, Some(external)) => {
            let mut all = Vec::new();
            for external in bounded(external)? {
                let filter = UserFilter { external_id: Some(external.to_owned()), ..UserFilter::default() };
                let window = zis_zendesk::Window::After { last: None, size: 1 };
                let order = (zis_zendesk::Sorted::Id, zis_zendesk::Order::Ascending);
                all.extend(app.zendesk.users(&filter, order, window, false).await?.items);
            }
            all
        }
        (None, None) => {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "InvalidRequest", "ids or external_ids is missing"));
        }
    };
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let body = Value::object([
        ("users", Value::array(found.iter().map(|user| show_user(user, &base)))),
        ("next_page", Value::Null),
        ("previous_page", Value::Null),
        ("count", Value::from(count)),
    ]);
    Ok(reply::json(StatusCode::OK, &body))
}

/// The parts of a comma-separated list, at most a hundred.
pub fn bounded(text: &str) -> Result<Vec<&str>, Refused> {
    let all: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if all.len() <= MAX_BULK {
        return Ok(all);
    }
    // Two spaces: so Zendesk says it.
    let description = format!("Parameter  cannot specify more than {MAX_BULK} values");
    Err(zis_zendesk::ZendeskError::TooMany { description, max: Some(MAX_BULK) }.into())
}

async fn search(caller: Staff, State(app): State<App>, base: Base, listing: Listing) -> Answer {
    let text = match (listing.query.get("query"), listing.query.get("external_id")) {
        (Some(query), _) => query.to_owned(),
        (None, Some(external)) => format!("external_id:\"{external}\""),
        (None, None) => String::new(),
    };
    let options = Options { kind: Some("user".to_owned()), sort_order: Some("asc".to_owned()), ..Options::default() };
    let hits = app.zendesk.search(&text, &options, &caller.0).await?;
    let users: Vec<User> =
        hits.into_iter().filter_map(|hit| if let Hit::User(user) = hit { Some(user) } else { None }).collect();
    let count = u64::try_from(users.len()).unwrap_or(u64::MAX);
    let Paging::Offset { page, size } = listing.paging else {
        return Err(Refused::titled(StatusCode::BAD_REQUEST, "Invalid attribute", "page must be an integer"));
    };
    let shown = users.iter().skip((page - 1) * size).take(size).map(|user| show_user(user, &base));
    let members = [("users", Value::array(shown))].into_iter().chain(listing.pages(count));
    Ok(reply::json(StatusCode::OK, &Value::object(members)))
}

async fn create(caller: Staff, State(app): State<App>, base: Base, body: Body) -> Answer {
    let said = body.member("user")?;
    let user = app.zendesk.create_user(&caller.0, &UserIn::read(said)?).await?;
    Ok(reply::warned(located(&user, &base), "users", "create", &user::ignored(said)))
}

async fn create_or_update(caller: Staff, State(app): State<App>, base: Base, body: Body) -> Answer {
    let input = UserIn::read(body.member("user")?)?;
    let (user, made) = app.zendesk.create_or_update_user(&caller.0, &input).await?;
    Ok(match made {
        Made::New => located(&user, &base),
        Made::Existing => reply::one("user", show_user(&user, &base)),
    })
}

async fn update(caller: Staff, State(app): State<App>, base: Base, Id(id): Id, body: Body) -> Answer {
    let said = body.member("user")?;
    let user = app.zendesk.update_user(&caller.0, id, &UserIn::read(said)?).await?;
    let ignored: Vec<String> = user::ignored(said).into_iter().map(|key| format!("user.{key}")).collect();
    Ok(reply::warned(reply::one("user", show_user(&user, &base)), "users", "update", &ignored))
}

async fn delete(caller: Staff, State(app): State<App>, base: Base, Id(id): Id) -> Answer {
    let user = app.zendesk.delete_user(&caller.0, id).await?;
    Ok(reply::one("user", show_user(&user, &base)))
}

async fn set_password(caller: Signed, State(app): State<App>, Id(id): Id, body: Body) -> Answer {
    let password = body.value.get("password").and_then(Value::as_str);
    let password = password
        .ok_or_else(|| zis_zendesk::ZendeskError::fault("password", "Password: cannot be blank", "BlankValue"))?;
    app.zendesk.set_password(&caller.0, id, password).await?;
    Ok(reply::json(StatusCode::OK, &Value::object::<&str>([])))
}

/// What command-line tools of Zendesk ask to see whether they are signed in.
async fn settings(_caller: Staff, State(app): State<App>) -> Answer {
    let branding = Value::object([("name", Value::from(app.config.account.subdomain.as_str()))]);
    Ok(reply::one("settings", Value::object([("branding", branding)])))
}
