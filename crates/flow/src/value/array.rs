//! Arrays: a list of values that knows how deep it is nested.

use std::{ops::Deref, sync::Arc};

use super::{Value, dismantle, object::Object};

/// A JSON array. Reads like a slice of values.
#[derive(Clone, Default, Debug)]
pub struct Array {
    items: Vec<Value>,
    depth: u32,
}

impl Array {
    pub fn new() -> Self {
        Self::default()
    }

    /// How deep the items are nested: 0 for an array of scalars. An upper bound: taking items away does not lower it.
    pub(super) fn inner_depth(&self) -> u32 {
        self.depth
    }

    pub fn push(&mut self, item: Value) {
        self.depth = self.depth.max(item.depth());
        self.items.push(item);
    }

    pub fn pop(&mut self) -> Option<Value> {
        self.items.pop()
    }

    /// Puts `item` at `index` and gives what was there; `None`, and nothing changed, past the end.
    pub fn replace(&mut self, index: usize, item: Value) -> Option<Value> {
        let slot = self.items.get_mut(index)?;
        self.depth = self.depth.max(item.depth());
        Some(std::mem::replace(slot, item))
    }

    /// Takes the item at `index` out; the later ones move up.
    pub fn remove(&mut self, index: usize) -> Option<Value> {
        (index < self.items.len()).then(|| self.items.remove(index))
    }

    pub fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }

    pub fn reserve(&mut self, more: usize) {
        self.items.reserve(more);
    }

    pub fn into_vec(mut self) -> Vec<Value> {
        std::mem::take(&mut self.items)
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.items
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0);
        Self { items, depth }
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::from(Vec::from_iter(items))
    }
}

impl Extend<Value> for Array {
    fn extend<I: IntoIterator<Item = Value>>(&mut self, items: I) {
        let from = self.items.len();
        self.items.extend(items);
        self.depth = self.items[from..].iter().map(Value::depth).fold(self.depth, u32::max);
    }
}

impl IntoIterator for Array {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        if self.depth > super::DROP_BY_RECURSION {
            dismantle(std::mem::take(&mut self.items));
        }
    }
}

/// The items or members of an array or object that nobody else holds; nothing otherwise.
pub(super) fn children(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => Arc::into_inner(items).map_or_else(Vec::new, Array::into_vec),
        Value::Object(object) => Arc::into_inner(object).map_or_else(Vec::new, Object::into_values),
        _ => Vec::new(),
    }
}
