//! What `$` may hold at each state: a walk over all routes, joined where they meet, until nothing changes.

use std::collections::BTreeSet;

use zis_bundle::{
    built_in,
    flow::{ActionState, ResultPath, State, StateKind},
    path::Path,
    template::Dynamic,
};

use super::{
    Edge, Via,
    jq::guess,
    shape::{ARRAY, Found, OBJECT, STRING, Shape},
};

/// After so many visits a state's document is given up: anything. Only hostile loops come here.
const MAX_VISITS: usize = 64;
/// Deeper knowledge than this is forgotten; it keeps loops that store `$` inside of `$` finite.
const MAX_DEPTH: usize = 12;
/// More places where the document was lost than this aren't told apart.
const MAX_LOSSES: usize = 16;

/// What `$` may hold, and where it was replaced on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub shape: Shape,
    /// The states (and Catches) that replaced the whole document on some route.
    pub losses: BTreeSet<Loss>,
}

/// A place where the whole document was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    pub state: usize,
    /// By the Catch of this number, not by the state's result.
    pub catch: Option<usize>,
}

impl Document {
    pub fn new(shape: Shape) -> Self {
        Self { shape, losses: BTreeSet::new() }
    }

    /// The shape of the items of the array at `path`.
    pub fn items(&self, path: &Path) -> Shape {
        match self.shape.lookup(path) {
            Found::Certainly(shape) | Found::Maybe(shape) if shape.may_be(ARRAY) => shape.items(),
            _ => Shape::any(),
        }
    }

    fn join(&self, other: &Self) -> Self {
        let losses = self.losses.union(&other.losses).copied().take(MAX_LOSSES).collect();
        Self { shape: self.shape.join(&other.shape), losses }
    }

    fn replaced(&self, shape: Shape, loss: Loss) -> Self {
        let mut losses = self.losses.clone();
        if losses.len() < MAX_LOSSES {
            losses.insert(loss);
        }
        Self { shape, losses }
    }

    fn written(&self, path: &Path, value: Shape) -> Self {
        let value = if value.depth(MAX_DEPTH) >= MAX_DEPTH { Shape::any() } else { value };
        Self { shape: self.shape.with(&path.segments, value), losses: self.losses.clone() }
    }

    /// The document after a result was stored.
    fn stored(&self, result_path: &ResultPath, value: Shape, loss: Loss) -> Self {
        match result_path {
            ResultPath::Discard => self.clone(),
            ResultPath::At(path) if !path.value.segments.is_empty() => self.written(&path.value, value),
            ResultPath::At(_) | ResultPath::Default => self.replaced(value, loss),
        }
    }
}

/// The documents at the beginning of each state; `None` for those that no route reaches.
pub(super) fn flow(
    states: &[State],
    edges: &[Vec<Edge>],
    start: Option<usize>,
    document: Document,
) -> Vec<Option<Document>> {
    let mut documents: Vec<Option<Document>> = vec![None; states.len()];
    let Some(start) = start else { return documents };
    let rank = ranks(edges, start);
    let mut visits = vec![0usize; states.len()];
    documents[start] = Some(document);
    let mut waiting = BTreeSet::from([(rank[start], start)]);
    while let Some((_, at)) = waiting.pop_first() {
        let Some(document) = documents[at].clone() else { continue };
        for edge in &edges[at] {
            let arriving = after(&states[at], at, &document, edge.via);
            let joined = match &documents[edge.to] {
                Some(known) => known.join(&arriving),
                None => arriving,
            };
            if documents[edge.to].as_ref() == Some(&joined) {
                continue;
            }
            visits[edge.to] += 1;
            let shape = if visits[edge.to] > MAX_VISITS { Shape::any() } else { joined.shape };
            documents[edge.to] = Some(Document { shape, losses: joined.losses });
            waiting.insert((rank[edge.to], edge.to));
        }
    }
    documents
}

/// The position of each state in reverse post-order: states come before those they lead to, loops aside.
fn ranks(edges: &[Vec<Edge>], start: usize) -> Vec<usize> {
    let mut rank = vec![0; edges.len()];
    let mut seen = vec![false; edges.len()];
    let mut calls = vec![(start, 0)];
    let mut next_rank = edges.len();
    seen[start] = true;
    while let Some((at, edge)) = calls.pop() {
        if let Some(found) = edges[at].get(edge) {
            calls.push((at, edge + 1));
            if !std::mem::replace(&mut seen[found.to], true) {
                calls.push((found.to, 0));
            }
        } else {
            next_rank -= 1;
            rank[at] = next_rank;
        }
    }
    rank
}

/// The document that a state hands on.
fn after(state: &State, at: usize, document: &Document, via: Via) -> Document {
    let loss = Loss { state: at, catch: None };
    let caught = |catches: &[zis_bundle::flow::Catch], number: usize| {
        let loss = Loss { state: at, catch: Some(number) };
        document.stored(&catches[number].result_path, error_output(), loss)
    };
    match (&state.kind, via) {
        (StateKind::Action(action), Via::Catch(number)) => caught(&action.catch, number),
        (StateKind::Map(map), Via::Catch(number)) => caught(&map.catch, number),
        (StateKind::Action(action), _) => after_action(action, document, loss),
        (StateKind::Map(map), _) => document.stored(&map.result_path, Shape::of(ARRAY), loss),
        (StateKind::Pass(pass), _) => match &pass.result {
            Some(result) => document.stored(&pass.result_path, Shape::of_json(result), loss),
            // Without a Result the whole document is the result; at `$` that changes nothing.
            None => match &pass.result_path {
                ResultPath::At(path) if !path.value.segments.is_empty() => {
                    document.written(&path.value, document.shape.clone())
                }
                _ => document.clone(),
            },
        },
        _ => document.clone(),
    }
}

fn error_output() -> Shape {
    Shape::object([("Error", Shape::of(STRING)), ("Cause", Shape::of(STRING))])
}

fn after_action(action: &ActionState, document: &Document, loss: Loss) -> Document {
    let output = match &*action.action.value {
        built_in::JQ => {
            let output = jq_output(action, document);
            // A program that nobody understands here may well give back the whole document with something changed.
            if output.is_any() && !stores(&action.result_path) {
                return Document { shape: Shape::any(), losses: document.losses.clone() };
            }
            output
        }
        "zis:common:action:PatchConfig" | "zis:common:action:DeleteLink" => return document.clone(),
        "zis:common:action:LoadConfig" => Shape::of(OBJECT),
        "zis:common:action:LoadLinks" => {
            Shape::open_object([("links", Shape::array_of(Shape::of(OBJECT))), ("meta", Shape::of(OBJECT))])
        }
        "zis:common:action:CreateLink" | "zis:common:action:PatchLink" => {
            Shape::open_object([("link", Shape::of(OBJECT))])
        }
        _ => Shape::any(),
    };
    document.stored(&action.result_path, output, loss)
}

fn stores(result_path: &ResultPath) -> bool {
    matches!(result_path, ResultPath::Discard)
        || matches!(result_path, ResultPath::At(path) if !path.value.segments.is_empty())
}

fn jq_output(action: &ActionState, document: &Document) -> Shape {
    let parameter = |key: &str| action.parameters.as_ref().and_then(|parameters| parameters.get(key));
    let Some(program) = parameter("expr").and_then(|program| program.as_str()) else { return Shape::any() };
    let data = match parameter("data.$").and_then(|data| data.as_str()) {
        Some(text) => match Dynamic::parse(text) {
            Ok(Dynamic::Path(path)) => match document.shape.lookup(&path) {
                Found::Certainly(shape) | Found::Maybe(shape) => shape,
                Found::Never { .. } => Shape::any(),
            },
            _ => Shape::any(),
        },
        None => Shape::any(),
    };
    guess(program, &data)
}
