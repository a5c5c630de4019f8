//! A flow as a picture: states laid out in layers by a library, drawn as SVG, coloured by what ran.

mod label;
mod layout;
mod svg;

use std::collections::{HashMap, HashSet};

pub use svg::{draw, svg};

/// What ran, to be shown on the picture.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// By place without Map indices: `Redact/One`.
    pub states: HashMap<String, Mark>,
    /// Ways taken, as (place, place).
    pub taken: HashSet<(String, String)>,
}

/// How a state fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Done,
    Running,
    Failed,
}

/// A state's box or a way between two.
#[derive(Debug, Clone)]
struct Node {
    place: String,
    name: String,
    kind: &'static str,
    /// The Map that it lies in.
    parent: Option<String>,
    /// A Map with its iterator inside is a frame, not a box.
    frame: bool,
    start: bool,
}

#[derive(Debug, Clone)]
struct Way {
    from: String,
    to: String,
    label: String,
    kind: WayKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayKind {
    Next,
    Rule,
    Default,
    Catch,
}

/// All states of a flow, iterators included, and the ways between them.
#[derive(Debug, Default)]
struct Picture {
    nodes: Vec<Node>,
    ways: Vec<Way>,
}
