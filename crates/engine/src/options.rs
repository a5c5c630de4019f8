//! How the engine behaves; from the server's configuration.

use std::{collections::HashMap, sync::Arc, time::Duration};

use zis_flow::{Retry, Settings, journal::RetryFrom};
use zis_store::AccountId;

/// How the engine behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of this node; distinct on one store. Its executions are adopted by others when its lease ends.
    pub node: String,
    /// A node whose heartbeat is older is dead.
    pub lease: Duration,
    pub flow: Arc<Settings>,
    /// Delays before attempts 2, 3, 4 (spec 3.10); never replaces a `Retry-After`.
    pub retry_delays: Vec<Duration>,
    pub max_attempts: u32,
    pub retry_from: RetryFrom,
    /// The same for single integrations, by name.
    pub retry_from_of: HashMap<String, RetryFrom>,
    /// Open executions in this node's memory; more are refused before they are accepted.
    pub max_running: usize,
    /// The same for each account.
    pub max_running_per_account: usize,
    /// `$.subdomain` of each account; one that is not listed has `account-<id>`.
    pub subdomains: HashMap<AccountId, String>,
    /// Threads with a large stack for jq programs that outgrow the quick budget and for recovery. 0: on the caller's own thread, for
    /// simulations that must run the same way every time.
    pub evaluation_threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node: "node".to_owned(),
            lease: Duration::from_secs(10),
            flow: Arc::new(Settings::default()),
            retry_delays: Retry::DELAYS.to_vec(),
            max_attempts: 4,
            retry_from: RetryFrom::Start,
            retry_from_of: HashMap::new(),
            max_running: 100_000,
            max_running_per_account: 100_000,
            subdomains: HashMap::new(),
            evaluation_threads: 2,
        }
    }
}

impl Options {
    pub(crate) fn subdomain(&self, account: AccountId) -> String {
        self.subdomains.get(&account).cloned().unwrap_or_else(|| format!("account-{}", account.0))
    }
}
