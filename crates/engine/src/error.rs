//! What the engine refuses, classed by what the caller does next (D14).

use zis_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Full: nothing was accepted; try again after the given seconds.
    #[error("the server is at its limit of {limit} {what}; try again in {after_seconds} s")]
    Busy { what: &'static str, limit: usize, after_seconds: u32 },
    /// The same idempotency key came with another event before.
    #[error("the idempotency key was used for a different event")]
    KeyReused,
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    /// The execution's status does not allow it.
    #[error("execution `{id}` is {status}: {reason}")]
    Illegal { id: String, status: &'static str, reason: String },
    /// A stopping node accepts nothing.
    #[error("the server is shutting down")]
    Draining,
    #[error(transparent)]
    Store(#[from] StoreError),
}
