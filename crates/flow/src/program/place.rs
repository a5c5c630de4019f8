//! `ResultPath`: where a state's output goes (spec 3.1 rules 3–5).

use std::sync::Arc;

use zis_bundle::{
    flow::ResultPath,
    path::{Path, Segment},
};

use crate::{
    failure::{Failure, error},
    program::resolve::with_article,
    value::{Object, Value},
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    /// The output becomes the document.
    Root,
    /// The output is dropped.
    Discard,
    /// The output is put there; missing objects are made on the way.
    At(Box<At>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At {
    path: Path,
    keys: Vec<Arc<str>>,
    /// Bytes that the keys may add to the document's JSON text.
    pub cost: usize,
}

impl Place {
    pub fn compile(path: &ResultPath) -> Self {
        match path {
            ResultPath::Default => Place::Root,
            ResultPath::Discard => Place::Discard,
            ResultPath::At(path) if path.value.segments.is_empty() => Place::Root,
            ResultPath::At(path) => {
                let keys = path.value.segments.iter().map(|segment| match segment {
                    Segment::Key(key) => Arc::from(&**key),
                    // Refused at upload (spec 3.1 rule 4); an object's member of that name is the nearest thing.
                    Segment::Index(index) => Arc::from(index.to_string()),
                });
                let keys: Vec<Arc<str>> = keys.collect();
                let cost = keys.iter().map(|key| key.len() + 6).sum();
                Place::At(Box::new(At { path: path.value.clone(), keys, cost }))
            }
        }
    }
}

impl At {
    /// How deep the document is nested once something of depth `inner` stands there.
    pub fn depth_with(&self, inner: u32) -> u32 {
        inner.saturating_add(u32::try_from(self.keys.len()).unwrap_or(u32::MAX))
    }

    /// Puts `value` there. In place when nobody shares the objects on the way. On failure nothing has changed.
    pub fn put(&self, document: &mut Value, value: Value) -> Result<(), Failure> {
        self.check(document)?;
        put(document, &self.keys, value);
        Ok(())
    }

    /// Whether there are only objects, nulls and nothing on the way.
    fn check(&self, document: &Value) -> Result<(), Failure> {
        let mut here = document;
        for (at, key) in self.keys.iter().enumerate() {
            match here {
                Value::Null => return Ok(()),
                Value::Object(object) => match object.get(key) {
                    Some(member) => here = member,
                    None => return Ok(()),
                },
                other => {
                    let blocked = Path { segments: self.path.segments[..at].to_vec() };
                    let what = with_article(other);
                    return Err(Failure::new(error::RUNTIME, format!("ResultPath {}: {blocked} is {what}", self.path))
                        .detail(format!("a ResultPath goes through objects; {blocked} holds {what}")));
                }
            }
        }
        Ok(())
    }
}

fn put(here: &mut Value, keys: &[Arc<str>], value: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *here = value;
        return;
    };
    if !matches!(here, Value::Object(_)) {
        *here = Value::Object(Arc::new(Object::new()));
    }
    if let Value::Object(object) = here {
        let object = Arc::make_mut(object);
        // Taken out, so that nobody else holds it and it changes in place.
        let mut member = object.take(key).unwrap_or_default();
        put(&mut member, rest, value);
        object.insert(key.clone(), member);
    }
}
