//! What happens, for whoever watches: live lists, log streams.

use zis_flow::{Timestamp, journal::Status};
use zis_store::{AccountId, EventId, ExecutionId};

/// Something that a watcher may want to know; sent after it is durable.
#[derive(Debug, Clone)]
pub enum Signal {
    EventAccepted { account: AccountId, id: EventId },
    ExecutionChanged { account: AccountId, id: ExecutionId, integration: String, flow: String, status: Status },
    Log { account: AccountId, entry: LogEntry },
}

/// A line of the integration log (spec 9.1).
#[derive(Debug, Clone)]
pub struct LogEntry {
    pub at: Timestamp,
    pub level: Level,
    pub integration: String,
    pub flow: Option<String>,
    pub job_spec: Option<String>,
    pub execution: Option<ExecutionId>,
    pub attempt: Option<u32>,
    pub description: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
}
