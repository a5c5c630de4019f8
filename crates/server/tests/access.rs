//! Who may do what: the matrix of spec 1.1 through HTTP, and what every answer carries.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::json;
use support::{EMAIL, PASSWORD, TestServer};

const LIST: &str = "/api/services/zis/registry/integrations";
const BUNDLES: &str = "/api/services/zis/registry/acme/bundles";
const SPECS: &str = "/api/services/zis/registry/acme/job_specs";
const CONFIGS: &str = "/api/services/zis/integrations/acme/configs?filter[scope]=*";
const CONNECTIONS: &str = "/api/services/zis/integrations/acme/connections/all";
const LINKS: &str = "/api/services/zis/links/acme?link_type=t&left_object_name=l";
const WEBHOOKS: &str = "/api/services/zis/inbound_webhooks/generic/acme/all";
const OURS: &str = "/api/zis/v1/executions";

const MISMATCH: &str = "Authorization failed due to integration mismatch";
const FAILED: &str = "Authentication failed";
const NO_OAUTH: &str = "Authorization failed due to OAuth being disabled for this API request";
const NO_API_TOKEN: &str = "API token is not supported";

#[tokio::test]
async fn the_matrix() {
    let server = TestServer::start().await;
    let (own, other) = (server.token("acme").await, server.token("other").await);
    server
        .post("/api/services/zis/integrations/acme/configs", json!({"scope": "s", "config": {}}))
        .bearer(&own)
        .send()
        .await
        .expect(201);
    // (method, path, password, own token, other token, wrong password, wrong token, nothing)
    type Row = (Method, &'static str, [(u16, &'static str); 6]);
    let ok = (200, "");
    let no = (401, FAILED);
    let mismatch = (401, MISMATCH);
    let rows: [Row; 8] = [
        (Method::GET, LIST, [ok, ok, ok, no, no, no]),
        (Method::GET, BUNDLES, [ok, ok, mismatch, no, no, no]),
        (Method::POST, BUNDLES, [(400, ""), (401, NO_OAUTH), (401, NO_OAUTH), no, no, no]),
        (Method::GET, SPECS, [ok, ok, mismatch, no, no, no]),
        (Method::GET, CONFIGS, [no, ok, mismatch, no, no, no]),
        (Method::GET, CONNECTIONS, [no, ok, mismatch, no, no, no]),
        (Method::GET, LINKS, [no, ok, mismatch, no, no, no]),
        (Method::GET, WEBHOOKS, [no, ok, mismatch, no, no, no]),
    ];
    for (method, path, expected) in rows {
        let request = || server.request(method.clone(), path);
        let answers = [
            request(),
            request().bearer(&own),
            request().bearer(&other),
            request().basic(EMAIL, "wrong"),
            request().bearer("wrong"),
            request().anonymous(),
        ];
        for (request, (status, text)) in answers.into_iter().zip(expected) {
            let answer = request.send().await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text);
            if !text.is_empty() {
                assert_eq!(answer.refusal().1, text, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn api_tokens_open_the_registry_and_ours_but_no_service() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let (_, token) = server.app.zendesk.create_api_token(&server.admin().await, "for a test").await.unwrap();
    let token = token.as_str();
    let name = format!("{EMAIL}/token");
    for path in [LIST, BUNDLES, SPECS, OURS] {
        server.get(path).basic(&name, token).send().await.expect(200);
    }
    for path in [CONFIGS, CONNECTIONS, LINKS, WEBHOOKS] {
        let answer = server.get(path).basic(&name, token).send().await;
        assert_eq!(answer.refusal(), (403, NO_API_TOKEN.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn our_api_takes_every_credential_of_an_admin_and_nothing_else() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    server.get(OURS).send().await.expect(200);
    server.get(OURS).bearer(&token).send().await.expect(200);
    for request in [server.get(OURS).anonymous(), server.get(OURS).basic(EMAIL, "x"), server.get(OURS).bearer("x")] {
        let answer = request.send().await;
        assert_eq!(answer.expect(401)["error"]["code"], "ZIS4001");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn sessions_work_and_only_from_our_own_pages() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let (_, cookie) = server.app.zendesk.sign_in(EMAIL, PASSWORD, None).await.unwrap();
    let cookie = format!("a=b; zis_session={cookie}");
    for path in [LIST, CONNECTIONS, OURS] {
        server.get(path).anonymous().header("cookie", &cookie).send().await.expect(200);
    }
    let foreign = server.get(OURS).anonymous().header("cookie", &cookie).header("origin", "https://evil.example");
    foreign.send().await.expect(403);
    server.get(OURS).anonymous().header("cookie", "zis_session=wrong").send().await.expect(401);
}

#[tokio::test]
async fn an_unknown_integration_looks_like_a_foreign_one_to_a_token() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    for name in ["nope", "ACME"] {
        let path = format!("/api/services/zis/integrations/{name}/connections/all");
        let answer = server.get(&path).bearer(&token).send().await;
        assert_eq!(answer.refusal(), (401, MISMATCH.to_owned()));
    }
}

#[tokio::test]
async fn guessing_ends_with_429() {
    let server = TestServer::start().await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let answer = server.get(LIST).basic("guess@example.com", "wrong").send().await;
        statuses.push(answer.status.as_u16());
        if answer.status.as_u16() == 429 {
            assert!(answer.headers.contains_key("retry-after"));
            break;
        }
    }
    assert_eq!((statuses.first(), statuses.last()), (Some(&401), Some(&429)), "{statuses:?}");
    server.get(LIST).send().await.expect(200);
}

/// Behind a proxy every client has an address of its own: one that guesses does not lock out the others.
#[tokio::test]
async fn guessing_through_a_proxy_troubles_the_guesser_alone() {
    let server = TestServer::with(&[("server.trusted_proxies", "127.0.0.0/8")]).await;
    let from =
        |client: &str, password: &str| server.get(LIST).basic(EMAIL, password).header("x-forwarded-for", client).send();
    for number in 0..30 {
        from("198.51.100.7", &format!("wrong {number}")).await.expect(401);
    }
    from("198.51.100.7", "wrong again").await.expect(429);
    from("198.51.100.7, 203.0.113.9", "wrong").await.expect(401);
    from("203.0.113.9", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn every_answer_carries_security_headers_and_a_request_id() {
    let server = TestServer::start().await;
    for path in [LIST, OURS, "/healthz", "/nope", "/api/services/zis/nope"] {
        let answer = server.get(path).header("x-request-id", "mine-1").send().await;
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("x-request-id", "mine-1")]
        {
            assert_eq!(answer.headers[name], value, "{path} {name}");
        }
        assert!(answer.headers.contains_key("content-security-policy"));
    }
    let bad = server.get("/healthz").header("x-request-id", &"x".repeat(200)).send().await;
    assert_eq!(bad.headers["x-request-id"].len(), 36);
}

#[tokio::test]
async fn what_does_not_exist_is_told_in_the_words_of_its_family() {
    let server = TestServer::start().await;
    let registry = server.get("/api/services/zis/nope").send().await.expect(404);
    assert_eq!((&registry["errors"][0]["status"], &registry["code"]), (&json!("404"), &json!("ZIS4020")));
    let ours = server.get("/api/zis/v1/nope").send().await.expect(404);
    assert_eq!(ours["error"]["code"], "ZIS4020");
    let zendesk = server.get("/api/v2/nope.json").send().await.expect(404);
    assert_eq!(zendesk, json!({"error": "InvalidEndpoint", "description": "Not found"}));

    let answer = server.request(Method::PUT, LIST).send().await;
    assert_eq!(answer.expect(405)["code"], "ZIS4021");
    assert!(answer.headers["allow"].to_str().unwrap().contains("GET"));
    let head = server.request(Method::HEAD, LIST).send().await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    server.get(&format!("{LIST}.json")).send().await.expect(200);
}
