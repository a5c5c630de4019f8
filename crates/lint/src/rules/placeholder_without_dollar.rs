//! A placeholder that forgot `$.`, so it stays as it is.
//!
//! # What it checks
//!
//! `{{input.…}}` and `{{connections.…}}` in any text of the bundle. Other words in braces may be there for somebody else to fill in.
//!
//! # Why
//!
//! Only `{{$.…}}` is a placeholder. Everything else is sent with its braces, and nothing fails.
//!
//! # Example
//!
//! ```json
//! "Message": "Ticket {{input.ticket_event.ticket.id}} closed"
//! ```
//!
//! # Instead
//!
//! ```json
//! "Message": "Ticket {{$.input.ticket_event.ticket.id}} closed"
//! ```

use zis_bundle::walk;

use crate::rule::{Context, Found};

/// What stands at the root of `$` and has members.
const ROOTS: [&str; 2] = ["input", "connections"];

pub fn check(context: &Context, found: &mut Found) {
    for leaf in walk::strings(&context.reading.root, "") {
        if let Some(written) = leaf.text.split("{{").skip(1).find_map(placeholder) {
            let message = format!("`{{{{{written}}}}}` is no placeholder and stays as it is");
            found.add(leaf.span, &leaf.pointer, message).help = Some(format!("write `{{{{$.{written}}}}}`"));
        }
    }
}

/// The path in `rest`, which follows `{{`, when it is one but for its `$.`.
fn placeholder(rest: &str) -> Option<&str> {
    let path = rest.split_once("}}")?.0.trim();
    let member = ROOTS.iter().find_map(|root| path.strip_prefix(root))?;
    (member.starts_with(['.', '[']) && !member.contains(char::is_whitespace)).then_some(path)
}
