//! Sign-in and sign-out.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use maud::{Markup, html};
use serde::Deserialize;
use zis_zendesk::auth::{SESSION_COOKIE, SESSION_TIME};

use crate::{
    auth::peer,
    console::{
        api::{Api, Console, session_cookie},
        form::{Form, pairs},
        page,
    },
};

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `/` leads to the console, which leads to the sign-in when nobody has signed in.
pub async fn root() -> Redirect {
    Redirect::to("/console")
}

pub async fn form(Query(Next { next }): Query<Next>) -> impl IntoResponse {
    page::plain("Sign in", content(&next, "", None))
}

fn content(next: &str, email: &str, fault: Option<&str>) -> Markup {
    html! {
        div.sign-in {
            h1 { "Sign in to zis" }
            @if let Some(fault) = fault { div.notice.bad role="alert" { (fault) } }
            form.panel method="post" action="/console/sign-in" {
                input type="hidden" name="next" value=(next);
                div.field { label for="email" { "E-mail" } input id="email" name="email" type="email" value=(email) autocomplete="username" required autofocus; }
                div.field { label for="password" { "Password" } input id="password" name="password" type="password" autocomplete="current-password" required; }
                button.primary type="submit" { "Sign in" }
            }
            p.soft.small { "The server printed the admin's password at its first start; ZIS_ADMIN_PASSWORD sets it." }
        }
    }
}

pub async fn submit(State(console): State<Console>, extensions: Extensions, body: String) -> Response {
    let fields = pairs(&body);
    let field =
        |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
    let email = field("email").trim();
    match console.app.zendesk.sign_in(email, field("password"), peer(&extensions)).await {
        Ok((_, session)) => {
            let cookie = format!(
                "{SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
                SESSION_TIME.as_secs(),
                secure(&console)
            );
            // Only a path of our own: no open redirect.
            let next = Some(field("next")).filter(|next| next.starts_with("/console") && !next.contains("//"));
            (set_cookie(&cookie), Redirect::to(next.unwrap_or("/console"))).into_response()
        }
        Err(error) => {
            let page = page::plain("Sign in", content(field("next"), email, Some(&fault(&error.to_string()))));
            (StatusCode::UNAUTHORIZED, page).into_response()
        }
    }
}

/// What the zendesk's words mean here.
fn fault(error: &str) -> String {
    if error.starts_with("Couldn't") {
        "The e-mail address or the password is wrong.".to_owned()
    } else {
        error.to_owned()
    }
}

pub async fn out(State(console): State<Console>, _api: Api, headers: HeaderMap, _form: Form) -> Response {
    if let Some(session) = session_cookie(&headers) {
        let _ = console.app.zendesk.end_session(&session).await;
    }
    let cookie = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(&console));
    (set_cookie(&cookie), Redirect::to("/console/sign-in")).into_response()
}

fn secure(console: &Console) -> &'static str {
    if console.app.origin.starts_with("https://") { "; Secure" } else { "" }
}

fn set_cookie(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
    headers
}
