//! Looking paths up while payloads and texts are filled in, and what to say when there is nothing.

use std::fmt::Write;

use zis_bundle::path::{Path, Segment};

use crate::{
    failure::{Failure, error},
    settings::{NullText, Settings},
    value::Value,
};

/// What ZIS gives as the cause when a path of parameters or of a definition names nothing (spec 3.8).
pub(crate) const UNRESOLVED: &str = "Error Resolving JSON Params";

/// Values that a definition sees without being passed them (spec 2.4.2).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Implicit {
    pub subdomain: Value,
    pub zendesk_host: Value,
}

/// The document that paths are looked up in, and the limits of what they may make.
pub(crate) struct Resolver<'v> {
    pub root: &'v Value,
    pub implicit: Option<&'v Implicit>,
    pub settings: &'v Settings,
}

/// Why something could not be filled in.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Where it was needed, from the inside out: `profile_id.$`, `Parameters`.
    trail: Vec<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Missing(Path),
    TooLong(usize),
}

impl Fault {
    /// The same fault, told from the place around it.
    pub fn within(mut self: Box<Self>, place: impl Into<String>) -> Box<Self> {
        self.trail.push(place.into());
        self
    }

    /// The failure of the state named `state`. `reader` says whose document it was: `$` of the flow or an action's parameters.
    pub fn failure(&self, state: &str, resolver: &Resolver) -> Failure {
        let mut place = String::new();
        for part in self.trail.iter().rev() {
            if !place.is_empty() && !part.starts_with('[') {
                place.push('.');
            }
            place.push_str(part);
        }
        match &self.kind {
            Kind::Missing(path) => {
                let there = explain_missing(resolver.root, path);
                let hint = match resolver.implicit {
                    Some(_) => " (a definition sees only the Parameters of the state that calls it)",
                    None => "",
                };
                Failure::new(error::PATH, UNRESOLVED)
                    .detail(format!("state `{state}`: {place} reads {path}, but {there}{hint}"))
            }
            Kind::TooLong(most) => Failure::new(error::RUNTIME, format!("a text grew beyond {most} bytes"))
                .detail(format!("state `{state}`: {place}")),
        }
    }
}

impl<'v> Resolver<'v> {
    pub fn find(&self, path: &Path) -> Option<&'v Value> {
        self.root.at(path).or_else(|| match (&path.segments[..], self.implicit?) {
            ([Segment::Key(key)], implicit) if &**key == "subdomain" => Some(&implicit.subdomain),
            ([Segment::Key(key)], implicit) if &**key == "zendeskHost" => Some(&implicit.zendesk_host),
            _ => None,
        })
    }

    pub fn value(&self, path: &Path) -> Result<&'v Value, Box<Fault>> {
        self.find(path).ok_or_else(|| Box::new(Fault { trail: Vec::new(), kind: Kind::Missing(path.clone()) }))
    }

    /// Appends the text that a placeholder makes of `value`: strings as they are, everything else as compact JSON (spec 3.8).
    pub fn write(&self, value: &Value, out: &mut String) -> Result<(), Box<Fault>> {
        let most = self.settings.max_document_bytes;
        let room = most.saturating_sub(out.len());
        if value.json_len(room.saturating_add(3)) > room.saturating_add(2) {
            return Err(Box::new(Fault { trail: Vec::new(), kind: Kind::TooLong(most) }));
        }
        match value {
            Value::String(text) => out.push_str(text),
            Value::Null if self.settings.null_in_placeholder == NullText::Empty => {}
            // Writing to a string cannot fail.
            Value::Number(number) => drop(write!(out, "{number}")),
            value => out.push_str(&value.to_json()),
        }
        Ok(())
    }
}

/// Says what stands where `path` looked for something: `$.input has no "form_id"; it has "id", "ticket" (did you mean …?)`.
pub(crate) fn explain_missing(root: &Value, path: &Path) -> String {
    let mut value = root;
    for (at, segment) in path.segments.iter().enumerate() {
        let next = match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.item(*index),
        };
        let Some(next) = next else {
            let parent = Path { segments: path.segments[..at].to_vec() };
            return explain_step(&parent, value, segment);
        };
        value = next;
    }
    format!("{path} is there")
}

fn explain_step(parent: &Path, value: &Value, segment: &Segment) -> String {
    match (value, segment) {
        (Value::Object(object), Segment::Key(key)) if object.is_empty() => {
            format!("{parent} has no \"{key}\"; it is an empty object")
        }
        (Value::Object(object), Segment::Key(key)) => {
            let keys: Vec<&str> = object.keys().map(|key| &**key).collect();
            let mut text = format!("{parent} has no \"{key}\"; it has {}", list(&keys));
            if let Some(near) = nearest(key, &keys) {
                let mut guess = parent.clone();
                guess.segments.push(Segment::Key(near.into()));
                let _ = write!(text, " (did you mean {guess}?)");
            }
            text
        }
        (Value::Array(items), Segment::Index(index)) => {
            format!("{parent} has no item [{index}]; it has {} item{}", items.len(), plural(items.len()))
        }
        (Value::Array(_), Segment::Key(key)) => {
            format!("{parent} is an array, so it has no \"{key}\"; write {parent}[0] for its first item")
        }
        (value, Segment::Key(key)) => format!("{parent} is {}, so it has no \"{key}\"", with_article(value)),
        (value, Segment::Index(index)) => format!("{parent} is {}, so it has no item [{index}]", with_article(value)),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

pub(crate) fn with_article(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) | Value::Object(_) => format!("an {}", value.type_name()),
        _ => format!("a {}", value.type_name()),
    }
}

fn list(keys: &[&str]) -> String {
    const SHOWN: usize = 12;
    let mut text = keys.iter().take(SHOWN).map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
    if keys.len() > SHOWN {
        let _ = write!(text, " and {} more", keys.len() - SHOWN);
    }
    text
}

fn nearest<'k>(key: &str, keys: &[&'k str]) -> Option<&'k str> {
    // Only as many keys as a person would have typed; a document may hold thousands.
    let near = keys.iter().take(200).map(|near| (strsim::jaro_winkler(key, near), *near));
    near.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, near)| near)
}
