//! The journal: what cannot be recomputed about an execution, and nothing else (D2).

use serde::{Deserialize, Serialize};

use crate::{effect::CallId, failure::Failure, time::Timestamp, value::Value};

/// Version of the record format, written with every batch; readers accept all versions up to it.
pub const FORMAT: u32 = 1;

/// One thing that happened. The tags (`t`) are append-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
pub enum Record {
    /// The execution exists. Everything its first attempt needs, apart from the connections' secrets.
    #[serde(rename = "started")]
    Started(Started),
    /// An attempt begins: the first one right after `Started`, later ones after `AttemptFailed` or `Retried`.
    #[serde(rename = "attempt")]
    AttemptStarted { attempt: u32, at: Timestamp, deadline: Timestamp },
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
}

/// The exact definitions an execution runs: an upload never touches what is running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub digest: String,
    /// Actions that come from another bundle of the integration, as (action name, digest): the last upload wins (spec 1.4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<(String, String)>,
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
pub fn advance(status: Option<Status>, record: &Record) -> Result<Status, Illegal> {
    let _ = (status, record);
    todo!()
}

/// The text of a batch of records as the store keeps it: `{"v":1,"records":[…]}`.
pub fn encode(records: &[Record]) -> String {
    let _ = records;
    todo!()
}

#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("journal format {0} is newer than this program reads ({FORMAT}); upgrade zis")]
    Newer(u32),
    #[error("journal batch is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

pub fn decode(text: &str) -> Result<Vec<Record>, DecodeError> {
    let _ = text;
    todo!()
}
