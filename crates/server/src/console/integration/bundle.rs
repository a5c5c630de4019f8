//! A bundle: its flows, findings and source, the versions before it and what changed, and the way back.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::findings::findings;
use crate::{
    console::{
        api::{Api, Asked, Trouble},
        form::Form,
        page::{Page, csrf, encode, page},
        part::{Budget, json as pretty, picture, section, shortened, text, time, verbatim},
    },
    graph::Overlay,
};

/// Rows of a list on this page, and bytes of one value: a page stays small whatever the bundle.
const MOST_ROWS: usize = 100;
const MOST_VALUE: usize = 200;
/// Bytes of HTML for the states of a flow beside its picture, and states in the list.
const STATES: usize = 80_000;
const MOST_STATES: usize = 150;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct View {
    /// Digests of two versions to compare.
    from: String,
    to: String,
    /// Where the shown part of the source begins.
    line: Option<usize>,
}

fn address(at: &str, uuid: &str) -> String {
    format!("/console/integrations/{at}/bundles/{}", encode(uuid))
}

fn versions_path(at: &str, uuid: &str) -> String {
    format!("/api/zis/v1/integrations/{at}/bundles/{}", encode(uuid))
}

/// The members that the registry adds on top are not part of what was uploaded.
fn source_of(bundle: &Value) -> String {
    let mut document = bundle.clone();
    if let Some(members) = document.as_object_mut() {
        members.retain(|key, _| !matches!(key.as_str(), "uuid" | "integration" | "zendesk_account_id"));
    }
    pretty(&document)
}

pub async fn show(
    api: Api,
    Path((name, uuid)): Path<(String, String)>,
    Asked(view): Asked<View>,
) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let versions = api.list(&format!("{}/versions", versions_path(&at, &uuid)), "versions").await;
    let changes = if view.from.is_empty() {
        None
    } else {
        let query = format!("from={}&to={}", encode(&view.from), encode(&view.to));
        Some(api.get(&format!("{}/diff?{query}", versions_path(&at, &uuid))).await?)
    };
    let source = source_of(&bundle);
    let report = api.kept().report(&source).await?;
    let flows: Vec<&str> =
        report.reading.bundle.iter().flat_map(|bundle| &bundle.flows).map(|flow| flow.name.value.as_str()).collect();
    let found = report.findings.len();
    Ok(page(
        &api,
        text(&bundle, "name"),
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } " › " a href={ "/console/integrations/" (at) } { (name) } }
            div.title {
                h1 { (text(&bundle, "name")) }
                a class={ "tag " (if found == 0 { "good" } else { "warn" }) } href="#findings" {
                    @match found { 0 => "no findings", 1 => "1 finding", _ => { (found) " findings" } }
                }
                div.row { a.button href={ (address(&at, &uuid)) "/document" } { "Download the JSON" } }
            }
            @if !text(&bundle, "description").is_empty() { p.lead { (text(&bundle, "description")) } }
            (section("Flows", html! {}, html! {
                @if flows.is_empty() { div.empty { "No flow." } } @else {
                    ul.cards { @for flow in flows.iter().take(MOST_ROWS) { li {
                        a.main href={ "/console/integrations/" (at) "/flows/" (uuid) "/" (encode(flow)) } { (flow) }
                        a.small href={ "/console/executions?integration=" (at) "&flow=" (encode(flow)) } { "Executions" }
                    } } }
                    @if flows.len() > MOST_ROWS { p.soft.below { (flows.len() - MOST_ROWS) " more are in the source." } }
                }
            }))
            (section("Versions", html! {}, version_list(&api, &at, &uuid, &versions)))
            @if let Some(changes) = &changes { (change_list(changes)) }
            (section("Findings", html! {}, findings(&source, &report, view.line, &format!("{}?", address(&at, &uuid)))))
        },
    ))
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn version_list(api: &Api, at: &str, uuid: &str, versions: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th { "Version" } th { "Uploaded" } th { "Compare" } th { span.unseen { "What can be done" } } } }
            tbody { @for (index, version) in versions.iter().enumerate().take(MOST_ROWS) {
                @let digest = text(version, "digest");
                tr {
                    td { span.mono { (short(digest)) } @if version["current"] == json!(true) { " " span.tag.good { "current" } } }
                    td { (time(text(version, "uploaded_at"))) }
                    td { @if let Some(before) = versions.get(index + 1) {
                        a href={ (address(at, uuid)) "?from=" (text(before, "digest")) "&to=" (digest) "#changes" } { "What changed" }
                    } }
                    td.acts { @if version["current"] != json!(true) {
                        form.inline method="post" action=(address(at, uuid)) {
                            (csrf(api)) input type="hidden" name="digest" value=(digest);
                            button type="submit" { "Go back to this" }
                        }
                    } }
                }
            } }
        } }
    }
}

fn change_list(answer: &Value) -> Markup {
    let changes = answer["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        section id="changes" {
            div.head { h2 { "From " span.mono { (short(text(answer, "from"))) } " to " span.mono { (short(text(answer, "to"))) } } }
            @if changes.is_empty() { div.empty { "Both are the same." } } @else {
                ul.panel.changes { @for change in changes.iter().take(MOST_ROWS) {
                    li class=(text(change, "kind")) {
                        (match text(change, "kind") { "added" => "+", "removed" => "−", _ => "~" }) " " (text(change, "pointer"))
                        @if !change["old"].is_null() { " " del { (shortened(&change["old"].to_string(), MOST_VALUE)) } }
                        @if !change["new"].is_null() { " " (shortened(&change["new"].to_string(), MOST_VALUE)) }
                    }
                } }
                @if changes.len() > MOST_ROWS { p.soft { (changes.len() - MOST_ROWS) " more changes: " code { "zis diff" } " shows all." } }
            }
        }
    }
}

/// Back to an old version.
pub async fn act(api: Api, Path((name, uuid)): Path<(String, String)>, form: Form) -> Result<Redirect, Trouble> {
    let at = encode(&name);
    let body = json!({"digest": form.text("digest")});
    api.call(Method::POST, &format!("{}/rollback", versions_path(&at, &uuid)), Some(&body)).await?;
    Ok(Redirect::to(&address(&at, &uuid)))
}

/// The bundle as a file.
pub async fn document(api: Api, Path((name, uuid)): Path<(String, String)>) -> Result<Response, Trouble> {
    let path = format!("/api/services/zis/registry/{}/bundles/{}", encode(&name), encode(&uuid));
    let bundle = api.get(&path).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"bundle.json\""),
    ];
    Ok((headers, source_of(&bundle)).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FlowView {
    /// How many states come before those in the list.
    from: usize,
}

/// A flow as a picture, and the definitions of its states.
pub async fn flow(
    api: Api,
    Path((name, uuid, flow)): Path<(String, String, String)>,
    Asked(view): Asked<FlowView>,
) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let definition = definition(&bundle, &flow);
    if definition.is_null() {
        let message = format!("the bundle has no flow `{flow}`");
        return Err(Trouble { status: http::StatusCode::NOT_FOUND, message });
    }
    let mut budget = Budget(STATES);
    let svg = drawn(&api, &bundle, definition, &flow).await;
    let svg = svg.and_then(|svg| budget.take(picture(PreEscaped(svg))));
    let mut states = Vec::new();
    gather(definition, "", &mut states);
    Ok(page(
        &api,
        &flow,
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } " › " a href={ "/console/integrations/" (at) } { (name) } " › " a href=(address(&at, &uuid)) { (text(&bundle, "name")) } }
            div.title {
                h1 { (flow) }
                div.row { a.button href={ "/console/executions?integration=" (at) "&flow=" (encode(&flow)) } { "Its executions" } }
            }
            div.split {
                section aria-label="Flow" {
                    div.head { h2 { "Flow" } }
                    @match svg { Some(svg) => (svg), None => div.empty { "Too large to be drawn here: " code { "zis graph" } " draws it." } }
                }
                section aria-label="States" {
                    div.head { h2 { "States" } span.soft.small { (states.len()) } }
                    (state_list(&states, view.from, &mut budget))
                }
            }
        },
    ))
}

/// The flow's picture, kept by the definition.
async fn drawn(api: &Api, bundle: &Value, definition: &Value, flow: &str) -> Option<String> {
    let digest = zis_store::registry::digest(&definition.to_string());
    let drawing = api.kept().drawing(&digest, flow, async { Some(bundle.to_string()) }).await?;
    Some(drawing.on_page(&Overlay::default()))
}

/// The definition of the flow `name`.
fn definition<'v>(bundle: &'v Value, name: &str) -> &'v Value {
    let resources = bundle["resources"].as_object().into_iter().flat_map(|resources| resources.values());
    let mut flows = resources.filter(|resource| resource["type"] == "ZIS::Flow");
    flows
        .find(|flow| flow["properties"]["name"] == *name)
        .map_or(&Value::Null, |flow| &flow["properties"]["definition"])
}

/// States by place, in the order of the document; those of a Map follow it.
fn gather<'v>(definition: &'v Value, above: &str, found: &mut Vec<(String, &'v Value)>) {
    for (name, state) in definition["States"].as_object().into_iter().flatten() {
        let place = format!("{above}{name}");
        found.push((place.clone(), state));
        gather(&state["Iterator"], &format!("{place}/"), found);
    }
}

fn state_list(states: &[(String, &Value)], from: usize, budget: &mut Budget) -> Markup {
    let last = states.len().min(from.saturating_add(MOST_STATES));
    html! {
        ol.visits {
            @for (place, state) in states.iter().take(last).skip(from) {
                li id={ "state-" (place) } class={ "depth" (place.matches('/').count().min(2)) } {
                    @let head = html! {
                        span.tag { (text(state, "Type")) }
                        span.name { strong { (place) } @if let Some(next) = state["Next"].as_str() { span.soft { "→ " (next) } } }
                    };
                    @match budget.take(html! { details { summary { (head) } div.inside { (verbatim(&pretty(&own(state)))) } } }) {
                        Some(whole) => (whole),
                        None => div.head { (head) },
                    }
                }
            }
            @if from > 0 || last < states.len() {
                li.pager {
                    span.soft.small { "States " (from + 1) " to " (last) " of " (states.len()) }
                    @if from > 0 { a href={ "?from=" (from.saturating_sub(MOST_STATES)) } { "Earlier" } }
                    @if last < states.len() { a href={ "?from=" (last) } { "Later" } }
                }
            }
        }
    }
}

/// A state without the states inside of it, which are listed themselves.
fn own(state: &Value) -> Value {
    let mut own = state.clone();
    if let Some(iterator) = own.get_mut("Iterator").and_then(Value::as_object_mut) {
        iterator.remove("States");
    }
    own
}
