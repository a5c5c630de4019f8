//! A flow as a picture: states laid out in layers by a library, drawn as SVG, coloured by what ran.

mod layout;
mod svg;

use std::collections::{HashMap, HashSet};

pub use svg::{Drawing, svg};

use zis_lint::graph::Graph;

/// What ran, to be shown on the picture.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// By place without Map indices: `Redact/One`.
    pub states: HashMap<String, Mark>,
    /// Ways taken, as (place, place).
    pub taken: HashSet<(String, String)>,
}

/// How a state fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Done,
    /// Failed, and the flow went on by a Catch.
    Caught,
    Running,
    Failed,
}

/// Where a state stands: `Redact/One` inside a Map.
fn place(graph: &Graph, node: usize) -> String {
    let node = &graph.nodes[node];
    node.parent.map_or_else(|| node.name.clone(), |parent| format!("{}/{}", place(graph, parent), node.name))
}

/// A Map with its iterator inside is a frame, not a box.
fn is_frame(graph: &Graph, node: usize) -> bool {
    graph.nodes.iter().any(|other| other.parent == Some(node))
}
