//! One integration: bundles, flows, job specs, connections, configs, links, inbound webhooks.

mod act;
pub mod bundle;

use axum::extract::{Path, Query};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

pub use self::act::act;
use crate::console::{
    api::{Api, Trouble},
    page::{Page, csrf, encode, page},
    part::{json as pretty, text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct View {
    done: String,
    /// Comes with the browser back from an OAuth provider.
    verification_token: String,
    error_description: String,
    /// Which links to show.
    link_type: String,
}

pub async fn show(api: Api, Path(name): Path<String>, Query(view): Query<View>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundles = api.get(&format!("/api/services/zis/registry/{at}/bundles?page[size]=100")).await?;
    let specs = api.list(&format!("/api/services/zis/registry/{at}/job_specs?page[size]=100"), "job_specs").await;
    let connections =
        api.get(&format!("/api/services/zis/integrations/{at}/connections/all")).await.unwrap_or_default();
    let configs = api.list(&format!("/api/services/zis/integrations/{at}/configs?filter[scope]=*"), "configs").await;
    let links = if view.link_type.is_empty() {
        Vec::new()
    } else {
        let link_type = encode(&view.link_type);
        api.list(&format!("/api/services/zis/links/{at}?link_type={link_type}&page[size]=100"), "links").await
    };
    let webhooks = api.list(&format!("/api/services/zis/inbound_webhooks/generic/{at}/all"), "webhooks").await;
    Ok(page(
        &api,
        &name,
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } }
            h1 { (name) }
            @if !view.done.is_empty() { div.notice.good role="status" { (view.done) } }
            @if !view.verification_token.is_empty() { div.notice.good role="status" { "The connection is ready." } }
            @if !view.error_description.is_empty() { div.notice.bad role="alert" { (view.error_description) } }
            p { a href={ "/console/executions?integration=" (at) } { "Executions" } " · " a href={ "/console/logs?integration=" (at) } { "Log" } }
            (bundle_section(&api, &at, bundles["bundles"].as_array().map(Vec::as_slice).unwrap_or_default()))
            (spec_section(&api, &at, &specs))
            (connection_section(&api, &at, &connections))
            (config_section(&api, &at, &configs))
            (link_section(&view.link_type, &links))
            (webhook_section(&api, &at, &webhooks))
        },
    ))
}

/// A form of this integration's page with one thing to do.
fn act_form(api: &Api, at: &str, what: &str, content: Markup) -> Markup {
    html! {
        form.inline method="post" action={ "/console/integrations/" (at) } {
            (csrf(api))
            input type="hidden" name="do" value=(what);
            (content)
        }
    }
}

fn bundle_section(api: &Api, at: &str, bundles: &[Value]) -> Markup {
    html! {
        h2 { "Bundles" }
        @if bundles.is_empty() { div.empty { "No bundle yet: paste one below, or " code { "zis deploy" } "." } } @else {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Description" } th { "Id" } } }
                tbody { @for bundle in bundles {
                    tr {
                        td { a href={ "/console/integrations/" (at) "/bundles/" (text(bundle, "uuid")) } { (text(bundle, "name")) } }
                        td { (text(bundle, "description")) }
                        td.mono.small { (text(bundle, "uuid")) }
                    }
                } }
            } }
        }
        details id="upload" open[bundles.is_empty()] { summary { "Upload a bundle" }
            (act_form(api, at, "upload", html! {
                div.field data-script hidden { label for="bundle-file" { "From a file" } input id="bundle-file" type="file" accept=".json" data-file="bundle"; }
                div.field { label for="bundle" { "The bundle's JSON" } textarea id="bundle" name="bundle" spellcheck="false" required {} }
                button.primary type="submit" { "Upload" }
            }))
        }
    }
}

fn spec_section(api: &Api, at: &str, specs: &[Value]) -> Markup {
    html! {
        h2 { "Job specs" }
        @if specs.is_empty() { p.soft { "None." } } @else {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Event" } th { "Flow" } th { "Installed" } th { "" } } }
                tbody { @for spec in specs {
                    @let installed = spec["installed"].as_bool().unwrap_or(false);
                    tr {
                        td { (text(spec, "name")) }
                        td { (text(spec, "event_source")) " " (text(spec, "event_type")) }
                        td { (text(spec, "flow_name").rsplit(':').next().unwrap_or_default()) }
                        td { span class={ "tag " (if installed { "good" } else { "" }) } { (if installed { "installed" } else { "not installed" }) } }
                        td { (act_form(api, at, if installed { "uninstall" } else { "install" }, html! {
                            input type="hidden" name="spec" value=(text(spec, "name"));
                            button type="submit" { (if installed { "Uninstall" } else { "Install" }) }
                        })) }
                    }
                } }
            } }
        }
    }
}

fn connection_section(api: &Api, at: &str, connections: &Value) -> Markup {
    let kinds = ["oauth", "api_key", "basic_auth", "bearer_token"];
    let all: Vec<(&str, &Value)> = kinds
        .iter()
        .flat_map(|kind| connections[kind].as_array().into_iter().flatten().map(move |connection| (*kind, connection)))
        .collect();
    let field = |name: &str, label: &str, kind: &str| html! { div.field { label for={ "c-" (name) } { (label) } input id={ "c-" (name) } name=(name) type=(kind) autocomplete="off"; } };
    html! {
        h2 { "Connections" }
        @if all.is_empty() { p.soft { "None. A flow that names a connection does not start without it." } } @else {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Type" } th { "For" } th { "Expires" } th { "" } } }
                tbody { @for (kind, connection) in &all {
                    tr {
                        td { (text(connection, "name")) }
                        td { (kind.replace('_', " ")) }
                        td { (connection["allowed_domain"].as_str().or(connection["oauth_url_subdomain"].as_str()).unwrap_or_default()) }
                        td { (time(text(connection, "token_expiry"))) }
                        td { (act_form(api, at, "delete-connection", html! {
                            input type="hidden" name="kind" value=(kind);
                            input type="hidden" name="name" value=(text(connection, "name"));
                            button.danger type="submit" { "Delete" }
                        })) }
                    }
                } }
            } }
        }
        details id="connect" open[all.is_empty()] { summary { "New connection" }
            h3 { "To Zendesk, by OAuth" }
            (act_form(api, at, "oauth", html! {
                div.field { label for="c-oauth" { "Name" } input id="c-oauth" name="name" value="zendesk" required; }
                button.primary type="submit" { "Start" }
            }))
            h3 { "With a secret of its own" }
            (act_form(api, at, "connection", html! {
                div.field { label for="c-kind" { "Type" } select id="c-kind" name="kind" {
                    option value="bearer_token" { "bearer token" } option value="basic_auth" { "basic auth" } option value="api_key" { "API key" }
                } }
                (field("name", "Name", "text")) (field("allowed_domain", "Host it may be used on", "text"))
                (field("username", "User name (basic auth)", "text")) (field("header_name", "Header (API key)", "text"))
                (field("secret", "Secret", "password"))
                button.primary type="submit" { "Create" }
            }))
        }
    }
}

fn config_section(api: &Api, at: &str, configs: &[Value]) -> Markup {
    html! {
        h2 { "Configs" }
        @if configs.is_empty() { p.soft { "None." } }
        @for config in configs {
            details id={ "config-" (text(config, "scope")) } { summary { (text(config, "scope")) }
                (act_form(api, at, "config", html! {
                    input type="hidden" name="scope" value=(text(config, "scope"));
                    textarea name="config" aria-label={ "Config " (text(config, "scope")) } spellcheck="false" { (pretty(&config["config"])) }
                    button type="submit" { "Save" }
                }))
                (act_form(api, at, "delete-config", html! { input type="hidden" name="scope" value=(text(config, "scope")); button.danger type="submit" { "Delete" } }))
            }
        }
        details id="new-config" { summary { "New config" }
            (act_form(api, at, "new-config", html! {
                div.field { label for="scope" { "Scope" } input id="scope" name="scope" required; }
                div.field { label for="config" { "Settings, a JSON object" } textarea id="config" name="config" spellcheck="false" { "{}" } }
                button.primary type="submit" { "Create" }
            }))
        }
    }
}

fn link_section(link_type: &str, links: &[Value]) -> Markup {
    html! {
        h2 id="links" { "Links" }
        form.filters method="get" action="#links" {
            div.field { label for="link_type" { "Link type" } input id="link_type" name="link_type" value=(link_type) required; }
            button type="submit" { "Show" }
        }
        @if links.is_empty() { @if !link_type.is_empty() { p.soft { "None of this type." } } } @else {
            div.table { table.stack {
                thead { tr { th { "Left" } th { "Right" } th { "Changed" } } }
                tbody { @for link in links {
                    tr { td { (end(&link["left_object"])) } td { (end(&link["right_object"])) } td { (time(text(link, "updated_at"))) } }
                } }
            } }
        }
    }
}

/// One end of a link.
fn end(object: &Value) -> Markup {
    html! { (text(object, "name")) @if !object["metadata"].is_null() { " " span.mono.soft { (object["metadata"].to_string()) } } }
}

fn webhook_section(api: &Api, at: &str, webhooks: &[Value]) -> Markup {
    html! {
        h2 { "Inbound webhooks" }
        @if webhooks.is_empty() { p.soft { "None." } } @else {
            div.table { table.stack {
                thead { tr { th { "Source" } th { "Event type" } th { "Path" } th { "" } } }
                tbody { @for webhook in webhooks {
                    tr {
                        td { (text(webhook, "source_system")) } td { (text(webhook, "event_type")) } td.mono.small { (text(webhook, "path")) }
                        td.row {
                            (act_form(api, at, "rotate-webhook", html! { input type="hidden" name="uuid" value=(text(webhook, "uuid")); button type="submit" { "New password" } }))
                            (act_form(api, at, "delete-webhook", html! { input type="hidden" name="uuid" value=(text(webhook, "uuid")); button.danger type="submit" { "Delete" } }))
                        }
                    }
                } }
            } }
        }
        details id="new-webhook" { summary { "New inbound webhook" }
            (act_form(api, at, "webhook", html! {
                div.field { label for="source_system" { "Source system" } input id="source_system" name="source_system" required; }
                div.field { label for="event_type" { "Event type" } input id="event_type" name="event_type" required; }
                button.primary type="submit" { "Create" }
            }))
        }
    }
}
