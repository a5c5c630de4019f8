//! Tokens, orphans and dry runs on the command line, against the real server.

mod support;

use std::process::{Command, Output};

use serde_json::{Value, json};
use support::{Api, EMAIL, PASSWORD, Zis};

/// Runs `zis` against `server` with these variables.
fn zis(server: &Zis, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zis"));
    command.args(args).env("ZIS_URL", server.base()).env("ZIS_EMAIL", EMAIL).env_remove("ZIS_API_TOKEN");
    command.envs(env.iter().copied()).output().expect("zis runs")
}

/// What an admin's command prints.
fn print(server: &Zis, args: &[&str]) -> String {
    let output = zis(server, args, &[("ZIS_PASSWORD", PASSWORD)]);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(folder.path(), Zis::free(), &[]);
    let api = Api::new(server.base());
    api.call("POST", "/api/services/zis/registry/acme", &json!({})).await;
    assert!(print(&server, &["tokens", "list"]).starts_with("no tokens"));

    let token = print(&server, &["tokens", "create", "--description", "for the build"]);
    let bearer = print(&server, &["tokens", "create", "--integration", "acme"]);
    let works = |token: &str| zis(&server, &["executions", "list"], &[("ZIS_API_TOKEN", token)]).status.success();
    assert!(works(&token) && !works("guessed"));
    let connections = "/api/services/zis/integrations/acme/connections/all";
    let authorization = format!("Bearer {bearer}");
    let opened = async || api.send("GET", connections, &[("authorization", &authorization)], &Value::Null).await;
    assert_eq!(opened().await.expect("an answer").0, 200);

    let list = print(&server, &["tokens", "list"]);
    assert!(list.contains("for the build") && list.contains("read write"), "{list}");
    assert!(!list.contains(&token) && !list.contains(&bearer), "{list}");
    let listed: Value = serde_json::from_str(&print(&server, &["tokens", "list", "--format", "json"])).expect("JSON");
    for kind in ["api_tokens", "oauth_tokens"] {
        let id = listed[kind][0]["id"].to_string();
        assert_eq!(print(&server, &["tokens", "revoke", &id]), format!("revoked {id}"));
        let again = zis(&server, &["tokens", "revoke", &id], &[("ZIS_PASSWORD", PASSWORD)]);
        assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stderr));
    }
    assert!(!works(&token));
    assert_eq!(opened().await.expect("an answer").0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_come_from_a_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(folder.path(), Zis::free(), &[]);
    let token = print(&server, &["tokens", "create"]);
    let keyring = folder.path().join("keyring");
    let program = "#!/bin/sh\necho \"unlocking $1\" >&2\ncat \"$(dirname \"$0\")/$1\"\n";
    std::fs::write(&keyring, program).expect("a file");
    std::fs::write(folder.path().join("token"), format!("{token}\nsecond line\n")).expect("a file");
    std::fs::write(folder.path().join("password"), PASSWORD).expect("a file");
    let list = |variable: &str, name: &str| {
        let command = format!("sh '{}' {name}", keyring.display());
        let output = zis(&server, &["executions", "list"], &[(variable, &command)]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    assert_eq!(list("ZIS_API_TOKEN_COMMAND", "token"), (Some(0), "unlocking token\n".to_owned()));
    assert_eq!(list("ZIS_PASSWORD_COMMAND", "password"), (Some(0), "unlocking password\n".to_owned()));

    let (code, said) = list("ZIS_API_TOKEN_COMMAND", "nothing");
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("nothing: No such file") && said.contains("error: ZIS_API_TOKEN_COMMAND: the command failed"),
        "{said}"
    );
    let (code, said) = list("ZIS_API_TOKEN_COMMAND", "password");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("refused the credentials of {EMAIL}")) && !said.contains(PASSWORD), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_beside_a_dev_server_sign_in_by_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(&folder.path().join(".zis"), Zis::free(), &[]);
    let list = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zis"));
        command.args(["executions", "list", "--url", &server.base()]).current_dir(folder.path());
        for variable in ["ZIS_EMAIL", "ZIS_PASSWORD", "ZIS_API_TOKEN", "ZIS_ADMIN_PASSWORD"] {
            command.env_remove(variable);
        }
        command.output().expect("zis runs")
    };
    let said = String::from_utf8_lossy(&list().stderr).into_owned();
    assert!(said.contains("asks for credentials, and there are none"), "{said}");
    std::fs::write(folder.path().join(".zis/dev-password"), PASSWORD).expect("a file");
    assert!(list().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_are_listed_and_events_tried_dry() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(folder.path(), Zis::free(), &[]);
    let api = Api::new(server.base());
    api.set_up_tutorial("acme", "http://127.0.0.1:9/").await;
    assert!(print(&server, &["orphans"]).starts_with("no orphans"));

    let event = folder.path().join("event.json");
    std::fs::write(&event, "{}").expect("a file");
    let event = event.display().to_string();
    let args = ["send", &event, "--source", "sunshine", "--type", "activity.UserActivityCreated", "--dry-run"];
    let tried: Value = serde_json::from_str(&print(&server, &args)).expect("JSON");
    assert_eq!(tried, json!({"job_specs": ["zis:acme:job_spec:RefundRequestJobSpec"]}));
    assert_eq!(api.get("/api/zis/v1/events").await["events"], json!([]), "nothing was sent");

    let bundles = "/api/services/zis/registry/acme/bundles";
    let name = api.get(bundles).await["bundles"][0]["name"].clone();
    let empty = json!({"name": name, "zis_template_version": "2019-10-14", "resources": {}});
    api.call("POST", bundles, &empty).await;
    let orphans = print(&server, &["orphans"]);
    assert!(orphans.starts_with("zis:acme:job_spec:RefundRequestJobSpec  sunshine"), "{orphans}");
}
