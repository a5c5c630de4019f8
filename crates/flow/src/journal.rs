//! The journal: what cannot be recomputed about an execution, and nothing else (D2).
//!
//! The order of records. `Started`; then for each attempt `AttemptStarted`, one `CallDone` for each [`Effect::Call`] in the order the
//! outcomes were given to the machine, `WaitStarted` and `WaitFired` for each [`Effect::Wait`]; then `AttemptFailed` (after the
//! `CallDone` of the call that failed) or `Finished`. [`Effect::Evaluate`] is pure and leaves no record. A second `AttemptStarted` with
//! the number of the running attempt means: somebody took the attempt over after a crash, and its deadline moved.
//!
//! [`Effect::Call`]: crate::effect::Effect::Call
//! [`Effect::Wait`]: crate::effect::Effect::Wait
//! [`Effect::Evaluate`]: crate::effect::Effect::Evaluate

use serde::{Deserialize, Serialize};

use crate::{
    effect::{CallId, Outcome},
    failure::Failure,
    settings::Switches,
    time::Timestamp,
    value::Value,
};

/// Version of the record format, written with every batch; readers accept all versions up to it. Since 2 the store keeps the event's payload
/// with the event alone: a program that would not put it back must not read the batch.
pub const FORMAT: u32 = 2;

/// One thing that happened. The tags (`t`) are append-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
pub enum Record {
    /// The execution exists. Everything its first attempt needs, apart from the connections' secrets.
    #[serde(rename = "started")]
    Started(Started),
    /// An attempt begins: the first one right after `Started`, later ones after `AttemptFailed` or `Retried`.
    #[serde(rename = "attempt")]
    AttemptStarted {
        attempt: u32,
        at: Timestamp,
        deadline: Timestamp,
        /// Whether another attempt may follow this one: decides between a retry and a Catch, so replay needs it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        may_retry: bool,
    },
    /// A call ended.
    #[serde(rename = "done")]
    CallDone {
        attempt: u32,
        id: CallId,
        path: String,
        at: Timestamp,
        outcome: Recorded,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http: Option<Exchange>,
    },
    #[serde(rename = "wait")]
    WaitStarted { attempt: u32, id: CallId, path: String, at: Timestamp, until: Timestamp },
    #[serde(rename = "fired")]
    WaitFired { attempt: u32, id: CallId, at: Timestamp },
    /// The attempt failed in a way that is tried again at `retry_at`.
    #[serde(rename = "attempt_failed")]
    AttemptFailed { attempt: u32, at: Timestamp, path: String, failure: Failure, retry_at: Timestamp, from: RetryFrom },
    /// Somebody asked for another try of an execution that had ended (or was waiting for its next try).
    #[serde(rename = "retried")]
    Retried {
        at: Timestamp,
        from: RetryFrom,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bundle: Option<Pin>,
        by: String,
    },
    #[serde(rename = "cancelled")]
    Cancelled { at: Timestamp, by: String },
    #[serde(rename = "finished")]
    Finished { at: Timestamp, attempt: u32, result: Finish },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    pub at: Timestamp,
    /// Name of the flow within the bundle.
    pub flow: String,
    pub pin: Pin,
    /// `$` at the start, without `connections`.
    pub document: Value,
    /// Its event was accepted before, and somebody sent it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
}

/// Who sent an accepted event again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// The event it is a copy of.
    pub of: String,
    pub by: String,
}

/// The exact definitions an execution runs: neither an upload nor a changed setting touches what is running.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pin {
    pub digest: String,
    /// Actions that come from another bundle of the integration, as (action name, digest): the last upload wins (spec 1.4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<(String, String)>,
    /// The settings of the language that are not the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches: Option<Box<Switches>>,
}

impl Record {
    /// The record's tag, for messages.
    pub fn tag(&self) -> &'static str {
        match self {
            Record::Started(_) => "started",
            Record::AttemptStarted { .. } => "attempt",
            Record::CallDone { .. } => "done",
            Record::WaitStarted { .. } => "wait",
            Record::WaitFired { .. } => "fired",
            Record::AttemptFailed { .. } => "attempt_failed",
            Record::Retried { .. } => "retried",
            Record::Cancelled { .. } => "cancelled",
            Record::Finished { .. } => "finished",
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Record::Started(started) => started.at,
            Record::AttemptStarted { at, .. }
            | Record::CallDone { at, .. }
            | Record::WaitStarted { at, .. }
            | Record::WaitFired { at, .. }
            | Record::AttemptFailed { at, .. }
            | Record::Retried { at, .. }
            | Record::Cancelled { at, .. }
            | Record::Finished { at, .. } => *at,
        }
    }
}

/// An outcome as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Recorded {
    #[serde(rename = "ok")]
    Done(Value),
    #[serde(rename = "none")]
    Nothing,
    #[serde(rename = "err")]
    Failed(Failure),
}

impl From<Outcome> for Recorded {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(value) => Recorded::Done(value),
            Outcome::Nothing => Recorded::Nothing,
            Outcome::Failed(failure) => Recorded::Failed(failure),
        }
    }
}

impl From<Recorded> for Outcome {
    fn from(recorded: Recorded) -> Self {
        match recorded {
            Recorded::Done(value) => Outcome::Done(value),
            Recorded::Nothing => Outcome::Nothing,
            Recorded::Failed(failure) => Outcome::Failed(failure),
        }
    }
}

/// What an HTTP action did, secrets masked. Bodies of success are in the outcome.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Exchange {
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the first byte sent to the last byte read.
    pub micros: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<(String, String)>,
    /// The answer's body when it is no success, cut at 4 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryFrom {
    Start,
    Failure,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Succeeded { message: String },
    Failed { failure: Failure, state: Option<String>, path: Option<String> },
    TimedOut { state: Option<String>, path: Option<String> },
}

/// Where an execution stands: the fold of its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Queued,
    Running,
    Waiting,
    Retrying,
    Succeeded,
    Failed,
    Cancelled,
    TimedOut,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Retrying => "retrying",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::TimedOut => "timed_out",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        use Status::*;
        [Queued, Running, Waiting, Retrying, Succeeded, Failed, Cancelled, TimedOut]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed | Status::Cancelled | Status::TimedOut)
    }
}

/// A record that cannot follow what is already in the journal.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("journal record `{record}` cannot follow status `{status}`")]
pub struct Illegal {
    pub status: &'static str,
    pub record: &'static str,
}

/// The one total function that decides legality: used when loading and before writing.
///
/// `status` is `None` before the first record. While a parallel Map has both waits and calls under way the status says which came last.
pub fn advance(status: Option<Status>, record: &Record) -> Result<Status, Illegal> {
    use Status::{Cancelled, Failed, Queued, Retrying, Running, Succeeded, TimedOut, Waiting};
    let next = match (status, record) {
        (None, Record::Started(_)) => Some(Queued),
        (Some(Queued | Retrying | Running), Record::AttemptStarted { .. }) => Some(Running),
        (Some(Waiting), Record::AttemptStarted { .. }) => Some(Waiting),
        (Some(status @ (Running | Waiting)), Record::CallDone { .. }) => Some(status),
        (Some(Running | Waiting), Record::WaitStarted { .. }) => Some(Waiting),
        (Some(Running | Waiting), Record::WaitFired { .. }) => Some(Running),
        (Some(Running | Waiting), Record::AttemptFailed { .. }) => Some(Retrying),
        (Some(status), Record::Retried { .. }) if status.is_ended() || status == Retrying => Some(Queued),
        (Some(status), Record::Cancelled { .. }) if !status.is_ended() => Some(Cancelled),
        // Queued, too: a flow whose connection is missing ends before its first attempt (spec 2.4.6).
        (Some(status), Record::Finished { result, .. }) if !status.is_ended() => Some(match result {
            Finish::Succeeded { .. } => Succeeded,
            Finish::Failed { .. } => Failed,
            Finish::TimedOut { .. } => TimedOut,
        }),
        _ => None,
    };
    next.ok_or(Illegal { status: status.map_or("none", Status::as_str), record: record.tag() })
}

/// The text of a batch of records as the store keeps it: `{"v":2,"records":[…]}`.
pub fn encode(records: &[Record]) -> String {
    #[derive(Serialize)]
    struct Batch<'r> {
        v: u32,
        records: &'r [Record],
    }
    // Most batches are one HTTP exchange, which fits: no growing from nothing.
    let mut text = Vec::with_capacity(1024);
    serde_json::to_writer(&mut text, &Batch { v: FORMAT, records }).expect("records hold nothing that JSON cannot say");
    String::from_utf8(text).expect("JSON is UTF-8")
}

#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("journal format {0} is newer than this program reads ({FORMAT}); upgrade zis")]
    Newer(u32),
    #[error("journal batch is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

/// Reads what [`encode`] wrote, in this version of the format or an older one.
pub fn decode(text: &str) -> Result<Vec<Record>, DecodeError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    #[derive(Deserialize)]
    struct Batch {
        records: Vec<Record>,
    }
    let Version { v } = serde_json::from_str(text)?;
    if v > FORMAT {
        return Err(DecodeError::Newer(v));
    }
    let Batch { mut records } = serde_json::from_str(text)?;
    if has_long_integer(text) {
        restore_integers(text, &mut records);
    }
    Ok(records)
}

/// serde hands integers beyond 64 bits over as floats; only then are the values read a second time, by our own reader.
fn has_long_integer(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run > 18
    })
}

fn restore_integers(text: &str, records: &mut [Record]) {
    let Ok(batch) = Value::from_json(text) else { return };
    let exact = batch.get("records").and_then(Value::as_array).unwrap_or_default();
    for (record, exact) in records.iter_mut().zip(exact) {
        let (kept, exact) = match record {
            Record::Started(started) => (&mut started.document, exact.get("document")),
            Record::CallDone { outcome: Recorded::Done(value), .. } => {
                (value, exact.get("outcome").and_then(|outcome| outcome.get("ok")))
            }
            _ => continue,
        };
        if let Some(exact) = exact {
            *kept = exact.clone();
        }
    }
}
