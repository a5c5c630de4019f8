//! Request bins: what came to each.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde::Deserialize;

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{json, text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Go {
    name: String,
}

pub async fn list(api: Api, Query(go): Query<Go>) -> Result<Response, Trouble> {
    if !go.name.is_empty() {
        return Ok(Redirect::to(&format!("/console/bins/{}", encode(&go.name))).into_response());
    }
    let bins = api.list("/api/zis/v1/bins", "bins").await;
    Ok(page(&api, "Bins", html! {
        div.title { h1 { "Request bins" } }
        p.lead { "Anything sent to " code { "/bins/NAME" } " is kept and shown here: a stand-in for an external API." }
        form.filters method="get" { div.row { div.field { label for="name" { "Name" } input id="name" name="name" required; } button type="submit" { "Open" } } }
        @if bins.is_empty() { div.empty { "No bin has got anything yet." } } @else {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Requests" } th { "Last" } } }
                tbody { @for bin in &bins {
                    tr { td { a href={ "/console/bins/" (encode(text(bin, "name"))) } { (text(bin, "name")) } } td.n { (bin["requests"].to_string()) } td { (time(text(bin, "last_at"))) } }
                } }
            } }
        }
    }).into_response())
}

pub async fn show(api: Api, Path(name): Path<String>) -> Result<Page, Trouble> {
    let requests = api.list(&format!("/api/zis/v1/bins/{}/requests", encode(&name)), "requests").await;
    Ok(page(
        &api,
        &format!("Bin {name}"),
        html! {
            p.crumbs { a href="/console/bins" { "Bins" } }
            div.title {
                h1 { "Bin " (name) }
                @if !requests.is_empty() { form.row method="post" action={ "/console/bins/" (name) } { (csrf(&api)) button.danger type="submit" { "Empty the bin" } } }
            }
            p.lead { "Its address is " code { "/bins/" (name) } "; any method, any path below it." }
            div id="bin" data-live="executions" {
                @if requests.is_empty() { div.empty { "Nothing has come." } }
                @for request in &requests {
                    div.panel data-id=(text(request, "id")) {
                        p { span.tag { (text(request, "method")) } " " span.mono { (text(request, "path")) } " " span.soft.small { (time(text(request, "received_at"))) } }
                        details { summary { "Headers" } pre { (json(&request["headers"])) } }
                        pre tabindex="0" { (request["body"].as_str().map_or_else(|| json(&request["body"]), |text| serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value| json(&value)))) }
                    }
                }
            }
        },
    ))
}

pub async fn act(api: Api, Path(name): Path<String>, _form: Form) -> Result<Redirect, Trouble> {
    api.call(Method::DELETE, &format!("/api/zis/v1/bins/{}/requests", encode(&name)), None).await?;
    Ok(Redirect::to(&format!("/console/bins/{}", encode(&name))))
}
