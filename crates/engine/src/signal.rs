//! What happens, for whoever watches: live lists, log streams.

use zis_flow::journal::Status;
use zis_store::{AccountId, EventId, ExecutionId};

pub use zis_store::log::{Level, Line as LogEntry};

/// Something that a watcher may want to know; sent after it is durable.
#[derive(Debug, Clone)]
pub enum Signal {
    EventAccepted { account: AccountId, id: EventId },
    ExecutionChanged { account: AccountId, id: ExecutionId, integration: String, flow: String, status: Status },
    Log { account: AccountId, entry: LogEntry },
}
