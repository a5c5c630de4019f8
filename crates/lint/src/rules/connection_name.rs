//! A connection's name that no connection can have.
//!
//! # What it checks
//!
//! `connectionName`: 3 to 64 letters, digits, `_` and `-`.
//!
//! # Why
//!
//! ZIS doesn't look at upload. The flow then doesn't start at all: `Cannot start flow because the connection named "…" does not
//! exist`.
//!
//! # Example
//!
//! ```json
//! "connectionName": "my shop"
//! ```
//!
//! # Instead
//!
//! ```json
//! "connectionName": "my_shop"
//! ```

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let Some(connection) = &definition.action.definition.connection else { continue };
        let name = &*connection.value;
        // A token such as `{{connection}}` is filled in before the upload.
        let good = (3..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !good && !name.contains("{{") {
            let pointer = format!("{}/connectionName", definition.pointer);
            let finding = found.add(connection.span, &pointer, format!("no connection can be named `{name}`"));
            finding.help = Some("names of connections have 3 to 64 letters, digits, `_` and `-`".into());
        }
    }
}
