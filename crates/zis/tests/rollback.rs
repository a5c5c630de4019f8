//! `zis deploy`, what it looks at before, and `--rollback`: the version before is there again, and its flow runs.

mod support;

use std::{path::Path, process::Command};

use serde_json::{Value, json};
use support::{Api, EMAIL, PASSWORD, Zis};

/// A bundle whose flow says `message`, with a job spec for each event type.
fn bundle(folder: &Path, message: &str, events: &[&str]) -> String {
    let mut resources = json!({"Flow": {"type": "ZIS::Flow", "properties": {"name": "Flow", "definition": {
        "StartAt": "Done", "States": {"Done": {"Type": "Succeed", "Message": message}}}}}});
    for event in events {
        resources[event] = json!({"type": "ZIS::JobSpec", "properties": {"name": event, "event_source": "test",
            "event_type": event, "flow_name": "zis:acme:flow:Flow"}});
    }
    let file = folder.join(format!("{message}.json"));
    let bundle = json!({"name": "b", "description": "d", "zis_template_version": "2019-10-14", "resources": resources});
    std::fs::write(&file, bundle.to_string()).expect("a file");
    file.display().to_string()
}

/// Runs `zis deploy` and gives its steps.
fn steps(server: &Zis, args: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(["deploy", "--integration", "acme", "--format", "json", "--to", &server.base()])
        .args(args)
        .env("ZIS_EMAIL", EMAIL)
        .env("ZIS_PASSWORD", PASSWORD)
        .env_remove("ZIS_API_TOKEN")
        .output()
        .expect("zis runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["ok"], json!(true), "{report:#}");
    report["steps"].as_array().expect("steps").clone()
}

/// Runs it and gives the names of the steps.
fn deploy(server: &Zis, args: &[&str]) -> Vec<String> {
    steps(server, args).iter().map(|step| step["step"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What the flow of an event says; nothing when none runs.
async fn run(api: &Api, kind: &str) -> Option<String> {
    let event = json!({"source": "test", "type": kind, "payload": {}});
    let accepted = api.call("POST", "/api/zis/v1/events", &event).await;
    let id = accepted["executions"][0].as_str()?.to_owned();
    let all = api.ended_executions(1).await;
    let ended = all.iter().find(|execution| execution["id"] == json!(id))?;
    ended["message"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_before_runs_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(&folder.path().join("data"), Zis::free(), &[]);
    let api = Api::new(server.base());
    let (first, second) = (bundle(folder.path(), "first", &["one"]), bundle(folder.path(), "second", &["one", "two"]));
    deploy(&server, &[&first]);
    assert_eq!(run(&api, "one").await.as_deref(), Some("first"));
    deploy(&server, &[&second]);
    assert_eq!(run(&api, "one").await.as_deref(), Some("second"));
    assert_eq!(run(&api, "two").await.as_deref(), Some("second"));

    let steps = deploy(&server, &[&second, "--rollback", "--uninstall-stale"]);
    assert_eq!(steps, ["rollback", "install", "uninstall"]);
    assert_eq!(run(&api, "one").await.as_deref(), Some("first"));
    assert_eq!(run(&api, "two").await, None, "the job spec that only the later version had is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_connections_are_named_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(&folder.path().join("data"), Zis::free(), &[]);
    let api = Api::new(server.base());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/refund-router/bundle.json");
    let values = folder.path().join("values.yaml");
    std::fs::write(&values, "{INTEGRATION: acme, EXTERNAL_TARGET_URL: \"https://refunds.example\"}").expect("a file");
    let values = values.display().to_string();
    let args = [file, "--values", &values, "--dry-run"];
    let connections = || {
        let step = steps(&server, &args).into_iter().find(|step| step["step"] == json!("connections"));
        step.map(|step| format!("{}: {}", step["outcome"], step["detail"])).unwrap_or_default()
    };
    let tokens = async || api.get("/api/v2/oauth/tokens?all=true").await["tokens"].as_array().map(Vec::len);

    assert!(connections().contains("missing: zendesk"), "{}", connections());
    api.set_up_tutorial("acme", "http://127.0.0.1:9/").await;
    let before = tokens().await;
    assert!(connections().contains("all there"), "{}", connections());
    assert_eq!(tokens().await, before, "the token that listed them is gone");
}
