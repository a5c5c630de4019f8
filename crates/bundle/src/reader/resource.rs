//! `resources`: the type and the name of each, then whatever its type says (spec 2.1, 2.2).

use super::{Context, Place, action, flow, job_spec};
use crate::{code, document::Bundle, json::Kind, name, suggest::did_you_mean, text::Spanned};

const TYPES: [&str; 3] = ["ZIS::Action::Http", "ZIS::Flow", "ZIS::JobSpec"];

pub(super) fn read_all(resources: &Place, bundle: &mut Bundle, context: &mut Context) {
    let mut understood = true;
    let mut flows = 0;
    let mut job_specs = 0;
    for member in resources.node.members() {
        let resource = resources.member(member);
        match context.resource_type(&resource, &member.key) {
            Some("ZIS::Flow") => {
                flows += 1;
                bundle.flows.extend(flow::read(&resource, &member.key, context));
            }
            Some("ZIS::Action::Http") => bundle.actions.extend(action::read(&resource, &member.key, context)),
            Some("ZIS::JobSpec") => {
                job_specs += 1;
                bundle.job_specs.extend(job_spec::read(&resource, &member.key, context));
            }
            _ => understood = false,
        }
    }
    if understood && !context.is_broken(resources) {
        note_absences(resources, flows, job_specs, context);
    }
    context.understood = understood;
}

fn note_absences(resources: &Place, flows: usize, job_specs: usize, context: &mut Context) {
    let broken =
        context.findings.iter().any(|finding| [code::RESOURCE_TYPE, code::PLACEHOLDER].contains(&finding.code));
    if broken || context.is_broken(resources) {
        return;
    }
    if flows == 0 {
        let message = "the bundle holds no flow";
        context.report(code::NO_FLOW, resources, message, "add a resource of type `ZIS::Flow`");
    } else if job_specs == 0 {
        let message = "the bundle holds no job spec, so no event starts its flows";
        context.report(code::NO_JOB_SPEC, resources, message, "add a resource of type `ZIS::JobSpec`");
    }
}

impl Context<'_> {
    fn resource_type(&mut self, resource: &Place, key: &str) -> Option<&'static str> {
        if !matches!(resource.node.kind, Kind::Object(_)) {
            self.wrong_type(resource, key, "an object with `type` and `properties`");
            return None;
        }
        if resource.get("type").is_none() && resource.get("properties").is_none() {
            let message = format!("the resource `{key}` is still a skeleton: it has neither `type` nor `properties`");
            let help = "put the definition in its place: `{\"type\": \"ZIS::Flow\", \"properties\": {…}}`, or the same for \
                        `ZIS::Action::Http` or `ZIS::JobSpec`";
            if !self.is_broken(resource) {
                self.report(code::PLACEHOLDER, resource, message, help);
            }
            return None;
        }
        let written = self.text(resource, "type", "one of `ZIS::Flow`, `ZIS::Action::Http`, `ZIS::JobSpec`")?;
        let known = TYPES.into_iter().find(|known| *known == written.value);
        if known.is_none() {
            let help = did_you_mean(&written.value, TYPES)
                .unwrap_or_else(|| "the types are `ZIS::Flow`, `ZIS::Action::Http` and `ZIS::JobSpec`".into());
            let message = format!("`{}` is no type of resource", written.value);
            let finding = self.error(code::RESOURCE_TYPE, written.span, message);
            self.add(finding.at(resource.pointer_to("type")).help(help));
        }
        known
    }

    /// `properties` and its `name`: what all three types share.
    pub(super) fn named_properties<'n>(
        &mut self,
        resource: &Place<'n>,
        kind: name::Kind,
    ) -> (Option<Place<'n>>, Option<Spanned<String>>) {
        let help = "every resource has `type` and `properties`";
        let Some(properties) = self.object(resource, "properties", help) else { return (None, None) };
        let Some(written) = self.text(&properties, "name", "the name that others refer to") else {
            return (Some(properties), None);
        };
        if !name::is_resource(&written.value) {
            let message = format!("`{}` is no name of a resource", written.value);
            let finding = self.error(code::BAD_NAME, written.span, message);
            let help = "1 to 100 of letters, digits, `.`, `_` and `-`";
            self.add(finding.at(properties.pointer_to("name")).help(help));
        }
        let names = match kind {
            name::Kind::Flow => &mut self.flow_names,
            name::Kind::JobSpec => &mut self.job_spec_names,
            name::Kind::Action | name::Kind::Transform => &mut self.action_names,
        };
        if let Some(first) = names.get(&written.value).copied() {
            let kind = kind.as_str().replace('_', " ");
            let message = format!("another {kind} is named `{}` too", written.value);
            let finding = self.error(code::DUPLICATE_NAME, written.span, message).at(properties.pointer_to("name"));
            self.add(finding.related(first, "named here first").help("names are unique per type; rename one of them"));
        } else {
            names.insert(written.value.clone(), written.span);
        }
        (Some(properties), Some(written))
    }
}
