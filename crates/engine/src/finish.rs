//! How attempts end: with a result, with another attempt to come, or in the log as a failure (spec 3.10, 9.1).

use zis_flow::{
    Failure, Timestamp,
    failure::error,
    journal::{Finish, Record, Status},
    machine::End,
};
use zis_store::{
    execution::{ErrorView, Execution},
    log::Level,
};

use crate::{dead_letter, ledger::Lost, logbook, run::Run};

/// What the log says of a flow that ended well and said nothing (spec 3.6).
const SUCCESS: &str = "Execution Successful";

/// Codes of failed executions, one page each under `docs/errors/`.
pub(crate) mod code {
    pub(super) const ACTION: &str = "ZIS3001";
    pub(super) const TIMEOUT: &str = "ZIS3002";
    pub(super) const PATH: &str = "ZIS3003";
    pub(super) const NO_CHOICE: &str = "ZIS3004";
    pub(super) const RUNTIME: &str = "ZIS3005";
    /// A Fail state's own error name.
    pub(super) const FAIL_STATE: &str = "ZIS3006";
    pub(super) const FLOW_TIMEOUT: &str = "ZIS3007";
    pub(crate) const NO_CONNECTION: &str = "ZIS3008";
    pub(crate) const NO_FLOW: &str = "ZIS3009";
    pub(crate) const CANNOT_GO_ON: &str = "ZIS3010";
}

fn code_of(failure: &Failure) -> &'static str {
    match failure.error.as_str() {
        // A jq program is an action to the flow, but what to do about it is another thing than for a request.
        error::TASK_FAILED if failure.cause.starts_with("jq:") => code::RUNTIME,
        error::TASK_FAILED => code::ACTION,
        error::TIMEOUT => code::TIMEOUT,
        error::PATH => code::PATH,
        error::NO_CHOICE => code::NO_CHOICE,
        error::RUNTIME => code::RUNTIME,
        _ => code::FAIL_STATE,
    }
}

/// Makes `row` say how the execution ended, and gives what the log says about it. `code` says what the failure does not: that the flow
/// could not run at all.
pub(crate) fn describe(
    row: &mut Execution,
    result: &Finish,
    code: Option<&'static str>,
    at: Timestamp,
) -> (Level, String) {
    row.ended_at = Some(at);
    row.wake_at = None;
    let view = |code: &str, cause: &str, state: &Option<String>, path: &Option<String>| ErrorView {
        code: code.to_owned(),
        cause: cause.to_owned(),
        state: state.clone(),
        path: path.clone(),
    };
    match result {
        Finish::Succeeded { message } => {
            row.status = Status::Succeeded;
            row.message = Some(message.clone());
            (Level::Info, message.clone())
        }
        Finish::Failed { failure, state, path } => {
            row.status = Status::Failed;
            row.error = Some(view(code.unwrap_or_else(|| code_of(failure)), &failure.cause, state, path));
            (Level::Error, logbook::describe(failure, path.as_deref().or(state.as_deref())))
        }
        Finish::TimedOut { state, path } => {
            row.status = Status::TimedOut;
            let text = "the flow ran longer than its timeout";
            row.error = Some(view(code::FLOW_TIMEOUT, text, state, path));
            let place = path.as_deref().or(state.as_deref());
            (Level::Error, logbook::describe(&Failure::new(error::TIMEOUT, text), place))
        }
    }
}

impl Run {
    /// The attempt is over.
    pub(crate) async fn end(&mut self, end: End) -> Result<(), Lost> {
        match end {
            End::Succeeded { message, .. } => {
                let message = if message.is_empty() { SUCCESS.to_owned() } else { message };
                self.finish(Finish::Succeeded { message }, None).await
            }
            End::Failed { failure, state, path } => self.finish(Finish::Failed { failure, state, path }, None).await,
            End::TimedOut { state, path } => self.finish(Finish::TimedOut { state, path }, None).await,
            End::Retry { path, failure, .. } => self.retry(path, failure).await,
        }
    }

    /// The execution is over.
    pub(crate) async fn finish(&mut self, result: Finish, code: Option<&'static str>) -> Result<(), Lost> {
        if !matches!(result, Finish::Succeeded { .. }) {
            // First the letter, then the end: a crash between the two sends the same letter again, and its key keeps it single.
            dead_letter::send(&self.core, &self.row, &result).await?;
        }
        let at = self.core.now();
        let (level, text) = describe(&mut self.row, &result, code, at);
        self.ledger.record(Record::Finished { at, attempt: self.row.attempt, result });
        self.line(at, level, text);
        self.close(self.row.status, at).await
    }

    /// The attempt failed in a way that is tried again: the next one begins when its delay is over, from the store.
    async fn retry(&mut self, path: String, failure: Failure) -> Result<(), Lost> {
        let options = &self.core.options;
        let Some(delay) = failure.retry.delay(self.row.attempt, &options.retry_delays) else {
            let state = Some(path.split(['/', '[']).next().unwrap_or(&path).to_owned());
            return self.finish(Finish::Failed { failure, state, path: Some(path) }, None).await;
        };
        let from = options.retry_from_of.get(&self.row.integration).copied().unwrap_or(options.retry_from);
        let at = self.core.now();
        let retry_at = at.saturating_add(delay);
        let (attempt, most) = (self.row.attempt, self.row.max_attempts);
        let text = logbook::describe(&failure, Some(&path));
        self.line(at, Level::Warning, format!("Attempt {attempt} of {most} failed: {text}. Retrying in {delay:?}"));
        self.ledger.record(Record::AttemptFailed { attempt, at, path, failure, retry_at, from });
        self.row.status = Status::Retrying;
        self.row.wake_at = Some(retry_at);
        self.core.meters.retries.increment(1);
        self.ledger.submit(&self.core, &mut self.row, Vec::new());
        self.park(retry_at).await
    }

    /// Commits the end of the execution, and counts it.
    pub(crate) async fn close(&mut self, status: Status, at: Timestamp) -> Result<(), Lost> {
        self.row.status = status;
        self.row.ended_at = Some(at);
        self.row.wake_at = None;
        self.ledger.submit(&self.core, &mut self.row, Vec::new());
        self.ledger.settle(&self.core, &mut self.row).await?;
        self.core.meters.finished(status, at.since(self.row.started_at));
        Ok(())
    }
}
