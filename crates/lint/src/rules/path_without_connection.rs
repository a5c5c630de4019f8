//! A request to Zendesk's API that says nothing of who calls.
//!
//! # What it checks
//!
//! An action whose `path` begins with `/api/` and that has neither a `connectionName` nor an `Authorization` header.
//!
//! # Why
//!
//! A `path` leads to the account's Zendesk, but nobody signs in for the flow: Zendesk answers 401, and the action fails.
//!
//! # Example
//!
//! ```json
//! {"method": "GET", "path": "/api/v2/tickets/{{$.id}}.json"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"method": "GET", "path": "/api/v2/tickets/{{$.id}}.json", "connectionName": "zendesk"}
//! ```

use zis_bundle::action::Target;

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let request = &definition.action.definition;
        let Target::Path(path) = &request.target else { continue };
        let signed = request.headers.iter().any(|entry| entry.key.value.eq_ignore_ascii_case("authorization"));
        if request.connection.is_some() || signed || !path.text.trim_start_matches('/').starts_with("api/") {
            continue;
        }
        let message = "the request goes to Zendesk without credentials, which answers 401";
        let finding = found.add(path.span, &format!("{}/path", definition.pointer), message);
        finding.help = Some("make a connection to Zendesk and write `\"connectionName\": \"zendesk\"`".into());
    }
}
