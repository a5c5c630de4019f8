//! The integration log (spec 9.1).

use axum::extract::State;
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;
use zis_flow::Timestamp;
use zis_store::{
    ExecutionId,
    log::{self, Filter, Level, Line, Order},
};

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{CursorOut, Endpoint, Query, Routes, page},
};

const PATH: &str = "/api/zis/v1/logs";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint =
        Endpoint::new(Method::GET, PATH, "listLogs", "Lists the integration log, the newest first", Group::Ours);
    routes.add(filtered(endpoint).paged().gives::<LogsOut>(200), list)
}

/// The parameters that [`filter`] reads.
pub(super) fn filtered(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query("integration", "of this integration")
        .query("level", "debug, info, warning or error; several: separated by commas")
        .query("execution", "about this execution")
        .query("since", "written then or later: RFC 3339")
        .query("until", "written before: RFC 3339")
        .query("q", "text in the description")
        .refuses(&[400])
}

/// A line of the log.
#[derive(Serialize, ToSchema)]
pub struct LineOut {
    id: i64,
    timestamp: String,
    /// `debug`, `info`, `warning` or `error`.
    level: &'static str,
    /// ZIS's word for the level.
    status: &'static str,
    integration: String,
    flow: Option<String>,
    job_spec: Option<String>,
    execution: Option<String>,
    attempt: Option<u32>,
    description: String,
}

/// A page of the log.
#[derive(Serialize, ToSchema)]
pub struct LogsOut {
    logs: Vec<LineOut>,
    meta: CursorOut,
}

impl LineOut {
    pub(super) fn new(id: i64, line: Line) -> Self {
        Self {
            id,
            timestamp: line.at.to_rfc3339(),
            level: line.level.as_str(),
            status: line.level.as_str(),
            integration: line.integration,
            flow: line.flow,
            job_spec: line.job_spec,
            execution: line.execution.map(|id| id.to_string()),
            attempt: line.attempt,
            description: line.description,
        }
    }
}

/// The filter that a query string asks for.
pub(crate) fn filter(query: &Query) -> Result<Filter, Refusal> {
    let levels = query.all("level").flat_map(|text| text.split(',')).map(|word| {
        let unknown =
            || Refusal::invalid(format!("query parameter `level` holds `{word}`: use debug, info, warning or error"));
        Level::parse(word.trim()).ok_or_else(unknown)
    });
    Ok(Filter {
        integration: query.get("integration").map(str::to_owned),
        levels: levels.collect::<Result<_, _>>()?,
        execution: query.parsed("execution", ExecutionId::parse, "exe_ and 32 hexadecimal digits")?,
        since: query.parsed("since", Timestamp::parse_rfc3339, "RFC 3339")?,
        until: query.parsed("until", Timestamp::parse_rfc3339, "RFC 3339")?,
        text: query.get("q").map(str::to_owned),
    })
}

/// The page of the log that `query` asks for.
pub(crate) async fn page(app: &App, filter: &Filter, query: &Query) -> Result<LogsOut, Refusal> {
    let (size, after) = page::forward(query, 50, |text| text.parse::<i64>().ok())?;
    let mut found = log::list(&app.store, app.account, filter, Order::NewestFirst, after, size + 1).await?;
    let more = page::cut(&mut found, size);
    let meta = CursorOut::new(found.last().map(|(id, _)| id.to_string()), more);
    Ok(LogsOut { logs: found.into_iter().map(|(id, line)| LineOut::new(id, line)).collect(), meta })
}

async fn list(State(app): State<App>, query: Query) -> Result<axum::Json<LogsOut>, Refusal> {
    Ok(axum::Json(page(&app, &filter(&query)?, &query).await?))
}
