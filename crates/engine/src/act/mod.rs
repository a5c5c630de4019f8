//! Doing what a machine asks: HTTP actions and the built-ins that touch the store.

mod builtin;
mod http;
mod live;
pub(crate) mod mask;
mod request;
pub mod shape;

pub use live::{Live, Options};
pub use request::Zendesk;

use zis_flow::{Call, Failure, Outcome, Timestamp, Value, journal::Exchange};
use zis_store::{AccountId, ExecutionId, Statement};

/// For whom a call is made.
#[derive(Debug, Clone)]
pub struct Caller {
    pub account: AccountId,
    pub integration: String,
    pub subdomain: String,
    pub execution: ExecutionId,
    /// Value of the `Idempotency-Key` header for unsafe calls (D6).
    pub idempotency_key: String,
}

/// What a call gave.
#[derive(Debug, Clone)]
pub struct Done {
    pub outcome: Outcome,
    pub exchange: Option<Exchange>,
    /// Built-ins that write (PatchConfig, links): statements to be committed in the same transaction as the journal record. When one of
    /// them is refused (a duplicate, or an expectation: somebody else was faster), nothing was kept; perform the call again, and it
    /// looks anew.
    pub statements: Vec<Statement>,
}

impl Done {
    /// A failure, and nothing to show for it.
    pub fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::Failed(failure), exchange: None, statements: Vec::new() }
    }
}

/// How zis names itself to other servers.
pub const USER_AGENT: &str = concat!("zis/", env!("CARGO_PKG_VERSION"), " (ZIS-compatible)");

/// The outside, as the engine sees it; simulated in tests.
#[async_trait::async_trait]
pub trait Actor: Send + Sync {
    /// Performs `call`. Never fails otherwise than by its outcome; gives up at `call.deadline`. The credential that it adds is masked
    /// in whatever it returns.
    async fn perform(&self, caller: &Caller, call: &Call, now: Timestamp) -> Done;

    /// The start check (spec 2.4.6): the first of `names` that does not exist in the integration.
    async fn missing_connection(&self, account: AccountId, integration: &str, names: &[String]) -> Option<String>;

    /// `{"name": {"access_token": "…"}}` of the OAuth and bearer connections among `names`, for `$.connections`.
    async fn exposed(&self, account: AccountId, integration: &str, names: &[String]) -> Value;
}
