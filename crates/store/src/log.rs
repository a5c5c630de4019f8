//! The integration log (spec 9.1): one line for each thing an admin should know, written in the transaction that makes it true.

use zis_flow::Timestamp;

use crate::{
    AccountId, ExecutionId, Store, StoreError, params,
    sql::{Row, Statement, Where, contains, statement},
};

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub account: AccountId,
    pub at: Timestamp,
    pub level: Level,
    pub integration: String,
    pub flow: Option<String>,
    pub job_spec: Option<String>,
    pub execution: Option<ExecutionId>,
    pub attempt: Option<u32>,
    pub description: String,
}

/// ZIS's four statuses of a log entry, least grave first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Level::Debug, Level::Info, Level::Warning, Level::Error].into_iter().find(|level| level.as_str() == text)
    }
}

/// The statement that keeps `line`.
pub fn insert(line: &Line) -> Statement {
    statement(
        "INSERT INTO integration_log (account, at, level, integration, flow, job_spec, execution, attempt, description) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            line.account,
            line.at,
            line.level.as_str(),
            &line.integration,
            line.flow.as_deref(),
            line.job_spec.as_deref(),
            line.execution.as_ref(),
            line.attempt,
            &line.description
        ],
    )
    .new_row()
}

/// What [`list`] looks for; an empty member matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub integration: Option<String>,
    /// Lines of these levels.
    pub levels: Vec<Level>,
    pub execution: Option<ExecutionId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Text within the description, as it is written.
    pub text: Option<String>,
}

/// The condition of the partial index, word for word.
const GRAVE: &str = "(level = 'warning' OR level = 'error')";

/// Which way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

/// Lines with their numbers; `after` is the number of the last line of the page before.
pub async fn list(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    order: Order,
    after: Option<i64>,
    size: usize,
) -> Result<Vec<(i64, Line)>, StoreError> {
    let mut query = Where::account(account);
    query.and_some(if order == Order::NewestFirst { "id < " } else { "id > " }, after);
    query.and_some("integration = ", filter.integration.as_deref());
    query.and_some("execution = ", filter.execution.as_ref());
    query.and_some("at >= ", filter.since);
    query.and_some("at < ", filter.until);
    if let Some(text) = &filter.text {
        query.and_any(&["description LIKE "], &[" ESCAPE '!'"], contains(text));
    }
    if !filter.levels.is_empty() {
        // The words of the enum: nothing of the caller's reaches the SQL.
        let words: Vec<_> = filter.levels.iter().map(|level| format!("'{}'", level.as_str())).collect();
        query.and_that(&format!("level IN ({})", words.join(", ")));
        if filter.levels.iter().all(|level| *level >= Level::Warning) {
            query.among_few(GRAVE);
        }
    }
    let direction = if order == Order::NewestFirst { "DESC" } else { "ASC" };
    let columns = "id, at, level, integration, flow, job_spec, execution, attempt, description";
    let rows =
        store.read(query.select(columns, "integration_log", &format!("ORDER BY id {direction} LIMIT {size}"))).await?;
    rows.rows.iter().map(|row| line(account, row)).collect()
}

fn line(account: AccountId, row: &Row) -> Result<(i64, Line), StoreError> {
    let level = Level::parse(row.text(2));
    let level = level.ok_or_else(|| StoreError::Damaged(format!("log level `{}`", row.text(2))))?;
    let line = Line {
        account,
        at: Timestamp(row.int(1)),
        level,
        integration: row.text(3).to_owned(),
        flow: row.opt_string(4),
        job_spec: row.opt_string(5),
        execution: row.opt_text(6).and_then(ExecutionId::parse),
        attempt: row.opt_int(7).and_then(|attempt| u32::try_from(attempt).ok()),
        description: row.text(8).to_owned(),
    };
    Ok((row.int(0), line))
}

/// Deletes at most `limit` of the lines written before `before`; how many went.
pub async fn expire(store: &Store, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let sql =
        "DELETE FROM integration_log WHERE id IN (SELECT id FROM integration_log WHERE at < $1 ORDER BY id LIMIT $2)";
    let rows = store.write(vec![statement(sql, params![before, limit])]).await?;
    Ok(rows.first().map_or(0, |rows| rows.affected))
}
