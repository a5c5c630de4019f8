//! What the forms of an integration's page do.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde_json::{Value, json};

use super::{act_form, findings::findings, upload_fields};
use crate::console::{
    api::{Api, Trouble, reason},
    form::Form,
    page::{encode, page},
    part::{copyable, section, text},
};

/// One thing done, then back to the page.
pub async fn act(api: Api, Path(name): Path<String>, form: Form) -> Result<Response, Trouble> {
    let at = encode(&name);
    let service = format!("/api/services/zis/integrations/{at}");
    let scope = encode(form.text("scope"));
    let spec = encode(&format!("zis:{name}:job_spec:{}", form.text("spec")));
    let install = format!("/api/services/zis/registry/job_specs/install?job_spec_name={spec}");
    let done = match form.text("do") {
        "upload" => return upload(&api, &at, form.text("bundle")).await,
        "install" => api.call(Method::POST, &install, None).await.map(|_| "The job spec is installed.".to_owned())?,
        "uninstall" => {
            api.call(Method::DELETE, &install, None).await.map(|_| "The job spec is no longer installed.".to_owned())?
        }
        "oauth" => return start_oauth(&api, &at, &form).await,
        "refresh-connection" => {
            let path = format!("/api/services/zis/connections/refresh/{at}?name={}", encode(form.text("name")));
            api.call(Method::POST, &path, Some(&json!({}))).await.map(|_| "The token is renewed.".to_owned())?
        }
        "client" => create_client(&api, &at, &form).await?,
        "delete-client" => {
            let path = format!("/api/services/zis/connections/oauth/clients/{at}/{}", encode(form.text("uuid")));
            api.call(Method::DELETE, &path, None)
                .await
                .map(|_| "The client and its connections are gone.".to_owned())?
        }
        "connection" => create_connection(&api, &service, &form).await?,
        "delete-connection" => delete_connection(&api, &service, &at, &form).await?,
        "new-config" => {
            let body = json!({"scope": form.text("scope"), "config": object(form.text("config"))?});
            api.call(Method::POST, &format!("{service}/configs"), Some(&body))
                .await
                .map(|_| "The config is created.".to_owned())?
        }
        "config" => {
            let body = json!({"scope": form.text("scope"), "config": object(form.text("config"))?});
            api.call(Method::PUT, &format!("{service}/configs/{scope}"), Some(&body))
                .await
                .map(|_| "The config is saved.".to_owned())?
        }
        "delete-config" => api
            .call(Method::DELETE, &format!("{service}/configs/{scope}"), None)
            .await
            .map(|_| "The config is gone.".to_owned())?,
        "webhook" => return create_webhook(&api, &at, &form).await,
        "delete-webhook" => {
            let path = format!("/api/services/zis/inbound_webhooks/generic/{at}/{}", encode(form.text("uuid")));
            api.call(Method::DELETE, &path, None).await.map(|_| "The webhook is gone.".to_owned())?
        }
        "rotate-webhook" => {
            let path = format!("/api/services/zis/inbound_webhooks/generic/{at}/{}/rotate", encode(form.text("uuid")));
            let answer = api.call(Method::POST, &path, Some(&json!({}))).await?;
            return Ok(secret(&api, &at, &answer));
        }
        _ => String::new(),
    };
    Ok(back(&at, &done))
}

fn back(at: &str, done: &str) -> Response {
    Redirect::to(&format!("/console/integrations/{at}?done={}", encode(done))).into_response()
}

fn object(text: &str) -> Result<Value, Trouble> {
    let bad = |message: String| Trouble { status: http::StatusCode::BAD_REQUEST, message };
    let value: Value = serde_json::from_str(text).map_err(|error| bad(format!("the config is no JSON: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(bad("the config is no JSON object".to_owned())) }
}

/// Bytes of a refused bundle that can be mended on the page.
const MOST_MENDED: usize = 20_000;

/// Uploads; what is wrong is shown in the source.
async fn upload(api: &Api, at: &str, source: &str) -> Result<Response, Trouble> {
    let body: Option<Value> = serde_json::from_str(source).ok();
    if let Some(body) = &body {
        let answer = api.ask(Method::POST, &format!("/api/services/zis/registry/{at}/bundles"), Some(body)).await;
        if answer.status.is_success() {
            return Ok(back(at, "The bundle is uploaded. Install its job specs to make it run."));
        }
        if answer.status != http::StatusCode::BAD_REQUEST {
            return Err(Trouble { status: answer.status, message: reason(&answer.body) });
        }
    }
    let report = api.kept().report(source).await?;
    Ok(page(
        api,
        "Upload",
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (at) } }
            div.title { h1 { "The bundle was refused" } }
            p.lead { "Nothing was changed: what was there before still runs." }
            (findings(source, &report, None, ""))
            (section("Mend it here", html! {}, act_form(api, at, "upload", html! {
                // A long one would make a page of its length: there is no address to read its lines at.
                @if source.len() <= MOST_MENDED { div.field { textarea name="bundle" aria-label="The bundle's JSON" spellcheck="false" { (source) } } }
                @else { (upload_fields()) }
                button.primary type="submit" { "Upload again" }
            })))
        },
    )
    .into_response())
}

async fn start_oauth(api: &Api, at: &str, form: &Form) -> Result<Response, Trouble> {
    let mut body = json!({
        "name": form.text("name"),
        "oauth_url_subdomain": form.text("subdomain"),
        "origin_oauth_redirect_url": format!("{}/console/integrations/{at}", api.origin()),
    });
    match form.text("client") {
        "" => body["oauth_client_name"] = "zendesk".into(),
        uuid => body["oauth_client_uuid"] = uuid.into(),
    }
    if !form.text("scopes").is_empty() {
        body["permission_scopes"] = form.text("scopes").into();
    }
    let answer =
        api.call(Method::POST, &format!("/api/services/zis/connections/oauth/start/{at}"), Some(&body)).await?;
    let address = text(&answer, "redirect_url");
    if address.strip_prefix(api.origin()).is_some_and(|path| path.starts_with('/')) {
        return Ok(Redirect::to(address).into_response());
    }
    let host = address.split('/').nth(2).unwrap_or_default();
    // A link and not a redirect: a form must not lead to another site.
    Ok(page(
        api,
        "Connect",
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (at) } }
            div.title { h1 { "Connect " (form.text("name")) } }
            p { "The next page is " strong { (host) } ". It asks you to agree, and then sends you back here." }
            p { a.button.primary href=(address) { "Go there" } }
        },
    )
    .into_response())
}

/// Fields that were left empty are not sent: the API has its own word for what is missing.
async fn create_client(api: &Api, at: &str, form: &Form) -> Result<String, Trouble> {
    let names = ["name", "client_id", "client_secret", "token_url", "auth_url", "grant_type", "default_scopes"];
    let given = names.iter().filter(|name| !form.text(name).is_empty());
    let body: serde_json::Map<String, Value> =
        given.map(|name| ((*name).to_owned(), Value::from(form.text(name)))).collect();
    let path = format!("/api/services/zis/connections/oauth/clients/{at}");
    api.call(Method::POST, &path, Some(&body.into())).await.map(|_| "The OAuth client is registered.".to_owned())
}

async fn create_connection(api: &Api, service: &str, form: &Form) -> Result<String, Trouble> {
    let mut body = json!({"name": form.text("name"), "allowed_domain": form.text("allowed_domain")});
    let secret = form.text("secret");
    match form.text("kind") {
        "basic_auth" => {
            body["username"] = Value::from(form.text("username"));
            body["password"] = Value::from(secret);
        }
        "api_key" => {
            body["header_name"] = Value::from(form.text("header_name"));
            body["api_key"] = Value::from(secret);
        }
        _ => body["token"] = Value::from(secret),
    }
    let path = format!("{service}/connections/{}", encode(form.text("kind")));
    api.call(Method::POST, &path, Some(&body)).await.map(|_| "The connection is created.".to_owned())
}

async fn delete_connection(api: &Api, service: &str, at: &str, form: &Form) -> Result<String, Trouble> {
    let name = encode(form.text("name"));
    let path = match form.text("kind") {
        "oauth" => format!("/api/services/zis/connections/{at}?name={name}"),
        kind => format!("{service}/connections/{}/{name}", encode(kind)),
    };
    api.call(Method::DELETE, &path, None).await.map(|_| "The connection is gone.".to_owned())
}

async fn create_webhook(api: &Api, at: &str, form: &Form) -> Result<Response, Trouble> {
    let body = json!({"source_system": form.text("source_system"), "event_type": form.text("event_type")});
    let path = format!("/api/services/zis/inbound_webhooks/generic/{at}");
    let answer = api.call(Method::POST, &path, Some(&body)).await?;
    Ok(secret(api, at, &answer))
}

/// A webhook's password, shown this once.
fn secret(api: &Api, at: &str, webhook: &Value) -> Response {
    let facts = [("Path", "path"), ("User name", "username"), ("Password", "password")];
    page(
        api,
        "Inbound webhook",
        html! {
            p.crumbs { a href={ "/console/integrations/" (at) } { (at) } }
            div.title { h1 { "The webhook is ready" } }
            div.notice.warn { "The password is shown this once; keep it now." }
            dl.facts { @for (label, key) in facts { div { dt { (label) } dd { (copyable(text(webhook, key), label)) } } } }
            p { a.button href={ "/console/integrations/" (at) } { "Back to the integration" } }
        },
    )
    .into_response()
}
