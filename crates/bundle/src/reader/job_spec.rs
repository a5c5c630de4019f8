//! `ZIS::JobSpec` (spec 2.6).

use super::{Context, Place, reference::Role};
use crate::{job_spec::JobSpec, name};

pub(super) fn read(resource: &Place, key: &str, context: &mut Context) -> Option<JobSpec> {
    let (properties, name) = context.named_properties(resource, name::Kind::JobSpec);
    let properties = properties?;
    let source_help = "`support`, `sunshine`, or the `source_system` of an inbound webhook";
    let event_source = context.text(&properties, "event_source", source_help);
    let type_help = "an event type such as `ticket.StatusChanged`, or the `event_type` of an inbound webhook";
    let event_type = context.text(&properties, "event_type", type_help);
    let flow_name = context.text(&properties, "flow_name", "`zis:<integration>:flow:<name>`");
    if let Some(flow_name) = &flow_name {
        context.refer(Role::JobSpecFlow, flow_name, properties.pointer_to("flow_name"));
    }
    let description = context.optional_text(&properties, "description").map(|text| text.value);
    Some(JobSpec {
        key: key.into(),
        span: resource.node.span,
        name: name?,
        description,
        event_source: event_source?,
        event_type: event_type?,
        flow_name: flow_name?,
    })
}
