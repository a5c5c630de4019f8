//! A graph in DOT, the language of Graphviz.

use std::fmt::Write;

use super::{EdgeKind, Graph, Node, label};

pub fn dot(graph: &Graph) -> String {
    let mut out =
        String::from("digraph flow {\n    node [fontname=\"sans-serif\"];\n    start [shape=circle, label=\"\"];\n");
    nodes(graph, None, 1, &mut out);
    for (at, _) in graph.nodes.iter().enumerate().filter(|(_, node)| node.start && node.parent.is_none()) {
        let _ = writeln!(out, "    start -> s{at};");
    }
    for edge in &graph.edges {
        let style = if edge.kind == EdgeKind::Catch { ", style=dashed" } else { "" };
        let _ = writeln!(out, "    s{} -> s{} [label=\"{}\"{style}];", edge.from, edge.to, escaped(label(edge)));
    }
    out.push_str("}\n");
    out
}

fn nodes(graph: &Graph, parent: Option<usize>, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.parent == parent) {
        let _ = writeln!(out, "{indent}s{at} [shape={}, label=\"{}\"];", shape(node), text(node));
        if node.kind == "Map" {
            let _ = writeln!(out, "{indent}subgraph cluster_{at} {{");
            let _ = writeln!(out, "{indent}    label=\"each item of {}\";", escaped(&node.name));
            nodes(graph, Some(at), depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
        }
    }
}

fn text(node: &Node) -> String {
    match &node.detail {
        Some(detail) if *detail != node.name => format!("{}\\n{}", escaped(&node.name), escaped(detail)),
        _ => escaped(&node.name),
    }
}

fn shape(node: &Node) -> &'static str {
    match node.kind {
        "Choice" => "diamond",
        "Succeed" => "oval",
        "Fail" => "octagon",
        "Wait" => "parallelogram",
        "Map" => "folder",
        _ => "box",
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
