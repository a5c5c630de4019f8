//! A graph as a Mermaid flowchart, which many wikis and code hosts draw.

use std::fmt::Write;

use super::{EdgeKind, Graph, Node, label};

pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n    start((start))\n");
    nodes(graph, None, 1, &mut out);
    for (at, _) in graph.nodes.iter().enumerate().filter(|(_, node)| node.start && node.parent.is_none()) {
        let _ = writeln!(out, "    start --> s{at}");
    }
    for edge in &graph.edges {
        let arrow = if edge.kind == EdgeKind::Catch { "-.->" } else { "-->" };
        let _ = match label(edge) {
            "" => writeln!(out, "    s{} {arrow} s{}", edge.from, edge.to),
            label => writeln!(out, "    s{} {arrow}|\"{}\"| s{}", edge.from, escaped(label), edge.to),
        };
    }
    out
}

fn nodes(graph: &Graph, parent: Option<usize>, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.parent == parent) {
        let _ = writeln!(out, "{indent}s{at}{}", shape(node));
        if node.kind == "Map" {
            let _ = writeln!(out, "{indent}subgraph m{at}[\"each item of {}\"]", escaped(&node.name));
            nodes(graph, Some(at), depth + 1, out);
            let _ = writeln!(out, "{indent}end");
            let _ = writeln!(out, "{indent}s{at} -.- m{at}");
        }
    }
}

fn shape(node: &Node) -> String {
    let text = match &node.detail {
        Some(detail) if *detail != node.name => format!("{}<br/><i>{}</i>", escaped(&node.name), escaped(detail)),
        _ => escaped(&node.name),
    };
    match node.kind {
        "Choice" => format!("{{\"{text}\"}}"),
        "Succeed" => format!("([\"{text}\"])"),
        "Fail" => format!("[[\"{text}\"]]"),
        "Wait" => format!("[/\"{text}\"/]"),
        "Map" => format!("[\\\"{text}\"\\]"),
        _ => format!("[\"{text}\"]"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;").replace('#', "&num;")
}
