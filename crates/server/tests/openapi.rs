//! The OpenAPI document: kept as a snapshot, served, and true: every endpoint is called with all sorts of requests, and whatever it
//! answers has a status and a body that the document declares. `ZIS_UPDATE=1` writes the snapshot anew.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use http::Method;
use serde_json::{Value, json};
use support::{Answer, TestServer};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
const DOCUMENT: &str = "/api/zis/v1/openapi.json";

#[tokio::test]
async fn the_snapshot_is_what_is_served() {
    let server = TestServer::start().await;
    let served = server.get(DOCUMENT).anonymous().send().await.expect(200);
    let text = format!("{served:#}\n");
    if std::env::var_os("ZIS_UPDATE").is_some() {
        fs::write(Path::new(SNAPSHOT), text).unwrap();
        return;
    }
    let kept = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    assert!(kept == text, "docs/openapi.json is stale: run this test with ZIS_UPDATE=1 and look at what changed");
}

#[tokio::test]
async fn references_lead_somewhere_and_names_are_distinct() {
    let server = TestServer::start().await;
    let document = server.get(DOCUMENT).anonymous().send().await.expect(200);
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = BTreeSet::new();
    for (path, _, operation) in operations(&document) {
        assert!(
            names.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{path}: {}",
            operation["operationId"]
        );
        assert_ne!(operation["tags"][0], "other", "{path}");
    }
}

/// Every endpoint of ZIS's has its row in "From ZIS to zis".
#[test]
fn the_compatibility_table_has_every_endpoint_of_zis() {
    let table = include_str!("../../../docs/compat.md");
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    for (path, method, _) in operations(&document) {
        if let Some(path) = path.strip_prefix("/api/services/zis") {
            assert!(table.contains(&format!("| `{method} {path}` |")), "docs/compat.md lacks {method} {path}");
        }
    }
}

fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

/// `(path, method, operation)`.
fn operations(document: &Value) -> impl Iterator<Item = (&String, Method, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let method = |name: &str| name.to_uppercase().parse::<Method>().unwrap();
        methods.as_object().unwrap().iter().map(move |(name, operation)| (path, method(name), operation))
    })
}

/// Bodies that somebody might send.
fn bodies() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let object = json!({
        "name": "abc", "description": "d", "scope": "s", "config": {"a": 1}, "source": "shop", "type": "order", "payload": {"x": 1},
        "source_system": "shop", "event_type": "order", "link_type": "t", "left_object": {"name": "l"}, "right_object": {"name": "r"},
        "allowed_domain": "example.com", "header_name": "x-key", "api_key": "k", "username": "u", "password": "p", "token": "t",
        "client_id": "c", "client_secret": "s", "token_url": "http://127.0.0.1:1/t", "auth_url": "http://127.0.0.1:1/a",
        "oauth_client_name": "zendesk", "from": "start", "bundle": "pinned", "overlap_seconds": 1, "digest": "00",
        "zis_template_version": "2019-10-14", "resources": {},
    });
    let strange = json!({"name": "\u{0}\u{1F980}", "scope": "\u{202e}%00/../", "config": {"\u{0}": null}, "source": "é", "type": "\n"});
    let wrong =
        json!({"name": [], "scope": 1, "config": "x", "source": null, "from": "nowhere", "overlap_seconds": -1});
    let valid =
        [object, strange, wrong, json!([]), json!([{"name": "zis:acme:job_spec:x"}]), json!("text"), json!(1e308)];
    let broken = ["", "{", "nul", "{\"a\":1,}", "\u{feff}{}", deep.as_str()];
    valid.iter().map(Value::to_string).chain(broken.into_iter().map(str::to_owned)).collect()
}

/// What path parameters might be.
const PLACES: [&str; 4] = ["acme", "nope", "%00%F0%9F%A6%80%2F..", "exe_0123456789abcdef0123456789abcdef"];
/// Query strings that somebody might send.
const QUERIES: [&str; 4] = [
    "",
    "page[size]=2&status=failed&filter[scope]=*&link_type=t&left_object_name=*&name=abc&job_spec_name=zis:acme:job_spec:x",
    "page[size]=-1&page[after]=%00&since=yesterday&status=&level=x&event_id=1&verification_code=x&state=x&code=y",
    "page[size]=99999999999999999999&page[before]=x&uuid=%F0%9F%A6%80&since=9999-12-31T23:59:59Z&from=x&to=y&q=%25_!",
];

#[tokio::test]
async fn every_answer_is_one_that_the_document_declares() {
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let document = server.get(DOCUMENT).anonymous().send().await.expect(200);
    for (path, method, operation) in operations(&document) {
        if path.ends_with("/logs/stream") {
            continue;
        }
        let writes = operation.get("requestBody").is_some();
        let bodies = if writes { bodies() } else { vec![String::new(), "{}".to_owned()] };
        for (at, body) in bodies.iter().enumerate() {
            for query in QUERIES {
                // Not every combination: each body and each query meets each kind of place at least once over the endpoints.
                let place = PLACES[at % PLACES.len()];
                let target = format!("{}?{query}", filled(path, place));
                let basic = operation["security"].as_array().unwrap().iter().any(|one| one.get("basic").is_some());
                let request = server.request(method.clone(), &target).body(body.clone());
                let answer = if basic { request.send().await } else { request.bearer(&token).send().await };
                judge(&document, operation, &answer, &format!("{method} {target} with {body:.80}"));
            }
        }
        if operation["security"] != json!([]) {
            let answer = server.request(method.clone(), &filled(path, "acme")).anonymous().send().await;
            assert_eq!(answer.status.as_u16(), 401, "{method} {path} without credentials: {}", answer.text);
        }
    }
}

fn filled(path: &str, place: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{integration}" => "acme",
        "{type}" => "api_key",
        part if part.starts_with('{') => place,
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[track_caller]
fn judge(document: &Value, operation: &Value, answer: &Answer, what: &str) {
    let status = answer.status.as_u16();
    assert!(status < 500 || status == 502, "{what}: {status} {}", answer.text);
    let declared = &operation["responses"][status.to_string()];
    assert!(declared.is_object(), "{what}: {status} is not declared: {}", answer.text);
    if let Some(schema) = declared.pointer("/content/application~1json/schema") {
        let body: Value =
            serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{what}: {error}: {}", answer.text));
        if let Err(fault) = fits(document, schema, &body) {
            panic!("{what}: {status} does not fit its schema: {fault} in {body:#}");
        }
    }
}

/// Whether `value` fits `schema`: the part of JSON Schema that the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document, document.pointer(&reference[1..]).unwrap(), value);
    }
    for schema in schema["allOf"].as_array().into_iter().flatten() {
        fits(document, schema, value)?;
    }
    if let Some(any) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let found = any.iter().any(|schema| fits(document, schema, value).is_ok());
        return if found { Ok(()) } else { Err(format!("{value} fits none of {schema}")) };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let good = |word: &Value| word == kind || (word == "number" && kind == "integer");
    match &schema["type"] {
        Value::Null => {}
        Value::Array(words) if words.iter().any(good) => {}
        word if good(word) => {}
        other => return Err(format!("{value} is {kind}, not {other}")),
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            return Err(format!("`{name}` is missing"));
        }
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(member) = value.get(name) {
            fits(document, inner, member).map_err(|fault| format!("{name}: {fault}"))?;
        }
    }
    if let Some(items) = schema.get("items") {
        for item in value.as_array().into_iter().flatten() {
            fits(document, items, item)?;
        }
    }
    Ok(())
}
