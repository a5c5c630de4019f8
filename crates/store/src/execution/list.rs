//! Looking through executions.

use std::time::Duration;

use zis_flow::{Timestamp, journal::Status};

use super::{COLUMNS, Execution, execution};
use crate::{
    AccountId, EventId, ExecutionId, Store, StoreError,
    sql::{Where, contains},
};

/// The conditions of the partial indexes, word for word: SQLite takes them by their text.
pub(super) const UNSUCCESSFUL: &str = "(status = 'failed' OR status = 'timed_out' OR status = 'cancelled')";
pub(super) const OPEN: &str = "ended_at IS NULL";
/// More than passes between the time that an execution names as its start and the making of its id.
const LATE: Duration = Duration::from_secs(3600);

pub(super) fn is_unsuccessful(status: Status) -> bool {
    matches!(status, Status::Failed | Status::TimedOut | Status::Cancelled)
}

/// What [`list`] looks for; `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub integration: Option<String>,
    pub flow: Option<String>,
    pub statuses: Vec<Status>,
    pub event_id: Option<EventId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Text within the event's payload, the message or the cause, whatever the case of its ASCII letters.
    pub text: Option<String>,
    /// This execution or later ones.
    pub from: Option<ExecutionId>,
}

impl Filter {
    pub(super) fn conditions(&self, account: AccountId) -> Where {
        let mut query = Where::account(account);
        query.and_some("integration = ", self.integration.as_deref());
        query.and_some("flow = ", self.flow.as_deref());
        query.and_some("event_id = ", self.event_id.as_ref());
        query.and_some("id >= ", self.from.as_ref());
        query.and_some("started_at >= ", self.since);
        query.and_some("started_at < ", self.until);
        // An id is made when its execution begins, or a little later: there is an index of ids, and none of times.
        query.and_some("id >= ", self.since.map(ExecutionId::first_at).as_ref());
        query.and_some("id < ", self.until.map(|at| ExecutionId::first_at(at.saturating_add(LATE))).as_ref());
        if !self.statuses.is_empty() {
            let names: Vec<_> = self.statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
            query.and_that(&format!("status IN ({})", names.join(", ")));
            // Say no more than the statuses do, but name the partial index that holds these few rows.
            if self.statuses.iter().all(|status| is_unsuccessful(*status)) {
                query.among_few(UNSUCCESSFUL);
            } else if self.statuses.iter().all(|status| !status.is_ended()) {
                query.among_few(OPEN);
            }
        }
        if let Some(text) = &self.text {
            let payload = "EXISTS (SELECT 1 FROM event WHERE event.account = execution.account AND event.id = execution.event_id \
                AND lower(event.payload) LIKE lower(";
            let plain = ["lower(message) LIKE lower(", "lower(error_cause) LIKE lower("];
            query.and_any(
                &[plain[0], plain[1], payload],
                &[") ESCAPE '!'", ") ESCAPE '!'", ") ESCAPE '!')"],
                contains(text),
            );
        }
        query
    }
}

/// Newest first; `after` is the id of the last execution of the page before.
pub async fn list(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    after: Option<&ExecutionId>,
    size: usize,
) -> Result<Vec<Execution>, StoreError> {
    let mut query = filter.conditions(account);
    query.and_some("id < ", after);
    let rows = store.read(query.select(COLUMNS, "execution", &format!("ORDER BY id DESC LIMIT {size}"))).await?;
    rows.rows.iter().map(execution).collect()
}

/// The id at the end of the next `rows` executions, the newest first, or `None` when there are no more than that: how far a search that
/// has to read every row goes in one step. `after` as for [`list`].
pub async fn horizon(
    store: &Store,
    account: AccountId,
    after: Option<&ExecutionId>,
    rows: usize,
) -> Result<Option<ExecutionId>, StoreError> {
    let mut query = Where::account(account);
    query.and_some("id < ", after);
    let tail = format!("ORDER BY id DESC LIMIT 1 OFFSET {}", rows.saturating_sub(1));
    let rows = store.read(query.select("id", "execution", &tail)).await?;
    Ok(rows.first().and_then(|row| ExecutionId::parse(row.text(0))))
}
