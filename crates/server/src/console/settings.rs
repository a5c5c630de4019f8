//! Settings: users, API tokens, OAuth clients.

use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde::Deserialize;
use serde_json::json;

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Done {
    done: String,
}

pub async fn show(api: Api, Query(Done { done }): Query<Done>) -> Result<Page, Trouble> {
    let users = api.list("/api/v2/users.json?role[]=admin&role[]=agent&per_page=100", "users").await;
    let tokens = api.list("/api/v2/api_tokens.json", "api_tokens").await;
    let clients = api.list("/api/v2/oauth/clients.json", "clients").await;
    Ok(page(
        &api,
        "Settings",
        html! {
            h1 { "Settings" }
            @if !done.is_empty() { div.notice.good role="status" { (done) } }
            h2 { "Users who may sign in" }
            div.table { table.stack {
                thead { tr { th { "Name" } th { "E-mail" } th { "Role" } } }
                tbody { @for user in &users { tr {
                    td { a href={ "/console/zendesk/users/" (user["id"].to_string()) } { (text(user, "name")) } } td { (text(user, "email")) } td { (text(user, "role")) }
                } } }
            } }
            details id="new-user" { summary { "New user" }
                form method="post" action="/console/settings" {
                    (csrf(&api)) input type="hidden" name="do" value="user";
                    div.field { label for="name" { "Name" } input id="name" name="name" required; }
                    div.field { label for="email" { "E-mail" } input id="email" name="email" type="email" autocomplete="username" required; }
                    div.field { label for="role" { "Role" } select id="role" name="role" { option { "agent" } option { "admin" } } }
                    div.field { label for="password" { "Password" } input id="password" name="password" type="password" autocomplete="new-password" required; }
                    button.primary type="submit" { "Create" }
                }
            }
            h2 { "API tokens" }
            @if tokens.is_empty() { p.soft { "None." } }
            @for token in &tokens {
                form.row method="post" action="/console/settings" {
                    (csrf(&api)) input type="hidden" name="do" value="revoke"; input type="hidden" name="id" value=(token["id"].to_string());
                    span { (text(token, "description")) } span.soft.small { (time(text(token, "created_at"))) }
                    button.danger type="submit" { "Revoke" }
                }
            }
            form.filters method="post" action="/console/settings" {
                (csrf(&api)) input type="hidden" name="do" value="token";
                div.field { label for="description" { "What is it for?" } input id="description" name="description" required; }
                button type="submit" { "New API token" }
            }
            h2 { "OAuth clients" }
            @if clients.is_empty() { p.soft { "None." } }
            @for client in &clients { p { strong { (text(client, "name")) } " " span.mono { (text(client, "identifier")) } } }
        },
    ))
}

pub async fn act(api: Api, form: Form) -> Result<Response, Trouble> {
    let done = match form.text("do") {
        "token" => {
            let body = json!({"api_token": {"description": form.text("description")}});
            let answer = api.call(Method::POST, "/api/v2/api_tokens.json", Some(&body)).await?;
            return Ok(page(&api, "API token", html! {
                h1 { "The API token is there" }
                div.notice { "It is shown this once; keep it now." }
                pre id="token" { (answer["api_token"]["token"].as_str().or(answer["api_token"]["full_token"].as_str()).unwrap_or_default()) }
                button type="button" data-copy="token" hidden { "Copy" }
                p { "Use it as the password of " code { (text(&api.user, "email")) "/token" } ". " a href="/console/settings" { "Back" } }
            }).into_response());
        }
        "revoke" => {
            api.call(Method::DELETE, &format!("/api/v2/api_tokens/{}.json", encode(form.text("id"))), None).await?;
            "The token is revoked."
        }
        _ => {
            let user = json!({"user": {"name": form.text("name"), "email": form.text("email"), "role": form.text("role"), "verified": true}});
            let created = api.call(Method::POST, "/api/v2/users.json", Some(&user)).await?;
            let password = json!({"password": form.text("password")});
            api.call(Method::POST, &format!("/api/v2/users/{}/password.json", created["user"]["id"]), Some(&password))
                .await?;
            "The user is created."
        }
    };
    Ok(Redirect::to(&format!("/console/settings?done={}", encode(done))).into_response())
}
