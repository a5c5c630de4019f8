//! Identifiers: what a profile is found by, and the query that names one (spec 1.1, 1.2).

use zis_store::zendesk::profile::{Identifier, Profile};

use crate::error::ZendeskError;

/// `source:type:identifier_type:identifier_value`; the value may hold colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub source: String,
    pub kind: String,
    pub identifier: Identifier,
}

impl Query {
    /// Reads the (decoded) parameter `identifier`.
    pub fn parse(text: &str) -> Result<Self, ZendeskError> {
        let parts: Vec<&str> = text.splitn(4, ':').collect();
        let [source, kind, identifier, value] = parts[..] else { return Err(refused(text)) };
        if parts.iter().any(|part| part.trim().is_empty()) {
            return Err(refused(text));
        }
        let identifier = normal(identifier, value);
        Ok(Self { source: source.to_owned(), kind: kind.to_owned(), identifier })
    }

    /// A query that finds `profile`.
    pub(super) fn of(profile: &Profile) -> Self {
        let nothing = Identifier { kind: String::new(), value: String::new() };
        let identifier = profile.identifiers.first().cloned().unwrap_or(nothing);
        Self { source: profile.source.clone(), kind: profile.kind.clone(), identifier }
    }
}

fn refused(text: &str) -> ZendeskError {
    let title =
        format!("identifier `{text}` must be source:type:identifier_type:identifier_value, each of them not empty");
    ZendeskError::client("InvalidIdentifierQuery", title)
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}:{}", self.source, self.kind, self.identifier.kind, self.identifier.value)
    }
}

/// Values of `email` and `twitter` are kept in lower case.
pub(super) fn normal(kind: &str, value: &str) -> Identifier {
    let value = if matches!(kind, "email" | "twitter") { value.to_lowercase() } else { value.to_owned() };
    Identifier { kind: kind.to_owned(), value }
}

/// Is it one that a user record has too?
pub(super) fn standard(identifier: &Identifier) -> bool {
    matches!(identifier.kind.as_str(), "email" | "external_id" | "phone_number" | "facebook" | "twitter" | "sdk")
}

/// The name of a profile that nobody named: the first of the standard identifiers says it (spec 1.1).
pub(super) fn default_name(identifiers: &[Identifier]) -> String {
    let rules: [(&str, &str); 6] = [
        ("email", ""),
        ("external_id", "User "),
        ("phone_number", "User "),
        ("twitter", "Twitter user "),
        ("facebook", "Facebook user "),
        ("sdk", "SDK user "),
    ];
    let by_rule = rules.iter().find_map(|(kind, prefix)| {
        let found = identifiers.iter().find(|identifier| identifier.kind == *kind)?;
        Some(format!("{prefix}{}", found.value))
    });
    by_rule
        .or_else(|| identifiers.first().map(|first| format!("{} user {}", first.kind, first.value)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_query_may_hold_colons() {
        let query = Query::parse("acme:customer:url:https://x/y").unwrap();
        assert_eq!(query.identifier, Identifier { kind: "url".into(), value: "https://x/y".into() });
        assert_eq!(Query::parse("a:b:email:J@X").unwrap().identifier.value, "j@x");
    }

    #[test]
    fn a_query_needs_all_four_parts() {
        for text in ["", "a", "a:b:c", "a:b:c:", ":b:c:d", "a: :c:d"] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_come_from_the_first_rule_that_fits() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let identifiers: Vec<_> = pairs.iter().map(|(kind, value)| normal(kind, value)).collect();
            assert_eq!(default_name(&identifiers), expected);
        };
        check(&[("phone_number", "+61"), ("email", "j@x")], "j@x");
        check(&[("phone_number", "+61"), ("external_id", "7")], "User 7");
        check(&[("twitter", "JD")], "Twitter user jd");
        check(&[("loyalty", "9")], "loyalty user 9");
    }
}
