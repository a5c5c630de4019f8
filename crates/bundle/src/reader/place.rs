//! A node and its JSON pointer: what every check needs to say where it looked.

use crate::{
    json::{Kind, Member, Node, push_pointer},
    text::{Span, Spanned},
};

#[derive(Debug, Clone)]
pub(super) struct Place<'n> {
    pub node: &'n Node,
    pub pointer: String,
}

impl<'n> Place<'n> {
    pub fn root(node: &'n Node) -> Self {
        Self { node, pointer: String::new() }
    }

    pub fn get(&self, key: &str) -> Option<Place<'n>> {
        self.node.member(key).map(|member| self.member(member))
    }

    pub fn member(&self, member: &'n Member) -> Place<'n> {
        Place { node: &member.value, pointer: self.pointer_to(&member.key) }
    }

    pub fn item(&self, index: usize, node: &'n Node) -> Place<'n> {
        Place { node, pointer: self.pointer_to(&index.to_string()) }
    }

    /// The items of an array, each with its pointer.
    pub fn items(&self) -> impl Iterator<Item = Place<'n>> {
        self.node.items().iter().enumerate().map(|(index, node)| self.item(index, node))
    }

    /// The pointer of the member `key`, present or not.
    pub fn pointer_to(&self, key: &str) -> String {
        let mut pointer = self.pointer.clone();
        push_pointer(&mut pointer, key);
        pointer
    }

    /// The opening bracket: where a missing member is reported.
    pub fn opening(&self) -> Span {
        let start = self.node.span.start;
        Span::new(start, self.node.span.end.min(start + 1))
    }

    /// Where to underline the value: its opening bracket when it spans more than a scalar does.
    pub fn headline(&self) -> Span {
        match self.node.kind {
            Kind::Object(_) | Kind::Array(_) => self.opening(),
            _ => self.node.span,
        }
    }

    pub fn spanned<T>(&self, value: T) -> Spanned<T> {
        Spanned { value, span: self.node.span }
    }

    /// `an object`, `a string`: for messages.
    pub fn described(&self) -> String {
        match self.node.kind {
            Kind::Null => "null".into(),
            Kind::Array(_) | Kind::Object(_) => format!("an {}", self.node.type_name()),
            _ => format!("a {}", self.node.type_name()),
        }
    }
}
