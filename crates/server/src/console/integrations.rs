//! Integrations: the list, and a form for a new one.

use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::html;
use serde_json::json;

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::text,
};

pub async fn list(api: Api) -> Result<Page, Trouble> {
    let integrations = api.list("/api/services/zis/registry/integrations", "integrations").await;
    Ok(page(
        &api,
        "Integrations",
        html! {
            h1 { "Integrations" }
            @if integrations.is_empty() { div.empty { "There is none yet: create the first one below." } } @else {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "Description" } th { "OAuth client" } } }
                    tbody { @for integration in &integrations {
                        tr {
                            td { a href={ "/console/integrations/" (text(integration, "name")) } { (text(integration, "name")) } }
                            td { (text(integration, "description")) }
                            td.mono { (text(&integration["zendesk_oauth_client"], "identifier")) }
                        }
                    } }
                } }
            }
            h2 { "New integration" }
            form method="post" action="/console/integrations" {
                (csrf(&api))
                div.field { label for="name" { "Name: lower-case letters, digits, - and _" } input id="name" name="name" required pattern="[a-z0-9_\\-]{1,64}"; }
                div.field { label for="description" { "Description" } input id="description" name="description"; }
                button.primary type="submit" { "Create" }
            }
        },
    ))
}

pub async fn create(api: Api, form: Form) -> Result<Response, Trouble> {
    let name = form.text("name");
    let body = json!({"description": form.text("description")});
    api.call(Method::POST, &format!("/api/services/zis/registry/{}", encode(name)), Some(&body)).await?;
    Ok(Redirect::to(&format!("/console/integrations/{}", encode(name))).into_response())
}
