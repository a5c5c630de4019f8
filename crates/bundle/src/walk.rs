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
}

/// Every string in `node`, in the order written; `pointer` is the node's own.
pub fn strings<'n>(node: &'n Node, pointer: &str) -> Vec<Leaf<'n>> {
    let mut leaves = Vec::new();
    let mut at = pointer.to_owned();
    collect(node, &mut at, false, &mut leaves);
    leaves
}

fn collect<'n>(node: &'n Node, pointer: &mut String, dynamic: bool, leaves: &mut Vec<Leaf<'n>>) {
    let length = pointer.len();
    match &node.kind {
        Kind::String(text) => leaves.push(Leaf { pointer: pointer.clone(), text, span: node.span, dynamic }),
        Kind::Object(members) => {
            for member in members {
                push_pointer(pointer, &member.key);
                collect(&member.value, pointer, dynamic_key(&member.key).is_some(), leaves);
                pointer.truncate(length);
            }
        }
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_pointer(pointer, &index.to_string());
                collect(item, pointer, false, leaves);
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
