//! What the tests share: flows from fragments of JSON, replies from data, and the recovery check that every run goes through.

#![allow(dead_code)]

pub mod recovery;

use std::{collections::HashMap, sync::Arc, time::Duration};

use zis_bundle::document::{Options, read};
use zis_flow::{
    Outcome, Program, Settings, Value,
    effect::{Call, Work},
    failure::{Failure, Retry},
    journal::Exchange,
    response,
    simulate::Reply,
    time::Timestamp,
};

/// The bundle around one flow and its actions, which are given as `{"name": definition}`.
pub fn bundle_text(flow: &str, actions: &Value) -> String {
    let action = |name: &str, definition: &Value| {
        let name = Value::from(name);
        format!(
            r#","a {}":{{"type":"ZIS::Action::Http","properties":{{"name":{name},"definition":{definition}}}}}"#,
            name.as_str().unwrap()
        )
    };
    let actions: String =
        actions.as_object().into_iter().flat_map(|all| all.iter()).map(|(name, text)| action(name, text)).collect();
    format!(
        r#"{{"name":"test","zis_template_version":"2019-10-14","resources":{{
        "job":{{"type":"ZIS::JobSpec","properties":{{"name":"job","event_source":"s","event_type":"t","flow_name":"zis:acme:flow:Test"}}}},
        "flow":{{"type":"ZIS::Flow","properties":{{"name":"Test","definition":{flow}}}}}{actions}}}}}"#
    )
}

/// Compiles a flow through the bundle reader, which has to find nothing wrong with it.
pub fn program(flow: &str, actions: &Value, settings: Settings) -> Arc<Program> {
    let text = bundle_text(flow, actions);
    let reading = read(&text, &Options::default());
    let wrong: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| format!("{} {} {}", finding.code, finding.pointer, finding.message))
        .collect();
    assert!(reading.is_valid(), "the flow is refused: {wrong:#?}\n{text}");
    let bundle = reading.bundle.unwrap();
    Program::compile(&bundle.flows[0], |name| bundle.action(name), Arc::new(settings)).unwrap()
}

/// The document a flow starts with.
pub fn envelope(input: Value) -> Value {
    Value::object([
        ("account_id", Value::from(12345_i64)),
        ("integration_key", Value::from("acme")),
        ("subdomain", Value::from("acme")),
        ("input", input),
    ])
}

/// Replies as data: an array for all calls in order, or an object of arrays by action name or state path. The last one of a list serves
/// for all later calls; without any, HTTP actions and built-ins give `{}`.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    lists: HashMap<String, Vec<Value>>,
    used: HashMap<String, usize>,
}

impl Replies {
    pub fn new(data: &Value) -> Self {
        let mut lists = HashMap::new();
        if let Some(all) = data.as_array() {
            lists.insert(String::new(), all.to_vec());
        }
        for (key, list) in data.as_object().into_iter().flat_map(|lists| lists.iter()) {
            lists.insert(key.to_string(), list.as_array().unwrap_or_else(|| panic!("replies of {key}")).to_vec());
        }
        Self { lists, used: HashMap::new() }
    }

    pub fn reply(&mut self, call: &Call) -> Reply {
        let action = match &call.work {
            Work::Http(request) => request.action.clone(),
            Work::LoadConfig { .. } => "LoadConfig".to_owned(),
            Work::PatchConfig { .. } => "PatchConfig".to_owned(),
            Work::LoadLinks { .. } => "LoadLinks".to_owned(),
            Work::CreateLink { .. } => "CreateLink".to_owned(),
            Work::PatchLink { .. } => "PatchLink".to_owned(),
            Work::DeleteLink { .. } => "DeleteLink".to_owned(),
        };
        let key = [call.path.clone(), action, String::new()].into_iter().find(|key| self.lists.contains_key(key));
        let Some(key) = key else { return Reply::new(Outcome::Done(Value::object::<&str>([]))) };
        let used = self.used.entry(key.clone()).or_default();
        let list = &self.lists[&key];
        let data = &list[(*used).min(list.len() - 1)];
        *used += 1;
        reply_of(data)
    }
}

/// `{"status", "body", "retry_after"}`, `{"value"}`, `{"nothing": true}`, `{"refused": "reason"}`, `{"error", "cause"}`; each with `takes`
/// in seconds.
fn reply_of(data: &Value) -> Reply {
    let takes = Duration::from_secs_f64(data.get("takes").and_then(Value::as_f64).unwrap_or(0.0));
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    let status = data.get("status").and_then(Value::as_i64).map(|status| u16::try_from(status).unwrap());
    let outcome = if let Some(status) = status {
        let body = match data.get("body") {
            Some(Value::String(text)) => text.to_string(),
            Some(body) => body.to_json(),
            None => String::new(),
        };
        response::outcome(status, text("retry_after"), body.as_bytes(), Timestamp(0))
    } else if let Some(value) = data.get("value") {
        Outcome::Done(value.clone())
    } else if let Some(reason) = text("refused") {
        response::no_answer(reason)
    } else if let Some(error) = text("error") {
        let failure = Failure::new(error, text("cause").unwrap_or_default());
        Outcome::Failed(if data.get("retry").is_some() { failure.retry(Retry::Backoff) } else { failure })
    } else if data.get("nothing").is_some() {
        Outcome::Nothing
    } else {
        Outcome::Done(Value::object::<&str>([]))
    };
    let exchange =
        status.map(|status| Exchange { method: "X".to_owned(), status: Some(status), ..Exchange::default() });
    Reply { outcome, exchange, takes }
}
