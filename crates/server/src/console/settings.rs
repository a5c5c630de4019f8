//! Settings: users, API tokens, OAuth clients.

use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::console::{
    api::{Api, Asked, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{confirmed, field, opener, section, text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Done {
    done: String,
}

pub async fn show(api: Api, Asked(Done { done }): Asked<Done>) -> Result<Page, Trouble> {
    let users = api.list("/api/v2/users.json?role[]=admin&role[]=agent&per_page=100", "users").await;
    let tokens = api.list("/api/v2/api_tokens.json", "api_tokens").await;
    let clients = api.list("/api/v2/oauth/clients.json?per_page=100", "clients").await;
    Ok(page(
        &api,
        "Settings",
        html! {
            div.title { h1 { "Settings" } }
            @if !done.is_empty() { div.notice.good role="status" { (done) } }
            (section("Users who may sign in", html! {}, user_part(&api, &users)))
            (section("API tokens", html! {}, token_part(&api, &tokens)))
            (section("OAuth clients", html! {}, client_part(&api, &clients)))
        },
    ))
}

/// A form of this page with one thing to do.
fn act_form(api: &Api, what: &str, content: Markup) -> Markup {
    html! { form.inline method="post" action="/console/settings" { (csrf(api)) input type="hidden" name="do" value=(what); (content) } }
}

fn remove(api: &Api, what: &str, of: &Value, label: &str, question: &str) -> Markup {
    act_form(
        api,
        what,
        html! { input type="hidden" name="id" value=(of["id"].to_string()); (confirmed(label, question)) },
    )
}

fn user_part(api: &Api, users: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th { "Name" } th { "E-mail" } th { "Role" } th { span.unseen { "What can be done" } } } }
            tbody { @for user in users { tr {
                td { a href={ "/console/zendesk/users/" (user["id"].to_string()) } { (text(user, "name")) } } td { (text(user, "email")) }
                td { span.tag { (text(user, "role")) } }
                td.acts { @if user["id"] != api.user["id"] { (remove(api, "delete-user", user, "Delete", &format!("Delete {}? Their tokens stop working.", text(user, "email")))) } }
            } } }
        } }
        (opener("new-user", "New user", false, act_form(api, "user", html! {
            div.fields {
                (field("name", "name", "Name", "text", true))
                (field("email", "email", "E-mail", "email", true))
                div.field { label for="role" { "Role" } select id="role" name="role" { option { "agent" } option { "admin" } } }
                div.field { label for="password" { "Password" } input id="password" name="password" type="password" autocomplete="new-password" required; }
            }
            button.primary type="submit" { "Create" }
        })))
    }
}

fn token_part(api: &Api, tokens: &[Value]) -> Markup {
    html! {
        @if tokens.is_empty() { div.empty { "A token stands in for a password in scripts and in " code { "ZIS_API_TOKEN" } "." } } @else {
            div.table { table.stack {
                thead { tr { th { "For" } th { "Made" } th { span.unseen { "What can be done" } } } }
                tbody { @for token in tokens { tr {
                    td { (text(token, "description")) } td.n { (time(text(token, "created_at"))) }
                    td.acts { (remove(api, "revoke", token, "Revoke", "Revoke the token? What uses it is refused at once.")) }
                } } }
            } }
        }
        (opener("new-token", "New API token", false, act_form(api, "token", html! {
            (field("description", "description", "What is it for?", "text", true))
            button.primary type="submit" { "Create" }
        })))
    }
}

fn client_part(api: &Api, clients: &[Value]) -> Markup {
    // Those of integrations live and die with them.
    let is_own =
        |client: &Value| !text(client, "identifier").starts_with("zis_") && text(client, "identifier") != "zendesk";
    html! {
        @if clients.is_empty() { div.empty { "Programs that act for users have one." } } @else {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Identifier" } th { "Made" } th { span.unseen { "What can be done" } } } }
                tbody { @for client in clients { tr {
                    td { (text(client, "name")) } td.mono { (text(client, "identifier")) } td.n { (time(text(client, "created_at"))) }
                    td.acts { @if is_own(client) { (remove(api, "delete-client", client, "Delete", "Delete the OAuth client? Its tokens stop working.")) } }
                } } }
            } }
        }
        (opener("new-client", "New OAuth client", false, act_form(api, "client", html! {
            div.fields {
                (field("client-name", "name", "Name", "text", true))
                (field("client-identifier", "identifier", "Identifier: lower-case letters, digits and _", "text", true))
                (field("client-redirect", "redirect_uri", "Address to come back to", "url", false))
            }
            button.primary type="submit" { "Create" }
        })))
    }
}

/// A secret that is shown this once.
fn shown_once(api: &Api, title: &str, secret: &str, use_it: Markup) -> Response {
    page(
        api,
        title,
        html! {
            p.crumbs { a href="/console/settings" { "Settings" } }
            div.title { h1 { (title) } }
            div.notice.warn { "It is shown this once; keep it now." }
            pre id="secret" tabindex="0" { (secret) }
            p { button type="button" data-copy="secret" hidden { "Copy" } " " a.button href="/console/settings" { "Back" } }
            p { (use_it) }
        },
    )
    .into_response()
}

pub async fn act(api: Api, form: Form) -> Result<Response, Trouble> {
    let remove = async |path: &str| {
        api.call(Method::DELETE, &format!("/api/v2/{path}/{}.json", encode(form.text("id"))), None).await
    };
    let done = match form.text("do") {
        "token" => {
            let body = json!({"api_token": {"description": form.text("description")}});
            let answer = api.call(Method::POST, "/api/v2/api_tokens.json", Some(&body)).await?;
            let token = text(&answer["api_token"], "full_token");
            let user = text(&api.user, "email");
            let use_it =
                html! { "Use it as the password of " code { (user) "/token" } ", or in " code { "ZIS_API_TOKEN" } "." };
            return Ok(shown_once(&api, "The API token is there", token, use_it));
        }
        "client" => {
            let redirect: Vec<&str> = form.text("redirect_uri").split_whitespace().collect();
            let body = json!({"client": {"name": form.text("name"), "identifier": form.text("identifier"), "redirect_uri": redirect}});
            let answer = api.call(Method::POST, "/api/v2/oauth/clients.json", Some(&body)).await?;
            let use_it = html! { "It is the " code { "client_secret" } " of " code { (text(&answer["client"], "identifier")) } "." };
            return Ok(shown_once(&api, "The OAuth client is there", text(&answer["client"], "secret"), use_it));
        }
        "revoke" => remove("api_tokens").await.map(|_| "The token is revoked.")?,
        "delete-client" => remove("oauth/clients").await.map(|_| "The OAuth client is gone.")?,
        "delete-user" => remove("users").await.map(|_| "The user is gone.")?,
        _ => create_user(&api, &form).await?,
    };
    Ok(Redirect::to(&format!("/console/settings?done={}", encode(done))).into_response())
}

async fn create_user(api: &Api, form: &Form) -> Result<&'static str, Trouble> {
    let user = json!({"user": {"name": form.text("name"), "email": form.text("email"), "role": form.text("role"), "verified": true}});
    let created = api.call(Method::POST, "/api/v2/users.json", Some(&user)).await?;
    let password = json!({"password": form.text("password")});
    let path = format!("/api/v2/users/{}/password.json", created["user"]["id"]);
    api.call(Method::POST, &path, Some(&password)).await?;
    Ok("The user is created.")
}
