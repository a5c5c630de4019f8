//! OAuth connections through the public API, with the local Zendesk as the provider (spec 6.4, 6.5).

#![allow(clippy::unwrap_used, reason = "a failing case panics")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::{Answer, TestServer};

const CLIENTS: &str = "/api/services/zis/connections/oauth/clients/acme";
const START: &str = "/api/services/zis/connections/oauth/start/acme";
const SHOW: &str = "/api/services/zis/connections/acme";

/// A server with the integration `acme` and its token.
async fn acme() -> (TestServer, String) {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    (server, token)
}

/// Registers an OAuth client at the local Zendesk, and with the integration.
async fn register(server: &TestServer, token: &str, grant_type: &str) -> String {
    let client = json!({"client": {
        "name": "My client",
        "identifier": "my_client",
        "kind": "confidential",
        "redirect_uri": [server.url("/api/services/zis/connections/oauth/callback")],
    }});
    let made = server.post("/api/v2/oauth/clients.json", client).send().await.expect(201);
    let body = json!({
        "name": "mine",
        "client_id": "my_client",
        "client_secret": made["client"]["secret"],
        "auth_url": server.url("/oauth/authorizations/new"),
        "token_url": server.url("/oauth/tokens"),
        "grant_type": grant_type,
        "default_scopes": "read write",
    });
    let made = server.post(CLIENTS, body).bearer(token).send().await.expect(201);
    made["uuid"].as_str().unwrap().to_owned()
}

async fn start(server: &TestServer, token: &str, body: Value) -> String {
    let started = server.post(START, body).bearer(token).send().await.expect(200);
    started["redirect_url"].as_str().unwrap().to_owned()
}

/// Path and query of an address of this server.
fn local(server: &TestServer, url: &str) -> String {
    url.strip_prefix(&server.url("")).unwrap_or_else(|| panic!("{url} is elsewhere")).to_owned()
}

/// Goes where the consent page sends somebody who is signed in, and back to the callback.
async fn consent(server: &TestServer, url: &str) -> Answer {
    let page = server.get(&local(server, url)).send().await;
    assert_eq!(page.status, 302, "{}", page.text);
    let back = page.headers["location"].to_str().unwrap();
    server.get(&local(server, back)).anonymous().send().await
}

async fn show(server: &TestServer, token: &str, name: &str) -> Answer {
    server.get(&format!("{SHOW}?name={name}")).bearer(token).send().await
}

#[tokio::test]
async fn a_registered_client_goes_all_the_way() {
    let (server, token) = acme().await;
    let uuid = register(&server, &token, "authorization_code").await;
    let body = json!({
        "name": "zendesk",
        "oauth_client_uuid": uuid,
        "origin_oauth_redirect_url": "https://app.example/done",
        "allow_offline_access": true,
    });
    let url = start(&server, &token, body).await;
    let sent_on = consent(&server, &url).await;
    let back = sent_on.headers["location"].to_str().unwrap();
    let code = back.strip_prefix("https://app.example/done?verification_token=").unwrap();
    let finish = format!("/api/services/zis/connections/oauth/access_codes/acme?verification_code={code}");
    let made = server.get(&finish).bearer(&token).send().await.expect(200);
    assert_eq!((made["name"].as_str(), made["oauth_client_uuid"].as_str()), (Some("zendesk"), Some(uuid.as_str())));
    assert_eq!((made["access_token"].as_str(), made["token_type"].as_str()), (Some("*****"), Some("bearer")));

    let refreshed = server.post("/api/services/zis/connections/refresh/acme?name=zendesk", json!({}));
    assert_eq!(refreshed.bearer(&token).send().await.expect(200)["uuid"], made["uuid"]);

    // The provider's client goes, and its connections with it.
    server.delete(&format!("{CLIENTS}/{uuid}")).bearer(&token).send().await.expect(204);
    show(&server, &token, "zendesk").await.expect(404);
}

#[tokio::test]
async fn client_credentials_need_their_second_call() {
    let (server, token) = acme().await;
    register(&server, &token, "client_credentials").await;
    let url = start(&server, &token, json!({"name": "machine", "oauth_client_name": "mine"})).await;
    show(&server, &token, "machine").await.expect(404);
    let made = server.get(&local(&server, &url)).bearer(&token).send().await.expect(200);
    assert_eq!(made["name"], "machine");
    show(&server, &token, "machine").await.expect(200);
    let gone = server.delete(&format!("{SHOW}?name=machine")).bearer(&token).send().await;
    gone.expect(204);
    show(&server, &token, "machine").await.expect(404);
}

#[tokio::test]
async fn a_connection_calls_zendesk_as_the_admin() {
    let (server, token) = acme().await;
    let url = start(&server, &token, json!({"name": "zendesk", "oauth_client_name": "zendesk"})).await;
    let done = consent(&server, &url).await;
    assert!(done.status.is_success() || done.status.is_redirection(), "{} {}", done.status, done.text);
    let bundle = json!({"name": "me", "zis_template_version": "2019-10-14", "resources": {
        "who": {"type": "ZIS::Action::Http", "properties": {"name": "who", "definition": {
            "method": "GET", "path": "/api/v2/users/me.json", "connectionName": "zendesk"}}},
        "flow": {"type": "ZIS::Flow", "properties": {"name": "flow", "definition": {"StartAt": "Who", "States": {
            "Who": {"Type": "Action", "ActionName": "zis:acme:action:who", "ResultPath": "$.me", "Next": "End"},
            "End": {"Type": "Succeed", "Message": "I am {{$.me.user.email}}"}}}}},
        "spec": {"type": "ZIS::JobSpec", "properties": {"name": "spec", "event_source": "test", "event_type": "go",
            "flow_name": "zis:acme:flow:flow"}}}});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await;
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:spec";
    let installed = server.post(install, json!({})).send().await;
    assert!(installed.status.is_success(), "{}", installed.text);
    let event = json!({"source": "test", "type": "go", "payload": {}});
    server.post("/api/zis/v1/events", event).send().await.expect(202);
    let ended = server.ended("integration=acme").await;
    assert_eq!(ended["message"], format!("I am {}", support::EMAIL), "{ended:#}");
    let request = &ended["trace"][0]["http"]["request_headers"];
    assert!(request.to_string().contains("*****"), "{request}");
}

#[tokio::test]
async fn what_is_not_ours_is_refused() {
    let (server, token) = acme().await;
    let callback = "/api/services/zis/connections/oauth/callback";
    for query in ["", "?state=guess&code=x", "?code=x"] {
        let answer = server.get(&format!("{callback}{query}")).anonymous().send().await;
        assert!(answer.status.is_client_error(), "{query}: {}", answer.status);
    }
    let url = start(&server, &token, json!({"name": "zendesk", "oauth_client_name": "zendesk"})).await;
    // Somebody who is not signed in sees a page, and no code.
    let page = server.get(&local(&server, &url)).anonymous().send().await;
    assert!(!page.headers.get("location").is_some_and(|to| to.to_str().unwrap().contains("code=")), "{page:?}");
    consent(&server, &url).await;
    // Authorising again with the same state is too late: the code is fresh, the state is not.
    let again = server.get(&local(&server, &url)).send().await;
    let back = again.headers["location"].to_str().unwrap();
    let used = server.get(&local(&server, back)).anonymous().send().await;
    assert!(used.status.is_client_error(), "{}", used.status);

    for body in [
        json!({"name": "zendesk2"}),
        json!({"name": "x", "oauth_client_name": "zendesk"}),
        json!({"name": "zendesk2", "oauth_client_name": "zendesk", "grant_type": "password"}),
    ] {
        server.post(START, body).bearer(&token).send().await.expect(400);
    }
    server.post(START, json!({"name": "zendesk2", "oauth_client_name": "no"})).bearer(&token).send().await.expect(404);
    let put = server.request(Method::PUT, &format!("{CLIENTS}/some")).json(json!({})).bearer(&token).send().await;
    assert_eq!(put.status, 405);
}
