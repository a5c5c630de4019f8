//! What can be wrong with a connection request, classed by what the caller does next (D14).

use zis_store::StoreError;

/// Why a connection, OAuth client or grant was not made, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A member can't be used: fix the input.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    /// The name is taken, by a connection of whatever type.
    #[error("{what} `{name}` exists already in this integration")]
    Duplicate { what: &'static str, name: String },
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    /// The `state` or verification code is unknown, was used before, or is too old: start again.
    #[error("this authorisation is unknown, was used already, or has expired; start it again")]
    UnknownGrant,
    /// The person or the provider said no at the consent page. `return_to` is where the browser wanted to go.
    #[error("the provider did not authorise the connection: {message}")]
    Declined { message: String, return_to: Option<String> },
    /// The provider's token endpoint refused or failed.
    #[error("{message}")]
    Provider {
        message: String,
        /// It failed rather than refused: the same may work later.
        transient: bool,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Error::Invalid { field, message: message.into() }
    }

    pub(super) fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Error::NotFound { what, id: id.into() }
    }
}
