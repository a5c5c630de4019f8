//! Every endpoint that takes a body gets bodies of its own schema with one member missing or hostile, and random documents made of its
//! member names: no answer is a fault of the server, and every refusal is JSON that says something. Seeds are fixed.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::{Map, Value, json};
use support::{Answer, TestServer};

const DOCUMENT: &str = "/api/zis/v1/openapi.json";
/// Random documents for each endpoint.
const RANDOM: usize = 24;

/// What no member expects.
fn hostile() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(9_223_372_036_854_775_807_i64),
        json!(1e308),
        json!(""),
        json!("\u{0}"),
        json!("\u{1F980}/../%00{{$.x}}\r\nX-Injected: 1"),
        json!("x".repeat(5_000)),
        json!([]),
        json!({}),
        json!({"": {"\u{0}": null}}),
        deep,
    ]
}

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    /// A document made of `names` and of what no member expects.
    fn document(&mut self, names: &[String], depth: usize) -> Value {
        let all = hostile();
        match self.below(if depth == 0 { 1 } else { 3 }) {
            0 => all[self.below(all.len())].clone(),
            1 => (0..self.below(4)).map(|_| self.document(names, depth - 1)).collect(),
            _ => {
                let name = |random: &mut Self| names.get(random.below(names.len().max(1))).cloned().unwrap_or_default();
                let members = (0..self.below(6)).map(|_| (name(self), self.document(names, depth - 1)));
                Value::Object(members.collect())
            }
        }
    }
}

/// A value that fits `schema`, more or less.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&reference[1..]).unwrap());
    }
    if let Some(some) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return some.iter().find(|one| one["type"] != "null").map_or(Value::Null, |one| sample(document, one));
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") if schema["properties"].is_object() => {
            let members = schema["properties"].as_object().unwrap().iter();
            Value::Object(members.map(|(name, inner)| (name.clone(), sample(document, inner))).collect())
        }
        Some("array") => json!([sample(document, &schema["items"])]),
        Some("string") => json!("abc1"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => json!({"a": 1}),
    }
}

/// `body`, then it without each member and with each member hostile, then random documents.
fn variants(body: &Value, seed: u64) -> Vec<Value> {
    let mut all = vec![body.clone()];
    let members = body.as_object().cloned().unwrap_or_default();
    for name in members.keys() {
        let without: Map<_, _> = members.iter().filter(|(other, _)| *other != name).map(own).collect();
        all.push(Value::Object(without));
        all.extend(hostile().into_iter().map(|value| {
            let mut changed = members.clone();
            changed[name] = value;
            Value::Object(changed)
        }));
        // One level below, where Zendesk's own bodies keep everything.
        if members[name].is_object() {
            let inner = variants_of_members(&members[name]);
            all.extend(inner.into_iter().map(|value| json!({ name.as_str(): value })));
        }
    }
    let names: Vec<String> = members.keys().cloned().chain(["type", "id", "name"].map(str::to_owned)).collect();
    let mut random = Random(seed | 1);
    all.extend((0..RANDOM).map(|_| random.document(&names, 4)));
    all
}

fn own((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

fn variants_of_members(body: &Value) -> Vec<Value> {
    let members = body.as_object().unwrap();
    let changed = |(name, value): (&String, Value)| {
        let mut all = members.clone();
        all[name] = value;
        Value::Object(all)
    };
    members.keys().flat_map(|name| hostile().into_iter().map(move |value| (name, value))).map(changed).collect()
}

#[track_caller]
fn judge(answer: &Answer, what: &str) {
    let status = answer.status.as_u16();
    // 502: the provider of an OAuth connection, which a body may name, does not answer.
    assert!(status < 500 || status == 502, "{what}: {status} {}", answer.text);
    if status >= 400 {
        let body = answer.json();
        let says = ["/message", "/error/message", "/error", "/description", "/errors/0/title", "/details"];
        let told = says.iter().any(|pointer| body.pointer(pointer).is_some_and(|text| !text.is_null()));
        assert!(told, "{what}: {status} says nothing: {}", answer.text);
    }
}

#[tokio::test]
async fn bodies_of_every_described_endpoint() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let document = server.get(DOCUMENT).anonymous().send().await.expect(200);
    let mut endpoints = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else { continue };
            endpoints += 1;
            let method: Method = method.to_uppercase().parse().unwrap();
            let target = path.replace("{integration}", "acme").replace("{type}", "basic_auth");
            let target = target.replace(['{', '}'], "");
            for body in variants(&sample(&document, schema), endpoints) {
                let text = body.to_string();
                let request = server.request(method.clone(), &target).json(body);
                let own = path.starts_with("/api/services/zis") && !path.contains("/registry/");
                let answer = if own { request.bearer(&token).send().await } else { request.send().await };
                judge(&answer, &format!("{method} {target} with {text:.300}"));
            }
        }
    }
    assert!(endpoints >= 20, "{endpoints} endpoints take a body");
}

#[tokio::test]
async fn bodies_of_the_local_zendesk() {
    let server = TestServer::start().await;
    let client = server.integration("acme").await;
    let ticket = json!({"subject": "s", "comment": {"body": "b"}, "requester": {"name": "n", "email": "r@example.com"},
        "tags": ["t"], "custom_fields": [{"id": 1, "value": "v"}], "status": "open", "priority": "low", "type": "task",
        "external_id": "e", "assignee_id": 1, "due_at": "2026-01-01T00:00:00Z", "additional_tags": ["u"], "safe_update": false});
    let user = json!({"name": "n", "email": "u@example.com", "role": "end-user", "tags": [], "user_fields": {"a": 1},
        "identities": [{"type": "email", "value": "v@example.com"}], "external_id": "x", "phone": "1"});
    let profile = json!({"name": "n", "source": "s", "type": "customer", "identifiers": [{"type": "email", "value": "p@example.com"}],
        "attributes": {"a": 1}});
    let event = json!({"source": "s", "type": "t", "properties": {"a": 1}, "description": "d", "created_at": "2026-01-01T00:00:00Z"});
    let made = server.post("/api/v2/tickets", json!({"ticket": {"comment": {"body": "b"}}})).send().await.expect(201);
    let person = server.post("/api/v2/users", json!({"user": {"name": "p", "email": "q@example.com"}})).send().await;
    let (ticket_id, user_id) = (&made["ticket"]["id"], &person.expect(201)["user"]["id"]);
    let places = [
        ("POST", "/api/v2/tickets".to_owned(), json!({"ticket": ticket})),
        ("PUT", format!("/api/v2/tickets/{ticket_id}"), json!({"ticket": ticket})),
        ("POST", "/api/v2/tickets/create_many".to_owned(), json!({"tickets": [ticket]})),
        ("PUT", format!("/api/v2/tickets/update_many?ids={ticket_id}"), json!({"ticket": ticket})),
        ("POST", "/api/v2/users".to_owned(), json!({"user": user})),
        ("PUT", format!("/api/v2/users/{user_id}"), json!({"user": user})),
        ("POST", "/api/v2/users/create_or_update".to_owned(), json!({"user": user})),
        (
            "POST",
            format!("/api/v2/users/{user_id}/identities"),
            json!({"identity": {"type": "email", "value": "w@example.com"}}),
        ),
        ("POST", format!("/api/v2/users/{user_id}/password"), json!({"password": "long enough"})),
        ("PUT", format!("/api/v2/users/{user_id}/profiles"), json!({"profile": profile})),
        (
            "PUT",
            "/api/v2/user_profiles?identifier=s:customer:email:p@example.com".to_owned(),
            json!({"profile": profile}),
        ),
        ("POST", "/api/v2/user_profiles/events".to_owned(), json!({"event": event, "profile": profile})),
        ("POST", format!("/api/v2/users/{user_id}/events"), json!({"event": event, "profile": profile})),
        (
            "POST",
            "/api/v2/oauth/clients".to_owned(),
            json!({"client": {"name": "n", "identifier": "i", "redirect_uri": ["https://a.example/"]}}),
        ),
        ("POST", "/api/v2/oauth/tokens".to_owned(), json!({"token": {"client_id": client, "scopes": ["read"]}})),
        ("POST", "/api/v2/api_tokens".to_owned(), json!({"api_token": {"description": "d"}})),
        (
            "POST",
            "/oauth/tokens".to_owned(),
            json!({"grant_type": "client_credentials", "client_id": "zis_acme", "client_secret": "s",
            "scope": "read", "code": "c", "refresh_token": "r", "code_verifier": "v", "redirect_uri": "u", "expires_in": 300}),
        ),
    ];
    for (seed, (method, path, body)) in (1_000..).zip(places) {
        for body in variants(&body, seed) {
            let text = body.to_string();
            let answer = server.request(method.parse().unwrap(), &path).json(body).send().await;
            judge(&answer, &format!("{method} {path} with {text:.300}"));
        }
    }
}

#[tokio::test]
async fn a_list_is_no_object() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    for (path, body) in [
        ("/api/services/zis/registry/acme", json!(["new description"])),
        ("/api/services/zis/integrations/acme/configs", json!(["scope", {"a": 1}])),
        ("/api/services/zis/inbound_webhooks/generic/acme", json!(["shop", "order"])),
        ("/api/zis/v1/events", json!(["shop", "order", null, {"a": 1}])),
    ] {
        let request = server.post(path, body);
        let request = if path.contains("/registry/") { request } else { request.bearer(&token) };
        let answer = request.send().await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert!(answer.text.contains("must be a JSON object, not an array"), "{}", answer.text);
    }
}
