//! When a connection was last used: kept to the minute, so that a busy one costs one small write a minute and nobody waits for it.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use zis_store::{
    AccountId, StoreError,
    connection::{self, Connection},
};

use super::Connections;
use crate::sync::lock;

/// Between two notes about the same connection.
const EVERY: Duration = Duration::from_secs(60);
/// Connections in memory; above it all begin anew, which costs one write each.
const MAX_CONNECTIONS: usize = 10_000;

/// When each connection was last noted, by account, integration and name.
#[derive(Default)]
pub(super) struct Usage(Mutex<HashMap<AccountId, HashMap<String, Instant>>>);

impl Usage {
    /// Whether a use is to be noted now; the next [`EVERY`] it is not.
    fn is_due(&self, connection: &Connection) -> bool {
        let key = format!("{}/{}", connection.integration, connection.name);
        let mut noted = lock(&self.0);
        let noted = noted.entry(connection.account).or_default();
        if noted.get(&key).is_some_and(|at| at.elapsed() < EVERY) {
            return false;
        }
        if noted.len() >= MAX_CONNECTIONS {
            noted.clear();
        }
        noted.insert(key, Instant::now());
        true
    }
}

impl Connections {
    /// Notes that a flow was given what `connection` holds.
    pub(crate) fn note_use(&self, connection: &Connection) {
        if self.inner.usage.is_due(connection) {
            let Connection { account, integration, name, .. } = connection;
            // Not waited for: a note that is lost is made again in a minute.
            drop(self.inner.store.write(vec![connection::used(*account, integration, name, self.inner.clock.now())]));
        }
    }

    /// When the connections of an integration were last used, by name and to the minute; one that never was is left out.
    pub async fn uses(
        &self,
        account: AccountId,
        integration: &str,
    ) -> Result<HashMap<String, zis_flow::Timestamp>, StoreError> {
        connection::uses(&self.inner.store, account, integration).await
    }
}
