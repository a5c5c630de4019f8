//! The picture as SVG. Colours come from classes: the console's style sheet, or the one embedded in a picture that stands alone.

use std::fmt::Write;

use zis_bundle::Flow;
use zis_lint::graph::{Edge, EdgeKind, Graph};

use super::{
    Mark, Overlay, is_frame,
    layout::{self, Area, Layout, Line, arrange},
    place,
};

/// The style of a picture that stands alone; the console has its own with the same classes.
const STYLE: &str = "\
svg{font:13px system-ui,sans-serif;background:#fff}\
.box{fill:#f6f8fa;stroke:#57606a}.frame{fill:none;stroke:#57606a;stroke-dasharray:4 3}\
.kind{font-size:10px;fill:#57606a}.name{fill:#1f2328}\
.way{fill:none;stroke:#57606a}.way.catch{stroke:#bc4c00;stroke-dasharray:4 3}.way.taken{stroke:#0969da;stroke-width:2.5}\
.label{font-size:10.5px;fill:#57606a;paint-order:stroke;stroke:#fff;stroke-width:3px}.head{fill:#57606a}.head.taken{fill:#0969da}\
.done .box{fill:#dafbe1;stroke:#1a7f37}.caught .box{fill:#fff8c5;stroke:#9a6700}.running .box{fill:#ddf4ff;stroke:#0969da}.failed .box{fill:#ffebe9;stroke:#cf222e}";

/// A picture that stands alone.
pub fn svg(flow: &Flow) -> String {
    render(&Drawing::new(flow), &Overlay::default(), Some(STYLE))
}

/// A flow laid out, which takes far longer than to draw it.
pub struct Drawing {
    name: String,
    graph: Graph,
    layout: Layout,
}

impl Drawing {
    pub fn new(flow: &Flow) -> Self {
        let graph = Graph::new(flow);
        let layout = arrange(&graph);
        Self { name: flow.name.value.clone(), graph, layout }
    }

    /// A picture for a page: each state is a link to `#state-…`.
    pub fn on_page(&self, overlay: &Overlay) -> String {
        render(self, overlay, None)
    }
}

fn render(Drawing { name, graph, layout }: &Drawing, overlay: &Overlay, style: Option<&str>) -> String {
    let (width, height) = (layout.width.ceil(), layout.height.ceil());
    let title = escape(name);
    // On a page the states are links, which an image can't have.
    let role = if style.is_some() { "img" } else { "group" };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flow\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"{role}\" aria-label=\"Flow {title}\"><title>{title}</title>"
    );
    if let Some(style) = style {
        let _ = write!(out, "<style>{style}</style>");
    }
    out.push_str(
        "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker>\
         <marker id=\"taken\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"12\" markerHeight=\"12\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path class=\"head taken\" d=\"M0 0L8 4L0 8z\"/></marker></defs>",
    );
    let (frames, boxes): (Vec<usize>, Vec<usize>) = (0..graph.nodes.len()).partition(|node| is_frame(graph, *node));
    frames.iter().for_each(|node| state(graph, *node, layout, overlay, &mut out));
    for (edge, line) in graph.edges.iter().zip(&layout.lines) {
        line_of(graph, edge, line, overlay, &mut out);
    }
    boxes.iter().for_each(|node| state(graph, *node, layout, overlay, &mut out));
    out.push_str("</svg>");
    out
}

fn state(graph: &Graph, index: usize, layout: &Layout, overlay: &Overlay, out: &mut String) {
    let Area { x, y, width, height } = layout.areas[index];
    let (node, place, frame) = (&graph.nodes[index], place(graph, index), is_frame(graph, index));
    let mark = match overlay.states.get(&place) {
        Some(Mark::Done) => " done",
        Some(Mark::Caught) => " caught",
        Some(Mark::Running) => " running",
        Some(Mark::Failed) => " failed",
        None => "",
    };
    let begins = if node.start && node.parent.is_none() { " start" } else { "" };
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let name = escape(&node.name);
    let place = escape(&place);
    let _ = write!(out, "<a href=\"#state-{place}\" class=\"state {}{mark}{begins}\">", node.kind.to_lowercase());
    let (class, radius) = match (frame, node.kind) {
        (true, _) => ("frame", 10.0),
        (_, "Succeed" | "Fail") => ("box", 22.0),
        (_, "Choice") => ("box", 2.0),
        _ => ("box", 8.0),
    };
    let _ = write!(
        out,
        "<title>{} {place}</title><rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius}\"/>",
        node.kind
    );
    let (text_y, kind_y) = if frame { (top + 16.0, top + 28.0) } else { (y + 1.0, y + 14.0) };
    let (x, anchor) = if frame { (left + 10.0, "start") } else { (x, "middle") };
    let start = if begins.is_empty() { "" } else { "▸ " };
    let _ = write!(
        out,
        "<text class=\"name\" x=\"{x:.1}\" y=\"{text_y:.1}\" text-anchor=\"{anchor}\">{start}{name}</text>\
         <text class=\"kind\" x=\"{x:.1}\" y=\"{kind_y:.1}\" text-anchor=\"{anchor}\">{}</text></a>",
        node.kind
    );
}

fn line_of(graph: &Graph, edge: &Edge, (points, middle): &Line, overlay: &Overlay, out: &mut String) {
    let Some((first, rest)) = points.split_first() else { return };
    let mut path = format!("M{:.1} {:.1}", first.0, first.1);
    // Through the middles of the segments, with the corners as control points: a smooth line without its own mathematics.
    for pair in rest.windows(2) {
        let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
        let _ = write!(path, "Q{:.1} {:.1} {:.1} {:.1}", pair[0].0, pair[0].1, middle.0, middle.1);
    }
    if let Some(last) = rest.last() {
        let _ = write!(path, "L{:.1} {:.1}", last.0, last.1);
    }
    let kind = if edge.kind == EdgeKind::Catch { " catch" } else { "" };
    let is_taken = overlay.taken.contains(&(place(graph, edge.from), place(graph, edge.to)));
    let (taken, head) = if is_taken { (" taken", "taken") } else { ("", "head") };
    let _ = write!(out, "<path class=\"way{kind}{taken}\" d=\"{path}\" marker-end=\"url(#{head})\"/>");
    let label = layout::label(edge);
    if !label.is_empty() {
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            middle.0,
            middle.1 + 3.0,
            escape(&label)
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
