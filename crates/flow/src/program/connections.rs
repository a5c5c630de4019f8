//! Which connections a flow needs before it may start (spec 2.4.6).

use zis_bundle::path::{Path, Segment};

/// Names in the order they were found, each once.
#[derive(Debug, Default)]
pub(crate) struct Names(pub Vec<String>);

impl Names {
    pub fn add(&mut self, name: &str) {
        if !name.is_empty() && !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }

    /// `$.connections.<name>…`
    pub fn add_path(&mut self, path: &Path) {
        if let [Segment::Key(first), Segment::Key(name), ..] = &path.segments[..]
            && &**first == "connections"
        {
            self.add(name);
        }
    }

    /// Every `.connections.<name>`, `.connections["name"]` and the like in a jq program over `$`. A search, not a parse: jq programs
    /// that build the name themselves are not seen.
    pub fn add_jq(&mut self, program: &str) {
        for (at, word) in program.match_indices("connections") {
            let before = program[..at].trim_end_matches('"');
            if !before.ends_with('.') && !before.ends_with('[') {
                continue;
            }
            let after = program[at + word.len()..].trim_start_matches('"').trim_start_matches(']');
            if let Some(name) = member_name(after) {
                self.add(name);
            }
        }
    }
}

/// The name in `.name…`, `."name"…`, `["name"]…`, `.["name"]…`, `?.name…`.
fn member_name(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('?');
    let rest = text.strip_prefix('.').unwrap_or(text);
    if let Some(quoted) = rest.strip_prefix("[\"").or_else(|| rest.strip_prefix('"')) {
        return quoted.split_once('"').map(|(name, _)| name);
    }
    let name = text.strip_prefix('.')?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    Some(&name[..end]).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_in_jq_programs() {
        let check = |program: &str, expected: &[&str]| {
            let mut names = Names::default();
            names.add_jq(program);
            assert_eq!(names.0, expected, "{program}");
        };
        check(".connections.zendesk.access_token", &["zendesk"]);
        check("{t: .connections[\"my-crm\"].access_token, u: .connections.slack?}", &["my-crm", "slack"]);
        check(".[\"connections\"].\"a b\" | .connections?.c", &["a b", "c"]);
        check(".input.connections_total + (\"connections.x\" | length)", &[]);
        check(".connections", &[]);
    }
}
