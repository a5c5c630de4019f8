//! Where boxes and ways go: a layered layout (dagre).

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, RankDir,
    graph::{Graph as Layers, GraphOptions},
    layout,
};
use zis_lint::graph::{Edge, Graph};

/// Pixels of a letter and around the text of a box.
const LETTER: f64 = 7.2;
const PADDING: f64 = 34.0;
const HEIGHT: f64 = 44.0;
const LABEL_LETTER: f64 = 5.8;
const LABEL_HEIGHT: f64 = 16.0;
const MARGIN: f64 = 24.0;
/// Space for the title of a frame.
const TITLE: f64 = 26.0;

/// A box by its middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// The points of a line, and the middle of its label.
pub(super) type Line = (Vec<(f64, f64)>, (f64, f64));

/// Boxes by index of the node, lines by index of the edge.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub areas: Vec<Area>,
    pub lines: Vec<Line>,
    pub width: f64,
    pub height: f64,
}

/// Characters of a label; the end of a long condition says more than its beginning.
const LABEL: usize = 42;

/// What stands on a line.
pub(super) fn label(edge: &Edge) -> String {
    let text = zis_lint::graph::label(edge);
    let count = text.chars().count();
    if count <= LABEL {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(count - LABEL)).collect()
}

pub(super) fn arrange(graph: &Graph) -> Layout {
    let mut layers: Layers<NodeLabel, EdgeLabel> =
        Layers::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    for (index, node) in graph.nodes.iter().enumerate() {
        let text = node.name.chars().count().max(node.kind.len()) as f64;
        let label = NodeLabel { width: text * LETTER + PADDING, height: HEIGHT, ..NodeLabel::default() };
        layers.set_node(index.to_string(), Some(label));
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            layers.set_parent(&index.to_string(), Some(&parent.to_string()));
        }
    }
    for (index, edge) in graph.edges.iter().enumerate() {
        let text = label(edge);
        let width = text.chars().count() as f64 * LABEL_LETTER;
        let height = if text.is_empty() { 0.0 } else { LABEL_HEIGHT };
        let to = entrance(graph, edge.to);
        let label = EdgeLabel { width, height, ..EdgeLabel::default() };
        layers.set_edge(exit(graph, edge.from), to.clone(), Some(label), Some(&index.to_string()));
        // What follows a frame stands below all of its ends, not only below the one that the way hangs on.
        for leaf in leaves(graph, edge.from).skip(1) {
            layers.set_edge(
                exit(graph, leaf),
                to.clone(),
                Some(EdgeLabel::default()),
                Some(&format!("{index} {leaf}")),
            );
        }
    }
    let options = LayoutOptions {
        rankdir: RankDir::TB,
        nodesep: 36.0,
        ranksep: 34.0,
        edgesep: 14.0,
        marginx: MARGIN,
        marginy: MARGIN + frames_above(graph),
        ..LayoutOptions::default()
    };
    layout(&mut layers, Some(options));
    read(graph, &layers)
}

fn inside(graph: &Graph, frame: usize) -> impl Iterator<Item = usize> {
    (0..graph.nodes.len()).filter(move |node| graph.nodes[*node].parent == Some(frame))
}

/// The boxes within a frame from which no way leads on inside of it.
fn leaves(graph: &Graph, frame: usize) -> impl Iterator<Item = usize> {
    let goes_on = move |node: usize| {
        graph.edges.iter().any(|edge| edge.from == node && graph.nodes[edge.to].parent == Some(frame))
    };
    inside(graph, frame).filter(move |node| !goes_on(*node))
}

/// A frame has no edges in a layered layout: ways out of a Map hang on an end inside, ways into it on its first box.
fn exit(graph: &Graph, mut from: usize) -> String {
    while let Some(leaf) = leaves(graph, from).next() {
        from = leaf;
    }
    from.to_string()
}

fn entrance(graph: &Graph, mut to: usize) -> String {
    while let Some(first) = inside(graph, to).find(|node| graph.nodes[*node].start) {
        to = first;
    }
    to.to_string()
}

/// How many frames stand one within another at `node`; 0 for a box.
fn levels(graph: &Graph, node: usize) -> usize {
    inside(graph, node).map(|other| 1 + levels(graph, other)).max().unwrap_or(0)
}

/// What the frames need above the layout.
fn frames_above(graph: &Graph) -> f64 {
    let most = (0..graph.nodes.len()).map(|node| levels(graph, node)).max().unwrap_or(0);
    TITLE * most as f64
}

/// A way that leads down from a frame begins at its lower edge, not at a box inside.
fn from_below(frame: &Area, points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let bottom = frame.y + frame.height / 2.0;
    let below: Vec<_> = points.iter().copied().filter(|(_, y)| *y > bottom).collect();
    let Some((x, _)) = below.first() else { return points };
    let reach = (frame.width / 2.0 - PADDING).max(0.0);
    std::iter::once((x.clamp(frame.x - reach, frame.x + reach), bottom)).chain(below).collect()
}

fn read(graph: &Graph, layers: &Layers<NodeLabel, EdgeLabel>) -> Layout {
    let mut found = Layout::default();
    for index in 0..graph.nodes.len() {
        let label = layers.node(&index.to_string());
        let area = label.map(|label| Area {
            x: label.x.unwrap_or(0.0),
            y: label.y.unwrap_or(0.0),
            width: label.width,
            height: label.height,
        });
        let mut area = area.unwrap_or(Area { x: 0.0, y: 0.0, width: 0.0, height: 0.0 });
        // A frame grows upwards, by its own title and those of the frames inside.
        let titles = TITLE * levels(graph, index) as f64;
        area.y -= titles / 2.0;
        area.height += titles;
        found.width = found.width.max(area.x + area.width / 2.0);
        found.height = found.height.max(area.y + area.height / 2.0);
        found.areas.push(area);
    }
    for (index, edge) in graph.edges.iter().enumerate() {
        let (from, to) = (exit(graph, edge.from), entrance(graph, edge.to));
        let line = layers.edge(&from, &to, Some(&index.to_string()));
        let mut points: Vec<_> =
            line.map(|line| line.points.iter().map(|point| (point.x, point.y)).collect()).unwrap_or_default();
        if inside(graph, edge.from).next().is_some() {
            points = from_below(&found.areas[edge.from], points);
        }
        let middle = line.and_then(|line| Some((line.x?, line.y?))).unwrap_or_default();
        for (x, y) in &points {
            found.width = found.width.max(*x);
            found.height = found.height.max(*y);
        }
        found.width = found.width.max(middle.0 + label(edge).chars().count() as f64 * LABEL_LETTER / 2.0);
        found.lines.push((points, middle));
    }
    found.width += MARGIN;
    found.height += MARGIN;
    found
}
