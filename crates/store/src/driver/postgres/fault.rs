//! What PostgreSQL's errors mean to us.

use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// Why something could not be done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The statement's own: nothing else is touched by it.
    Statement(StoreError),
    /// Others were in the way (deadlock, serialisation): the same again may work.
    Again(String),
    /// The connection is gone.
    Lost(String),
}

impl Fault {
    /// As the answer to somebody for whom nothing was kept.
    pub(super) fn error(self) -> StoreError {
        match self {
            Fault::Statement(error) => error,
            Fault::Again(text) | Fault::Lost(text) => StoreError::Unavailable(text),
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            let text = text(&error);
            // Without an answer of the server's, it is the connection, or a parameter that could not be encoded.
            return match error.is_closed()
                || std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>())
            {
                true => Fault::Lost(text),
                false => Fault::Statement(StoreError::Internal(text)),
            };
        };
        let message = format!("{} ({})", db.message(), db.code().code());
        let class = db.code().code().get(..2).unwrap_or_default();
        match db.code() {
            &SqlState::UNIQUE_VIOLATION => {
                Fault::Statement(StoreError::Duplicate { table: db.table().unwrap_or_default().to_owned() })
            }
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            // After a fail-over the old primary only reads: the next connection may reach the new one.
            | &SqlState::READ_ONLY_SQL_TRANSACTION => Fault::Lost(message),
            &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => {
                Fault::Statement(StoreError::Unavailable(message))
            }
            _ => match class {
                "40" => Fault::Again(message),
                "08" => Fault::Lost(message),
                // Full disks, exhausted memory, failing devices.
                "53" | "58" => Fault::Statement(StoreError::Unavailable(message)),
                "XX" => Fault::Statement(StoreError::Damaged(message)),
                _ => Fault::Statement(StoreError::Internal(message)),
            },
        }
    }
}

/// The error with its causes: the outermost text alone says nothing ("db error").
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text += ": ";
            text += &cause_text;
        }
        source = cause.source();
    }
    text
}
