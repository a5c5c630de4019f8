//! The OpenAPI document: written from the same table that makes the routes, with the schemas of the handlers' types.

use std::collections::BTreeMap;

use http::header;
use serde_json::{Map, Value, json};

use crate::{auth::Group, wire::Endpoint};

/// The document for `endpoints`.
pub fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    for endpoint in endpoints {
        let method = endpoint.method.as_str().to_lowercase();
        paths.entry(endpoint.path).or_default().insert(method, operation(endpoint));
        for schema in [&endpoint.body, &endpoint.answer.1].into_iter().flatten() {
            schemas.extend(schema.all.iter().cloned());
        }
    }
    schemas.insert("RegistryErrors".to_owned(), registry_errors());
    schemas.insert("Error".to_owned(), error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "zis",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Zendesk Integration Services, self-hosted: the ZIS services under Zendesk's own paths, and our own API under /api/zis/v1.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "e-mail and password, or e-mail/token and an API token"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "an OAuth token"},
                "session": {"type": "apiKey", "in": "cookie", "name": zis_zendesk::auth::SESSION_COOKIE},
            },
        },
    })
}

/// The document as an answer.
pub fn answer(document: String) -> ([(http::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "application/json")], document)
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "tags": [tag(endpoint.path)],
        "parameters": parameters(endpoint),
        "responses": responses(endpoint),
        "security": security(endpoint.group),
    });
    if let Some(body) = &endpoint.body {
        let schema = reference(&body.name);
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The service that a path belongs to.
fn tag(path: &str) -> &'static str {
    const TAGS: &[(&str, &str)] = &[
        ("/api/services/zis/registry", "registry"),
        ("/api/services/zis/inbound_webhooks", "inbound webhooks"),
        ("/api/services/zis/links", "links"),
        ("/api/services/zis/connections", "connections"),
        ("/api/zis/v1/executions", "executions"),
        ("/api/zis/v1/events", "events"),
        ("/api/zis/v1/logs", "logs"),
        ("/api/zis/v1/bins", "request bins"),
        ("/api/zis/v1/secrets", "secrets"),
        ("/api/zis/v1/zendesk", "Zendesk webhooks"),
        ("/api/zis/v1", "bundles"),
    ];
    let inner = ["/configs", "/connections", "/logs", "/job_specs"];
    let services = ["configs", "connections", "logs", "registry"];
    let within =
        inner.iter().position(|part| path.starts_with("/api/services/zis/integrations") && path.contains(part));
    match within {
        Some(at) => services[at],
        None => TAGS.iter().find(|(prefix, _)| path.starts_with(prefix)).map_or("other", |(_, tag)| tag),
    }
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let text = json!({"type": "string"});
    let names = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": text}));
    let in_query = endpoint.query.iter().map(|(name, required, what)| {
        json!({"name": name, "in": "query", "required": required, "description": what, "schema": text})
    });
    in_path.chain(in_query).collect()
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    let (status, schema) = &endpoint.answer;
    let success = match schema {
        Some(schema) => {
            let content = json!({"application/json": {"schema": reference(&schema.name)}});
            json!({"description": "success", "content": content})
        }
        None => json!({"description": "success"}),
    };
    responses.insert(status.to_string(), success);
    let mut statuses = endpoint.refusals.clone();
    if endpoint.group != Group::Public {
        statuses.extend([401, 403]);
    }
    statuses.sort_unstable();
    statuses.dedup();
    let errors = if endpoint.path.starts_with("/api/services/") { "RegistryErrors" } else { "Error" };
    for status in statuses {
        let content = json!({"application/json": {"schema": reference(errors)}});
        responses.insert(status.to_string(), json!({"description": refusal(status), "content": content}));
    }
    Value::Object(responses)
}

fn refusal(status: u16) -> &'static str {
    match status {
        400 => "the request can't be used",
        401 => "no credentials, or wrong ones",
        403 => "not with these credentials",
        404 => "there is no such thing",
        409 => "it exists already, or its status does not allow it",
        413 => "the body is too large",
        503 => "not now: try again",
        _ => "refused",
    }
}

fn security(group: Group) -> Value {
    match group {
        Group::Public => json!([]),
        Group::UploadBundle => json!([{"basic": []}, {"session": []}]),
        Group::Services => json!([{"bearer": []}, {"session": []}]),
        _ => json!([{"basic": []}, {"bearer": []}, {"session": []}]),
    }
}

fn registry_errors() -> Value {
    json!({
        "type": "object",
        "required": ["errors", "message", "code"],
        "properties": {
            "message": {"type": "string"},
            "code": {"type": "string", "description": "ZIS4… or ZIS5…"},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["code", "detail", "status"],
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "status": {"type": "string"},
                    "rule": {"type": "string"},
                    "pointer": {"type": "string"},
                    "line": {"type": "integer"},
                    "column": {"type": "integer"},
                },
            }},
        },
    })
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "ZIS4… or ZIS5…"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object"}},
            },
        }},
    })
}
