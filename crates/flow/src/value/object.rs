//! Objects: keys in the order they came, found by scan while small and by index when large.

use std::{collections::HashMap, sync::Arc};

use super::{Value, dismantle};

/// Above this many keys an index is kept: below it a scan is faster than hashing.
const INDEX_ABOVE: usize = 16;

/// A JSON object that keeps the order of its keys.
#[derive(Clone, Default, Debug)]
pub struct Object {
    entries: Vec<(Arc<str>, Value)>,
    index: Option<HashMap<Arc<str>, usize>>,
    depth: u32,
}

impl Object {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// The entry at `at` in the order of the keys.
    pub fn entry(&self, at: usize) -> Option<(&Arc<str>, &Value)> {
        self.entries.get(at).map(|(key, value)| (key, value))
    }

    /// How deep the members are nested: 0 when all are scalars. An upper bound: taking members away does not lower it.
    pub(super) fn inner_depth(&self) -> u32 {
        self.depth
    }

    /// Takes the value of `key` out and leaves null in its place.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.position(key).map(|at| std::mem::take(&mut self.entries[at].1))
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`: in place when it is there, at the end otherwise.
    pub fn insert(&mut self, key: Arc<str>, value: Value) {
        self.depth = self.depth.max(value.depth());
        if let Some(at) = self.position(&key) {
            self.entries[at].1 = value;
            return;
        }
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > INDEX_ABOVE {
            self.reindex();
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.reindex();
        }
        Some(value)
    }

    /// Entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.entries.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_values(mut self) -> Vec<Value> {
        std::mem::take(&mut self.entries).into_iter().map(|(_, value)| value).collect()
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(name, _)| &**name == key),
        }
    }

    fn reindex(&mut self) {
        self.index = (self.entries.len() > INDEX_ABOVE)
            .then(|| self.entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect());
    }
}

/// Equal when they hold the same keys and values, in whatever order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl FromIterator<(Arc<str>, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(pairs: I) -> Self {
        let mut object = Object::new();
        for (key, value) in pairs {
            object.insert(key, value);
        }
        object
    }
}

impl IntoIterator for Object {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut self.entries).into_iter()
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.depth > super::DROP_BY_RECURSION {
            dismantle(std::mem::take(&mut self.entries).into_iter().map(|(_, value)| value).collect());
        }
    }
}
