//! Connections in memory: the road of an event does not read the database for each call.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use zis_store::{AccountId, connection::Connection};

/// How long a connection is used without looking whether another node changed it. Changes on this node are seen at once.
const FRESH: Duration = Duration::from_secs(1);
/// Integrations in memory; above it the cache begins anew, which costs one read each.
const MAX_INTEGRATIONS: usize = 10_000;
/// Tokens of an integration that flows were given (`$.connections`), to be masked in what they send: the last ones, because a running
/// flow may still hold one that was refreshed since.
const MAX_EXPOSED: usize = 16;

type Key = (AccountId, String);

#[derive(Default)]
struct Shelf {
    connections: HashMap<String, (Instant, Arc<Connection>)>,
    exposed: VecDeque<SecretString>,
}

/// Connections by account, integration and name.
#[derive(Default)]
pub(super) struct Cache {
    shelves: Mutex<HashMap<Key, Shelf>>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Shelf>> {
        // A panic while it was held leaves a cache, not a truth.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, account: AccountId, integration: &str, name: &str) -> Option<Arc<Connection>> {
        let shelves = self.lock();
        let (at, connection) = shelves.get(&(account, integration.to_owned()))?.connections.get(name)?;
        (at.elapsed() < FRESH).then(|| connection.clone())
    }

    pub fn put(&self, connection: Arc<Connection>) {
        let mut shelves = self.lock();
        if shelves.len() >= MAX_INTEGRATIONS {
            shelves.clear();
        }
        let shelf = shelves.entry((connection.account, connection.integration.clone())).or_default();
        shelf.connections.insert(connection.name.clone(), (Instant::now(), connection));
    }

    pub fn forget(&self, account: AccountId, integration: &str, name: &str) {
        if let Some(shelf) = self.lock().get_mut(&(account, integration.to_owned())) {
            shelf.connections.remove(name);
        }
    }

    pub fn forget_all(&self, account: AccountId, integration: &str) {
        if let Some(shelf) = self.lock().get_mut(&(account, integration.to_owned())) {
            shelf.connections.clear();
        }
    }

    /// Remembers that flows of the integration can read this token.
    pub fn expose(&self, account: AccountId, integration: &str, token: &SecretString) {
        let mut shelves = self.lock();
        let exposed = &mut shelves.entry((account, integration.to_owned())).or_default().exposed;
        if exposed.iter().any(|known| known.expose_secret() == token.expose_secret()) {
            return;
        }
        exposed.push_back(token.clone());
        if exposed.len() > MAX_EXPOSED {
            exposed.pop_front();
        }
    }

    pub fn exposed(&self, account: AccountId, integration: &str) -> Vec<SecretString> {
        let shelves = self.lock();
        shelves
            .get(&(account, integration.to_owned()))
            .map(|shelf| shelf.exposed.iter().cloned().collect())
            .unwrap_or_default()
    }
}
