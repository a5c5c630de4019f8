//! A JSON tree in which every value and key knows its place, and a reader that survives mistakes.

use crate::text::Span;

mod number;
mod reader;
mod recover;
mod string;

pub use reader::{MAX_DEPTH, parse};
pub(crate) use recover::quoted;
pub use string::{SourceOffsets, source_offset};

/// A JSON value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// The kinds of JSON value. Numbers keep their text, so that integers of any length stay exact.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Box<str>),
    String(Box<str>),
    Array(Vec<Node>),
    /// Members in the order they were written; of a duplicate key only the last one is kept.
    Object(Vec<Member>),
}

/// One `"key": value` of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub key: Box<str>,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// The member `key` of an object.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.value)
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().find(|member| &*member.key == key)
    }

    /// The members of an object; empty for anything else.
    pub fn members(&self) -> &[Member] {
        if let Kind::Object(members) = &self.kind { members } else { &[] }
    }

    /// The items of an array; empty for anything else.
    pub fn items(&self) -> &[Node] {
        if let Kind::Array(items) = &self.kind { items } else { &[] }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Kind::String(text) = &self.kind { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Kind::Bool(value) = self.kind { Some(value) } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        if let Kind::Number(text) = &self.kind { text.parse().ok() } else { None }
    }

    /// `null`, `boolean`, `number`, `string`, `array` or `object`: for messages.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::String(_) => "string",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
        }
    }

    /// The JSON pointer (RFC 6901) of the innermost member or item whose text holds byte `offset`.
    pub fn pointer_at(&self, offset: usize) -> String {
        let mut pointer = String::new();
        let mut node = self;
        loop {
            let inner = match &node.kind {
                Kind::Object(members) => {
                    let at = members.partition_point(|member| member.value.span.end < offset);
                    members.get(at).filter(|member| member.key_span.start <= offset).map(|member| {
                        push_pointer(&mut pointer, &member.key);
                        &member.value
                    })
                }
                Kind::Array(items) => {
                    let at = items.partition_point(|item| item.span.end < offset);
                    items
                        .get(at)
                        .filter(|item| item.span.start <= offset)
                        .inspect(|_| push_pointer(&mut pointer, &at.to_string()))
                }
                _ => None,
            };
            let Some(inner) = inner else { return pointer };
            node = inner;
        }
    }

    /// The node that a JSON pointer names.
    pub fn at_pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, token| {
            let key = token.replace("~1", "/").replace("~0", "~");
            match &node.kind {
                Kind::Array(items) => items.get(key.parse::<usize>().ok()?),
                _ => node.get(&key),
            }
        })
    }
}

/// Appends `/key` to a JSON pointer, with `~` and `/` escaped.
pub fn push_pointer(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}
