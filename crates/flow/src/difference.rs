//! The difference of two JSON documents, place by place: of two versions of a bundle, and of `$` before and after a state.

use serde_json::Value;
use zis_bundle::path::{Path, Segment};

/// One place that differs. A value that is not there on one side is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'v> {
    pub path: Path,
    pub old: Option<&'v Value>,
    pub new: Option<&'v Value>,
}

/// What happened at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Added,
    Removed,
    Changed,
}

impl Kind {
    /// `added`, `removed`, `changed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
        }
    }
}

impl Change<'_> {
    pub fn kind(&self) -> Kind {
        match (self.old, self.new) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            _ => Kind::Changed,
        }
    }
}

/// All places that differ, in the order of the new document with what is gone behind its neighbours; the order of an object's members
/// does not count.
pub fn changes<'v>(old: &'v Value, new: &'v Value) -> Vec<Change<'v>> {
    let mut found = Vec::new();
    compare(&mut Path::root(), Some(old), Some(new), &mut found);
    found
}

/// The same for `$` around a state; when its output took the place of the document, that is the one change.
pub fn of_state<'v>(input: &'v Value, output: &'v Value) -> Vec<Change<'v>> {
    if is_replaced(input, output) {
        return vec![Change { path: Path::root(), old: Some(input), new: Some(output) }];
    }
    changes(input, output)
}

/// Two objects without a single member in common.
fn is_replaced(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return false };
    !old.is_empty() && !new.is_empty() && new.keys().all(|key| !old.contains_key(key))
}

fn compare<'v>(path: &mut Path, old: Option<&'v Value>, new: Option<&'v Value>, found: &mut Vec<Change<'v>>) {
    let mut below = |segment, old, new| {
        path.segments.push(segment);
        compare(path, old, new, found);
        path.segments.pop();
    };
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            for key in new.keys().chain(gone) {
                below(Segment::Key(key.as_str().into()), old.get(key), new.get(key));
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for at in 0..old.len().max(new.len()) {
                below(Segment::Index(at), old.get(at), new.get(at));
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(Change { path: path.clone(), old, new }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(found: &[Change<'_>]) -> Vec<String> {
        found.iter().map(|change| format!("{} {}", change.kind().as_str(), change.path)).collect()
    }

    #[test]
    fn names_each_place_once() {
        let old = json!({"a": 1, "b": {"x/y": [1, 2]}, "c": null, "gone": {}});
        let new = json!({"c": null, "b": {"x/y": [1, 3, 4]}, "odd key": true});
        let expected =
            ["changed $.b['x/y'][1]", "added $.b['x/y'][2]", "added $['odd key']", "removed $.a", "removed $.gone"];
        assert_eq!(told(&changes(&old, &new)), expected);
        assert_eq!(changes(&old, &old), []);
        assert_eq!(told(&changes(&json!([1]), &json!({}))), ["changed $"]);
    }

    #[test]
    fn an_output_in_the_documents_place_is_one_change() {
        let (input, output) = (json!({"input": {"a": 1}}), json!({"id": 7}));
        assert_eq!(told(&of_state(&input, &output)), ["changed $"]);
        assert_eq!(told(&changes(&input, &output)), ["added $.id", "removed $.input"]);
        assert_eq!(told(&of_state(&input, &json!({"input": {"a": 1}, "id": 7}))), ["added $.id"]);
    }
}
