//! Whole runs of the command line, kept as snapshots: help, output, exit code.

use std::process::Command;

/// Runs `zis` at the root of the repository; gives output and exit code as one text, with durations taken out.
fn zis(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("COLUMNS", "100")
        .env_remove("ZIS_URL")
        .output()
        .expect("zis runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut all = format!("$ zis {}\n{}", args.join(" "), text(&output.stdout));
    if !output.stderr.is_empty() {
        all.push_str(&format!("--- standard error\n{}", text(&output.stderr)));
    }
    all.push_str(&format!("--- exit code {}\n", output.status.code().unwrap_or(-1)));
    let lines = all.lines().map(|line| match line.split_once(" files, ") {
        Some((before, _)) => format!("{before} files, … ms"),
        None => line.trim_end().to_owned(),
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
    explain_rule: ["explain", "ZIS2015"];
    explain_unknown: ["explain", "ZIS9999"];
    run_trace: ["run", "examples/refund-router/bundle.json", "--event", "examples/refund-router/inputs/200-premium.json"];
    run_without_event: ["run", "examples/refund-router/bundle.json"];
    test_all: ["test", "examples/refund-router", "--coverage"];
    test_nothing: ["test", "docs"];
    graph_mermaid: ["graph", "examples/refund-router/bundle.json", "--format", "mermaid"];
    server_not_there: ["executions", "list", "--url", "http://127.0.0.1:9"];
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
