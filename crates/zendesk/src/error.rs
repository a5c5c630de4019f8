//! What the local Zendesk refuses, classed by what the caller does next (D14). The server gives each a status and a shape.

use zis_store::StoreError;

use crate::sink::SinkError;

/// A refusal or a failure.
#[derive(Debug, thiserror::Error)]
pub enum ZendeskError {
    /// There is no such record, or it is deleted.
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    /// Members that can't be used: Zendesk's `RecordInvalid`.
    #[error("{}", faults_text(.0))]
    Invalid(Vec<Fault>),
    /// A request of the Profiles and Events family that can't be used.
    #[error("{title}")]
    Client { code: &'static str, title: String },
    /// A request of the Support family that can't be used: `{"error": code, "description"}`.
    #[error("{description}")]
    Request { code: &'static str, description: String },
    /// A list of more items than a bulk call takes.
    #[error("{description}")]
    TooMany { description: String, max: Option<usize> },
    /// The query of a search can't be understood or reaches too far.
    #[error("Invalid search: {0}")]
    Search(String),
    /// An OAuth request that RFC 6749 has a code for.
    #[error("{description}")]
    Oauth { code: &'static str, description: String },
    #[error("{0}")]
    Forbidden(String),
    /// The idempotency key came with another request before.
    #[error("Request parameters don't match the given idempotency key")]
    KeyReused,
    /// Somebody else changed the same record at the same time; repeating is safe.
    #[error("somebody else changed the record at the same time; repeat the request")]
    Conflict,
    /// Nothing was kept; try again after the seconds.
    #[error("too much at once; try again in {0} s")]
    Busy(u32),
    /// Events can't be taken now.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug of ours.
    #[error("{0}")]
    Internal(String),
}

/// One member that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The member, or `base`.
    pub field: String,
    /// `Email: x@y is already being used by another user`.
    pub description: String,
    /// `BlankValue`, `DuplicateValue`, `InvalidValue`, `ValueTooShort`.
    pub code: Option<&'static str>,
}

impl Fault {
    pub fn new(field: &str, description: impl Into<String>, code: Option<&'static str>) -> Self {
        Self { field: field.to_owned(), description: description.into(), code }
    }
}

fn faults_text(faults: &[Fault]) -> String {
    faults.iter().map(|fault| fault.description.as_str()).collect::<Vec<_>>().join("; ")
}

impl ZendeskError {
    pub fn not_found(what: &'static str, id: impl std::fmt::Display) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// One member that can't be used.
    pub fn fault(field: &str, description: impl Into<String>, code: &'static str) -> Self {
        Self::Invalid(vec![Fault::new(field, description, Some(code))])
    }

    pub(crate) fn client(code: &'static str, title: impl Into<String>) -> Self {
        Self::Client { code, title: title.into() }
    }
}

impl From<SinkError> for ZendeskError {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Busy(seconds) => Self::Busy(seconds),
            SinkError::KeyReused => Self::KeyReused,
            SinkError::Conflict => Self::Conflict,
            SinkError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

/// Rows that somebody else took or changed: worth another look.
pub(crate) fn raced(error: &StoreError) -> bool {
    matches!(error, StoreError::Duplicate { .. } | StoreError::Expectation { .. })
}
