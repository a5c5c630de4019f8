//! A bundle: its flows, findings and source, the versions before it and what changed, and the way back.

use std::collections::HashMap;

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};
use zis_bundle::Severity;

use crate::{
    console::{
        api::{Api, Trouble},
        form::Form,
        page::{Page, csrf, encode, page},
        part::{json as pretty, picture, text, time},
    },
    graph::{Overlay, draw},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Compare {
    /// Digest of the version to compare the next one with.
    from: String,
    to: String,
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
    Query(compare): Query<Compare>,
) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let versions = api.list(&format!("{}/versions", versions_path(&at, &uuid)), "versions").await;
    let changes = if compare.from.is_empty() {
        None
    } else {
        let query = format!("from={}&to={}", encode(&compare.from), encode(&compare.to));
        Some(api.get(&format!("{}/diff?{query}", versions_path(&at, &uuid))).await?)
    };
    let source = source_of(&bundle);
    let reading = zis_bundle::read(&source, &zis_bundle::document::Options::default());
    let flows: Vec<&str> =
        reading.bundle.iter().flat_map(|bundle| &bundle.flows).map(|flow| flow.name.value.as_str()).collect();
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
            (version_list(&api, &at, &uuid, &versions))
            @if let Some(changes) = &changes { (change_list(changes)) }
            h2 { "Findings" }
            (findings(&source))
            p { a.button href={ (address(&at, &uuid)) "/document" } { "Download the JSON" } }
        },
    ))
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn version_list(api: &Api, at: &str, uuid: &str, versions: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th { "Version" } th { "Uploaded" } th { "" } th { "" } } }
            tbody { @for (index, version) in versions.iter().enumerate() {
                @let digest = text(version, "digest");
                tr {
                    td { span.mono { (short(digest)) } @if version["current"] == json!(true) { " " span.tag.good { "current" } } }
                    td { (time(text(version, "uploaded_at"))) }
                    td { @if let Some(before) = versions.get(index + 1) {
                        a href={ (address(at, uuid)) "?from=" (text(before, "digest")) "&to=" (digest) "#changes" } { "What changed" }
                    } }
                    td { @if version["current"] != json!(true) {
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
        h2 id="changes" { "From " span.mono { (short(text(answer, "from"))) } " to " span.mono { (short(text(answer, "to"))) } }
        @if changes.is_empty() { p.soft { "Nothing." } }
        ul.changes { @for change in changes {
            li class=(text(change, "kind")) {
                (match text(change, "kind") { "added" => "+", "removed" => "−", _ => "~" }) " " (text(change, "pointer"))
                @if !change["old"].is_null() { " " del { (change["old"].to_string()) } }
                @if !change["new"].is_null() { " " (change["new"].to_string()) }
            }
        } }
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

/// A flow as a picture.
pub async fn flow(api: Api, Path((name, uuid, flow)): Path<(String, String, String)>) -> Result<Page, Trouble> {
    let at = encode(&name);
    let bundle = api.get(&format!("/api/services/zis/registry/{at}/bundles/{}", encode(&uuid))).await?;
    let reading = zis_bundle::read(&bundle.to_string(), &zis_bundle::document::Options::default());
    let svg =
        reading.bundle.as_ref().and_then(|bundle| bundle.flow(&flow)).map(|flow| draw(flow, &Overlay::default(), ""));
    Ok(page(
        &api,
        &flow,
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (name) } " › " a href=(address(&at, &uuid)) { (text(&bundle, "name")) } }
            h1 { (flow) }
            p { a href={ "/console/executions?integration=" (at) "&flow=" (encode(&flow)) } { "Its executions" } }
            @match svg {
                Some(svg) => (picture(PreEscaped(svg))),
                None => div.empty { "The bundle has no such flow." },
            }
        },
    ))
}

/// Findings as a list, and the source with the lines marked.
pub(super) fn findings(source: &str) -> Markup {
    let report = zis_lint::check(source, "bundle.json", &zis_lint::Settings::default());
    let line_of = |offset: usize| report.reading.lines.position(source, offset).line;
    let is_error = |severity: Severity| severity == Severity::Error;
    let mut marks: HashMap<usize, bool> = HashMap::new();
    for finding in &report.findings {
        *marks.entry(line_of(finding.span.start)).or_default() |= is_error(finding.severity);
    }
    html! {
        @if report.findings.is_empty() { p { span.tag.good { "no findings" } } }
        @for finding in &report.findings {
            @let line = line_of(finding.span.start);
            div class={ "notice " (if is_error(finding.severity) { "bad" } else { "warn" }) } {
                a href={ "#L" (line) } { "line " (line) } " "
                strong { (finding.message) } " " span.mono { (finding.code) }
                @if let Some(help) = &finding.help { br; (help) }
            }
        }
        details id="source" open[!report.findings.is_empty()] { summary { "Source" }
            pre.source { @for (number, line) in source.lines().enumerate() {
                @let class = match marks.get(&(number + 1)) { Some(true) => "line wrong", Some(false) => "line marked", None => "line" };
                span class=(class) id={ "L" (number + 1) } { (line) "\n" }
            } }
        }
    }
}
