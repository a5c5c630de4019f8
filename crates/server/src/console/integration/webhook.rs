//! The inbound webhooks of an integration.

use maud::{Markup, html};
use serde_json::Value;

use super::act_form;
use crate::console::{
    api::Api,
    part::{confirmed, field, opener, section as part, text},
};

pub fn section(api: &Api, at: &str, webhooks: &[Value]) -> Markup {
    let uuid = |webhook: &Value| html! { input type="hidden" name="uuid" value=(text(webhook, "uuid")); };
    part(
        "Inbound webhooks",
        html! {},
        html! {
            @if webhooks.is_empty() { div.empty { "Addresses where other systems send events to." } } @else {
                div.table { table.stack {
                    thead { tr { th { "Source" } th { "Event type" } th { "Path" } th { span.unseen { "What can be done" } } } }
                    tbody { @for webhook in webhooks {
                        tr {
                            td { (text(webhook, "source_system")) } td { (text(webhook, "event_type")) } td.mono { (text(webhook, "path")) }
                            td.acts {
                                (act_form(api, at, "rotate-webhook", html! { (uuid(webhook)) button type="submit" data-confirm="Make a new password? The old one stops working at once." { "New password" } }))
                                (act_form(api, at, "delete-webhook", html! { (uuid(webhook)) (confirmed("Delete", "Delete the webhook? Its address stops working at once.")) }))
                            }
                        }
                    } }
                } }
            }
            (opener("new-webhook", "New inbound webhook", false, act_form(api, at, "webhook", html! {
                div.fields {
                    (field("source_system", "source_system", "Source system", "text", true))
                    (field("event_type", "event_type", "Event type", "text", true))
                }
                button.primary type="submit" { "Create" }
            })))
        },
    )
}
