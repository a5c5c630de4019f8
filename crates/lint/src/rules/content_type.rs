//! The `Content-Type` header contradicts the body.
//!
//! # What it checks
//!
//! An action with a body and a fixed `Content-Type`: the body is sent as JSON, or as a form when the header says
//! `application/x-www-form-urlencoded`. Any other type is reported, and so are nested values in a form.
//!
//! # Why
//!
//! The receiver reads the body by its type and refuses it, or worse, reads nothing.
//!
//! # Example
//!
//! ```json
//! "headers": [{"key": "Content-Type", "value": "text/xml"}], "requestBody": {"id": 1}
//! ```
//!
//! # Instead
//!
//! ```json
//! "headers": [{"key": "Content-Type", "value": "application/json"}], "requestBody": {"id": 1}
//! ```

use zis_bundle::{
    action::{Body, Entry},
    json::Kind,
};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let request = &definition.action.definition;
        let is_type = |entry: &&Entry| entry.key.value.eq_ignore_ascii_case("content-type");
        let mut types = request.headers.iter().filter(is_type);
        let (Some(first), Some(body)) = (types.next(), &request.body) else { continue };
        let pointer = format!("{}/headers", definition.pointer);
        if let Some(second) = types.next() {
            found.add(second.key.span, &pointer, "`Content-Type` is given twice").help =
                Some("keep one of them".into());
        }
        let written = first.value.text.to_ascii_lowercase();
        let kind = written.split(';').next().unwrap_or_default().trim().to_owned();
        if first.value.dynamic || written.contains("{{") || kind.ends_with("json") {
            continue;
        }
        if kind != "application/x-www-form-urlencoded" {
            let finding = found.add(first.value.span, &pointer, format!("the body is sent as JSON, not as `{kind}`"));
            finding.help = Some("write `application/json`, or `application/x-www-form-urlencoded` for a form".into());
        } else if let Body::Tree(tree) = body
            && tree.members().iter().any(|member| matches!(member.value.kind, Kind::Object(_) | Kind::Array(_)))
        {
            let finding = found.add(first.value.span, &pointer, "a form holds no objects and arrays, this body does");
            finding.help = Some("flatten the body, or send JSON".into());
        }
    }
}
