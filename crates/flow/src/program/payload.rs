//! Compiled parameters and request bodies: JSON trees in which some leaves come from the document (spec 2.4.3, 3.7).

use std::sync::Arc;

use zis_bundle::{
    json::{Kind, Node},
    path::{Path, PathError},
    template::{Dynamic, Part, Template},
};

use crate::{
    program::resolve::{Fault, Resolver},
    value::Value,
};

/// Where placeholders are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A state's `Parameters`: only keys that end in `.$` are paths or templates.
    Keys,
    /// An action's definition: strings without `.$` are templates, too.
    Everywhere,
}

/// A JSON tree to be filled in. A subtree without anything to fill in is one shared value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    Literal(Value),
    Path(Path),
    Text(Text),
    Array(Vec<Payload>),
    Object(Vec<Field>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub key: Arc<str>,
    /// The key was written with `.$`: for messages.
    pub dynamic: bool,
    pub value: Payload,
}

impl Payload {
    pub fn compile(node: &Node, mode: Mode) -> Result<Self, PathError> {
        Ok(match &node.kind {
            Kind::String(text) if mode == Mode::Everywhere => Payload::from(Text::template(text)?),
            Kind::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| Payload::compile(item, mode)).collect::<Result<_, _>>()?;
                if items.iter().all(Payload::is_literal) {
                    Payload::Literal(Value::array(items.into_iter().filter_map(Payload::into_literal)))
                } else {
                    Payload::Array(items)
                }
            }
            Kind::Object(members) => {
                let fields = members.iter().map(|member| Field::compile(&member.key, &member.value, mode));
                let fields: Vec<_> = fields.collect::<Result<_, _>>()?;
                if fields.iter().all(|field| field.value.is_literal()) {
                    let pairs = fields.into_iter().filter_map(|field| Some((field.key, field.value.into_literal()?)));
                    Payload::Literal(Value::object(pairs))
                } else {
                    Payload::Object(fields)
                }
            }
            _ => Payload::Literal(Value::from(node)),
        })
    }

    /// The value of a `.$` key.
    pub fn dynamic(text: &str) -> Result<Self, PathError> {
        Ok(match Dynamic::parse(text)? {
            Dynamic::Path(path) => Payload::Path(path),
            Dynamic::Template(template) => Payload::from(Text::of(&template)),
        })
    }

    fn is_literal(&self) -> bool {
        matches!(self, Payload::Literal(_))
    }

    fn into_literal(self) -> Option<Value> {
        if let Payload::Literal(value) = self { Some(value) } else { None }
    }

    pub fn resolve(&self, resolver: &Resolver) -> Result<Value, Box<Fault>> {
        Ok(match self {
            Payload::Literal(value) => value.clone(),
            Payload::Path(path) => resolver.value(path)?.clone(),
            Payload::Text(text) => Value::String(text.resolve(resolver)?),
            Payload::Array(items) => {
                let resolve = |(at, item): (usize, &Payload)| {
                    item.resolve(resolver).map_err(|fault| fault.within(format!("[{at}]")))
                };
                Value::Array(Arc::new(items.iter().enumerate().map(resolve).collect::<Result<_, _>>()?))
            }
            Payload::Object(fields) => {
                let resolve = |field: &Field| {
                    let value = field.value.resolve(resolver).map_err(|fault| fault.within(field.written()))?;
                    Ok((field.key.clone(), value))
                };
                Value::Object(Arc::new(fields.iter().map(resolve).collect::<Result<_, Box<Fault>>>()?))
            }
        })
    }
}

impl From<Text> for Payload {
    fn from(text: Text) -> Self {
        match text {
            Text::Literal(text) => Payload::Literal(Value::String(text)),
            Text::Path(path) => Payload::Path(path),
            parts @ Text::Parts(_) => Payload::Text(parts),
        }
    }
}

impl Field {
    fn compile(key: &str, value: &Node, mode: Mode) -> Result<Self, PathError> {
        if let (Some(key), Some(text)) = (key.strip_suffix(".$"), value.as_str()) {
            return Ok(Field { key: Arc::from(key), dynamic: true, value: Payload::dynamic(text)? });
        }
        // A `.$` key over anything but a string is refused at upload; here it is taken as it is.
        let key = Arc::from(key.strip_suffix(".$").unwrap_or(key));
        Ok(Field { key, dynamic: false, value: Payload::compile(value, mode)? })
    }

    /// The key as the bundle has it.
    pub fn written(&self) -> String {
        if self.dynamic { format!("{}.$", self.key) } else { self.key.to_string() }
    }
}

/// A string with placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Text {
    Literal(Arc<str>),
    /// The text of whatever the path names.
    Path(Path),
    Parts(Vec<Part>),
}

impl Text {
    pub fn template(text: &str) -> Result<Self, PathError> {
        Template::parse(text).map(|template| Self::of(&template))
    }

    pub fn of(template: &Template) -> Self {
        match template.as_literal() {
            Some(text) => Text::Literal(Arc::from(text)),
            None => Text::Parts(template.parts.clone()),
        }
    }

    /// A string of a definition, written with or without `.$`.
    pub fn definition(text: &zis_bundle::action::Text) -> Result<Self, PathError> {
        if !text.dynamic {
            return Self::template(&text.text);
        }
        Ok(match Dynamic::parse(&text.text)? {
            Dynamic::Path(path) => Text::Path(path),
            Dynamic::Template(template) => Self::of(&template),
        })
    }

    pub fn resolve(&self, resolver: &Resolver) -> Result<Arc<str>, Box<Fault>> {
        match self {
            Text::Literal(text) => Ok(text.clone()),
            Text::Path(path) => match resolver.value(path)? {
                Value::String(text) => Ok(text.clone()),
                value => {
                    let mut out = String::new();
                    resolver.write(value, &mut out)?;
                    Ok(Arc::from(out))
                }
            },
            Text::Parts(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Path(path, _) => resolver.write(resolver.value(path)?, &mut out)?,
                    }
                }
                Ok(Arc::from(out))
            }
        }
    }

    /// Resolves with every missing path as nothing: a terminal state never fails over its text (spec 3.8).
    pub fn resolve_lenient(&self, resolver: &Resolver) -> Arc<str> {
        let mut out = String::new();
        let put = |path: &Path, out: &mut String| {
            if let Ok(value) = resolver.value(path) {
                let _ = resolver.write(value, out);
            }
        };
        match self {
            Text::Literal(text) => return text.clone(),
            Text::Path(path) => put(path, &mut out),
            Text::Parts(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Path(path, _) => put(path, &mut out),
                    }
                }
            }
        }
        Arc::from(out)
    }

    /// The paths that the text reads.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let (one, parts): (Option<&Path>, &[Part]) = match self {
            Text::Literal(_) => (None, &[]),
            Text::Path(path) => (Some(path), &[]),
            Text::Parts(parts) => (None, parts),
        };
        let in_parts = parts.iter().filter_map(|part| if let Part::Path(path, _) = part { Some(path) } else { None });
        one.into_iter().chain(in_parts)
    }
}

impl Payload {
    /// Calls `visit` with every path that the tree reads.
    pub fn paths<'p>(&'p self, visit: &mut dyn FnMut(&'p Path)) {
        match self {
            Payload::Literal(_) => {}
            Payload::Path(path) => visit(path),
            Payload::Text(text) => text.paths().for_each(visit),
            Payload::Array(items) => items.iter().for_each(|item| item.paths(visit)),
            Payload::Object(fields) => fields.iter().for_each(|field| field.value.paths(visit)),
        }
    }
}
