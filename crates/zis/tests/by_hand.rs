//! Many at once from the command line: how many it would be, the question, and what was done.

mod support;

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{Api, EMAIL, PASSWORD, Zis, load::until};

/// What the program prints, and whether it left with 0.
fn zis(server: &Zis, args: &[&str]) -> (String, bool) {
    let done = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(args)
        .env("ZIS_URL", server.base())
        .env("ZIS_EMAIL", EMAIL)
        .env("ZIS_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .expect("zis runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (text.trim().to_owned(), done.status.success())
}

/// A flow that fails at once.
async fn install(api: &Api) {
    api.call("POST", "/api/services/zis/registry/acme", &json!({"description": "test"})).await;
    let states = json!({"Stop": {"Type": "Fail", "Error": "No", "Cause": "no"}});
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Stop", "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "test", "event_type": "go",
            "flow_name": "zis:acme:flow:F"}}}});
    api.call("POST", "/api/services/zis/registry/acme/bundles", &bundle).await;
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    api.call("POST", install, &Value::Null).await;
}

/// Returns when `count` attempts have failed for good, over all executions.
async fn attempts(api: &Api, count: u64) {
    until("the attempts", async || {
        let all = api.get("/api/zis/v1/executions?status=failed&page[size]=100").await;
        let all = all["executions"].as_array().expect("a list").clone();
        all.iter().filter_map(|execution| execution["attempt"].as_u64()).sum::<u64>() == count
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_retried_cancelled_and_replayed_when_somebody_says_yes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(folder.path(), Zis::free(), &[]);
    let api = Api::new(server.base());
    install(&api).await;
    for _ in 0..3 {
        api.call("POST", "/api/zis/v1/events", &json!({"source": "test", "type": "go", "payload": {}})).await;
    }
    attempts(&api, 3).await;

    let retry = ["executions", "retry", "--flow", "F"];
    assert_eq!(zis(&server, &[&retry[..], &["--dry-run"]].concat()), ("would run 3 executions again".to_owned(), true));
    let (text, done) = zis(&server, &retry);
    assert!(!done && text.contains("this would run 3 executions again: say --yes to do it"), "{text}");
    let (text, done) = zis(&server, &["executions", "retry", "--yes"]);
    assert!(!done && text.contains("name an execution, or say which"), "{text}");
    attempts(&api, 3).await;
    assert_eq!(zis(&server, &[&retry[..], &["--yes"]].concat()), ("retried 3".to_owned(), true));
    attempts(&api, 6).await;

    let cancel = ["executions", "cancel", "--integration", "acme", "--yes"];
    assert_eq!(zis(&server, &cancel), ("would cancel 0 executions".to_owned(), true));

    let replay = ["events", "replay", "--since", "2020-01-01T00:00:00Z", "--source", "test"];
    assert_eq!(zis(&server, &[&replay[..], &["--dry-run"]].concat()), ("would send 3 events again".to_owned(), true));
    assert_eq!(zis(&server, &[&replay[..], &["--yes"]].concat()), ("replayed 3".to_owned(), true));
    attempts(&api, 9).await;
}
