//! What changed between two documents, one line for each path.

use serde_json::Value;

/// One changed path.
#[derive(Debug, PartialEq)]
pub enum Change {
    Added(String, Value),
    Removed(String),
    Changed(String, Value, Value),
}

/// The changes from `old` to `new`, in the order of the new document; a replaced root is one change of `$`.
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    if is_replaced(old, new) {
        found.push(Change::Changed("$".to_owned(), old.clone(), new.clone()));
    } else {
        walk("$", old, new, &mut found);
    }
    found
}

/// Two objects without a single member in common: the output took the place of the document.
fn is_replaced(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return false };
    !old.is_empty() && !new.is_empty() && new.keys().all(|key| !old.contains_key(key))
}

fn walk(path: &str, old: &Value, new: &Value, found: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in after {
                let path = member(path, key);
                match before.get(key) {
                    Some(old) => walk(&path, old, value, found),
                    None => found.push(Change::Added(path, value.clone())),
                }
            }
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            found.extend(gone.map(|key| Change::Removed(member(path, key))));
        }
        _ if old == new => {}
        _ => found.push(Change::Changed(path.to_owned(), old.clone(), new.clone())),
    }
}

fn member(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
    if plain { format!("{path}.{key}") } else { format!("{path}['{key}']") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_each_changed_path_once() {
        let old = json!({"input": {"a": 1}, "gone": true});
        let new = json!({"input": {"a": 2}, "amount": 100, "odd key": null});
        assert_eq!(
            changes(&old, &new),
            [
                Change::Changed("$.input.a".into(), json!(1), json!(2)),
                Change::Added("$.amount".into(), json!(100)),
                Change::Added("$['odd key']".into(), json!(null)),
                Change::Removed("$.gone".into()),
            ]
        );
        assert_eq!(changes(&new, &new), []);
        let output = json!({"id": 7});
        assert_eq!(changes(&new, &output), [Change::Changed("$".into(), new.clone(), output.clone())]);
    }
}
