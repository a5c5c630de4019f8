//! A secret stands in the bundle as plain text.
//!
//! # What it checks
//!
//! Fixed values, without placeholders, of headers such as `Authorization` and `X-Api-Key`, of members such as `password`, `token` or
//! `client_secret` in bodies and `Parameters`, and credentials in a URL. The value is masked in what is printed.
//!
//! # Why
//!
//! Everybody who can read the bundle can read it, and so can its history. It can't be changed without a deploy.
//!
//! # Example
//!
//! ```json
//! "headers": [{"key": "Authorization", "value": "Basic dXNlcjpwYXNzd29yZA=="}]
//! ```
//!
//! # Instead
//!
//! Make a connection and name it: `"connectionName": "shop"`.

use zis_bundle::{
    Span,
    action::{Body, Target},
    flow::StateKind,
    walk,
};

use crate::rule::{Context, Found};

const HEADERS: [&str; 8] =
    ["authorization", "proxyauthorization", "xapikey", "apikey", "xauthtoken", "xaccesstoken", "xapitoken", "cookie"];
const MEMBERS: [&str; 11] = [
    "password",
    "passwd",
    "secret",
    "clientsecret",
    "apikey",
    "apitoken",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "privatekey",
    "token",
];

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let request = &definition.action.definition;
        for (list, entries, names) in
            [("headers", &request.headers, &HEADERS[..]), ("queryParams", &request.query, &MEMBERS[..])]
        {
            for (at, entry) in entries.iter().enumerate() {
                if !entry.value.dynamic && names.contains(&&*plain(&entry.key.value)) && is_secret(&entry.value.text) {
                    report(
                        &entry.key.value,
                        entry.value.span,
                        &format!("{}/{list}/{at}/value", definition.pointer),
                        found,
                    );
                }
            }
        }
        if let Target::Url(url) = &request.target
            && has_credentials(&url.text)
        {
            report("url", url.span, &format!("{}/url", definition.pointer), found);
        }
        if let Some(Body::Tree(tree)) = &request.body {
            members(walk::strings(tree, &format!("{}/requestBody", definition.pointer)), found);
        }
    }
    for place in context.states() {
        if let StateKind::Action(action) = &place.state.kind
            && let Some(parameters) = &action.parameters
        {
            members(walk::strings(parameters, &format!("{}/Parameters", place.state.pointer)), found);
        }
    }
}

fn members(leaves: Vec<walk::Leaf>, found: &mut Found) {
    for leaf in leaves {
        let Some((key, _)) = leaf.key else { continue };
        let name = plain(walk::dynamic_key(key).unwrap_or(key));
        if MEMBERS.contains(&&*name) && is_secret(leaf.text) {
            report(key, leaf.span, &leaf.pointer, found);
        }
    }
}

fn report(key: &str, span: Span, pointer: &str, found: &mut Found) {
    let finding = found.add(span, pointer, format!("`{key}` holds what looks like a secret, readable by everybody"));
    finding.help =
        Some("keep it in a connection and name that in `connectionName`; change the secret, it is known now".into());
}

fn plain(key: &str) -> String {
    key.chars().filter(|found| found.is_ascii_alphanumeric()).map(|found| found.to_ascii_lowercase()).collect()
}

/// A fixed text of some length that isn't there to be filled in.
fn is_secret(text: &str) -> bool {
    let value =
        ["Bearer ", "Basic ", "Token "].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text).trim();
    let shouting = value.chars().all(|found| found.is_ascii_uppercase() || found == '_' || found.is_ascii_digit());
    let to_fill_in = value.contains(['{', '<', '$', '*', ' ']) || value.to_lowercase().contains("your") || shouting;
    value.len() >= 8 && !to_fill_in
}

/// `https://user:password@host/…`
fn has_credentials(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty() && !password.contains("{{"))
}
