//! An action authenticates with a header of its own instead of a connection.
//!
//! # What it checks
//!
//! A header `Authorization` in an action's definition.
//!
//! # Why
//!
//! The token then travels through the flow's data: through `Parameters`, Map items and jq programs. A connection adds it when the
//! request is sent, renews it when it expires, and guards which host gets it.
//!
//! # Example
//!
//! ```json
//! "headers": [{"key": "Authorization", "value": "Bearer {{$.token}}"}]
//! ```
//!
//! # Instead
//!
//! ```json
//! "connectionName": "zendesk"
//! ```

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let request = &definition.action.definition;
        for (at, entry) in request.headers.iter().enumerate() {
            if !entry.key.value.eq_ignore_ascii_case("authorization") {
                continue;
            }
            let (message, help) = match &request.connection {
                Some(_) => (
                    "the action has both a connection and an `Authorization` header",
                    "remove the header; the connection adds its own",
                ),
                None => (
                    "the action sends its own `Authorization` header instead of naming a connection",
                    "make a connection and write `\"connectionName\": \"…\"`",
                ),
            };
            let pointer = format!("{}/headers/{at}/key", definition.pointer);
            found.add(entry.key.span, &pointer, message).help = Some(help.into());
        }
    }
}
