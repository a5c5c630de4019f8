//! What changed between two JSON documents, member by member.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One place that differs. A value that is not there on one side is left out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// JSON pointer.
    pub pointer: String,
    /// `added`, `removed` or `changed`.
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub new: Option<Value>,
}

/// All places that differ; the order of an object's members does not count.
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", Some(old), Some(new), &mut found);
    found
}

fn compare(pointer: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Change>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let escaped = key.replace('~', "~0").replace('/', "~1");
                compare(&format!("{pointer}/{escaped}"), old.get(key), new.get(key), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for at in 0..old.len().max(new.len()) {
                compare(&format!("{pointer}/{at}"), old.get(at), new.get(at), found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => {
            let kind = match (old, new) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            found.push(Change { pointer: pointer.to_owned(), kind, old: old.cloned(), new: new.cloned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_what_was_added_removed_and_changed() {
        let old = json!({"a": 1, "b": {"x/y": [1, 2]}, "c": null});
        let new = json!({"c": null, "b": {"x/y": [1, 3, 4]}, "d": true});
        let found: Vec<_> = changes(&old, &new).into_iter().map(|change| (change.pointer, change.kind)).collect();
        let expected = [("/a", "removed"), ("/b/x~1y/1", "changed"), ("/b/x~1y/2", "added"), ("/d", "added")];
        assert_eq!(found, expected.map(|(pointer, kind)| (pointer.to_owned(), kind)));
        assert_eq!(changes(&old, &old), []);
    }
}
