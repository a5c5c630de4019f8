//! Bulk calls on tickets, and the jobs that tell what became of them (spec 3.3).

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get, post, put},
};
use http::StatusCode;
use zis_flow::Value;
use zis_zendesk::ticket::JobRow as Job;

use super::{
    caller::{ClientInfo, Staff},
    error::{Answer, Refused},
    input::{Base, Body},
    reply,
    user::bounded,
};
use crate::{app::App, wire::Query};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v2/tickets/create_many", post(create))
        .route("/api/v2/tickets/update_many", put(update))
        .route("/api/v2/tickets/destroy_many", delete(destroy))
        .route("/api/v2/job_statuses/{id}", get(show))
}

/// A job that has ended: every job here has.
pub fn show_job(job: &Job, base: &Base) -> Value {
    let at = job.created_at.to_rfc3339_seconds();
    let at = at.trim_end_matches('Z').replace('T', " ");
    let total = Value::from(i64::try_from(job.total).unwrap_or(i64::MAX));
    Value::object([
        ("id", Value::string(&job.id)),
        ("url", base.url(&format!("job_statuses/{}", job.id)).into()),
        ("total", total.clone()),
        ("progress", total),
        ("status", "completed".into()),
        ("message", format!("Completed at {at} +0000").into()),
        ("results", job.results.clone()),
    ])
}

/// The answer to a bulk call: its job as it is when it has just been queued.
fn queued(job: &Job, base: &Base) -> Value {
    Value::object([
        ("id", Value::string(&job.id)),
        ("url", base.url(&format!("job_statuses/{}", job.id)).into()),
        ("total", Value::from(i64::try_from(job.total).unwrap_or(i64::MAX))),
        ("progress", Value::Null),
        ("status", "queued".into()),
        ("message", Value::Null),
        ("results", Value::Null),
    ])
}

fn tickets(body: &Body) -> Result<&[Value], Refused> {
    body.value.get("tickets").and_then(Value::as_array).ok_or_else(|| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable", "the body must have an array `tickets`")
    })
}

async fn create(caller: Staff, State(app): State<App>, base: Base, client: ClientInfo, body: Body) -> Answer {
    let job = app.zendesk.create_tickets(&caller.0, tickets(&body)?, &client.0).await?;
    Ok(reply::one("job_status", queued(&job, &base)))
}

/// One change for all (`ids` and `ticket`), or each its own (`tickets` with ids).
async fn update(
    caller: Staff,
    State(app): State<App>,
    base: Base,
    client: ClientInfo,
    query: Query,
    body: Body,
) -> Answer {
    let changes: Vec<(i64, Value)> = match query.get("ids") {
        Some(ids) => {
            let said = body.member("ticket")?;
            bounded(ids)?.iter().filter_map(|id| id.parse().ok()).map(|id| (id, said.clone())).collect()
        }
        None => {
            let id = |ticket: &Value| ticket.get("id").and_then(Value::as_i64);
            tickets(&body)?.iter().filter_map(|ticket| Some((id(ticket)?, ticket.clone()))).collect()
        }
    };
    let job = app.zendesk.update_tickets(&caller.0, &changes, &client.0).await?;
    Ok(reply::one("job_status", queued(&job, &base)))
}

async fn destroy(_caller: Staff, State(app): State<App>, base: Base, query: Query) -> Answer {
    let ids = bounded(query.get("ids").unwrap_or_default())?;
    let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let job = app.zendesk.delete_tickets(&ids).await?;
    Ok(reply::one("job_status", queued(&job, &base)))
}

async fn show(_caller: Staff, State(app): State<App>, base: Base, Path(id): Path<String>) -> Answer {
    let job = app.zendesk.job(&id).await?;
    Ok(reply::one("job_status", show_job(&job, &base)))
}
