//! What the store can answer instead of rows, classed by what the caller does next (D14).

/// A store error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A statement did not touch the rows it had to: somebody else was faster, or this node has lost its lease. Nothing was kept.
    #[error("statement {statement} of the transaction touched {found} rows, not {expected}")]
    Expectation { statement: usize, expected: usize, found: usize },
    /// A unique key is taken. Nothing was kept.
    #[error("duplicate key in {table}")]
    Duplicate { table: String },
    /// The database can't be reached or is full; nothing was kept. Retry is safe.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// More waits to be committed than may: nothing was kept. Retry is safe, when the store has caught up.
    #[error("the queue in front of the store is full: {transactions} transactions of {bytes} bytes wait")]
    Busy { transactions: usize, bytes: usize },
    /// The connection broke while a commit was on its way: it may or may not be kept. The expected sequence tells.
    #[error("the store's answer was lost; the transaction may or may not be kept: {0}")]
    Unknown(String),
    /// What is stored can't be read: damaged, or written by a newer version.
    #[error("the store holds something this program can't read: {0}")]
    Damaged(String),
    /// What was handed in can't be used: fix it.
    #[error("{0}")]
    Invalid(String),
    /// A bug of ours: SQL that does not fit the schema.
    #[error("internal store error: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether the same may go well later, with nothing changed but the time.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy { .. } | Self::Unknown(_))
    }
}
