//! Connections, configs, links, inbound webhooks and logs through HTTP (spec 6–9).

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::{Answer, Request, TestServer};

const CONNECTIONS: &str = "/api/services/zis/integrations/acme/connections";
const CONFIGS: &str = "/api/services/zis/integrations/acme/configs";
const LINKS: &str = "/api/services/zis/links/acme";
const WEBHOOKS: &str = "/api/services/zis/inbound_webhooks/generic/acme";

/// A server and a token of the integration `acme`.
struct Acme {
    server: TestServer,
    token: String,
}

impl Acme {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let token = server.token("acme").await;
        Self { server, token }
    }

    fn request(&self, method: Method, path: &str) -> Request<'_> {
        self.server.request(method, path).bearer(&self.token)
    }

    async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.request(method, path).json(body).send().await
    }
}

#[tokio::test]
async fn connections_of_the_three_simple_types() {
    let acme = Acme::start().await;
    let domain = json!("api.example.com");
    let cases = [
        (
            "api_key",
            json!({"name": "key_one", "allowed_domain": domain, "header_name": "x-api-key", "api_key": "topsecret"}),
            json!({"name": "key_one", "allowed_domain": domain, "header_name": "x-api-key", "api_key": "*****"}),
        ),
        (
            "basic_auth",
            json!({"name": "basic_one", "allowed_domain": domain, "username": "u", "password": "topsecret"}),
            json!({"name": "basic_one", "allowed_domain": domain, "username": "u", "password": "*****"}),
        ),
        (
            "bearer_token",
            json!({"name": "bearer_one", "allowed_domain": domain, "token": "topsecret"}),
            json!({"name": "bearer_one", "allowed_domain": domain, "token": "*****"}),
        ),
    ];
    for (kind, input, expected) in cases {
        let path = format!("{CONNECTIONS}/{kind}");
        let made = acme.send(Method::POST, &path, input.clone()).await;
        let mut body = made.expect(201);
        assert!(!made.text.contains("topsecret"));
        let connection = body[kind].as_object_mut().unwrap();
        assert!(connection.remove("created_at").is_some() && connection.remove("updated_at").is_some());
        assert_eq!(body, json!({kind: expected}));

        let name = input["name"].as_str().unwrap();
        acme.send(Method::POST, &path, input.clone()).await.expect(409);
        assert_eq!(acme.get(&format!("{path}/{name}")).await.expect(200)[kind]["name"], json!(name));
        let changed = json!({"allowed_domain": "*.example.com"});
        let body = acme.send(Method::PATCH, &format!("{path}/{name}"), changed).await.expect(200);
        assert_eq!(body[kind]["allowed_domain"], "*.example.com");
        let other = if kind == "api_key" { "basic_auth" } else { "api_key" };
        let mut same_name = input.clone();
        for member in ["header_name", "api_key", "username", "password"] {
            same_name[member] = json!("x");
        }
        acme.send(Method::POST, &format!("{CONNECTIONS}/{other}"), same_name).await.expect(409);
        acme.get(&format!("{CONNECTIONS}/{other}/{name}")).await.expect(404);
    }
    let all = acme.get(&format!("{CONNECTIONS}/all")).await;
    let body = all.expect(200);
    assert!(!all.text.contains("topsecret"));
    for kind in ["api_key", "basic_auth", "bearer_token"] {
        assert_eq!(body[kind].as_array().unwrap().len(), 1, "{body:#}");
    }
    assert_eq!(body["meta"], json!({"before": "basic_one", "after": "key_one", "has_more": false}));
    let first = acme.get(&format!("{CONNECTIONS}/all?page[size]=1")).await.expect(200);
    assert_eq!(first["meta"], json!({"before": "basic_one", "after": "basic_one", "has_more": true}));

    acme.request(Method::DELETE, &format!("{CONNECTIONS}/api_key/key_one")).json(json!({})).send().await.expect(204);
    acme.request(Method::DELETE, &format!("{CONNECTIONS}/api_key/key_one")).send().await.expect(404);
}

#[tokio::test]
async fn connections_that_cannot_be_used_are_refused() {
    let acme = Acme::start().await;
    let cases = [
        (
            "api_key",
            json!({"name": "key_one", "allowed_domain": "a.example", "api_key": "x"}),
            "`header_name` is missing",
        ),
        (
            "api_key",
            json!({"name": "key_one", "allowed_domain": "a.example", "header_name": "Host", "api_key": "x"}),
            "header_name",
        ),
        ("basic_auth", json!({"name": "b1", "allowed_domain": "a.example", "username": "u", "password": "p"}), "name"),
        ("bearer_token", json!({"name": "token_one", "allowed_domain": "https://a", "token": "x"}), "allowed_domain"),
        ("bearer_token", json!({"name": 7}), "invalid type"),
    ];
    for (kind, input, words) in cases {
        let (status, message) = acme.send(Method::POST, &format!("{CONNECTIONS}/{kind}"), input).await.refusal();
        assert_eq!(status, 400, "{message}");
        assert!(message.contains(words), "{message} lacks {words}");
    }
    acme.send(Method::POST, &format!("{CONNECTIONS}/oauth"), json!({})).await.expect(404);
}

#[tokio::test]
async fn configs() {
    let acme = Acme::start().await;
    let found = async |filter: &str| acme.get(&format!("{CONFIGS}?filter[scope]={filter}")).await;
    found("*").await.expect(404);
    let scope = "acme:12345/name";
    let made = acme
        .send(Method::POST, CONFIGS, json!({"scope": scope, "config": {"a": {"b": 1, "c": [1]}}}))
        .await
        .expect(201);
    assert_eq!((&made["scope"], &made["config"]), (&json!(scope), &json!({"a": {"b": 1, "c": [1]}})));
    assert!(made["id"].is_i64() && made["created_at"].is_string());
    acme.send(Method::POST, CONFIGS, json!({"scope": scope, "config": {}})).await.expect(409);
    acme.send(Method::POST, CONFIGS, json!({"scope": "other", "config": {}})).await.expect(201);

    let one = format!("{CONFIGS}/acme%3A12345%2Fname");
    let merged =
        acme.send(Method::PATCH, &one, json!({"scope": scope, "config": {"a": {"c": null}, "d": 2}})).await.expect(200);
    assert_eq!(merged["config"], json!({"a": {"b": 1, "c": null}, "d": 2}));
    let lists = acme.send(Method::PATCH, &one, json!({"config": {"a": {"c": [2, 3]}}})).await.expect(200);
    assert_eq!(lists["config"]["a"], json!({"b": 1, "c": [2, 3]}));
    let replaced = acme.send(Method::PUT, &one, json!({"scope": scope, "config": {"e": true}})).await.expect(200);
    assert_eq!(replaced["config"], json!({"e": true}));

    for (filter, status) in
        [("*name", 200), ("a*5/*", 200), ("acme%3A12345/name", 200), ("acme", 404), ("ACME*", 404), ("_cme*", 404)]
    {
        found(filter).await.expect(status);
    }
    let list = found("acme*").await.expect(200);
    assert_eq!(
        (list["configs"].as_array().unwrap().len(), &list["meta"]["has_more"], &list["links"]["next"]),
        (1, &json!(false), &json!(""))
    );
    let first = acme.get(&format!("{CONFIGS}?filter%5Bscope%5D=*&page%5Bsize%5D=1")).await.expect(200);
    assert_eq!((&first["configs"][0]["scope"], &first["meta"]["has_more"]), (&json!(scope), &json!(true)));
    let next = first["links"]["next"].as_str().unwrap().strip_prefix(&acme.server.url("")).unwrap().to_owned();
    assert_eq!(acme.get(&next).await.expect(200)["configs"][0]["scope"], "other");

    for (method, body) in
        [(Method::PUT, json!({"config": {}})), (Method::PATCH, json!({"config": {}})), (Method::DELETE, json!({}))]
    {
        acme.send(method, &format!("{CONFIGS}/nope"), body).await.expect(404);
    }
    for body in [json!({"scope": "", "config": {}}), json!({"scope": "x", "config": []}), json!({"scope": "x"})] {
        acme.send(Method::POST, CONFIGS, body).await.expect(400);
    }
    acme.get(CONFIGS).await.expect(400);
    acme.send(Method::DELETE, &one, json!({})).await.expect(204);
    found("acme*").await.expect(404);
}

#[tokio::test]
async fn links() {
    let acme = Acme::start().await;
    let link = |left: &str, right: &str| json!({"link_type": "ticket_issue", "left_object": {"name": left, "metadata": {"ID": 1}}, "right_object": {"name": right}});
    for (left, right) in
        [("zendesk:ticket:1", "jira:A"), ("zendesk:ticket:1", "jira:B"), ("zendesk:ticket:2", "jira:A")]
    {
        let made = acme.send(Method::POST, LINKS, link(left, right)).await.expect(201);
        assert_eq!(made["link"]["left_object"], json!({"name": left, "metadata": {"ID": 1}}));
        assert_eq!(made["link"]["right_object"], json!({"name": right}));
    }
    acme.send(Method::POST, LINKS, link("zendesk:ticket:1", "jira:A")).await.expect(409);
    let count = async |query: &str| {
        let body = acme.get(&format!("{LINKS}?link_type=ticket_issue&{query}")).await.expect(200);
        body["links"].as_array().unwrap().len()
    };
    assert_eq!(count("left_object_name=zendesk:ticket:1").await, 2);
    assert_eq!(count("left_object_name=zendesk:*&right_object_name=*A").await, 2);
    assert_eq!(count("right_object_name=nope").await, 0);
    let page = acme.get(&format!("{LINKS}?link_type=ticket_issue&left_object_name=*&page[size]=2")).await.expect(200);
    assert_eq!(page["meta"]["has_more"], true);
    let after = page["meta"]["after"].as_str().unwrap();
    assert_eq!(count(&format!("left_object_name=*&page[size]=2&page[after]={after}")).await, 1);

    let one = format!("{LINKS}?link_type=ticket_issue&left_object_name=zendesk:ticket:2&right_object_name=jira:A");
    let changed = acme.send(Method::PATCH, &one, json!({"right_object": {"name": "jira:C"}})).await.expect(200);
    assert_eq!(changed["link"]["right_object"]["name"], "jira:C");
    acme.request(Method::DELETE, &one).send().await.expect(404);
    let two = format!("{LINKS}?link_type=ticket_issue&left_object_name=zendesk:ticket:1");
    acme.request(Method::DELETE, &two).send().await.expect(409);
    acme.request(Method::DELETE, &format!("{two}&right_object_name=jira:A")).send().await.expect(204);
    assert_eq!(count("left_object_name=*").await, 2);

    acme.get(&format!("{LINKS}?left_object_name=x")).await.expect(400);
    acme.get(&format!("{LINKS}?link_type=x")).await.expect(400);
    for body in [json!({}), json!({"link_type": "t", "left_object": {"name": ""}, "right_object": {"name": "r"}})] {
        acme.send(Method::POST, LINKS, body).await.expect(400);
    }
}

/// Uploads and installs a flow that succeeds for events `order` of `shop`.
async fn install_shop(server: &TestServer) {
    let bundle = json!({"name": "shop", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Done", "States": {
            "Done": {"Type": "Succeed", "Message": "order {{$.input.id}}"}}}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "shop", "event_type": "order",
            "flow_name": "zis:acme:flow:F"}}}});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let path = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    server.request(Method::POST, path).send().await.expect(200);
}

#[tokio::test]
async fn an_inbound_webhook_becomes_an_event_of_its_integration() {
    let acme = Acme::start().await;
    install_shop(&acme.server).await;
    let made =
        acme.send(Method::POST, WEBHOOKS, json!({"source_system": "shop", "event_type": "order"})).await.expect(200);
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    let (path, username, password) = (text("path"), text("username"), text("password"));
    assert!(path.starts_with("/api/services/zis/inbound_webhooks/generic/ingest/"), "{path}");
    assert_eq!((text("id").len(), text("uuid").len()), (26, 36));

    let post = || acme.server.request(Method::POST, &path).basic(&username, &password);
    let accepted = post().json(json!({"id": 7})).send().await;
    assert_eq!((accepted.status.as_u16(), accepted.text.as_str()), (200, ""));
    let execution = acme.server.ended("integration=acme").await;
    assert_eq!((&execution["status"], &execution["message"]), (&json!("succeeded"), &json!("order 7")));
    assert_eq!(execution["event"]["payload"], json!({"id": 7}));
    assert_eq!(execution["event"]["integration"], "acme");

    post().json(json!([1, 2])).send().await.expect(200);
    let bad = post().body("{\n oops").send().await.expect(400);
    assert_eq!(bad["errors"][0]["line"], 2);
    post().body(format!("\"{}\"", "x".repeat(1024 * 1024))).send().await.expect(413);
    post().basic(&username, "wrong").json(json!({})).send().await.expect(401);
    post().anonymous().json(json!({})).send().await.expect(401);
    acme.server.request(Method::GET, &path).send().await.expect(405);
    acme.server.request(Method::POST, &format!("{path}x")).basic(&username, &password).send().await.expect(404);
}

#[tokio::test]
async fn one_key_makes_one_execution() {
    let acme = Acme::start().await;
    install_shop(&acme.server).await;
    let made =
        acme.send(Method::POST, WEBHOOKS, json!({"source_system": "shop", "event_type": "order"})).await.expect(200);
    let text = |key: &str| made[key].as_str().unwrap();
    for _ in 0..3 {
        let post = acme.server.request(Method::POST, text("path")).basic(text("username"), text("password"));
        post.header("idempotency-key", "once").json(json!({"id": 1})).send().await.expect(200);
    }
    let other = acme.server.request(Method::POST, text("path")).basic(text("username"), text("password"));
    let refused = other.header("idempotency-key", "once").json(json!({"id": 2})).send().await.refusal();
    assert_eq!(refused, (409, "the idempotency key was used for a different event".to_owned()));
    acme.server.ended("integration=acme").await;
    let list = acme.server.get("/api/zis/v1/executions").send().await.expect(200);
    assert_eq!(list["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_posted_to_a_webhook() {
    let acme = Acme::start().await;
    install_shop(&acme.server).await;
    let made =
        acme.send(Method::POST, WEBHOOKS, json!({"source_system": "shop", "event_type": "order"})).await.expect(200);
    let text = |key: &str| made[key].as_str().unwrap();
    let long = "k".repeat(256);
    // header, its value, body, status, what the refusal says
    let table: [(&str, &str, &[u8], u16, &str); 12] = [
        ("content-type", "text/plain", b"{}", 200, ""),
        ("content-type", "application/json", b"[1]", 200, ""),
        ("content-type", "application/json", b"null", 200, ""),
        ("content-type", "application/json", br#"{"cut": "\ud83d", "nul": "\u0000"}"#, 200, ""),
        ("content-type", "application/json", b"", 400, "unexpected end of text"),
        ("content-type", "application/json", b"{} {}", 400, "trailing characters at line 1 column 4"),
        ("content-type", "application/json", b"{\"a\": \"\xff\"}", 400, "not UTF-8: byte 7"),
        ("content-encoding", "identity", b"{}", 200, ""),
        ("content-encoding", "gzip", b"\x1f\x8b\x08", 400, "encoded as `gzip`"),
        ("idempotency-key", "", b"{}", 400, "`Idempotency-Key` must have 1 to 255"),
        ("idempotency-key", &long, b"{}", 400, "`Idempotency-Key` must have 1 to 255"),
        ("idempotency-key", &long[1..], b"{}", 200, ""),
    ];
    for (name, value, body, status, says) in table {
        let post = acme.server.request(Method::POST, text("path")).basic(text("username"), text("password"));
        let answer = post.header(name, value).body(body.to_vec()).send().await.refusal();
        assert!(answer.0 == status && answer.1.contains(says), "{name}: {value:?} {body:?}: {answer:?}");
    }
}

#[tokio::test]
async fn webhooks_are_shown_listed_rotated_and_deleted() {
    let acme = Acme::start().await;
    let input = json!({"source_system": "shop", "event_type": "order"});
    let made = acme.send(Method::POST, WEBHOOKS, input.clone()).await.expect(200);
    acme.send(Method::POST, WEBHOOKS, input).await.expect(200);
    let text = |key: &str| made[key].as_str().unwrap();
    let one = format!("{WEBHOOKS}/{}", text("uuid"));
    let shown = acme.get(&one).await.expect(200);
    assert_eq!((&shown["path"], &shown["password"]), (&made["path"], &json!("*****")));
    acme.get(&format!("{WEBHOOKS}/{}", text("id"))).await.expect(404);
    assert_eq!(acme.get(&format!("{WEBHOOKS}/all")).await.expect(200)["webhooks"].as_array().unwrap().len(), 2);

    let rotated = acme.send(Method::POST, &format!("{one}/rotate"), json!({})).await.expect(200);
    let post = async |password: &str| {
        let request = acme.server.request(Method::POST, text("path")).basic(text("username"), password);
        request.json(json!({})).send().await.status.as_u16()
    };
    assert_eq!(post(text("password")).await, 200, "the old password overlaps");
    assert_eq!(post(rotated["password"].as_str().unwrap()).await, 200);
    acme.send(Method::POST, &format!("{one}/rotate"), json!({"overlap_seconds": 0})).await.expect(200);
    assert_eq!(post(rotated["password"].as_str().unwrap()).await, 401);

    acme.request(Method::DELETE, &one).send().await.expect(204);
    acme.request(Method::DELETE, &one).send().await.expect(404);
    assert_eq!(post("any").await, 404);
    for input in [
        json!({"source_system": "support", "event_type": "x"}),
        json!({"source_system": "", "event_type": "x"}),
        json!({"source_system": "a b", "event_type": "x"}),
        json!({"event_type": "x"}),
        json!({"source_system": "a", "event_type": "x", "hmac": {"header": "X-S", "algorithm": "md5", "secret": "s"}}),
    ] {
        acme.send(Method::POST, WEBHOOKS, input).await.expect(400);
    }
}

#[tokio::test]
async fn signed_webhooks_take_signed_bodies_only() {
    let acme = Acme::start().await;
    let input =
        json!({"source_system": "shop", "event_type": "order", "hmac": {"header": "X-Signature", "secret": "key"}});
    let made = acme.send(Method::POST, WEBHOOKS, input).await;
    assert!(!made.text.contains("\"key\""));
    let made = made.expect(200);
    assert_eq!(made["hmac"], json!({"header": "X-Signature", "algorithm": "sha256"}));
    let text = |key: &str| made[key].as_str().unwrap();
    let post = async |signature: &str| {
        let request = acme.server.request(Method::POST, text("path")).basic(text("username"), text("password"));
        request.header("x-signature", signature).body("{}").send().await.status.as_u16()
    };
    assert_eq!(post("sha256=00").await, 401);
    assert_eq!(post(&signature()).await, 200);
}

/// The signature of `{}` with the key `key`, computed here with another construction than the server's: HMAC by its definition.
fn signature() -> String {
    use sha2::{Digest, Sha256};
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        b"key".iter().zip(&mut block).for_each(|(key, place)| *place ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(b"{}").finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_log_tells_what_happened() {
    let acme = Acme::start().await;
    install_shop(&acme.server).await;
    acme.server
        .post("/api/zis/v1/events", json!({"source": "shop", "type": "order", "payload": {"id": 9}}))
        .send()
        .await
        .expect(202);
    acme.server.ended("integration=acme").await;
    let path = "/api/services/zis/integrations/acme/logs?level=info";
    let line = acme.server.until(path, |body| body["logs"].as_array()?.first().cloned()).await;
    assert_eq!((&line["description"], &line["level"], &line["flow"]), (&json!("order 9"), &json!("info"), &json!("F")));
    acme.get(path).await.expect(200);
    let ours = acme.server.get("/api/zis/v1/logs?integration=acme&q=order").send().await.expect(200);
    assert!(ours["logs"].as_array().unwrap().contains(&line));
    acme.server.get("/api/zis/v1/logs?level=loud").send().await.expect(400);
    acme.server.get("/api/zis/v1/logs?page[after]=x").send().await.expect(400);
}
