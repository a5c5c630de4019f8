//! Refusals: the one place where an error of ours becomes a status, a stable code and a text (D14).
//!
//! A handler returns a [`Refusal`]; [`render`] gives it the shape of the family that the path belongs to: the ZIS registry's,
//! Zendesk's, or ours.

mod code;
pub mod render;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use zis_engine::{EngineError, connection};
use zis_store::StoreError;
use zis_zendesk::ZendeskError;

pub use code::Code;

/// Seconds after which whoever met a full queue in front of the store may come again: it empties in far less.
pub(crate) const STORE_CATCHES_UP: u32 = 1;

/// One thing that is wrong with the request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    /// Code of the finding or rule: `ZIS1004`.
    pub rule: Option<&'static str>,
    /// Names the place and the fault.
    pub detail: String,
    /// JSON pointer into the body.
    pub pointer: Option<String>,
    /// Line and column of the body, from 1.
    pub position: Option<(usize, usize)>,
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: Code,
    pub status: StatusCode,
    /// One sentence for the person who called; no internals.
    pub message: String,
    pub details: Vec<Detail>,
    /// Seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// With the status that belongs to `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, status: code.status(), message: message.into(), details: Vec::new(), retry_after: None }
    }

    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn details(mut self, details: Vec<Detail>) -> Self {
        self.details = details;
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// There is no such thing.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} `{id}`"))
    }

    /// A member or parameter can't be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, message)
    }

    /// A bug of ours: the reason goes to the log, never to the caller.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        tracing::error!(%reason, "internal error: {reason}");
        Self::new(Code::Internal, "something went wrong inside zis; the server's log says what")
    }
}

/// An empty answer that carries the refusal; `render` writes the body.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(value) = self.retry_after.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. } => {
                Self::new(Code::Busy, format!("{error}; try again")).retry_after(STORE_CATCHES_UP)
            }
            StoreError::Unavailable(_) | StoreError::Unknown(_) => {
                tracing::warn!(%error, "the store can't be used now: {error}");
                let message = if matches!(error, StoreError::Unknown(_)) {
                    "the store's answer was lost: the change may or may not be kept; look before you repeat it"
                } else {
                    "the store can't be used now; nothing was changed; try again"
                };
                Self::new(Code::StoreUnavailable, message).retry_after(1)
            }
            StoreError::Duplicate { .. } => Self::new(Code::Conflict, "something with this name exists already"),
            StoreError::Expectation { .. } => {
                Self::new(Code::Conflict, "somebody else changed it at the same time; read it again and repeat")
            }
            // `Invalid` is about settings, which are checked at start.
            StoreError::Invalid(_) | StoreError::Damaged(_) | StoreError::Internal(_) => Self::internal(error),
        }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Busy { after_seconds, .. } => Self::new(Code::Busy, message).retry_after(after_seconds),
            EngineError::KeyReused => Self::new(Code::KeyReused, message),
            EngineError::NotFound { .. } => Self::new(Code::NotFound, message),
            EngineError::Illegal { .. } => Self::new(Code::IllegalState, message),
            EngineError::Draining => Self::new(Code::Draining, message).retry_after(1),
            EngineError::Store(error) => error.into(),
        }
    }
}

impl From<connection::Error> for Refusal {
    fn from(error: connection::Error) -> Self {
        use connection::Error;
        let message = error.to_string();
        match error {
            Error::Invalid { .. } | Error::UnknownGrant | Error::Declined { .. } => Self::invalid(message),
            Error::Duplicate { .. } => Self::new(Code::Conflict, message),
            // ZIS's own words (field notes 26), and ours behind them.
            Error::NotFound { .. } => Self::new(Code::NotFound, format!("no rows found: {message}")),
            Error::Provider { .. } => Self::new(Code::Provider, message),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<ZendeskError> for Refusal {
    fn from(error: ZendeskError) -> Self {
        let message = error.to_string();
        match error {
            ZendeskError::NotFound { .. } => Self::new(Code::NotFound, message),
            ZendeskError::Forbidden(_) => Self::new(Code::Forbidden, message),
            ZendeskError::KeyReused => Self::new(Code::KeyReused, message),
            ZendeskError::Conflict => Self::new(Code::Conflict, message),
            ZendeskError::Busy(seconds) => Self::new(Code::Busy, message).retry_after(seconds),
            ZendeskError::Unavailable(_) => Self::new(Code::StoreUnavailable, message).retry_after(1),
            ZendeskError::Store(error) => error.into(),
            ZendeskError::Internal(reason) => Self::internal(reason),
            _ => Self::invalid(message),
        }
    }
}
