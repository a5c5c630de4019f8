//! Custom events of profiles (spec 1.6): what starts the tutorial's flows.

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    response::Response,
    routing::get,
};
use http::{StatusCode, request::Parts};
use zis_flow::{Timestamp, Value};
use zis_zendesk::{
    activity::{ActivityFilter, ActivityRow as Activity, EventIn, Key, Page, Received, Subject},
    profile::ProfileIn,
    user::Listed,
};

use super::{
    caller::Staff,
    error::{Answer, Refused},
    input::{Base, Body, Id, KeyHeader},
    page::number,
    profile::{family, identifier, member},
    reply,
};
use crate::{app::App, wire::Query};

/// Events of a page, by default and at most.
const SIZE: usize = 100;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/user_profiles/events", get(by_identifier).post(receive))
        .route("/api/v2/user_profiles/{id}/events", get(of_profile).post(receive_for_profile))
        .route("/api/v2/users/{id}/events", get(of_user).post(receive_for_user))
}

async fn receive(_caller: Staff, State(app): State<App>, key: KeyHeader, body: Body) -> Answer {
    let event = EventIn::read(body.value.get("event").unwrap_or(&Value::Null)).map_err(family)?;
    let profile = ProfileIn::read(body.value.get("profile").unwrap_or(&Value::Null), None).map_err(family)?;
    taken(&app, &Subject::Described(profile), &event, key, &body.text, "").await
}

async fn receive_for_user(_caller: Staff, State(app): State<App>, Id(user): Id, key: KeyHeader, body: Body) -> Answer {
    app.zendesk.user(user).await.map_err(family)?;
    let event = EventIn::read(body.value.get("event").unwrap_or(&Value::Null)).map_err(family)?;
    let mut profile = ProfileIn::read(body.value.get("profile").unwrap_or(&Value::Null), None).map_err(family)?;
    profile.user_id = Some(user);
    taken(&app, &Subject::Described(profile), &event, key, &body.text, &user.to_string()).await
}

async fn receive_for_profile(
    _caller: Staff,
    State(app): State<App>,
    Path(id): Path<String>,
    key: KeyHeader,
    body: Body,
) -> Answer {
    let event = EventIn::read(member(&body, "event")?).map_err(family)?;
    taken(&app, &Subject::Profile(id.clone()), &event, key, &body.text, &id).await
}

/// Takes the event. `whose` belongs to what an idempotency key stands for, beside the body.
async fn taken(
    app: &App,
    subject: &Subject,
    event: &EventIn,
    KeyHeader(key): KeyHeader,
    body: &str,
    whose: &str,
) -> Result<Response, Refused> {
    let key = key.map(|key| Key::new(&key, &format!("{whose}\n{body}"))).transpose().map_err(family)?;
    let received = app.zendesk.receive_event(subject, event, key.as_ref()).await.map_err(family)?;
    Ok(reply::json(StatusCode::ACCEPTED, &show_received(&received)))
}

fn show_received(received: &Received) -> Value {
    Value::object([
        ("profile_id", Value::string(&received.profile_id)),
        ("status", Value::from("received")),
        ("user_id", Value::from(received.user_id.to_string())),
    ])
}

fn show_event(activity: &Activity) -> Value {
    Value::object([
        ("id", Value::string(&activity.id)),
        ("type", Value::string(&activity.kind)),
        ("source", Value::string(&activity.source)),
        ("description", Value::from(activity.description.as_deref())),
        ("properties", activity.properties.clone()),
        ("created_at", activity.created_at.into()),
        ("received_at", activity.received_at.into()),
    ])
}

/// Filters and paging of a list of events.
struct Asked {
    filter: ActivityFilter,
    page: Page,
    query: Query,
    address: String,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let Ok(Base(base)) = Base::from_request_parts(parts, app).await;
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let moment = |key: &str, code: &str, title: &str| match query.get(key) {
            None => Ok(None),
            Some(text) => {
                let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
                let at = Timestamp::parse_rfc3339(&whole);
                at.map(Some).ok_or_else(|| Refused::profiles(StatusCode::BAD_REQUEST, code, title))
            }
        };
        let filter = ActivityFilter {
            source: query.get("filter[source]").map(str::to_owned),
            kind: query.get("filter[type]").map(str::to_owned),
            from: moment("filter[start_time]", "StartTimestampNotValid", "Start Timestamp not valid")?,
            until: moment("filter[end_time]", "EndTimestampNotValid", "End Timestamp not valid")?,
        };
        if filter.kind.is_some() && filter.source.is_none() {
            let title = "filter[type] needs filter[source]";
            return Err(Refused::profiles(StatusCode::BAD_REQUEST, "MissingSourceFilter", title));
        }
        let size = number(&query, "page[size]")?.unwrap_or(SIZE).clamp(1, SIZE);
        let page = Page { after: query.get("page[after]").map(str::to_owned), size };
        Ok(Self { filter, page, address: format!("{base}{}", parts.uri.path()), query })
    }
}

impl Asked {
    /// `links` is an array here.
    fn answer(&self, listed: &Listed<Activity>) -> Response {
        let cursor = listed.items.last().map(|last| last.id.clone());
        let next = cursor.clone().filter(|_| listed.has_more).map(|cursor| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for key in
                ["identifier", "filter[source]", "filter[type]", "filter[start_time]", "filter[end_time]", "page[size]"]
            {
                if let Some(value) = self.query.get(key) {
                    query.append_pair(key, value);
                }
            }
            query.append_pair("page[after]", &cursor);
            Value::object([("next", Value::from(format!("{}?{}", self.address, query.finish())))])
        });
        let body = Value::object([
            ("events", Value::array(listed.items.iter().map(show_event))),
            ("links", Value::array(next)),
            (
                "meta",
                Value::object([("after_cursor", Value::from(cursor)), ("has_more", Value::from(listed.has_more))]),
            ),
        ]);
        reply::json(StatusCode::OK, &body)
    }
}

async fn by_identifier(_caller: Staff, State(app): State<App>, asked: Asked) -> Answer {
    let query = identifier(&asked.query)?;
    Ok(asked.answer(&app.zendesk.events_by(&query, &asked.filter, &asked.page).await.map_err(family)?))
}

async fn of_profile(_caller: Staff, State(app): State<App>, Path(id): Path<String>, asked: Asked) -> Answer {
    Ok(asked.answer(&app.zendesk.events_of_profile(&id, &asked.filter, &asked.page).await.map_err(family)?))
}

async fn of_user(_caller: Staff, State(app): State<App>, Id(user): Id, asked: Asked) -> Answer {
    Ok(asked.answer(&app.zendesk.events_of_user(user, &asked.filter, &asked.page).await.map_err(family)?))
}
