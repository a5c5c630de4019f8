//! An execution as a `zis test` case: its event, and what the outside answered as mocks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::console::part::text;

/// What a case replays: the calls, the path, and how many attempts it takes.
struct Run<'v> {
    visits: Vec<&'v Value>,
    path: Vec<&'v str>,
    attempts: Option<u64>,
}

/// A test file for this execution. JSON is YAML, so every value is written as JSON.
pub fn write(execution: &Value) -> String {
    let trace = execution["trace"].as_array().map(Vec::as_slice).unwrap_or_default();
    let journal = execution["journal"].as_array().map(Vec::as_slice).unwrap_or_default();
    let run = run(trace, journal);
    let mut mocks: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for visit in run.visits.iter().filter(|visit| !visit["http"].is_null()) {
        let action = visit["request"]["action"].as_str().unwrap_or(text(visit, "state"));
        mocks.entry(action).or_default().push(mock(visit));
    }
    let mut case = json!({
        "name": format!("{} as it ran on {}", text(execution, "flow"), text(execution, "started_at")),
        "flow": execution["flow"],
        "input": execution["event"]["payload"],
        "mocks": mocks,
    });
    for (key, value) in [("configs", configs(&run.visits)), ("links", links(&run.visits))] {
        if value.as_object().is_some_and(|all| !all.is_empty()) || value.as_array().is_some_and(|all| !all.is_empty()) {
            case[key] = value;
        }
    }
    case["expect"] = expect(execution, &run);
    let members = case.as_object().into_iter().flatten();
    let members: Vec<String> = members.map(|(key, value)| format!("{key}: {value}")).collect();
    format!(
        "# From execution {}. Save it beside the bundle and run: zis test\nbundle: bundle.json\ncases:\n  - {}\n",
        text(execution, "id"),
        members.join("\n    "),
    )
}

/// Nothing but the case itself is expected of an execution that did not end by itself.
fn expect(execution: &Value, run: &Run<'_>) -> Value {
    if !matches!(text(execution, "status"), "succeeded" | "failed" | "timed_out") {
        return json!({});
    }
    let mut expect = json!({"status": execution["status"], "path": run.path});
    if let Some(attempts) = run.attempts {
        expect["attempts"] = attempts.into();
    }
    for (key, value) in [("message", &execution["message"]), ("cause", &execution["error"]["cause"])] {
        if !value.is_null() {
            expect[key] = value.clone();
        }
    }
    expect
}

/// A test runs a flow from its start, and again from the start when an attempt fails. An execution that somebody retried, or that went on
/// from where it failed, becomes one pass: what was kept, and what followed.
fn run<'v>(trace: &'v [Value], journal: &'v [Value]) -> Run<'v> {
    let mut retried = false;
    let mut from = "start";
    let mut pass: Vec<&Value> = Vec::new();
    for record in journal {
        match text(record, "t") {
            "attempt_failed" => {
                from = text(record, "from");
                retried |= from == "failure";
            }
            "retried" => {
                from = text(record, "from");
                retried = true;
            }
            "attempt" => {
                if from == "failure" {
                    pass.retain(|visit| visit["error"].is_null() || !visit["next"].is_null());
                } else {
                    pass.clear();
                }
                pass.extend(trace.iter().filter(|visit| visit["attempt"] == record["attempt"]));
            }
            _ => {}
        }
    }
    let top = |visit: &&&'v Value| visit["path"] == visit["state"];
    let path = pass.iter().filter(top).map(|visit| text(visit, "state")).collect();
    if retried {
        return Run { visits: pass, path, attempts: None };
    }
    let attempts = trace.iter().filter_map(|visit| visit["attempt"].as_u64()).max();
    Run { visits: trace.iter().collect(), path, attempts }
}

fn mock(visit: &Value) -> Value {
    let http = &visit["http"];
    let Some(status) = http["status"].as_u64() else {
        let cause = visit["error"]["cause"].as_str().unwrap_or("no answer");
        return json!({"error": cause.strip_prefix("external action failed: ").unwrap_or(cause)});
    };
    let mut mock = json!({"status": status});
    if !visit["result"].is_null() && visit["error"].is_null() {
        mock["body"] = visit["result"].clone();
    } else if !http["response_body"].is_null() {
        mock["body"] = http["response_body"].clone();
    }
    mock
}

/// What LoadConfig gave first, by scope.
fn configs(visits: &[&Value]) -> Value {
    let mut found = Map::new();
    for visit in visits.iter().filter(|visit| visit["http"].is_null() && visit["result"].is_object()) {
        if let (Some(scope), true) = (visit["request"]["scope"].as_str(), visit["request"]["config"].is_null()) {
            found.entry(scope.to_owned()).or_insert_with(|| visit["result"].clone());
        }
    }
    found.into()
}

/// What LoadLinks gave, each once.
fn links(visits: &[&Value]) -> Value {
    let mut found: Vec<Value> = Vec::new();
    let end = |object: &Value| json!({"name": object["name"], "metadata": object["metadata"]});
    for visit in visits.iter().filter(|visit| visit["http"].is_null()) {
        for link in
            visit["result"]["links"].as_array().into_iter().flatten().filter(|link| link["link_type"].is_string())
        {
            let link = json!({
                "link_type": link["link_type"],
                "left_object": end(&link["left_object"]),
                "right_object": end(&link["right_object"]),
            });
            if !found.contains(&link) {
                found.push(link);
            }
        }
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(state: &str, attempt: u64, status: u64, error: Value, next: Value) -> Value {
        json!({"state": state, "path": state, "attempt": attempt, "error": error, "next": next, "result": {"by": attempt},
            "request": {"action": state}, "http": {"status": status, "response_body": null}})
    }

    fn check(journal: Value, expected_path: Value, expected_mocks: Value, attempts: Value) {
        let trace = json!([
            visit("A", 1, 200, Value::Null, json!("B")),
            visit("B", 1, 500, json!({"cause": "status code: 500"}), Value::Null),
            visit("A", 2, 200, Value::Null, json!("B")),
            visit("B", 2, 200, Value::Null, Value::Null),
        ]);
        let resumed = journal.as_array().unwrap().iter().any(|record| record["from"] == "failure");
        let trace: Vec<Value> = trace
            .as_array()
            .unwrap()
            .iter()
            .filter(|visit| !(resumed && visit["state"] == "A" && visit["attempt"] == 2))
            .cloned()
            .collect();
        let execution = json!({"id": "exe_1", "flow": "F", "status": "succeeded", "message": "done", "event": {"payload": {}},
            "trace": trace, "journal": journal});
        let written = write(&execution);
        let line = |key: &str| {
            let found = written.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: ")));
            serde_json::from_str::<Value>(found.unwrap()).unwrap()
        };
        assert_eq!(line("expect")["path"], expected_path, "{written}");
        assert_eq!(line("expect")["attempts"], attempts, "{written}");
        assert_eq!(line("mocks"), expected_mocks, "{written}");
    }

    #[test]
    fn attempts_are_replayed_and_lives_become_one_pass() {
        let attempt = |number: u64| json!({"t": "attempt", "attempt": number});
        let ok = |by: u64| json!({"status": 200, "body": {"by": by}});
        check(
            json!([attempt(1), {"t": "attempt_failed", "from": "start"}, attempt(2)]),
            json!(["A", "B"]),
            json!({"A": [ok(1), ok(2)], "B": [{"status": 500}, ok(2)]}),
            json!(2),
        );
        check(
            json!([attempt(1), {"t": "finished"}, {"t": "retried", "from": "failure"}, attempt(2)]),
            json!(["A", "B"]),
            json!({"A": [ok(1)], "B": [ok(2)]}),
            Value::Null,
        );
        check(
            json!([attempt(1), {"t": "finished"}, {"t": "retried", "from": "start"}, attempt(2)]),
            json!(["A", "B"]),
            json!({"A": [ok(2)], "B": [ok(2)]}),
            Value::Null,
        );
    }
}
