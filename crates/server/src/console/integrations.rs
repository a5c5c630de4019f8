//! Integrations: the list, and a form for a new one.

use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{opener, text},
};

/// Integrations on the page; the others are searched for.
const MOST: usize = 100;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Search {
    q: String,
}

pub async fn list(api: Api, Query(Search { q }): Query<Search>) -> Result<Page, Trouble> {
    let all = api.list("/api/services/zis/registry/integrations", "integrations").await;
    let fits = |integration: &&Value| ["name", "description"].iter().any(|key| text(integration, key).contains(&q));
    let fitting: Vec<&Value> = all.iter().filter(fits).collect();
    Ok(page(
        &api,
        "Integrations",
        html! {
            div.title { h1 { "Integrations" } }
            @if all.len() > MOST || !q.is_empty() {
                form.filters method="get" role="search" { div.row {
                    div.field.wide { label for="q" { "Part of the name or description" } input id="q" name="q" value=(q); }
                    button type="submit" { "Search" }
                } }
            }
            @if fitting.is_empty() { div.empty { @if q.is_empty() { "There is none yet: create the first one." } @else { "None fits." } } } @else {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "Description" } th { "OAuth client" } } }
                    tbody { @for integration in fitting.iter().take(MOST) {
                        tr {
                            td { a href={ "/console/integrations/" (text(integration, "name")) } { (text(integration, "name")) } }
                            td { (text(integration, "description")) }
                            td.mono.soft { (text(&integration["zendesk_oauth_client"], "identifier")) }
                        }
                    } }
                } }
                @if fitting.len() > MOST { p.soft.below { (fitting.len() - MOST) " more: search for a part of the name." } }
            }
            (opener("new", "New integration", all.is_empty(), html! {
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

pub async fn create(api: Api, form: Form) -> Result<Response, Trouble> {
    let name = form.text("name");
    let body = json!({"description": form.text("description")});
    api.call(Method::POST, &format!("/api/services/zis/registry/{}", encode(name)), Some(&body)).await?;
    Ok(Redirect::to(&format!("/console/integrations/{}", encode(name))).into_response())
}
