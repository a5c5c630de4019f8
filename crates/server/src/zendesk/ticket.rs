//! Tickets (spec 3): create, show, change, delete, list.

use axum::{Router, extract::State, response::Response, routing::get};
use http::{HeaderName, StatusCode, header};
use zis_flow::Value;
use zis_zendesk::{
    activity::Key,
    ticket::{self, AuditRow as Audit, TicketFilter, TicketIn, TicketRow as Ticket},
};

use super::{
    caller::{ClientInfo, Signed, Staff},
    error::{Answer, Refused},
    input::{Base, Body, Id, KeyHeader},
    page::Listing,
    reply,
    ticket_bulk::show_job,
    user::{bounded, counted, show_user},
};
use crate::{app::App, wire::Query};

/// Says whether an idempotency key was seen before.
const LOOKUP: HeaderName = HeaderName::from_static("x-idempotency-lookup");

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/tickets", get(list).post(create))
        .route("/api/v2/tickets/count", get(count))
        .route("/api/v2/tickets/show_many", get(show_many))
        .route("/api/v2/tickets/{id}", get(show).put(update).delete(delete))
        .route("/api/v2/users/{id}/tickets/requested", get(requested))
        .route("/api/v2/users/{id}/tickets/assigned", get(assigned))
}

/// A ticket as Zendesk shows it. Lists leave `fields` out.
pub fn show_ticket(ticket: &Ticket, base: &Base) -> Value {
    let field = |key: &str| ticket.fields.get(key).cloned().unwrap_or_default();
    let list = |key: &str| if field(key).is_null() { Value::array([]) } else { field(key) };
    let generated = Value::from(ticket.updated_at.0.div_euclid(1_000_000));
    Value::object([
        ("url", Value::from(base.url(&format!("tickets/{}", ticket.id)))),
        ("id", ticket.id.into()),
        ("external_id", ticket.external_id.as_deref().into()),
        ("via", via(&ticket.channel)),
        ("created_at", ticket.created_at.into()),
        ("updated_at", ticket.updated_at.into()),
        ("generated_timestamp", generated),
        ("type", ticket.kind.as_deref().into()),
        ("subject", ticket.subject.as_deref().into()),
        ("raw_subject", ticket.subject.as_deref().unwrap_or_default().into()),
        ("description", ticket.description.as_str().into()),
        ("priority", ticket.priority.as_deref().into()),
        ("status", ticket.status.as_str().into()),
        ("recipient", field("recipient")),
        ("requester_id", ticket.requester_id.into()),
        ("submitter_id", ticket.submitter_id.into()),
        ("assignee_id", ticket.assignee_id.into()),
        ("organization_id", ticket.organization_id.into()),
        ("group_id", ticket.group_id.into()),
        ("collaborator_ids", list("collaborator_ids")),
        ("follower_ids", list("follower_ids")),
        ("email_cc_ids", list("email_cc_ids")),
        ("forum_topic_id", Value::Null),
        ("problem_id", field("problem_id")),
        ("has_incidents", false.into()),
        ("is_public", ticket.is_public.into()),
        ("due_at", field("due_at")),
        ("tags", Value::array(ticket.tags.iter().map(Value::string))),
        ("custom_fields", ticket.custom_fields.clone()),
        ("satisfaction_rating", Value::Null),
        ("sharing_agreement_ids", Value::array([])),
        ("custom_status_id", field("custom_status_id")),
        ("followup_ids", Value::array([])),
        ("ticket_form_id", field("ticket_form_id")),
        ("brand_id", field("brand_id")),
        ("allow_channelback", false.into()),
        ("allow_attachments", true.into()),
        ("from_messaging_channel", false.into()),
    ])
}

/// A ticket by itself: with `fields`.
fn show_whole(ticket: &Ticket, base: &Base) -> Value {
    let members = show_ticket(ticket, base).as_object().cloned().unwrap_or_default();
    Value::object(members.into_iter().chain([("fields".into(), ticket.custom_fields.clone())]))
}

pub fn via(channel: &str) -> Value {
    let empty = || Value::object::<&str>([]);
    let source = Value::object([("from", empty()), ("to", empty()), ("rel", Value::Null)]);
    Value::object([("channel", Value::from(channel)), ("source", source)])
}

pub fn show_audit(audit: &Audit) -> Value {
    Value::object([
        ("id", Value::from(audit.id)),
        ("ticket_id", audit.ticket_id.into()),
        ("created_at", audit.created_at.into()),
        ("author_id", audit.author_id.into()),
        ("metadata", audit.metadata.clone()),
        ("events", audit.events.clone()),
        ("via", via("api")),
    ])
}

fn with_audit(status: StatusCode, ticket: &Ticket, audit: &Audit, base: &Base) -> Response {
    let body = Value::object([("ticket", show_whole(ticket, base)), ("audit", show_audit(audit))]);
    reply::json(status, &body)
}

async fn create(
    caller: Signed,
    State(app): State<App>,
    base: Base,
    client: ClientInfo,
    KeyHeader(key): KeyHeader,
    query: Query,
    body: Body,
) -> Answer {
    let said = body.member("ticket")?;
    let input = TicketIn::read(said)?;
    if !caller.0.is_agent() && (input.requester.is_some() || input.submitter_id.is_some()) {
        return Err(Refused::forbidden("an end user may only make tickets of their own"));
    }
    let key = key.map(|key| Key::new(&key, &body.text)).transpose()?;
    let made = app.zendesk.create_ticket(&caller.0, &input, &client.0, key.as_ref()).await?;
    let mut response = if query.get("async") == Some("true") {
        let job = app.zendesk.job_of(made.ticket.id).await?;
        let id = Value::object([("id", Value::from(made.ticket.id))]);
        let body = Value::object([("ticket", id), ("job_status", show_job(&job, &base))]);
        reply::json(StatusCode::ACCEPTED, &body)
    } else {
        with_audit(StatusCode::CREATED, &made.ticket, &made.audit, &base)
    };
    response = reply::with_header(response, header::LOCATION, &base.url(&format!("tickets/{}", made.ticket.id)));
    if key.is_some() {
        response = reply::with_header(response, LOOKUP, if made.repeated { "hit" } else { "miss" });
    }
    Ok(reply::warned(response, "tickets", "create", &dotted(said)))
}

/// `ticket.id`: how the warning names members.
fn dotted(said: &Value) -> Vec<String> {
    ticket::ignored(said).into_iter().map(|key| format!("ticket.{key}")).collect()
}

async fn show(caller: Signed, State(app): State<App>, base: Base, Id(id): Id, query: Query) -> Answer {
    let ticket = app.zendesk.ticket(id).await?;
    if !caller.0.is_agent() && ticket.requester_id != caller.0.user.id {
        return Err(Refused::forbidden("You do not have access to this page."));
    }
    let mut members = vec![("ticket", show_whole(&ticket, &base))];
    if included(&query, "users") {
        members.push(("users", people(&app, std::slice::from_ref(&ticket), &base).await?));
    }
    Ok(reply::json(StatusCode::OK, &Value::object(members)))
}

fn included(query: &Query, what: &str) -> bool {
    query.get("include").is_some_and(|all| all.split(',').any(|one| one.trim() == what))
}

/// The users that the tickets name.
async fn people(app: &App, tickets: &[Ticket], base: &Base) -> Result<Value, Refused> {
    let mut ids: Vec<i64> = tickets
        .iter()
        .flat_map(|ticket| [Some(ticket.requester_id), Some(ticket.submitter_id), ticket.assignee_id])
        .flatten()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let found = app.zendesk.users_by_ids(&ids).await?;
    Ok(Value::array(found.iter().map(|user| show_user(user, base))))
}

async fn update(
    caller: Staff,
    State(app): State<App>,
    base: Base,
    Id(id): Id,
    client: ClientInfo,
    body: Body,
) -> Answer {
    let said = body.member("ticket")?;
    let (ticket, audit) = app.zendesk.update_ticket(&caller.0, id, &TicketIn::read(said)?, &client.0).await?;
    Ok(reply::warned(with_audit(StatusCode::OK, &ticket, &audit, &base), "tickets", "update", &dotted(said)))
}

async fn delete(_caller: Staff, State(app): State<App>, Id(id): Id) -> Answer {
    app.zendesk.delete_ticket(id).await?;
    Ok(reply::no_content())
}

async fn list(_caller: Staff, State(app): State<App>, base: Base, listing: Listing) -> Answer {
    let start = listing.query.get("start_time").and_then(|text| text.parse::<i64>().ok());
    let filter = TicketFilter {
        external_id: listing.query.get("external_id").map(str::to_owned),
        updated_from: start.map(|seconds| zis_flow::Timestamp(seconds.saturating_mul(1_000_000))),
        ..TicketFilter::default()
    };
    listed(&app, &filter, &base, &listing).await
}

async fn requested(_caller: Staff, State(app): State<App>, base: Base, Id(user): Id, listing: Listing) -> Answer {
    app.zendesk.user(user).await?;
    let filter = TicketFilter { requesters: Some(vec![user]), ..TicketFilter::default() };
    listed(&app, &filter, &base, &listing).await
}

async fn assigned(_caller: Staff, State(app): State<App>, base: Base, Id(user): Id, listing: Listing) -> Answer {
    app.zendesk.user(user).await?;
    let filter = TicketFilter { assignees: Some(vec![user]), ..TicketFilter::default() };
    listed(&app, &filter, &base, &listing).await
}

async fn listed(app: &App, filter: &TicketFilter, base: &Base, listing: &Listing) -> Answer {
    let order = listing.order();
    let found = app.zendesk.tickets(filter, order, listing.window(), listing.counted()).await?;
    Ok(listing.answer("tickets", &found, |ticket| ticket.sort_key(order.0), |ticket| show_ticket(ticket, base)))
}

async fn count(_caller: Staff, State(app): State<App>) -> Answer {
    let value = app.zendesk.count_tickets(&TicketFilter::default()).await?;
    Ok(reply::one("count", counted(&app, value)))
}

async fn show_many(_caller: Staff, State(app): State<App>, base: Base, query: Query) -> Answer {
    let ids = bounded(query.get("ids").unwrap_or_default())?;
    let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let found = app.zendesk.tickets_by_ids(&ids).await?;
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let body = Value::object([
        ("tickets", Value::array(found.iter().map(|ticket| show_ticket(ticket, &base)))),
        ("next_page", Value::Null),
        ("previous_page", Value::Null),
        ("count", Value::from(count)),
    ]);
    Ok(reply::json(StatusCode::OK, &body))
}
