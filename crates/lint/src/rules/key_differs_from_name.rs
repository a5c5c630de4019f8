//! A resource's key differs from its name.
//!
//! # What it checks
//!
//! The key in `resources` and `properties.name` of flows, actions and job specs.
//!
//! # Why
//!
//! The documentation asks for equal ones; ZIS doesn't insist. Whoever reads `ActionName` or `flow_name` looks for the key, while ZIS
//! looks for the name.
//!
//! # Example
//!
//! ```json
//! "post_message_action": {"type": "ZIS::Action::Http", "properties": {"name": "post_message"}}
//! ```
//!
//! # Instead
//!
//! ```json
//! "post_message": {"type": "ZIS::Action::Http", "properties": {"name": "post_message"}}
//! ```

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    let bundle = context.bundle;
    let flows = bundle.flows.iter().map(|flow| (&flow.key, &flow.name));
    let actions = bundle.actions.iter().map(|action| (&action.key, &action.name));
    let job_specs = bundle.job_specs.iter().map(|spec| (&spec.key, &spec.name));
    for (key, name) in flows.chain(actions).chain(job_specs) {
        if *key != name.value {
            let message = format!("the key `{key}` differs from the name `{}`", name.value);
            let finding = found.add(name.span, &format!("/resources/{key}/properties/name"), message);
            finding.help = Some("other resources refer to the name; make the key the same".into());
        }
    }
}
