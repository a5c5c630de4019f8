//! Secrets stay where they belong: after everything that keeps or uses one, none lies in the data folder or in an answer.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::{fs, path::Path};

use http::Method;
use serde_json::json;
use support::{Answer, PASSWORD, TestServer};

/// Texts that occur nowhere else.
const SECRETS: [&str; 6] = [
    "hush-api-key",
    "hush-password",
    "hush-bearer-token",
    "hush-client-secret",
    "hush-hmac-secret",
    "hush-signing-secret",
];

/// Keeps one secret of every kind; all answers.
async fn keep_all(server: &TestServer, token: &str) -> Vec<Answer> {
    let base = "/api/services/zis/integrations/acme/connections";
    let domain = "127.0.0.1";
    let own = [
        (
            format!("{base}/api_key"),
            json!({"name": "key_one", "allowed_domain": domain, "header_name": "x-key", "api_key": SECRETS[0]}),
        ),
        (
            format!("{base}/basic_auth"),
            json!({"name": "basic_one", "allowed_domain": domain, "username": "u", "password": SECRETS[1]}),
        ),
        (format!("{base}/bearer_token"), json!({"name": "bearer_one", "allowed_domain": domain, "token": SECRETS[2]})),
        (
            "/api/services/zis/connections/oauth/clients/acme".to_owned(),
            json!({"name": "own", "client_id": "id", "client_secret": SECRETS[3], "token_url": server.url("/healthz"),
                "grant_type": "client_credentials"}),
        ),
        (
            "/api/services/zis/inbound_webhooks/generic/acme".to_owned(),
            json!({"source_system": "s", "event_type": "t", "hmac": {"header": "x-sign", "secret": SECRETS[4]}}),
        ),
    ];
    let mut answers = Vec::new();
    for (path, body) in own {
        let answer = server.post(&path, body).bearer(token).send().await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answers.push(answer);
    }
    let body = json!({"signing_secret": SECRETS[5]});
    answers.push(server.request(Method::PUT, "/api/zis/v1/zendesk/webhooks/a").json(body).send().await);
    answers
}

/// A flow that sends each credential, and whose connection is asked for by name.
async fn use_all(server: &TestServer) {
    let action = |name: &str| {
        json!({"type": "ZIS::Action::Http", "properties": {"name": name,
            "definition": {"method": "GET", "url": server.url("/healthz"), "connectionName": name}}})
    };
    let state = |name: &str, next: &str| json!({"Type": "Action", "ActionName": format!("zis:acme:action:{name}"), "ResultPath": "$.answer", "Next": next});
    let states = json!({"A": state("key_one", "B"), "B": state("basic_one", "C"), "C": state("bearer_one", "D"),
        "D": {"Type": "Succeed", "Message": "{{$.answer}}"}});
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "a": action("key_one"), "b": action("basic_one"), "c": action("bearer_one"),
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "A", "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "test", "event_type": "go", "flow_name": "zis:acme:flow:F"}}}});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let path = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    server.request(Method::POST, path).send().await.expect(200);
    server.post("/api/zis/v1/events", json!({"source": "test", "type": "go", "payload": {}})).send().await.expect(202);
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_secret_lies_in_the_data_folder_or_in_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with(&[("store.data", folder.path().to_str().unwrap())]).await;
    let token = server.token("acme").await;
    let made = server.post("/api/v2/api_tokens", json!({"api_token": {}})).send().await.expect(201);
    let api_token = made["api_token"]["full_token"].as_str().unwrap().to_owned();
    let mut answers = keep_all(&server, &token).await;
    use_all(&server).await;
    let execution = server.ended("").await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");

    for path in [
        "/api/services/zis/integrations/acme/connections/all",
        "/api/services/zis/connections/oauth/clients/acme",
        "/api/services/zis/inbound_webhooks/generic/acme/all",
        "/api/services/zis/integrations/acme/logs",
    ] {
        answers.push(server.get(path).bearer(&token).send().await);
    }
    answers.push(server.get("/api/zis/v1/zendesk/webhooks").send().await);
    answers.push(server.get("/api/v2/oauth/tokens?all=true").send().await);
    for secret in SECRETS.into_iter().chain([token.as_str(), &api_token]) {
        assert!(!execution.to_string().contains(secret), "{secret} in {execution:#}");
        for answer in &answers {
            assert!(!answer.text.contains(secret), "{secret} in {}", answer.text);
        }
    }
    server.stop().await;

    let files = files(folder.path());
    assert!(files.iter().any(|bytes| holds(bytes, "bearer_one")), "the store is where it is looked for");
    for secret in SECRETS.into_iter().chain([PASSWORD, token.as_str(), &api_token]) {
        assert!(!files.iter().any(|bytes| holds(bytes, secret)), "{secret} lies in the data folder");
    }
}

/// What the server makes in the file system is its owner's alone.
#[cfg(unix)]
#[tokio::test]
async fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let server = TestServer::with(&[("store.data", folder.to_str().unwrap())]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("secret.key"))), (0o700, 0o600));
    server.stop().await;
}
