//! Whole runs of the command line, kept as snapshots: help, output, exit code.

use std::process::Command;

/// Runs `zis` at the root of the repository; gives output and exit code as one text, with durations taken out.
fn zis(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("COLUMNS", "100")
        .env_remove("ZIS_URL")
        .env("ZIS_EMAIL", "somebody@example.com")
        .env("ZIS_API_TOKEN", "a-token")
        .output()
        .expect("zis runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut all = format!("$ zis {}\n{}", args.join(" "), text(&output.stdout));
    if !output.stderr.is_empty() {
        all.push_str(&format!("--- standard error\n{}", text(&output.stderr)));
    }
    all.push_str(&format!("--- exit code {}\n", output.status.code().unwrap_or(-1)));
    let lines = all.lines().map(|line| match line.rsplit_once(", ") {
        Some((before, took)) if took.ends_with(" ms") => format!("{before}, … ms"),
        _ => line.trim_end().to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

macro_rules! snapshots {
    ($($name:ident: $args:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), zis(&$args));
        })*
    };
}

snapshots! {
    help: ["--help"];
    help_demo: ["demo", "--help"];
    help_dev: ["dev", "--help"];
    help_new: ["new", "--help"];
    help_serve: ["serve", "--help"];
    help_check: ["check", "--help"];
    help_explain: ["explain", "--help"];
    help_run: ["run", "--help"];
    help_test: ["test", "--help"];
    help_send: ["send", "--help"];
    help_deploy: ["deploy", "--help"];
    help_diff: ["diff", "--help"];
    help_executions: ["executions", "list", "--help"];
    help_logs: ["logs", "--help"];
    help_graph: ["graph", "--help"];
    help_schema: ["schema", "--help"];
    help_completions: ["completions", "--help"];
    help_man: ["man", "--help"];
    help_secrets: ["secrets", "rotate", "--help"];
    help_executions_show: ["executions", "show", "--help"];
    help_executions_retry: ["executions", "retry", "--help"];
    help_executions_cancel: ["executions", "cancel", "--help"];
    help_orphans: ["orphans", "--help"];
    help_tokens_create: ["tokens", "create", "--help"];
    check_clean: ["check", "examples/refund-router/bundle.json"];
    check_concise: ["check", "--format", "concise", "examples/broken/targets.json"];
    check_not_there: ["check", "no-such-file.json"];
    check_near: ["check", "examples/refund-router/bundel.json"];
    check_folder: ["check", "examples"];
    check_no_text: ["check", "docs/pictures/home.png"];
    explain_rule: ["explain", "ZIS2015"];
    explain_unknown: ["explain", "ZIS9999"];
    run_trace: ["run", "examples/refund-router/bundle.json", "--event", "examples/refund-router/inputs/200-premium.json"];
    run_without_event: ["run", "examples/refund-router/bundle.json"];
    test_all: ["test", "examples/refund-router", "--coverage"];
    test_nothing: ["test", "docs"];
    test_not_there: ["test", "exampels"];
    test_no_test_file: ["test", "examples/refund-router/bundle.json"];
    graph_mermaid: ["graph", "examples/refund-router/bundle.json", "--format", "mermaid"];
    run_no_json: ["run", "examples/refund-router/bundle.json", "--event", "README.md"];
    run_unknown_state: ["run", "examples/refund-router/bundle.json", "--from", "InitiateRefnd", "--input", "examples/refund-router/inputs/200-premium.json"];
    run_no_mock_file: ["run", "examples/refund-router/bundle.json", "--event", "examples/refund-router/inputs/200-premium.json", "--mock", "examples/refund-router/inputs/200-premium.json"];
    deploy_placeholder: ["deploy", "examples/refund-router/bundle.json", "--integration", "acme"];
    flag_misspelt: ["run", "examples/refund-router/bundle.json", "--evnt", "e.json"];
    command_misspelt: ["chek", "examples/refund-router/bundle.json"];
    server_not_there: ["executions", "list", "--url", "http://127.0.0.1:9"];
    server_without_scheme: ["executions", "list", "--url", "127.0.0.1:8080"];
    server_with_path: ["executions", "list", "--url", "http://127.0.0.1:8080/console"];
    server_with_password: ["executions", "list", "--url", "http://me:secret@127.0.0.1:8080"];
    listen_on_a_name: ["serve", "--listen", "example.com:80"];
    config_not_there: ["serve", "--config", "zsi.toml"];
    data_is_a_file: ["serve", "--listen", "127.0.0.1:0", "--data", "README.md"];
}

/// A failing case: its diff, and exit code 1.
#[test]
fn test_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/refund-router/bundle.json");
    std::fs::copy(bundle, folder.path().join("bundle.json")).expect("the example is there");
    let case = "bundle: bundle.json\ncases:\n  - name: wrong on purpose\n    input: {activity_event: {user_activity: {type: page_view}}}\n    expect: {status: failed, path: [Finish], requests: [{action: InitiateRefund}]}\n";
    let file = folder.path().join("wrong.zistest.yaml");
    std::fs::write(&file, case).expect("a file");
    let output = zis(&["test", &file.display().to_string()]).replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!("test_failure", output);
}

/// A reader that has had enough is no reason to complain.
#[test]
fn closed_pipe() {
    for args in [&["explain"][..], &["completions", "bash"], &["check", "examples/broken/paths.json"], &["man"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_zis"))
            .args(args)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .stdout(writer)
            .output()
            .expect("zis runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_ne!(output.status.code(), Some(2), "{args:?}");
    }
}

/// A mock of an action that is not there would never be taken: it is refused, with the name that was probably meant.
#[test]
fn mock_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mocks.yaml");
    std::fs::write(&file, "InitiatRefund: [{status: 500}]\n").expect("a file");
    let (bundle, event) = ("examples/refund-router/bundle.json", "examples/refund-router/inputs/200-premium.json");
    let output = zis(&["run", bundle, "--event", event, "--mock", &file.display().to_string()]);
    insta::assert_snapshot!("mock_of_nothing", output.replace(&folder.path().display().to_string(), "FOLDER"));
}

/// What editors of other systems leave in files changes nothing.
#[test]
fn byte_order_marks_and_carriage_returns() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let odd = |name: &str| {
        let text = std::fs::read_to_string(format!("{root}/{name}")).expect("the example is there");
        let file = folder.path().join(name.replace('/', "-"));
        std::fs::write(&file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).expect("a file");
        file.display().to_string()
    };
    let (bundle, event) = ("examples/refund-router/bundle.json", "examples/refund-router/inputs/200-premium.json");
    let after = |output: String| output.split_once('\n').map(|(_, rest)| rest.to_owned());
    let plain = zis(&["run", bundle, "--event", event]);
    assert_eq!(after(zis(&["run", &odd(bundle), "--event", &odd(event)])), after(plain));
}
