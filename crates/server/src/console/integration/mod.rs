//! One integration: bundles, flows, job specs, connections, configs, links, inbound webhooks.

mod act;
pub mod bundle;
mod connection;
mod findings;
mod webhook;

use axum::extract::Path;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

pub use self::act::act;
use crate::console::{
    api::{Api, Asked, Trouble},
    page::{Page, csrf, encode, page},
    part::{Budget, anchor, confirmed, field, json as pretty, opener, section, text, time},
};

/// Rows of each list.
const MOST_ROWS: usize = 100;
/// Bytes of HTML for all configs.
const CONFIGS: usize = 30_000;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct View {
    done: String,
    /// Comes with the browser back from an OAuth provider.
    verification_token: String,
    error_description: String,
    /// Which links to show.
    link_type: String,
    links_after: String,
    /// The scope of the config to show.
    config: String,
}

pub async fn show(api: Api, Path(name): Path<String>, Asked(view): Asked<View>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundles = api.get(&format!("/api/services/zis/registry/{at}/bundles?page[size]=100")).await?;
    let specs = api.list(&format!("/api/services/zis/registry/{at}/job_specs?page[size]=100"), "job_specs").await;
    let connections = connection::Shown::get(&api, &at).await;
    let configs = api.list(&format!("/api/services/zis/integrations/{at}/configs?filter[scope]=*"), "configs").await;
    let link_type = encode(&view.link_type);
    let links = format!("/api/zis/v1/integrations/{at}/links?page[size]=100&link_type={link_type}&page[after]=");
    let links = api.get(&format!("{links}{}", encode(&view.links_after))).await?;
    let webhooks = api.list(&format!("/api/services/zis/inbound_webhooks/generic/{at}/all"), "webhooks").await;
    Ok(page(
        &api,
        &name,
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } }
            div.title {
                h1 { (name) }
                div.row {
                    a.button href={ "/console/executions?integration=" (at) } { "Executions" }
                    a.button href={ "/console/logs?integration=" (at) } { "Log" }
                }
            }
            @if !view.done.is_empty() { div.notice.good role="status" { (view.done) } }
            @if !view.verification_token.is_empty() { div.notice.good role="status" { "The connection is ready." } }
            @if !view.error_description.is_empty() { div.notice.bad role="alert" { (view.error_description) } }
            (next_steps(&at, bundles["bundles"].as_array().is_some_and(|all| !all.is_empty()), connections.count() > 0, &specs))
            (contents(&[
                ("Bundles", bundles["bundles"].as_array().map_or(0, Vec::len)),
                ("Job specs", specs.len()),
                ("Connections", connections.count()),
                ("OAuth clients", connections.clients()),
                ("Configs", configs.len()),
                ("Links", links["links"].as_array().map_or(0, Vec::len)),
                ("Inbound webhooks", webhooks.len()),
            ]))
            (bundle_section(&api, &at, bundles["bundles"].as_array().map(Vec::as_slice).unwrap_or_default()))
            (spec_section(&api, &at, &specs))
            (connections.section(&api, &at))
            (config_section(&api, &at, &configs, &view.config))
            (link_section(&view.link_type, &links))
            (webhook::section(&api, &at, &webhooks))
        },
    ))
}

/// What is left to do until events run flows; nothing once they do.
fn next_steps(at: &str, uploaded: bool, connected: bool, specs: &[Value]) -> Markup {
    let installed = specs.iter().find(|spec| spec["installed"] == true);
    let steps = [
        (uploaded, "#bundles", "Upload a bundle", ""),
        (connected, "#connections", "Connect it to Zendesk", ", if its flows call it"),
        (installed.is_some(), "#job-specs", "Install its job specs", ""),
    ];
    let done = steps.iter().all(|(done, ..)| *done);
    html! { @if !done {
        ol.steps aria-label="Until it runs" {
            @for (done, place, what, more) in steps {
                li class=[done.then_some("done")] { a href=(place) { (what) } (more) @if done { span.unseen { " (done)" } } }
            }
            li { @if let Some(spec) = installed { a href=(try_address(at, spec)) { "Try it" } } @else { "Try it" } }
        }
    } }
}

/// Where an event is sent that runs the job spec.
fn try_address(at: &str, spec: &Value) -> String {
    let (source, kind) = (encode(text(spec, "event_source")), encode(text(spec, "event_type")));
    format!("/console/try?sample={source}%20{kind}&integration={at}")
}

/// The parts of the page, and how much is in each.
fn contents(parts: &[(&str, usize)]) -> Markup {
    html! { nav.tallies aria-label="On this page" { @for (title, count) in parts {
        a href={ "#" (anchor(title)) } { (title) " " strong { (count) @if *count >= MOST_ROWS { "+" } } }
    } } }
}

/// The fields of a form that uploads a bundle.
fn upload_fields() -> Markup {
    html! {
        div.field data-script hidden { label for="bundle-file" { "From a file" } input id="bundle-file" type="file" accept=".json" data-file="bundle"; }
        div.field { label for="bundle" { "The bundle's JSON" } textarea id="bundle" name="bundle" spellcheck="false" required {} }
    }
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
    section(
        "Bundles",
        html! {},
        html! {
            @if bundles.is_empty() { div.empty { "No bundle yet: upload one here, or with " code { "zis deploy" } "." } } @else {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "Description" } th { "Id" } } }
                    tbody { @for bundle in bundles {
                        tr {
                            td { a href={ "/console/integrations/" (at) "/bundles/" (text(bundle, "uuid")) } { (text(bundle, "name")) } }
                            td { (text(bundle, "description")) }
                            td.mono.soft { (text(bundle, "uuid")) }
                        }
                    } }
                } }
            }
            (opener("upload", "Upload a bundle", bundles.is_empty(), act_form(api, at, "upload", html! {
                (upload_fields())
                button.primary type="submit" { "Upload" }
            })))
        },
    )
}

fn spec_section(api: &Api, at: &str, specs: &[Value]) -> Markup {
    let is_installed = |spec: &Value| spec["installed"].as_bool().unwrap_or(false);
    section(
        "Job specs",
        html! {},
        html! {
            @if specs.is_empty() { div.empty { "A bundle brings its job specs along." } } @else {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "Event" } th { "Flow" } th { "State" } th { span.unseen { "What can be done" } } } }
                    tbody { @for spec in specs {
                        @let installed = is_installed(spec);
                        tr {
                            td { (text(spec, "name")) }
                            td.wide { (text(spec, "event_type")) span.under { (text(spec, "event_source")) } }
                            td { (text(spec, "flow_name").rsplit(':').next().unwrap_or_default()) }
                            td { span class={ "tag " (if installed { "good" } else { "warn" }) } { (if installed { "installed" } else { "not installed" }) } }
                            td.acts { @if installed {
                                a.button href=(try_address(at, spec)) { "Try it" } " "
                            } (act_form(api, at, if installed { "uninstall" } else { "install" }, html! {
                                input type="hidden" name="spec" value=(text(spec, "name"));
                                button class=[(!installed).then_some("primary")] type="submit" { (if installed { "Uninstall" } else { "Install" }) }
                            })) }
                        }
                    } }
                } }
            }
        },
    )
}

/// `open` is the scope of the config that is shown whatever its length.
fn config_section(api: &Api, at: &str, configs: &[Value], open: &str) -> Markup {
    let mut budget = Budget(CONFIGS);
    section(
        "Configs",
        html! {},
        html! {
            @if configs.is_empty() { div.empty { "Settings that flows read with " code { "LoadConfig" } "." } }
            @for config in configs.iter().take(MOST_ROWS) {
                @let scope = text(config, "scope");
                @let editor = act_form(api, at, "config", html! {
                    input type="hidden" name="scope" value=(scope);
                    div.field { textarea name="config" aria-label={ "Config " (scope) } spellcheck="false" { (pretty(&config["config"])) } }
                    button type="submit" { "Save" } " "
                });
                div.panel { details id={ "config-" (scope) } open[scope == open] { summary { (scope) }
                    @if scope == open { (editor) }
                    @else { (budget.take_or(editor, html! { p { a href={ "?config=" (encode(scope)) "#configs" } { "Show it" } } })) }
                    (act_form(api, at, "delete-config", html! { input type="hidden" name="scope" value=(text(config, "scope")); (confirmed("Delete", &format!("Delete the config {}? Flows that load it will not find it.", text(config, "scope")))) }))
                } }
            }
            (opener("new-config", "New config", false, act_form(api, at, "new-config", html! {
                (field("scope", "scope", "Scope", "text", true))
                div.field { label for="config" { "Settings, a JSON object" } textarea id="config" name="config" spellcheck="false" { "{}" } }
                button.primary type="submit" { "Create" }
            })))
        },
    )
}

fn link_section(link_type: &str, answer: &Value) -> Markup {
    let links = answer["links"].as_array().map(Vec::as_slice).unwrap_or_default();
    let more = answer["meta"]["after"].as_str().filter(|_| answer["meta"]["has_more"] == true);
    section(
        "Links",
        html! {},
        html! {
            @if !links.is_empty() || !link_type.is_empty() {
                form.filters id="links" method="get" action="#links" { div.row {
                    div.field { label for="link_type" { "Link type" } input id="link_type" name="link_type" value=(link_type); }
                    button type="submit" { "Show" }
                } }
            }
            @if links.is_empty() { div.empty { @if link_type.is_empty() { "What flows have tied together with " code { "CreateLink" } "." } @else { "None of this type." } } } @else {
                div.table { table.stack {
                    thead { tr { th { "Type" } th { "Left" } th { "Right" } th { "Changed" } } }
                    tbody { @for link in links {
                        tr {
                            td { (text(link, "link_type")) } td { (end(&link["left_object"])) } td { (end(&link["right_object"])) }
                            td.n { (time(text(link, "updated_at"))) }
                        }
                    } }
                } }
                @if let Some(after) = more { p.below { a.button rel="next" href={ "?link_type=" (encode(link_type)) "&links_after=" (encode(after)) "#links" } { "More" } } }
            }
        },
    )
}

/// One end of a link.
fn end(object: &Value) -> Markup {
    html! { (text(object, "name")) @if !object["metadata"].is_null() { " " span.mono.soft { (object["metadata"].to_string()) } } }
}
