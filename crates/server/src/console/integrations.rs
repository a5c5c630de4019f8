//! Integrations: the list, and a form for a new one.

use axum::{
    extract::OriginalUri,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde::Deserialize;
use serde_json::json;

use crate::console::{
    api::{Api, Asked, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{next_page, opener, text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Search {
    q: String,
    #[serde(rename = "page[after]")]
    after: String,
}

pub async fn list(
    api: Api,
    Asked(Search { q, after }): Asked<Search>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page, Trouble> {
    let parts = [("q", &q), ("page[after]", &after)].into_iter().filter(|(_, value)| !value.is_empty());
    let query: String = parts.map(|(name, value)| format!("&{name}={}", encode(value))).collect();
    let answer = api.get(&format!("/api/zis/v1/integrations?page[size]=50{query}")).await?;
    let found = answer["integrations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let none = found.is_empty() && query.is_empty();
    Ok(page(
        &api,
        "Integrations",
        html! {
            div.title { h1 { "Integrations" } }
            @if answer["meta"]["has_more"] == json!(true) || !query.is_empty() {
                form.filters method="get" role="search" { div.row {
                    div.field.wide { label for="q" { "Part of the name or description" } input id="q" name="q" value=(q); }
                    button type="submit" { "Search" }
                    @if !query.is_empty() { a.button.quiet href="/console/integrations" { "Clear" } }
                } }
            }
            @if none { p.lead { "An integration is a name under which bundles, connections and configs live together. A bundle brings flows and job specs; an installed job spec runs its flow for each event." } }
            @if found.is_empty() { div.empty { @if none { "There is none yet: create the first one." } @else { "None fits." } } } @else {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "Description" } th { "Created" } th { span.unseen { "More" } } } }
                    tbody { @for integration in found {
                        @let name = text(integration, "name");
                        tr {
                            td { a.main href={ "/console/integrations/" (name) } { (name) } }
                            td { (text(integration, "description")) }
                            td.n { (time(text(integration, "created_at"))) }
                            td.acts { a href={ "/console/executions?integration=" (encode(name)) } { "Executions" } }
                        }
                    } }
                } }
                (next_page(&uri.to_string(), &answer["meta"], "More"))
            }
            (opener("new", "New integration", none, html! {
                form method="post" action="/console/integrations" {
                    (csrf(&api))
                    div.field { label for="name" { "Name" } input id="name" name="name" required pattern="[a-z0-9_\\-]{1,64}" aria-describedby="name-hint";
                        p.hint id="name-hint" { "Lower-case letters, digits, - and _" } }
                    div.field { label for="description" { "Description" } input id="description" name="description"; }
                    button.primary type="submit" { "Create" }
                }
            }))
        },
    ))
}

/// The bundle of Zendesk's tutorial, with its placeholders, and the integration that it is set up in.
const TUTORIAL: &str = include_str!("../../../../examples/refund-router/bundle.json");
const TUTORIAL_NAME: &str = "acme_refunds";

pub async fn create(api: Api, form: Form) -> Result<Response, Trouble> {
    let is_tutorial = form.text("do") == "tutorial";
    let (name, description) = match is_tutorial {
        true => (TUTORIAL_NAME, "Approve and route refund requests"),
        false => (form.text("name"), form.text("description")),
    };
    let path = format!("/api/services/zis/registry/{}", encode(name));
    api.call(Method::POST, &path, Some(&json!({"description": description}))).await?;
    if is_tutorial {
        let bin = format!("{}/bins/refunds", api.server());
        let bundle = TUTORIAL.replace("INTEGRATION", name).replace("EXTERNAL_TARGET_URL", &bin);
        let bundle = serde_json::from_str(&bundle).unwrap_or_default();
        api.call(Method::POST, &format!("{path}/bundles"), Some(&bundle)).await?;
    }
    Ok(Redirect::to(&format!("/console/integrations/{}", encode(name))).into_response())
}
