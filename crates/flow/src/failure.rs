//! What can go wrong in a flow, in ZIS's words (spec 2.4.5, 3.8–3.10).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A failed state or action: what a Catch puts at its `ResultPath` as `{"Error", "Cause"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// `States.TaskFailed`, `States.Timeout`, `States.ParameterPathFailure`, `States.NoChoiceMatched`, `States.Runtime`, or a
    /// Fail state's own name.
    pub error: String,
    /// ZIS's text where it is known: `external action failed due to status code: 404`.
    pub cause: String,
    /// What was there instead, for the developer: names the field, the path and the input; never given to the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether the flow may run again, and when (spec 3.10).
    #[serde(default, skip_serializing_if = "Retry::is_never")]
    pub retry: Retry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Retry {
    #[default]
    Never,
    /// After the delay that the configuration gives for this attempt.
    Backoff,
    /// After the time that the other side asked for (`Retry-After`, at most 120 s).
    After(Duration),
}

impl Retry {
    pub fn is_never(&self) -> bool {
        *self == Retry::Never
    }

    /// How long to wait before the attempt that follows attempt number `attempt` (from 1). `delays` are the configured ones; the last
    /// one serves for all later attempts. `None` when there is nothing to retry.
    pub fn delay(self, attempt: u32, delays: &[Duration]) -> Option<Duration> {
        match self {
            Retry::Never => None,
            Retry::After(asked) => Some(asked.min(Self::LONGEST)),
            Retry::Backoff => {
                let at = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
                Some(delays.get(at).or(delays.last()).copied().unwrap_or_default())
            }
        }
    }

    /// The most that a `Retry-After` can ask for (spec 3.10).
    pub const LONGEST: Duration = Duration::from_secs(120);

    /// ZIS's own delays: 30 s, 60 s, then (our reading) 120 s (spec 3.10).
    pub const DELAYS: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(120)];
}

/// ASL error names that zis gives.
pub mod error {
    pub const TASK_FAILED: &str = "States.TaskFailed";
    pub const TIMEOUT: &str = "States.Timeout";
    pub const PATH: &str = "States.ParameterPathFailure";
    pub const NO_CHOICE: &str = "States.NoChoiceMatched";
    pub const RUNTIME: &str = "States.Runtime";
}

impl Failure {
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into(), detail: None, retry: Retry::Never }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }
}
