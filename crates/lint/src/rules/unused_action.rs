//! An action that no state calls.
//!
//! # What it checks
//!
//! Every `ZIS::Action::Http` of the bundle is named by some state's `ActionName`.
//!
//! # Why
//!
//! It does nothing, and it still claims its name in the whole integration: the last upload of a name wins, in other bundles too.
//!
//! # Example
//!
//! An action `send_mail` that no `"ActionName": "zis:acme:action:send_mail"` refers to.
//!
//! # Instead
//!
//! Remove it, or call it.

use std::collections::HashSet;

use zis_bundle::{json::Node, name::ResourceName};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    let called = called(&context.reading.root);
    for action in &context.bundle.actions {
        if !called.contains(&action.name.value) {
            let message = format!("no state calls the action `{}`", action.name.value);
            let finding = found.add(action.name.span, &format!("/resources/{}", action.key), message);
            finding.help = Some("remove it, or name it in an `ActionName`".into());
        }
    }
}

/// The actions named anywhere in the text: states with faults call them too.
fn called(root: &Node) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut nodes = vec![root];
    while let Some(node) = nodes.pop() {
        nodes.extend(node.items());
        for member in node.members() {
            if &*member.key == "ActionName" {
                let name = member.value.as_str().and_then(ResourceName::parse);
                names.extend(name.map(|name| name.name));
            }
            nodes.push(&member.value);
        }
    }
    names
}
