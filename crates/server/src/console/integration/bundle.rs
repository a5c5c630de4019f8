//! A bundle: its flows, findings and source, the versions before it and what changed, and the way back.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::findings::findings;
use crate::{
    console::{
        api::{Api, Trouble},
        form::Form,
        page::{Page, csrf, encode, page},
        part::{json as pretty, picture, section, text, time},
    },
    graph::{Overlay, draw},
};

/// Rows of a list on this page, and characters of one value: a page stays small whatever the bundle.
const MOST_ROWS: usize = 100;
const MOST_VALUE: usize = 200;

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
    let report = zis_lint::check(&source, "bundle.json", &zis_lint::Settings::default());
    let flows: Vec<&str> =
        report.reading.bundle.iter().flat_map(|bundle| &bundle.flows).map(|flow| flow.name.value.as_str()).collect();
    Ok(page(
        &api,
        text(&bundle, "name"),
        html! {
            p.crumbs { a href="/console/integrations" { "Integrations" } " › " a href={ "/console/integrations/" (at) } { (name) } }
            div.title {
                h1 { (text(&bundle, "name")) }
                div.row { a.button href={ (address(&at, &uuid)) "/document" } { "Download the JSON" } }
            }
            @if !text(&bundle, "description").is_empty() { p.lead { (text(&bundle, "description")) } }
            (section("Flows", html! {}, html! {
                @if flows.is_empty() { div.empty { "No flow." } } @else {
                    div.table { table.stack {
                        thead { tr { th { "Name" } th { span.unseen { "More" } } } }
                        tbody { @for flow in flows.iter().take(MOST_ROWS) { tr {
                            td { a href={ "/console/integrations/" (at) "/flows/" (uuid) "/" (encode(flow)) } { (flow) } }
                            td.acts { a href={ "/console/executions?integration=" (at) "&flow=" (encode(flow)) } { "Executions" } }
                        } } }
                    } }
                }
            }))
            (section("Versions", html! {}, version_list(&api, &at, &uuid, &versions)))
            @if let Some(changes) = &changes { (change_list(changes)) }
            (section("Findings", html! {}, findings(&source, &report)))
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
                        @if !change["old"].is_null() { " " del { (excerpt(&change["old"])) } }
                        @if !change["new"].is_null() { " " (excerpt(&change["new"])) }
                    }
                } }
                @if changes.len() > MOST_ROWS { p.soft { (changes.len() - MOST_ROWS) " more changes: " code { "zis diff" } " shows all." } }
            }
        }
    }
}

/// A value on a line, cut when it is long.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    text.char_indices().nth(MOST_VALUE).map_or_else(|| text.clone(), |(at, _)| format!("{}…", &text[..at]))
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
            div.title {
                h1 { (flow) }
                div.row { a.button href={ "/console/executions?integration=" (at) "&flow=" (encode(&flow)) } { "Its executions" } }
            }
            @match svg {
                Some(svg) => (picture(PreEscaped(svg))),
                None => div.empty { "The bundle has no such flow." },
            }
        },
    ))
}
