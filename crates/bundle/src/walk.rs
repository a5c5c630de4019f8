//! Walks over the strings of `Parameters` and `requestBody`: which are plain, which stand under a `.$` key.

use crate::{
    json::{Kind, Node, push_pointer},
    text::Span,
};

/// A string somewhere inside a tree.
#[derive(Debug, Clone)]
pub struct Leaf<'n> {
    /// JSON pointer of the string, from the root of the bundle.
    pub pointer: String,
    pub text: &'n str,
    pub span: Span,
    /// It stands under a key that ends in `.$`.
    pub dynamic: bool,
    /// The key it stands under, with its place; `None` for an item of an array.
    pub key: Option<(&'n str, Span)>,
}

/// Every string in `node`, in the order written; `pointer` is the node's own.
pub fn strings<'n>(node: &'n Node, pointer: &str) -> Vec<Leaf<'n>> {
    let mut leaves = Vec::new();
    let mut at = pointer.to_owned();
    collect(node, &mut at, None, &mut leaves);
    leaves
}

fn collect<'n>(node: &'n Node, pointer: &mut String, key: Option<(&'n str, Span)>, leaves: &mut Vec<Leaf<'n>>) {
    let dynamic = key.is_some_and(|(key, _)| dynamic_key(key).is_some());
    let length = pointer.len();
    match &node.kind {
        Kind::String(text) => leaves.push(Leaf { pointer: pointer.clone(), text, span: node.span, dynamic, key }),
        Kind::Object(members) => {
            for member in members {
                push_pointer(pointer, &member.key);
                collect(&member.value, pointer, Some((&member.key, member.key_span)), leaves);
                pointer.truncate(length);
            }
        }
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_pointer(pointer, &index.to_string());
                collect(item, pointer, None, leaves);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// `key` without its `.$`, when it has one.
pub fn dynamic_key(key: &str) -> Option<&str> {
    key.strip_suffix(".$")
}
