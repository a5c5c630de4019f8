//! The JSON Schema of a bundle (draft 2020-12), for editors: completion, hover texts, and the first mistakes underlined.
//!
//! It is made from the same tables that reading uses (operators, methods, built-in actions). It can't say everything: that
//! targets exist, that paths lead somewhere; `zis check` does.

use serde_json::{Map, Value, json};
use zis_bundle::{action::Method, built_in, document::TEMPLATE_VERSION, flow};

use crate::analysis::events;

/// Reference paths, as far as a pattern can tell.
const PATH: &str = r#"^\$(\.[\p{L}\p{N}_-]+|\['[^']*'\]|\["[^"]*"\]|\[[0-9]+\])*$"#;
const NAME: &str = "^[A-Za-z0-9._-]{1,100}$";

/// The schema of a whole bundle.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ZIS bundle",
        "description": "A bundle of Zendesk Integration Services: flows, HTTP actions and job specs.",
        "type": "object",
        "required": ["name", "zis_template_version", "resources"],
        "properties": {
            "name": { "type": "string", "minLength": 1, "description": "A name for people; the same name replaces the bundle at upload." },
            "description": { "type": ["string", "null"] },
            "zis_template_version": { "const": TEMPLATE_VERSION },
            "resources": {
                "type": "object",
                "description": "Flows, actions and job specs by key.",
                "additionalProperties": { "$ref": "#/$defs/resource" },
            },
        },
        "$defs": definitions(),
    })
}

fn definitions() -> Value {
    json!({
        "path": { "type": "string", "pattern": PATH, "description": "A reference path such as `$.input.ticket_event.ticket.id`." },
        "name": { "type": "string", "pattern": NAME },
        "resource": resource(),
        "action": action(),
        "entry": {
            "type": "object",
            "required": ["key"],
            "properties": {
                "key": { "type": "string", "minLength": 1 },
                "value": { "description": "Text, with `{{$.path}}` placeholders." },
                "value.$": { "type": "string", "description": "A path, or text with placeholders." },
            },
            "oneOf": [{ "required": ["value"] }, { "required": ["value.$"] }],
        },
        "machine": {
            "type": "object",
            "required": ["StartAt", "States"],
            "properties": {
                "StartAt": { "type": "string", "description": "The first state." },
                "States": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": { "minLength": 1, "maxLength": 128 },
                    "additionalProperties": { "$ref": "#/$defs/state" },
                },
                "Comment": { "type": "string" },
            },
        },
        "state": state(),
        "catch": {
            "type": "object",
            "required": ["ErrorEquals", "Next"],
            "properties": {
                "ErrorEquals": { "const": ["States.ALL"] },
                "ResultPath": { "$ref": "#/$defs/resultPath", "description": "Where the error goes; without it the error replaces `$`." },
                "Next": { "type": "string", "description": "The state that deals with the error." },
            },
        },
        "resultPath": {
            "description": "Where the result goes; without it the result replaces `$`.",
            "anyOf": [{ "$ref": "#/$defs/path" }, { "type": "null" }],
        },
        "rule": { "allOf": [{ "$ref": "#/$defs/condition" }, { "required": ["Next"], "properties": { "Next": { "type": "string" } } }] },
        "condition": condition(),
    })
}

fn resource() -> Value {
    let one = |kind: &str, properties: Value| {
        json!({
            "if": { "properties": { "type": { "const": kind } } },
            "then": { "properties": { "properties": properties } },
        })
    };
    json!({
        "type": "object",
        "required": ["type", "properties"],
        "properties": {
            "type": { "enum": ["ZIS::Flow", "ZIS::Action::Http", "ZIS::JobSpec"] },
            "properties": { "type": "object", "required": ["name"], "properties": { "name": { "$ref": "#/$defs/name" } } },
        },
        "allOf": [
            one("ZIS::Flow", json!({
                "required": ["definition"],
                "properties": { "definition": { "$ref": "#/$defs/machine" } },
            })),
            one("ZIS::Action::Http", json!({
                "required": ["definition"],
                "properties": { "definition": { "$ref": "#/$defs/action" } },
            })),
            one("ZIS::JobSpec", job_spec()),
        ],
    })
}

fn job_spec() -> Value {
    let types: Vec<_> = ["support", "sunshine"].into_iter().filter_map(events::types_of).flatten().collect();
    json!({
        "required": ["event_source", "event_type", "flow_name"],
        "properties": {
            "description": { "type": ["string", "null"] },
            "event_source": { "type": "string", "minLength": 1, "examples": ["support", "sunshine"] },
            "event_type": { "type": "string", "minLength": 1, "examples": types },
            "flow_name": { "type": "string", "pattern": "^zis:[^:]+:flow:[^:]+$" },
        },
    })
}

fn action() -> Value {
    let methods: Vec<_> = Method::ALL.iter().map(|method| method.as_str()).collect();
    let one_target = ["url", "url.$", "path", "path.$"].map(|key| json!({ "required": [key] }));
    let entries = json!({ "type": "array", "items": { "$ref": "#/$defs/entry" } });
    json!({
        "type": "object",
        "required": ["method"],
        "properties": {
            "method": { "enum": methods },
            "url": { "type": "string", "minLength": 1, "description": "An absolute address." },
            "url.$": { "type": "string", "minLength": 1 },
            "path": { "type": "string", "minLength": 1, "description": "A path on the account's Zendesk host." },
            "path.$": { "type": "string", "minLength": 1 },
            "connectionName": { "type": "string", "minLength": 1, "description": "The connection that authenticates the request." },
            "headers": entries,
            "queryParams": entries,
            "requestBody": { "description": "The body; keys that end in `.$` are paths or templates." },
            "requestBody.$": { "type": "string", "description": "The path of the whole body." },
        },
        "oneOf": one_target,
        "not": { "required": ["connectionName.$"] },
    })
}

fn state() -> Value {
    let next = json!({ "type": "string", "description": "The state to go to." });
    let transition = json!({
        "properties": { "Next": next, "End": { "const": true, "description": "The flow ends here." } },
        "oneOf": [{ "required": ["Next"] }, { "required": ["End"] }],
    });
    let catch = json!({ "type": "array", "items": { "$ref": "#/$defs/catch" } });
    let result_path = json!({ "$ref": "#/$defs/resultPath" });
    let path = json!({ "$ref": "#/$defs/path" });
    let message = |text: &str| json!({ "type": "string", "description": text });
    let names: Vec<_> = built_in::ALL.iter().map(|action| action.name).collect();
    let of_type = |name: &str, required: &[&str], properties: Value, more: Value| {
        let mut then = Map::from_iter([("properties".into(), properties)]);
        then.insert("required".into(), json!(required));
        if let Value::Object(more) = more {
            then.insert("allOf".into(), json!([more]));
        }
        json!({ "if": { "properties": { "Type": { "const": name } } }, "then": then })
    };
    json!({
        "type": "object",
        "required": ["Type"],
        "properties": {
            "Type": { "enum": ["Action", "Choice", "Map", "Wait", "Pass", "Succeed", "Fail"] },
            "Comment": { "type": "string" },
        },
        "allOf": [
            of_type("Action", &["ActionName"], json!({
                "ActionName": { "type": "string", "pattern": "^zis:[^:]+:(action|transform):[^:]+$", "examples": names },
                "Parameters": { "type": ["object", "null"], "description": "What the action gets; keys that end in `.$` are paths or templates." },
                "TimeoutSeconds": { "type": ["number", "null"], "exclusiveMinimum": 0 },
                "ResultPath": result_path,
                "Catch": catch,
            }), transition.clone()),
            of_type("Choice", &["Choices"], json!({
                "Choices": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/rule" } },
                "Default": next,
            }), Value::Null),
            of_type("Map", &["ItemsPath", "Iterator"], json!({
                "ItemsPath": path,
                "Iterator": { "$ref": "#/$defs/machine" },
                "ResultPath": result_path,
                "Catch": catch,
            }), transition.clone()),
            of_type("Wait", &[], json!({
                "Seconds": { "type": "number", "exclusiveMinimum": 0 },
                "SecondsPath": path,
            }), json!({ "allOf": [transition, { "oneOf": [{ "required": ["Seconds"] }, { "required": ["SecondsPath"] }] }] })),
            of_type("Pass", &[], json!({ "Result": {}, "ResultPath": result_path }), transition.clone()),
            of_type("Succeed", &[], json!({ "Message": message("What the log says; may hold placeholders.") }), Value::Null),
            of_type("Fail", &["Error", "Cause"], json!({
                "Error": message("A name for the error."),
                "Cause": message("What happened; may hold placeholders."),
            }), Value::Null),
        ],
    })
}

/// Exactly one operator, or one of `And`, `Or`, `Not`.
fn condition() -> Value {
    let mut properties = Map::new();
    properties.insert("Variable".into(), json!({ "$ref": "#/$defs/path" }));
    let mut alternatives = Vec::new();
    for name in flow::OPERATORS {
        let operand = match *name {
            path if path.ends_with("Path") => json!({ "$ref": "#/$defs/path" }),
            "IsPresent" | "IsNull" | "BooleanEquals" => json!({ "type": "boolean" }),
            number if number.starts_with("Numeric") => json!({ "type": "number" }),
            _ => json!({ "type": "string" }),
        };
        properties.insert((*name).into(), operand);
        alternatives.push(json!({ "required": ["Variable", name] }));
    }
    for (name, operand) in [
        ("And", json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/condition" } })),
        ("Or", json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/condition" } })),
        ("Not", json!({ "$ref": "#/$defs/condition" })),
    ] {
        properties.insert(name.into(), operand);
        alternatives.push(json!({ "required": [name] }));
    }
    json!({ "type": "object", "properties": properties, "oneOf": alternatives })
}
