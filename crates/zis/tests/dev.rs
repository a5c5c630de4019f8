//! `zis dev`, driven through its keys.

use std::{
    io::Write,
    process::{Command, Stdio},
};

const BUNDLE: &str = include_str!("../../../examples/refund-router/bundle.json");

/// Runs it in `folder` with these keys typed, to its end.
fn dev(folder: &std::path::Path, keys: &str, args: &[&str]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(["dev", "--listen", "127.0.0.1:0"])
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("zis starts");
    child.stdin.take().expect("its input is piped").write_all(keys.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_bundle_is_followed_until_it_is_told_to_quit() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bundle.json"), BUNDLE.replace("INTEGRATION", "acme")).expect("a file");
    std::fs::write(folder.path().join("broken.json"), "{\"name\": }").expect("a file");

    let said = dev(folder.path(), "h\nq\n", &["bundle.json", "broken.json"]);

    for expected in [
        "listening on http://127.0.0.1:",
        "bundles      bundle.json, broken.json",
        "bundle.json runs as acme",
        "send the last event again",
    ] {
        assert!(said.contains(expected), "`{expected}` is not in\n{said}");
    }
    assert!(said.contains("broken.json:1:10") && said.contains("not uploaded"), "{said}");
    // The second life has the data of the first, unless it is told to begin anew.
    let password = |said: &str| said.lines().find(|line| line.starts_with("sign in")).map(str::to_owned);
    assert_eq!(password(&dev(folder.path(), "q", &[])), password(&said));
    assert_ne!(password(&dev(folder.path(), "q", &["--fresh"])), password(&said));
}

#[test]
fn a_new_folder_runs_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zis"));
        command.args(["new", "."]).current_dir(folder.path()).output().expect("zis runs")
    };
    assert!(new().status.success());
    let tests = Command::new(env!("CARGO_BIN_EXE_zis")).arg("test").current_dir(folder.path()).output();
    assert!(tests.expect("zis runs").status.success());

    let said = dev(folder.path(), "q", &["bundle.json", "--values", "dev.yaml"]);

    assert!(said.contains("bundle.json runs as urgent_tickets, 1 job spec installed"), "{said}");
    let again = new();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("bundle.json is there already"));
}
