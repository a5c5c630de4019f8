//! Real clients against the real program: zenpy (its ZIS half, tickets, search), and schemathesis over the whole OpenAPI document.
//!
//! `cargo xtask test` puts them into `target/clients`. Without it the tests print what they skipped; in CI that is a failure.

mod support;

use std::{path::PathBuf, process::Command};

use serde_json::json;
use support::{Api, EMAIL, PASSWORD, Zis};

/// A program of the clients' folder, if it is there.
fn client(name: &str) -> Option<PathBuf> {
    let program = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clients/bin")).join(name);
    if program.is_file() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing: `cargo xtask test` installs it", program.display());
    println!("skipped: 1 test that needs {name}; `cargo xtask test` installs it");
    None
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the client starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn zenpy_works_unchanged() {
    let Some(python) = client("python") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let zis = Zis::start(folder.path(), Zis::free(), &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/zenpy_zis.py");
    let said = run(Command::new(python).args([script, &zis.address.to_string(), EMAIL, PASSWORD]));
    assert!(said.lines().any(|line| line == "ok"), "{said}");
}

/// No 5xx, and no answer that breaks its schema, whatever is sent: by an admin with a password, and by the holder of a token of the
/// integration that every path names, because each opens what the other does not.
#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_true() {
    let Some(schemathesis) = client("schemathesis") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let zis = Zis::start(&folder.path().join("data"), Zis::free(), &[]);
    let authorization = format!("Authorization: Bearer {}", token(&Api::new(zis.base()), "fuzz").await);
    let names = "[parameters]\n\"path.integration\" = \"fuzz\"\n\"path.type\" = \"basic_auth\"\n";
    std::fs::write(folder.path().join("schemathesis.toml"), names).expect("a file");
    for who in [["--auth", &format!("{EMAIL}:{PASSWORD}")], ["--header", &authorization]] {
        let said = run(Command::new(&schemathesis)
            .args(["run", &format!("{}/api/zis/v1/openapi.json", zis.base()), "--url", &zis.base()])
            .args(who)
            .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "5"])
            .args(["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"])
            .args(["--exclude-path-regex", "stream$", "--request-timeout", "20", "--no-color"])
            .args(["--generation-database", "none", "--seed", "1", "--workers", "2"])
            .current_dir(folder.path()));
        let end: Vec<&str> = said.lines().rev().take(12).collect();
        println!("{}", end.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
}

/// An OAuth token of the integration, which is made.
async fn token(api: &Api, integration: &str) -> String {
    let path = format!("/api/services/zis/registry/{integration}");
    let made = api.call("POST", &path, &json!({"description": integration})).await;
    let input = json!({"token": {"client_id": made["zendesk_oauth_client"]["id"], "scopes": ["read", "write"]}});
    let token = api.call("POST", "/api/v2/oauth/tokens", &input).await;
    token["token"]["full_token"].as_str().expect("a token").to_owned()
}
