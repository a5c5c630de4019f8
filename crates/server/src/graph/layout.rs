//! Where boxes and ways go: a layered layout (dagre).

use std::collections::HashMap;

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, RankDir,
    graph::{Graph, GraphOptions},
    layout,
};

use super::Picture;

/// Pixels of a letter and around the text of a box.
const LETTER: f64 = 7.2;
const PADDING: f64 = 34.0;
const HEIGHT: f64 = 44.0;
const LABEL_LETTER: f64 = 5.8;
const LABEL_HEIGHT: f64 = 16.0;
/// Space for the title of a frame.
const MARGIN: f64 = 24.0;

/// A box by its middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Default)]
pub(super) struct Layout {
    pub areas: HashMap<String, Area>,
    /// By index of the way: its points, and the middle of its label.
    pub lines: Vec<(Vec<(f64, f64)>, (f64, f64))>,
    pub width: f64,
    pub height: f64,
}

pub(super) fn place(picture: &Picture) -> Layout {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    for node in &picture.nodes {
        let text = node.name.chars().count().max(node.kind.len()) as f64;
        let label = NodeLabel { width: text * LETTER + PADDING, height: HEIGHT, ..NodeLabel::default() };
        graph.set_node(node.place.clone(), Some(label));
    }
    for node in &picture.nodes {
        if let Some(parent) = &node.parent {
            graph.set_parent(&node.place, Some(parent));
        }
    }
    for (index, way) in picture.ways.iter().enumerate() {
        let width = way.label.chars().count() as f64 * LABEL_LETTER;
        let height = if way.label.is_empty() { 0.0 } else { LABEL_HEIGHT };
        let label = EdgeLabel { width, height, ..EdgeLabel::default() };
        // A frame has no edges in a layered layout: ways of a Map hang on the first and last box inside.
        let (from, to) = (end(picture, &way.from, End::Last), end(picture, &way.to, End::First));
        graph.set_edge(from, to, Some(label), Some(&index.to_string()));
    }
    let options = LayoutOptions {
        rankdir: RankDir::TB,
        nodesep: 36.0,
        ranksep: 34.0,
        edgesep: 14.0,
        marginx: MARGIN,
        marginy: MARGIN,
        ..LayoutOptions::default()
    };
    layout(&mut graph, Some(options));
    read(picture, &graph)
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    First,
    Last,
}

/// The box that stands for `place`: itself, or one inside when it is a frame.
fn end<'p>(picture: &'p Picture, place: &'p str, which: End) -> &'p str {
    let mut inside = picture.nodes.iter().filter(|node| node.parent.as_deref() == Some(place));
    let chosen = match which {
        End::First => inside.find(|node| node.start),
        End::Last => inside.next_back(),
    };
    chosen.map_or(place, |node| end(picture, &node.place, which))
}

fn read(picture: &Picture, graph: &Graph<NodeLabel, EdgeLabel>) -> Layout {
    let mut found = Layout::default();
    for node in &picture.nodes {
        let Some(label) = graph.node(&node.place) else { continue };
        let area =
            Area { x: label.x.unwrap_or(0.0), y: label.y.unwrap_or(0.0), width: label.width, height: label.height };
        found.width = found.width.max(area.x + area.width / 2.0);
        found.height = found.height.max(area.y + area.height / 2.0);
        found.areas.insert(node.place.clone(), area);
    }
    for (index, way) in picture.ways.iter().enumerate() {
        let (from, to) = (end(picture, &way.from, End::Last), end(picture, &way.to, End::First));
        let label = graph.edge(from, to, Some(&index.to_string()));
        let points: Vec<_> =
            label.map(|label| label.points.iter().map(|point| (point.x, point.y)).collect()).unwrap_or_default();
        let middle = label.and_then(|label| Some((label.x?, label.y?))).unwrap_or_default();
        for (x, y) in &points {
            found.width = found.width.max(*x);
            found.height = found.height.max(*y);
        }
        found.width = found.width.max(middle.0 + way.label.chars().count() as f64 * LABEL_LETTER / 2.0);
        found.lines.push((points, middle));
    }
    found.width += MARGIN;
    found.height += MARGIN;
    found
}
