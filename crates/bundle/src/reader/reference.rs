//! `ActionName` and `flow_name`: resource names, checked against the integration and the bundle once all of it is read
//! (spec 2.2, 3.3).

use std::collections::HashMap;

use super::{Context, Place};
use crate::{
    built_in, code,
    name::{Kind, ResourceName},
    suggest::{did_you_mean, nearest},
    text::{Span, Spanned},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    ActionName,
    JobSpecFlow,
}

/// One use of a resource name.
#[derive(Debug)]
pub(super) struct Reference {
    role: Role,
    name: ResourceName,
    span: Span,
    pointer: String,
}

impl Context<'_> {
    /// Takes note of a resource name, or reports that it is none.
    pub(super) fn refer(&mut self, role: Role, written: &Spanned<String>, pointer: String) {
        let name = ResourceName::parse(&written.value);
        if name.as_ref().is_some_and(|name| name.integration == "common") && role == Role::ActionName {
            return self.built_in(written, pointer);
        }
        match (role, name) {
            (Role::ActionName, Some(name)) if name.kind == Kind::Action => self.keep(role, name, written.span, pointer),
            (Role::JobSpecFlow, Some(name)) if name.kind == Kind::Flow => self.keep(role, name, written.span, pointer),
            (Role::ActionName, _) => self.malformed_action(written, pointer),
            (Role::JobSpecFlow, _) => {
                let message = format!("`{}` is no name of a flow", written.value);
                let finding = self.error(code::FLOW_NAME, written.span, message);
                self.add(finding.at(pointer).help("write `zis:<integration>:flow:<name>`"));
            }
        }
    }

    fn keep(&mut self, role: Role, name: ResourceName, span: Span, pointer: String) {
        self.references.push(Reference { role, name, span, pointer });
    }

    fn built_in(&mut self, written: &Spanned<String>, pointer: String) {
        if built_in::find(&written.value).is_some() {
            return;
        }
        let names = built_in::ALL.iter().map(|action| action.name);
        let help = did_you_mean(&written.value, names.clone())
            .unwrap_or_else(|| format!("the built-in actions are {}", list(names)));
        let message = format!("there is no built-in action `{}`", written.value);
        let finding = self.error(code::ACTION_NAME, written.span, message);
        self.add(finding.at(pointer).help(help));
    }

    fn malformed_action(&mut self, written: &Spanned<String>, pointer: String) {
        let short = written.value.rsplit(':').next().unwrap_or_default().to_owned();
        let help = built_in::ALL.iter().find(|action| action.name.rsplit(':').next() == Some(&*short)).map_or_else(
            || "write `zis:<integration>:action:<name>`, or the name of a built-in action".to_owned(),
            |action| format!("the built-in action is `{}`", action.name),
        );
        let message = format!("`{}` is no name of an action", written.value);
        let finding = self.error(code::ACTION_NAME, written.span, message);
        self.add(finding.at(pointer).help(help));
    }
}

/// Checks every reference: of our integration, and to something that is there.
pub(super) fn check(resources: &Place, context: &mut Context) {
    let references = std::mem::take(&mut context.references);
    let integration = context.options.integration.clone().or_else(|| most_frequent(&references));
    let incomplete = !context.understood || context.is_broken(resources);
    for reference in &references {
        if integration.as_ref() != Some(&reference.name.integration) {
            foreign(reference, integration.as_deref().unwrap_or_default(), context);
        } else if !incomplete {
            unknown(reference, context);
        }
    }
}

fn most_frequent(references: &[Reference]) -> Option<String> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (at, reference) in references.iter().enumerate() {
        let count = counts.entry(&reference.name.integration).or_insert((0, usize::MAX - at));
        count.0 += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned())
}

fn foreign(reference: &Reference, integration: &str, context: &mut Context) {
    let ResourceName { integration: other, name, kind } = &reference.name;
    let message = format!("`{other}` is not the integration of this bundle, `{integration}`");
    let finding = context.error(code::FOREIGN_INTEGRATION, reference.span, message).at(&*reference.pointer);
    context.add(finding.help(format!("write `zis:{integration}:{}:{name}`", kind.as_str())));
}

fn unknown(reference: &Reference, context: &mut Context) {
    let (code, names, what) = match reference.role {
        Role::ActionName => (code::UNKNOWN_ACTION, &context.action_names, "action"),
        Role::JobSpecFlow => (code::UNKNOWN_FLOW, &context.flow_names, "flow"),
    };
    let name = &reference.name.name;
    if names.contains_key(name) {
        return;
    }
    let help = match nearest(name, names.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if reference.role == Role::ActionName => {
            "define it here, or make sure that another bundle of the integration does".into()
        }
        None => format!("the flows of this bundle are {}", list(sorted(names).into_iter())),
    };
    let message = format!("this bundle has no {what} named `{name}`");
    let finding = context.error(code, reference.span, message).at(&*reference.pointer).help(help);
    context.add(finding);
}

fn sorted(names: &HashMap<String, Span>) -> Vec<&str> {
    let mut names: Vec<_> = names.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
