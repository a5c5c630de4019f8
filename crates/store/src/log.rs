//! The integration log (spec 9.1): one line for each thing an admin should know, written in the transaction that makes it true.

use zis_flow::Timestamp;

use crate::{
    AccountId, ExecutionId, params,
    sql::{Statement, statement},
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
}
