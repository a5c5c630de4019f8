//! A real Zendesk account behind the server: its webhooks deliver signed events, which run flows as ZIS's own events do.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use support::{Answer, TestServer};
use zis_flow::Timestamp;

const ALL: &str = "/api/zis/v1/zendesk/webhooks";
const ACME: &str = "/api/zis/v1/zendesk/webhooks/acme";
const SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// What Zendesk sends: `base64(HMAC-SHA256(secret, timestamp + body))`, and the name of this attempt.
struct Delivery<'d> {
    path: &'d str,
    secret: &'d str,
    signed_at: Timestamp,
    body: String,
}

impl<'d> Delivery<'d> {
    fn new(server: &TestServer, body: &Value) -> Self {
        Self { path: ACME, secret: SECRET, signed_at: server.app.clock.now(), body: body.to_string() }
    }

    fn signature(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(self.signed_at.to_rfc3339_seconds().as_bytes());
        mac.update(self.body.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    async fn send(&self, server: &TestServer) -> Answer {
        self.send_as(server, &self.signature()).await
    }

    async fn send_as(&self, server: &TestServer, signature: &str) -> Answer {
        let request = server.request(Method::POST, self.path).anonymous().body(self.body.clone());
        let request = request.header("x-zendesk-webhook-signature-timestamp", &self.signed_at.to_rfc3339_seconds());
        let request = request.header("x-zendesk-webhook-signature", signature);
        request.header("content-type", "application/json").send().await
    }
}

/// Ticket 35436 becomes `status`, as webhooks tell it.
fn solved(event_id: &str) -> Value {
    json!({"type": "zen:event-type:ticket.status_changed", "account_id": 12_514_403, "id": event_id,
        "time": "2026-07-04T05:33:18Z", "zendesk_event_version": "2022-11-06", "subject": "zen:ticket:35436",
        "event": {"current": "SOLVED", "previous": "OPEN"},
        "detail": {"id": "35436", "status": "SOLVED", "tags": [], "requester_id": "1", "via": {"channel": "web"}}})
}

/// Installs a flow that says which ticket was solved.
async fn install(server: &TestServer) {
    server.integration("acme").await;
    let states = json!({
        "Solved": {"Type": "Choice", "Default": "Other", "Choices": [
            {"And": [{"Variable": "$.input.ticket_event.current", "StringEquals": "solved"},
                     {"Variable": "$.input.ticket_event.ticket.id", "NumericEquals": 35_436}], "Next": "Done"}]},
        "Done": {"Type": "Succeed", "Message": "solved {{$.input.ticket_event.ticket.id}}"},
        "Other": {"Type": "Succeed", "Message": "other"}});
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Solved", "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "support",
            "event_type": "ticket.StatusChanged", "flow_name": "zis:acme:flow:F"}}}});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let path = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    server.request(Method::POST, path).send().await.expect(200);
}

async fn keep_secret(server: &TestServer, secret: &str) -> Answer {
    server.request(Method::PUT, ACME).json(json!({"signing_secret": secret})).send().await
}

#[tokio::test]
async fn a_delivered_event_runs_the_flow_of_its_zis_event_once() {
    let server = TestServer::start().await;
    install(&server).await;
    let kept = keep_secret(&server, SECRET).await;
    assert_eq!(kept.expect(200)["url"], server.url(ACME));

    let first = Delivery::new(&server, &solved("2b24ef10")).send(&server).await.expect(200);
    assert_eq!((first["repeated"].clone(), first["executions"].as_array().unwrap().len()), (json!(false), 1));
    let execution = server.ended("").await;
    assert_eq!((&execution["id"], &execution["message"]), (&first["executions"][0], &json!("solved 35436")));

    // Zendesk tries again, or somebody plays it back: signed anew or not, it is the same event.
    let mut again = Delivery::new(&server, &solved("2b24ef10"));
    again.signed_at = again.signed_at.saturating_add(Duration::from_secs(2));
    let second = again.send(&server).await.expect(200);
    assert_eq!((&second["repeated"], &second["executions"]), (&json!(true), &first["executions"]));
    let other = Delivery::new(&server, &solved("2b24ef11")).send(&server).await.expect(200);
    assert_ne!(other["executions"], first["executions"]);

    let stored = server.get("/api/zis/v1/events?source=support").send().await.expect(200);
    assert_eq!(stored["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_signed_now_with_the_secret_is_refused() {
    let server = TestServer::start().await;
    keep_secret(&server, SECRET).await.expect(200);
    let good = Delivery::new(&server, &solved("a"));
    good.send_as(&server, "").await.expect(401);
    good.send_as(&server, "AAAA").await.expect(401);
    let (signature, changed) = (good.signature(), Delivery::new(&server, &solved("b")));
    changed.send_as(&server, &signature).await.expect(401);
    Delivery { secret: "guessed", ..Delivery::new(&server, &solved("a")) }.send(&server).await.expect(401);

    for seconds in [-301, 301] {
        let now = server.app.clock.now();
        let stale =
            Delivery { signed_at: Timestamp(now.0 + seconds * 1_000_000), ..Delivery::new(&server, &solved("a")) };
        let answer = stale.send(&server).await;
        assert!(
            answer.expect(401)["error"]["message"].as_str().unwrap().contains("webhook_tolerance"),
            "{}",
            answer.text
        );
    }
    let nameless = Delivery { path: "/api/zis/v1/zendesk/webhooks/nope", ..Delivery::new(&server, &solved("a")) };
    nameless.send(&server).await.expect(404);
    let stored = server.get("/api/zis/v1/events").send().await.expect(200);
    assert_eq!(stored["events"], json!([]));
}

#[tokio::test]
async fn signed_bodies_that_are_no_event_are_told_why() {
    let server = TestServer::start().await;
    keep_secret(&server, SECRET).await.expect(200);
    let cases = [
        (r#"{"ticket_id": 1}"#, "inbound webhook"),
        (r#"{"type": "zen:event-type:ticket.created", "detail": {}}"#, "`id`"),
        ("[", "not JSON"),
    ];
    for (body, words) in cases {
        let delivery = Delivery { body: body.to_owned(), ..Delivery::new(&server, &Value::Null) };
        let answer = delivery.send(&server).await.expect(400);
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer}");
    }
    // What ZIS has no name for is an event all the same.
    let custom = json!({"type": "zen:event-type:ticket.custom_status_changed", "id": "c", "detail": {"id": "1"}});
    Delivery::new(&server, &custom).send(&server).await.expect(200);
    let stored = server.get("/api/zis/v1/events?source=zendesk").send().await.expect(200);
    assert_eq!(stored["events"][0]["type"], "ticket.custom_status_changed");
}

#[tokio::test]
async fn secrets_are_kept_changed_and_never_shown() {
    let server = TestServer::with(&[("zendesk.webhook_secret", "configured")]).await;
    keep_secret(&server, SECRET).await.expect(200);
    keep_secret(&server, "").await.expect(400);
    let list = server.get(ALL).send().await;
    let names: Vec<_> =
        list.expect(200)["webhooks"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("acme"), json!("zendesk")]);
    assert!(!list.text.contains(SECRET) && !list.text.contains("configured"), "{}", list.text);

    let path = "/api/zis/v1/zendesk/webhooks/zendesk";
    let configured = Delivery { path, secret: "configured", ..Delivery::new(&server, &solved("a")) };
    configured.send(&server).await.expect(200);

    keep_secret(&server, "another").await.expect(200);
    Delivery::new(&server, &solved("b")).send(&server).await.expect(401);
    Delivery { secret: "another", ..Delivery::new(&server, &solved("b")) }.send(&server).await.expect(200);
    server.delete(ACME).send().await.expect(204);
    server.delete(ACME).send().await.expect(404);
    server.get(ALL).anonymous().send().await.expect(401);
}

/// The page that tells how to connect an account lists every type that is translated.
#[test]
fn the_documentation_lists_every_translated_type() {
    let page = include_str!("../../../docs/zendesk-account.md");
    for (kind, tag) in zis_zendesk::delivery::translated() {
        assert!(page.contains(&format!("| `{kind}` | `{tag}` |")), "docs/zendesk-account.md lacks {kind}");
    }
}
