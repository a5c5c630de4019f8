//! One integration: bundles, flows, job specs, connections, configs, links, inbound webhooks.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};
use zis_bundle::Reading;

use crate::{
    console::{
        api::{Api, Trouble},
        form::Form,
        page::{Page, csrf, encode, page},
        part::{json as pretty, text, time},
    },
    graph::{Overlay, draw},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Done {
    done: String,
}

pub async fn show(api: Api, Path(name): Path<String>, Query(Done { done }): Query<Done>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundles = api.get(&format!("/api/services/zis/registry/{at}/bundles?page[size]=100")).await?;
    let specs = api.list(&format!("/api/services/zis/registry/{at}/job_specs?page[size]=100"), "job_specs").await;
    let connections =
        api.get(&format!("/api/services/zis/integrations/{at}/connections/all")).await.unwrap_or_default();
    let configs = api.list(&format!("/api/services/zis/integrations/{at}/configs?filter[scope]=*"), "configs").await;
    let webhooks = api.list(&format!("/api/services/zis/inbound_webhooks/generic/{at}/all"), "webhooks").await;
    Ok(page(
        &api,
        &name,
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } }
            h1 { (name) }
            @if !done.is_empty() { div.notice.good role="status" { (done) } }
            p { a href={ "/console/executions?integration=" (at) } { "Executions" } " · " a href={ "/console/logs?integration=" (at) } { "Log" } }
            (bundle_section(&api, &at, bundles["bundles"].as_array().map(Vec::as_slice).unwrap_or_default()))
            (spec_section(&api, &at, &specs))
            (connection_section(&api, &at, &connections))
            (config_section(&api, &at, &configs))
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
            div.table { table {
                thead { tr { th { "Name" } th { "Description" } th { "Id" } } }
                tbody { @for bundle in bundles {
                    tr {
                        td { a href={ "/console/integrations/" (at) "/bundles/" (text(bundle, "uuid")) } { (text(bundle, "name")) } }
                        td { (text(bundle, "description")) }
                        td.mono { (text(bundle, "uuid")) }
                    }
                } }
            } }
        }
        details { summary { "Upload a bundle" }
            (act_form(api, at, "upload", html! {
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
            div.table { table {
                thead { tr { th { "Name" } th { "Event" } th { "Flow" } th { "Installed" } th { "" } } }
                tbody { @for spec in specs {
                    @let installed = spec["installed"].as_bool().unwrap_or(false);
                    tr {
                        td { (text(spec, "name")) }
                        td { (text(spec, "event_source")) " " (text(spec, "event_type")) }
                        td.mono.small { (text(spec, "flow_name")) }
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
            div.table { table {
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
        details { summary { "New connection" }
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
            details { summary { (text(config, "scope")) }
                (act_form(api, at, "config", html! {
                    input type="hidden" name="scope" value=(text(config, "scope"));
                    textarea name="config" aria-label={ "Config " (text(config, "scope")) } spellcheck="false" { (pretty(&config["config"])) }
                    button type="submit" { "Save" }
                }))
                (act_form(api, at, "delete-config", html! { input type="hidden" name="scope" value=(text(config, "scope")); button.danger type="submit" { "Delete" } }))
            }
        }
        details { summary { "New config" }
            (act_form(api, at, "new-config", html! {
                div.field { label for="scope" { "Scope" } input id="scope" name="scope" required; }
                div.field { label for="config" { "Settings, a JSON object" } textarea id="config" name="config" spellcheck="false" { "{}" } }
                button.primary type="submit" { "Create" }
            }))
        }
    }
}

fn webhook_section(api: &Api, at: &str, webhooks: &[Value]) -> Markup {
    html! {
        h2 { "Inbound webhooks" }
        @if webhooks.is_empty() { p.soft { "None." } } @else {
            div.table { table {
                thead { tr { th { "Source" } th { "Event type" } th { "Path" } th { "" } } }
                tbody { @for webhook in webhooks {
                    tr {
                        td { (text(webhook, "source_system")) } td { (text(webhook, "event_type")) } td.mono.small { (text(webhook, "path")) }
                        td { (act_form(api, at, "delete-webhook", html! { input type="hidden" name="uuid" value=(text(webhook, "uuid")); button.danger type="submit" { "Delete" } })) }
                    }
                } }
            } }
        }
        details { summary { "New inbound webhook" }
            (act_form(api, at, "webhook", html! {
                div.field { label for="source_system" { "Source system" } input id="source_system" name="source_system" required; }
                div.field { label for="event_type" { "Event type" } input id="event_type" name="event_type" required; }
                button.primary type="submit" { "Create" }
            }))
        }
    }
}

/// One thing done, then back to the page.
pub async fn act(api: Api, Path(name): Path<String>, form: Form) -> Result<Response, Trouble> {
    let at = encode(&name);
    let service = format!("/api/services/zis/integrations/{at}");
    let scope = encode(form.text("scope"));
    let spec = encode(&format!("zis:{name}:job_spec:{}", form.text("spec")));
    let install = format!("/api/services/zis/registry/job_specs/install?job_spec_name={spec}");
    let done = match form.text("do") {
        "upload" => return upload(&api, &at, form.text("bundle")).await,
        "install" => api.call(Method::POST, &install, None).await.map(|_| "The job spec is installed.".to_owned())?,
        "uninstall" => {
            api.call(Method::DELETE, &install, None).await.map(|_| "The job spec is no longer installed.".to_owned())?
        }
        "oauth" => return start_oauth(&api, &at, form.text("name")).await,
        "connection" => create_connection(&api, &service, &form).await?,
        "delete-connection" => delete_connection(&api, &service, &at, &form).await?,
        "new-config" => {
            let body = json!({"scope": form.text("scope"), "config": object(form.text("config"))?});
            api.call(Method::POST, &format!("{service}/configs"), Some(&body))
                .await
                .map(|_| "The config is created.".to_owned())?
        }
        "config" => {
            let body = json!({"scope": form.text("scope"), "config": object(form.text("config"))?});
            api.call(Method::PUT, &format!("{service}/configs/{scope}"), Some(&body))
                .await
                .map(|_| "The config is saved.".to_owned())?
        }
        "delete-config" => api
            .call(Method::DELETE, &format!("{service}/configs/{scope}"), None)
            .await
            .map(|_| "The config is gone.".to_owned())?,
        "webhook" => return create_webhook(&api, &at, &form).await,
        "delete-webhook" => {
            let path = format!("/api/services/zis/inbound_webhooks/generic/{at}/{}", encode(form.text("uuid")));
            api.call(Method::DELETE, &path, None).await.map(|_| "The webhook is gone.".to_owned())?
        }
        _ => String::new(),
    };
    Ok(back(&at, &done))
}

fn back(at: &str, done: &str) -> Response {
    Redirect::to(&format!("/console/integrations/{at}?done={}", encode(done))).into_response()
}

fn object(text: &str) -> Result<Value, Trouble> {
    let bad = |message: String| Trouble { status: http::StatusCode::BAD_REQUEST, message };
    let value: Value = serde_json::from_str(text).map_err(|error| bad(format!("the config is no JSON: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(bad("the config is no JSON object".to_owned())) }
}

/// Uploads; what is wrong is shown in the source.
async fn upload(api: &Api, at: &str, source: &str) -> Result<Response, Trouble> {
    let body: Option<Value> = serde_json::from_str(source).ok();
    if let Some(body) = &body {
        let answer = api.ask(Method::POST, &format!("/api/services/zis/registry/{at}/bundles"), Some(body)).await;
        if answer.status.is_success() {
            return Ok(back(at, "The bundle is uploaded. Install its job specs to make it run."));
        }
        if answer.status != http::StatusCode::BAD_REQUEST {
            return Err(Trouble { status: answer.status, message: super::api::reason(&answer.body) });
        }
    }
    let reading = zis_bundle::read(source, &zis_bundle::document::Options::default());
    Ok(page(
        api,
        "Upload",
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (at) } }
            h1 { "The bundle was refused" }
            (findings(source, &reading))
            (act_form(api, at, "upload", html! {
                textarea name="bundle" aria-label="The bundle's JSON" spellcheck="false" { (source) }
                button.primary type="submit" { "Upload again" }
            }))
        },
    )
    .into_response())
}

/// Findings as a list, and the source with the lines marked.
fn findings(source: &str, reading: &Reading) -> Markup {
    let report = zis_lint::check(source, "bundle.json", &zis_lint::Settings::default());
    let line_of = |offset: usize| reading.lines.position(source, offset).line;
    let marks: std::collections::HashMap<usize, bool> = report
        .findings
        .iter()
        .map(|finding| (line_of(finding.span.start), finding.severity == zis_bundle::Severity::Error))
        .collect();
    html! {
        @if report.findings.is_empty() { p { span.tag.good { "no findings" } } }
        @for finding in &report.findings {
            div class={ "notice " (if finding.severity == zis_bundle::Severity::Error { "bad" } else { "" }) } {
                a href={ "#L" (line_of(finding.span.start)) } { "line " (line_of(finding.span.start)) } " "
                strong { (finding.message) } " " span.mono { (finding.code) }
                @if let Some(help) = &finding.help { br; (help) }
            }
        }
        details open[!report.findings.is_empty()] { summary { "Source" }
            pre.source { @for (number, line) in source.lines().enumerate() {
                @let class = match marks.get(&(number + 1)) { Some(true) => "line wrong", Some(false) => "line marked", None => "line" };
                span class=(class) id={ "L" (number + 1) } { (line) "\n" }
            } }
        }
    }
}

async fn start_oauth(api: &Api, at: &str, name: &str) -> Result<Response, Trouble> {
    let body = json!({"name": name, "oauth_client_name": "zendesk", "oauth_url_subdomain": "", "origin_oauth_redirect_url": format!("/console/integrations/{at}")});
    let answer =
        api.call(Method::POST, &format!("/api/services/zis/connections/oauth/start/{at}"), Some(&body)).await?;
    // A link and not a redirect: a form must not lead to another site.
    Ok(page(
        api,
        "Connect",
        html! {
            h1 { "Connect to Zendesk" }
            p { "Zendesk asks you to agree, and then sends you back here." }
            p { a.button href=(text(&answer, "redirect_url")) { "Go to Zendesk" } }
        },
    )
    .into_response())
}

async fn create_connection(api: &Api, service: &str, form: &Form) -> Result<String, Trouble> {
    let mut body = json!({"name": form.text("name"), "allowed_domain": form.text("allowed_domain")});
    let secret = form.text("secret");
    match form.text("kind") {
        "basic_auth" => {
            body["username"] = Value::from(form.text("username"));
            body["password"] = Value::from(secret);
        }
        "api_key" => {
            body["header_name"] = Value::from(form.text("header_name"));
            body["api_key"] = Value::from(secret);
        }
        _ => body["token"] = Value::from(secret),
    }
    let path = format!("{service}/connections/{}", encode(form.text("kind")));
    api.call(Method::POST, &path, Some(&body)).await.map(|_| "The connection is created.".to_owned())
}

async fn delete_connection(api: &Api, service: &str, at: &str, form: &Form) -> Result<String, Trouble> {
    let name = encode(form.text("name"));
    let path = match form.text("kind") {
        "oauth" => format!("/api/services/zis/connections/{at}?name={name}"),
        kind => format!("{service}/connections/{}/{name}", encode(kind)),
    };
    api.call(Method::DELETE, &path, None).await.map(|_| "The connection is gone.".to_owned())
}

/// The password is shown this once.
async fn create_webhook(api: &Api, at: &str, form: &Form) -> Result<Response, Trouble> {
    let body = json!({"source_system": form.text("source_system"), "event_type": form.text("event_type")});
    let answer =
        api.call(Method::POST, &format!("/api/services/zis/inbound_webhooks/generic/{at}"), Some(&body)).await?;
    Ok(page(api, "Inbound webhook", html! {
        p.crumbs { a href={ "/console/integrations/" (at) } { (at) } }
        h1 { "The webhook is there" }
        div.notice { "The password is shown this once; keep it now." }
        dl.facts {
            @for (label, key) in [("Path", "path"), ("User name", "username"), ("Password", "password")] { dt { (label) } dd.mono { (text(&answer, key)) } }
        }
    }).into_response())
}

/// A bundle: its flows, findings and source, and the versions before it.
pub async fn bundle(api: Api, Path((name, uuid)): Path<(String, String)>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let versions =
        api.list(&format!("/api/zis/v1/integrations/{at}/bundles/{}/versions", encode(&uuid)), "versions").await;
    let source = pretty(&bundle);
    let reading = zis_bundle::read(&source, &zis_bundle::document::Options::default());
    let flows: Vec<String> =
        reading.bundle.iter().flat_map(|bundle| &bundle.flows).map(|flow| flow.name.value.clone()).collect();
    Ok(page(
        &api,
        text(&bundle, "name"),
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } " › " a href={ "/console/integrations/" (at) } { (name) } }
            h1 { (text(&bundle, "name")) }
            p { (text(&bundle, "description")) }
            h2 { "Flows" }
            ul { @for flow in &flows { li { a href={ "/console/integrations/" (at) "/flows/" (uuid) "/" (encode(flow)) } { (flow) } } } }
            h2 { "Versions" }
            @for version in &versions { p { span.mono { (text(version, "digest").get(..12).unwrap_or_default()) } " " (time(text(version, "uploaded_at"))) } }
            h2 { "Findings" }
            (findings(&source, &reading))
        },
    ))
}

/// A flow as a picture.
pub async fn flow(api: Api, Path((name, uuid, flow)): Path<(String, String, String)>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let reading = zis_bundle::read(&bundle.to_string(), &zis_bundle::document::Options::default());
    let picture =
        reading.bundle.as_ref().and_then(|bundle| bundle.flow(&flow)).map(|flow| draw(flow, &Overlay::default(), ""));
    Ok(page(
        &api,
        &flow,
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (name) } " › " a href={ "/console/integrations/" (at) "/bundles/" (uuid) } { (text(&bundle, "name")) } }
            h1 { (flow) }
            @match picture {
                Some(svg) => div.picture tabindex="0" aria-label="Drag to move, Ctrl and wheel to zoom" { (PreEscaped(svg)) },
                None => div.empty { "The bundle has no such flow." },
            }
        },
    ))
}
