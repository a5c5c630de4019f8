//! OAuth connections through HTTP: the dance with a client of one's own, with client_credentials, and when providers refuse (spec 6.4, 6.5).

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::TestServer;

const CLIENTS: &str = "/api/services/zis/connections/oauth/clients/acme";
const START: &str = "/api/services/zis/connections/oauth/start/acme";
const SHOW: &str = "/api/services/zis/connections/acme";
const CALLBACK: &str = "/api/services/zis/connections/oauth/callback";

/// What follows the server's own origin in `url`.
fn local(server: &TestServer, url: &str) -> String {
    url.strip_prefix(&server.url("")).unwrap_or_else(|| panic!("{url} is not on this server")).to_owned()
}

/// Registers a client at the local Zendesk and, as what a provider issued, at the integration. Gives the uuid there.
async fn register(server: &TestServer, token: &str, grant_type: &str) -> String {
    let client = json!({"client": {"name": "mine", "identifier": "mine", "kind": "confidential", "redirect_uri": [server.url(CALLBACK)]}});
    let made = server.post("/api/v2/oauth/clients.json", client).send().await.expect(201);
    let input = json!({"name": "own", "client_id": "mine", "client_secret": made["client"]["secret"], "grant_type": grant_type,
        "auth_url": server.url("/oauth/authorizations/new"), "token_url": server.url("/oauth/tokens"), "default_scopes": "read write"});
    let registered = server.post(CLIENTS, input).bearer(token).send().await;
    assert!(!registered.text.contains(made["client"]["secret"].as_str().unwrap()));
    registered.expect(201)["uuid"].as_str().unwrap().to_owned()
}

async fn start(server: &TestServer, token: &str, body: Value) -> String {
    let started = server.post(START, body).bearer(token).send().await.expect(200);
    started["redirect_url"].as_str().unwrap().to_owned()
}

/// Where an answer sends the browser.
async fn follow(server: &TestServer, url: &str) -> String {
    let answer = server.get(&local(server, url)).send().await;
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_dance_with_a_client_of_ones_own() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let uuid = register(&server, &token, "authorization_code").await;
    let back = "https://app.example.com/done?tab=1";
    let body = json!({"name": "zendesk", "oauth_client_uuid": uuid, "origin_oauth_redirect_url": back, "permission_scopes": "read"});
    let consent = start(&server, &token, body).await;
    assert!(consent.starts_with(&server.url("/oauth/authorizations/new?")), "{consent}");
    assert!(consent.contains("&state=") && consent.contains("&code_challenge_method=S256"), "{consent}");
    let (status, message) = server.get(&format!("{SHOW}?name=zendesk")).bearer(&token).send().await.refusal();
    assert!(status == 404 && message.contains("no rows found"), "{status} {message}");

    let callback = follow(&server, &consent).await;
    assert!(callback.starts_with(&server.url(CALLBACK)), "{callback}");
    let done = follow(&server, &callback).await;
    assert!(done.starts_with("https://app.example.com/done?tab=1&verification_token="), "{done}");

    let code = done.rsplit('=').next().unwrap();
    let path = format!("/api/services/zis/connections/oauth/access_codes/acme?verification_code={code}");
    let finished = server.get(&path).bearer(&token).send().await.expect(200);
    assert_eq!(
        (&finished["name"], &finished["access_token"], &finished["permission_scope"]),
        (&json!("zendesk"), &json!("*****"), &json!("read"))
    );
    let by_name = server.get(&format!("{SHOW}?name=zendesk")).bearer(&token).send().await.expect(200);
    let all = server.get("/api/services/zis/integrations/acme/connections/all").bearer(&token).send().await.expect(200);
    let tokens = (&all["oauth"][0]["access_token"], &all["oauth"][0]["oauth_access_token_response_body"]);
    assert_eq!(tokens, (&json!("*****"), &json!("*****")));
    let by_uuid = format!("{SHOW}?uuid={}", by_name["uuid"].as_str().unwrap());
    assert_eq!(server.get(&by_uuid).bearer(&token).send().await.expect(200), by_name);

    // A state is good once, and only when it was given.
    for state in [local(&server, &callback), format!("{CALLBACK}?state=guessed&code=x"), CALLBACK.to_owned()] {
        let answer = server.get(&state).anonymous().send().await;
        assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
    }

    let one = format!("{CLIENTS}/{uuid}");
    let shown = server.get(&one).bearer(&token).send().await.expect(200);
    assert_eq!((&shown["uuid"], &shown["client_secret"]), (&json!(uuid), &json!("*****")));
    server.request(Method::PUT, &one).bearer(&token).json(json!({})).send().await.expect(405);
    let changed =
        server.request(Method::PATCH, &one).bearer(&token).json(json!({"default_scopes": "write"})).send().await;
    assert_eq!(changed.expect(200)["default_scopes"], "write");
    assert_eq!(server.get(CLIENTS).bearer(&token).send().await.expect(200)["clients"].as_array().unwrap().len(), 1);
    server.delete(&one).bearer(&token).send().await.expect(204);
    server.get(&format!("{SHOW}?name=zendesk")).bearer(&token).send().await.expect(404);
}

#[tokio::test]
async fn client_credentials_need_their_second_call() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    register(&server, &token, "client_credentials").await;
    let finish = start(&server, &token, json!({"name": "machine", "oauth_client_name": "own"})).await;
    server.get(&format!("{SHOW}?name=machine")).bearer(&token).send().await.expect(404);
    let connection = server.get(&local(&server, &finish)).bearer(&token).send().await.expect(200);
    assert_eq!((&connection["name"], &connection["token_type"]), (&json!("machine"), &json!("bearer")));
    server.get(&format!("{SHOW}?name=machine")).bearer(&token).send().await.expect(200);
    let renewed = server.post("/api/services/zis/connections/refresh/acme?name=machine", json!({})).bearer(&token);
    renewed.send().await.expect(200);
    server.delete(&format!("{SHOW}?name=machine")).bearer(&token).send().await.expect(204);
    server.delete(&format!("{SHOW}?name=machine")).bearer(&token).send().await.expect(404);
}

#[tokio::test]
async fn the_integrations_own_client_gets_a_token_too() {
    let server = TestServer::start().await;
    let made = server.post("/api/services/zis/registry/acme", json!({})).send().await.expect(200);
    let secret = made["zendesk_oauth_client"]["secret"].as_str().unwrap();
    let form = format!("grant_type=client_credentials&client_id=zis_acme&client_secret={secret}&scope=read%20write");
    let request = server.request(Method::POST, "/oauth/tokens").anonymous().body(form);
    let granted = request.header("content-type", "application/x-www-form-urlencoded").send().await;
    let granted = granted.json();
    let token = granted["access_token"].as_str().unwrap_or_else(|| panic!("{granted:#}"));
    server.get("/api/services/zis/integrations/acme/connections/all").bearer(token).send().await.expect(200);
}

#[tokio::test]
async fn what_providers_refuse_is_told_in_words() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let provider = json!({"name": "bad", "client_id": "c", "client_secret": "s", "grant_type": "client_credentials",
        "token_url": server.url("/bins/provider")});
    server.post(CLIENTS, provider).bearer(&token).send().await.expect(201);
    let finish = start(&server, &token, json!({"name": "machine", "oauth_client_name": "bad"})).await;
    let (status, message) = server.get(&local(&server, &finish)).bearer(&token).send().await.refusal();
    assert_eq!(status, 502, "{message}");
    assert!(message.contains("token endpoint"), "{message}");

    register(&server, &token, "authorization_code").await;
    let back = "https://app.example.com/done";
    let body = json!({"name": "zendesk", "oauth_client_name": "own", "origin_oauth_redirect_url": back});
    let consent = start(&server, &token, body).await;
    let (_, state) = consent.split_once("state=").unwrap();
    let state = state.split('&').next().unwrap();
    let declined = format!("{CALLBACK}?state={state}&error=access_denied&error_description=no%20thanks");
    let location = follow(&server, &server.url(&declined)).await;
    assert!(location.starts_with("https://app.example.com/done?error=access_denied"), "{location}");
}

#[tokio::test]
async fn starts_that_cannot_work_are_refused() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let cases = [
        (json!({}), "name"),
        (json!({"name": "zendesk"}), "oauth_client"),
        (json!({"name": "zendesk", "oauth_client_name": "nope"}), "nope"),
        (json!({"name": "x", "oauth_client_name": "zendesk"}), "name"),
        (json!({"name": "zendesk", "oauth_client_name": "zendesk", "grant_type": "password"}), "grant_type"),
    ];
    for (body, words) in cases {
        let (status, message) = server.post(START, body).bearer(&token).send().await.refusal();
        assert!((400..500).contains(&status), "{status} {message}");
        assert!(message.contains(words), "{message} lacks {words}");
    }
}

#[tokio::test]
async fn tokens_can_be_shown_when_the_setting_says_so() {
    let server = TestServer::with(&[("services.show_oauth_tokens", "true")]).await;
    let token = server.token("acme").await;
    let consent = start(&server, &token, json!({"name": "zendesk", "oauth_client_name": "zendesk"})).await;
    let callback = follow(&server, &consent).await;
    let page = server.get(&local(&server, &callback)).anonymous().send().await;
    page.expect(200);
    assert!(page.text.contains("zendesk") && page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let shown = server.get(&format!("{SHOW}?name=zendesk")).bearer(&token).send().await.expect(200);
    let access = shown["access_token"].as_str().unwrap();
    let me = server.get("/api/v2/users/me.json").bearer(access).send().await.expect(200);
    assert_eq!(me["user"]["email"], support::EMAIL);
}
