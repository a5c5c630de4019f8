//! Looking through executions.

use zis_flow::{Timestamp, journal::Status};

use super::{COLUMNS, Execution, execution, status};
use crate::{
    AccountId, EventId, ExecutionId, Store, StoreError,
    sql::{Where, contains},
};

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
}

impl Filter {
    fn conditions(&self, account: AccountId) -> Where {
        let mut query = Where::account(account);
        query.and_some("integration = ", self.integration.as_deref());
        query.and_some("flow = ", self.flow.as_deref());
        query.and_some("event_id = ", self.event_id.as_ref());
        query.and_some("started_at >= ", self.since);
        query.and_some("started_at < ", self.until);
        if !self.statuses.is_empty() {
            let names: Vec<_> = self.statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
            query.and_that(&format!("status IN ({})", names.join(", ")));
            // Says no more than the statuses do, but names the partial index that holds these few rows.
            if self.statuses.iter().all(|status| matches!(status, Status::Failed | Status::TimedOut)) {
                query.and_that("error_code IS NOT NULL");
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

/// Executions by status that match `filter`.
pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<Vec<(Status, u64)>, StoreError> {
    let query = filter.conditions(account);
    let rows = store.read(query.select("status, count(*)", "execution", "GROUP BY status ORDER BY status")).await?;
    rows.rows.iter().map(|row| Ok((status(row.text(0))?, u64::try_from(row.int(1)).unwrap_or_default()))).collect()
}
