//! From the JSON tree to the typed bundle, one file per concept. Reading goes on after each finding, so that one run shows
//! them all; a resource or state with a fault is left out of the result.

mod action;
mod choice;
mod context;
mod dynamic;
mod flow;
mod job_spec;
mod place;
mod reference;
mod resource;
mod state;

use context::Context;
use place::Place;

use crate::{
    code,
    document::{Bundle, Options, Reading, TEMPLATE_VERSION},
    finding::Finding,
    json::{self, Kind, Node},
    text::LineIndex,
};

/// See [`crate::document::read`].
pub(crate) fn read(text: &str, options: &Options) -> Reading {
    let (root, mut findings) = json::parse(text);
    let mut context = Context::new(options, &findings);
    let bundle = document(&root, &mut context);
    let mut found = context.findings;
    found.sort_by_key(|finding: &Finding| (finding.span.start, finding.code));
    findings.append(&mut found);
    Reading { root, lines: LineIndex::new(text), bundle, findings }
}

fn document(root: &Node, context: &mut Context) -> Option<Bundle> {
    let place = Place::root(root);
    if !matches!(root.kind, Kind::Object(_)) {
        context.report_unless_broken(
            code::NOT_AN_OBJECT,
            &place,
            format!("a bundle is a JSON object, this is {}", place.described()),
        );
        return None;
    }
    let name = context.text(&place, "name", "a name for people, such as `\"name\": \"Refund router\"`");
    let description = context.optional_text(&place, "description").map(|text| text.value);
    let version_help = "write `\"zis_template_version\": \"2019-10-14\"`";
    let template_version = context.text(&place, "zis_template_version", version_help);
    if let Some(version) = template_version.as_ref().filter(|version| version.value != TEMPLATE_VERSION) {
        let message = format!("`{}` is no template version", version.value);
        let finding = context.error(code::TEMPLATE_VERSION, version.span, message);
        context.add(finding.at("/zis_template_version").help("the only one is `2019-10-14`"));
    }
    let mut bundle = Bundle {
        name: name.unwrap_or_else(|| place.spanned(String::new())),
        description,
        template_version: template_version.unwrap_or_else(|| place.spanned(String::new())),
        resources_span: place.node.span,
        flows: Vec::new(),
        actions: Vec::new(),
        job_specs: Vec::new(),
    };
    if let Some(resources) = context.object(&place, "resources", "an object of flows, actions and job specs") {
        bundle.resources_span = resources.node.span;
        resource::read_all(&resources, &mut bundle, context);
        reference::check(&resources, context);
    }
    Some(bundle)
}
