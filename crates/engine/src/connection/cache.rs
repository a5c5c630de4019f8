//! Connections in memory: the road of an event does not read the database for each call.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::broadcast::{self, error::TryRecvError};
use zis_store::{AccountId, Store, connection::Connection};

use crate::sync::lock;

/// How long a connection is used without looking at the store. Changes on this node are seen at once, those on other nodes as soon as their
/// notice comes; this is for notices that are lost.
const FRESH: Duration = Duration::from_secs(1);
/// Integrations in memory; above it the cache begins anew, which costs one read each.
const MAX_INTEGRATIONS: usize = 10_000;
/// Tokens of an integration that flows were given (`$.connections`), to be masked in what they send: the last ones, because a running
/// flow may still hold one that was refreshed since.
const MAX_EXPOSED: usize = 16;
/// What topics of this cache begin with; account and integration follow.
const TOPIC: &str = "connections/";

type Key = (AccountId, String);

#[derive(Default)]
struct Shelf {
    connections: HashMap<String, (Instant, Arc<Connection>)>,
    exposed: VecDeque<SecretString>,
}

#[derive(Default)]
struct Shelves {
    shelves: HashMap<Key, Shelf>,
    /// Counts what was forgotten: a read that began before must not be put.
    forgotten: u64,
}

/// Connections by account, integration and name.
pub(super) struct Cache {
    inner: Mutex<Shelves>,
    notices: Mutex<broadcast::Receiver<Arc<str>>>,
}

impl Cache {
    pub fn new(store: &Store) -> Self {
        Self { inner: Mutex::default(), notices: Mutex::new(store.notified()) }
    }

    /// The shelves, without what other nodes have changed meanwhile.
    fn current(&self) -> MutexGuard<'_, Shelves> {
        let mut notices = lock(&self.notices);
        let mut inner = lock(&self.inner);
        loop {
            let topic = match notices.try_recv() {
                Ok(topic) => topic,
                // Some were missed: any connection may have changed.
                Err(TryRecvError::Lagged(_)) => Arc::from(""),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return inner,
            };
            let named = topic.strip_prefix(TOPIC).and_then(|rest| rest.split_once('/'));
            let key = named.and_then(|(account, name)| Some((AccountId(account.parse().ok()?), name.to_owned())));
            if let Some(key) = key {
                inner.forget(&key);
            } else if topic.is_empty() {
                inner.forget_all();
            }
        }
    }

    pub fn get(&self, account: AccountId, integration: &str, name: &str) -> Option<Arc<Connection>> {
        let inner = self.current();
        let (at, connection) = inner.shelves.get(&(account, integration.to_owned()))?.connections.get(name)?;
        (at.elapsed() < FRESH).then(|| connection.clone())
    }

    /// To be taken before a read, and given to [`Cache::put`].
    pub fn ticket(&self) -> u64 {
        self.current().forgotten
    }

    /// Keeps what was read, unless something was forgotten since the ticket was taken.
    pub fn put(&self, connection: Arc<Connection>, ticket: u64) {
        let mut inner = self.current();
        if inner.forgotten != ticket {
            return;
        }
        if inner.shelves.len() >= MAX_INTEGRATIONS {
            inner.shelves.clear();
        }
        let shelf = inner.shelves.entry((connection.account, connection.integration.clone())).or_default();
        shelf.connections.insert(connection.name.clone(), (Instant::now(), connection));
    }

    /// A connection of the integration changed here: forgets them, and tells the other nodes.
    pub fn changed(&self, store: &Store, account: AccountId, integration: &str) {
        lock(&self.inner).forget(&(account, integration.to_owned()));
        store.notify(&format!("{TOPIC}{}/{integration}", account.0));
    }

    /// Remembers that flows of the integration can read this token.
    pub fn expose(&self, account: AccountId, integration: &str, token: &SecretString) {
        let mut inner = lock(&self.inner);
        let exposed = &mut inner.shelves.entry((account, integration.to_owned())).or_default().exposed;
        if exposed.iter().any(|known| known.expose_secret() == token.expose_secret()) {
            return;
        }
        exposed.push_back(token.clone());
        if exposed.len() > MAX_EXPOSED {
            exposed.pop_front();
        }
    }

    pub fn exposed(&self, account: AccountId, integration: &str) -> Vec<SecretString> {
        let inner = lock(&self.inner);
        let shelf = inner.shelves.get(&(account, integration.to_owned()));
        shelf.map(|shelf| shelf.exposed.iter().cloned().collect()).unwrap_or_default()
    }
}

impl Shelves {
    fn forget(&mut self, key: &Key) {
        self.forgotten += 1;
        if let Some(shelf) = self.shelves.get_mut(key) {
            shelf.connections.clear();
        }
    }

    fn forget_all(&mut self) {
        self.forgotten += 1;
        self.shelves.values_mut().for_each(|shelf| shelf.connections.clear());
    }
}
