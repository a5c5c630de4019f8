//! Verified credentials, remembered for a short time under a keyed hash.
//!
//! The key is random per process: what lies in memory tells nothing about passwords, and nobody can choose colliding headers.

use std::{
    collections::HashMap,
    sync::{
        RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sha2::{Digest, Sha256};
use zis_flow::Timestamp;

use super::Principal;
use crate::world::World;

/// How long a verified header is believed. Changes on this node take effect at once; those on another node after this time.
const BELIEVED: Duration = Duration::from_secs(10);
/// Headers remembered at most; beyond it all are forgotten, which costs one verification each.
const MAX_ENTRIES: usize = 10_000;

/// The keyed hash of a header.
pub(super) type Key = [u8; 32];

pub(super) struct Cache {
    secret: [u8; 32],
    entries: RwLock<HashMap<Key, (Principal, Timestamp)>>,
    /// The stored hash that the password of a header was found to be right for.
    proofs: RwLock<HashMap<Key, String>>,
    generation: AtomicU64,
}

impl Cache {
    pub fn new(world: &dyn World) -> Self {
        let mut secret = [0; 32];
        world.random(&mut secret);
        Self { secret, entries: RwLock::default(), proofs: RwLock::default(), generation: AtomicU64::new(0) }
    }

    pub fn key(&self, text: &str) -> Key {
        Sha256::new().chain_update(self.secret).chain_update(text.as_bytes()).finalize().into()
    }

    pub fn get(&self, key: &Key, now: Timestamp) -> Option<Principal> {
        let entries = self.entries.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.get(key).filter(|(_, until)| now < *until).map(|(principal, _)| principal.clone())
    }

    /// Whether the password of the header was found to be right for `hash`. That stays true for ever: only another hash makes it wrong.
    pub fn is_proven(&self, key: &Key, hash: &str) -> bool {
        let proofs = self.proofs.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        proofs.get(key).is_some_and(|proven| proven == hash)
    }

    pub fn prove(&self, key: Key, hash: String) {
        let mut proofs = self.proofs.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if proofs.len() >= MAX_ENTRIES {
            proofs.clear();
        }
        proofs.insert(key, hash);
    }

    /// Counts the clearings: what was looked up before one must not be remembered after it.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub fn put(&self, key: Key, principal: &Principal, now: Timestamp, since: u64) {
        let mut entries = self.entries.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if since != self.generation() {
            return;
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (principal.clone(), now.saturating_add(BELIEVED)));
    }

    pub fn clear(&self) {
        let mut entries = self.entries.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        entries.clear();
    }
}
