//! Request bins: what came to each.

use axum::{
    extract::{OriginalUri, Path},
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde::Deserialize;

use crate::console::{
    api::{Api, Asked, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{Budget, confirmed, copyable, live, next_page, text, time, value},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Go {
    name: String,
}

pub async fn list(api: Api, Asked(go): Asked<Go>) -> Result<Response, Trouble> {
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

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct View {
    #[serde(rename = "page[after]")]
    after: String,
}

/// Bytes of HTML for the bodies and headers of a page of requests.
const BUDGET: usize = 60_000;

pub async fn show(
    api: Api,
    Path(name): Path<String>,
    Asked(view): Asked<View>,
    OriginalUri(uri): OriginalUri,
) -> Result<Page, Trouble> {
    let after = if view.after.is_empty() { String::new() } else { format!("&page[after]={}", encode(&view.after)) };
    let answer = api.get(&format!("/api/zis/v1/bins/{}/requests?page[size]=25{after}", encode(&name))).await?;
    let requests = answer["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut budget = Budget(BUDGET);
    let too_long = || html! { p.soft { "It is too long to show here: the API gives the whole." } };
    Ok(page(
        &api,
        &format!("Bin {name}"),
        html! {
            p.crumbs { a href="/console/bins" { "Bins" } }
            div.title {
                h1 { "Bin " (name) } @if view.after.is_empty() { (live()) }
                @if !requests.is_empty() { form.row method="post" action={ "/console/bins/" (encode(&name)) } { (csrf(&api)) (confirmed("Empty the bin", "Empty the bin? What it got is gone.")) } }
            }
            p.lead { "Its address is " (copyable(&format!("{}/bins/{}", api.origin(), encode(&name)), "the address")) "; any method, any path below it." }
            div id="bin" data-live=[view.after.is_empty().then_some("executions")] {
                @if requests.is_empty() { div.empty { "Nothing has come. Send something to its address, or name it as the address of an action." } }
                @for request in requests {
                    div.panel data-id=(text(request, "id")) {
                        p { span.tag { (text(request, "method")) } " " span.mono { (text(request, "path")) } " " span.soft.small { (time(text(request, "received_at"))) } }
                        @let body = if request["json"].is_null() { &request["body"] } else { &request["json"] };
                        @if body != "" { (budget.take_or(value(body), too_long())) }
                        @if let Some(headers) = budget.take(value(&request["headers"])) { details { summary { "Headers" } (headers) } }
                    }
                }
                (next_page(&uri.to_string(), &answer["meta"], "Older"))
            }
        },
    ))
}

pub async fn act(api: Api, Path(name): Path<String>, _form: Form) -> Result<Redirect, Trouble> {
    api.call(Method::DELETE, &format!("/api/zis/v1/bins/{}/requests", encode(&name)), None).await?;
    Ok(Redirect::to(&format!("/console/bins/{}", encode(&name))))
}
