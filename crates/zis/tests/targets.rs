//! Targets that are slow, down, broken or talk nonsense: what is tried again and what is not, what people are told, and that the server and
//! all other flows go on.

mod support;

use serde_json::{Value, json};
use support::{Api, Zis, load::until, target};

/// Path, how the execution ends, its attempts, and what the cause says.
const CASES: &[(&str, &str, u64, &str)] = &[
    ("slow", "failed", 4, "external action failed: the request timed out"),
    ("refused", "failed", 4, "Connection refused"),
    ("500", "failed", 4, "external action failed due to status code: 500"),
    ("garbage", "failed", 4, "external action failed: "),
    ("truncated", "failed", 4, "external action failed: "),
    ("huge", "failed", 1, "the answer is larger than 65536 bytes"),
    ("endless", "failed", 1, "the answer is larger than 65536 bytes"),
    ("html", "succeeded", 1, "<p>hello</p>"),
    ("broken-json", "succeeded", 1, r#"{"a": "#),
    ("fine", "succeeded", 1, "true"),
];

/// One flow for each case: it posts, and says what it got.
fn bundle(origin: &str, nobody: &str) -> Value {
    let mut resources = json!({});
    for (name, ..) in CASES {
        let url = if *name == "refused" { format!("{nobody}/") } else { format!("{origin}/{name}") };
        let got = if *name == "fine" { "{{$.got.fine}}" } else { "{{$.got}}" };
        let states = json!({
            "Post": {"Type": "Action", "ActionName": format!("zis:faults:action:{name}"), "ResultPath": "$.got", "Next": "Done"},
            "Done": {"Type": "Succeed", "Message": got}});
        resources[format!("a {name}")] = json!({"type": "ZIS::Action::Http", "properties": {"name": name,
            "definition": {"method": "POST", "url": url, "requestBody": {"a": 1}}}});
        resources[format!("f {name}")] = json!({"type": "ZIS::Flow", "properties": {"name": format!("flow-{name}"),
            "definition": {"StartAt": "Post", "States": states}}});
        resources[format!("j {name}")] = json!({"type": "ZIS::JobSpec", "properties": {"name": format!("spec-{name}"),
            "event_source": "test", "event_type": name, "flow_name": format!("zis:faults:flow:flow-{name}")}});
    }
    json!({"name": "faults", "zis_template_version": "2019-10-14", "resources": resources})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bad_target_does_stays_with_its_own_flow() {
    let folder = tempfile::tempdir().expect("a folder");
    let env = [
        ("ZIS_OUTBOUND__ALLOW_PRIVATE", "true"),
        ("ZIS_OUTBOUND__TIMEOUT", "300ms"),
        ("ZIS_OUTBOUND__MAX_RESPONSE", "64KiB"),
        ("ZIS_RETRY__DELAYS", "10ms,10ms,10ms"),
    ];
    let zis = Zis::start(folder.path(), Zis::free(), &env);
    let api = Api::new(zis.base());
    api.call("POST", "/api/services/zis/registry/faults", &json!({"description": "test"})).await;
    let bundle = bundle(&target::serve().await, &target::nobody().await);
    api.call("POST", "/api/services/zis/registry/faults/bundles", &bundle).await;
    for (name, ..) in CASES {
        let spec =
            format!("/api/services/zis/registry/job_specs/install?job_spec_name=zis:faults:job_spec:spec-{name}");
        api.call("POST", &spec, &Value::Null).await;
        api.call("POST", "/api/zis/v1/events", &json!({"source": "test", "type": name, "payload": {}})).await;
    }
    for (name, status, attempts, words) in CASES {
        let path = format!("/api/zis/v1/executions?flow=flow-{name}");
        until(name, async || !api.get(&path).await["executions"][0]["ended_at"].is_null()).await;
        let execution = api.get(&path).await["executions"][0].clone();
        assert_eq!((&execution["status"], &execution["attempt"]), (&json!(status), &json!(attempts)), "{execution:#}");
        let said = execution["message"].as_str().or(execution["error"]["cause"].as_str()).unwrap_or_default();
        assert!(said.contains(words), "{name}: {said}");
    }
    assert_eq!(zis.terminate(), Some(0));
}
