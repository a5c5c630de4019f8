//! A relative `url` or an absolute `path`.
//!
//! # What it checks
//!
//! `url` begins with `http://` or `https://`; `path` begins with `/`. What begins with a placeholder is not checked.
//!
//! # Why
//!
//! `url` is taken as it is, `path` is put behind the account's Zendesk host: the wrong one of the two makes an address that leads
//! nowhere.
//!
//! # Example
//!
//! ```json
//! {"method": "GET", "url": "/api/v2/tickets.json", "connectionName": "zendesk"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"method": "GET", "path": "/api/v2/tickets.json", "connectionName": "zendesk"}
//! ```

use zis_bundle::action::Target;

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let absolute = |text: &str| ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        // `{{…}}` and words in capitals are filled in later.
        let open = |text: &str| {
            text.starts_with("{{")
                || text.starts_with('$')
                || text.chars().all(|found| found.is_ascii_uppercase() || found.is_ascii_digit() || found == '_')
        };
        let (text, key, message, help) = match &definition.action.definition.target {
            Target::Url(url) if !absolute(&url.text) && !open(&url.text) => {
                let help = "write `path` for an address on the account's Zendesk host, or a whole `https://…` address";
                (url, "url", "`url` is not an absolute address", help)
            }
            Target::Path(path) if absolute(&path.text) => {
                (path, "path", "`path` holds an absolute address", "write `url` for an address on another host")
            }
            Target::Path(path) if !path.text.starts_with('/') && !open(&path.text) => {
                (path, "path", "`path` doesn't begin with `/`", "write `/` before it")
            }
            _ => continue,
        };
        found.add(text.span, &format!("{}/{key}", definition.pointer), message).help = Some(help.into());
    }
}
