//! jq programs of our own against jq 1.6: against its recorded outputs always, and against the binary where it is installed.
//!
//! A case in `resources/jq/*.cases`:
//!
//! ```text
//! > the program
//! < the input; the one before when left out
//! = an output, as compact JSON
//! ! the error that ended the program
//! ? jq does not compile it, or stops the process
//! ~ why we differ: a heading of docs/compat-jq.md
//! := our output, where we differ
//! :! our error
//! :? we do not compile it
//! ```
//!
//! To record a new case, write `>`, `<` and run `jq -c`; for what comes from the clock write a program whose output does not.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
};

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, JqError, Limits, STACK_BYTES},
};

const FILES: &[(&str, &str)] = &[
    ("corners", include_str!("../resources/jq/corners.cases")),
    ("errors", include_str!("../resources/jq/errors.cases")),
    ("everyday", include_str!("../resources/jq/everyday.cases")),
    ("filters", include_str!("../resources/jq/filters.cases")),
    ("language", include_str!("../resources/jq/language.cases")),
    ("numbers", include_str!("../resources/jq/numbers.cases")),
    ("operators", include_str!("../resources/jq/operators.cases")),
    ("paths", include_str!("../resources/jq/paths.cases")),
    ("precedence", include_str!("../resources/jq/precedence.cases")),
    ("regex", include_str!("../resources/jq/regex.cases")),
    ("updates", include_str!("../resources/jq/updates.cases")),
];

const DIFFERENCES: &str = include_str!("../../../docs/compat-jq.md");

#[derive(Default, Clone)]
struct Case {
    place: String,
    program: String,
    input: String,
    /// What jq gives: lines beginning with `=`, `!` or `?`.
    theirs: Vec<String>,
    difference: Option<String>,
    ours: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, text) in FILES {
        let mut input = String::new();
        let mut case = Case::default();
        for (number, line) in text.lines().enumerate() {
            match line.split_at_checked(2) {
                Some(("> ", program)) => {
                    cases.push(std::mem::take(&mut case));
                    case.place = format!("{file}.cases:{}", number + 1);
                    program.clone_into(&mut case.program);
                    case.input.clone_from(&input);
                }
                Some(("< ", text)) => {
                    text.clone_into(&mut input);
                    case.input.clone_from(&input);
                }
                Some(("~ ", key)) => case.difference = Some(key.to_owned()),
                Some((":=" | ":!" | ":?", _)) => case.ours.push(line[1..].to_owned()),
                _ if line.starts_with(['=', '!', '?']) => case.theirs.push(line.to_owned()),
                _ => assert!(line.is_empty() || line.starts_with('#'), "{file}.cases:{}: {line}", number + 1),
            }
        }
        cases.push(case);
    }
    cases.retain(|case| !case.program.is_empty());
    cases
}

/// What we give, in the notation of the cases.
fn run(case: &Case) -> Vec<String> {
    let input = Value::from_json(&case.input).unwrap();
    let filter = match Filter::compile(&case.program) {
        Ok(filter) => filter,
        Err(JqError::Compile { message, at }) => {
            assert!(at.end <= case.program.len() && !message.is_empty(), "{}: {message} at {at:?}", case.place);
            return vec!["?".to_owned()];
        }
        Err(other) => panic!("{}: {other}", case.place),
    };
    let (outputs, error) = filter.outputs(input, Timestamp(1_700_000_000_000_000), Limits::default(), 1000);
    let outputs = outputs.iter().map(|output| format!("= {output}"));
    let error = error.map(|error| format!("! {}", error.to_string().trim_start_matches("jq: ")));
    outputs.chain(error).collect()
}

fn on_large_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
}

#[test]
fn gives_what_jq_was_recorded_to_give() {
    on_large_stack(|| {
        let cases = cases();
        assert!(cases.len() >= 300, "{} cases", cases.len());
        let mut wrong = Vec::new();
        for case in &cases {
            let expected = if case.difference.is_some() { &case.ours } else { &case.theirs };
            let got = run(case);
            if got != *expected {
                wrong.push(format!("{}: {}\n  expected {expected:?}\n  got      {got:?}", case.place, case.program));
            }
        }
        assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    });
}

#[test]
fn every_difference_is_explained_and_every_explanation_used() {
    let used: BTreeSet<String> = cases().into_iter().filter_map(|case| case.difference).collect();
    let explained: BTreeSet<String> =
        DIFFERENCES.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert_eq!(used, explained);
    for case in cases() {
        let differs = case.difference.is_some();
        assert!(!differs || case.theirs != case.ours, "{}: no difference", case.place);
        assert!(differs || case.ours.is_empty(), "{}: a difference without a reason", case.place);
    }
}

/// What the binary gives, in the notation of the cases.
fn jq(case: &Case) -> Vec<String> {
    let command = Command::new("jq")
        .args(["-c", &case.program])
        .env_clear()
        .envs([("TZ", "UTC"), ("PATH", "/usr/bin:/bin:/usr/local/bin")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut command = command.unwrap();
    // A program that does not compile is gone before it reads.
    let _ = command.stdin.take().unwrap().write_all(case.input.as_bytes());
    let output = command.wait_with_output().unwrap();
    let mut lines: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| format!("= {line}")).collect();
    let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let raised = error.split_once("jq: error (at <").and_then(|(_, rest)| rest.split_once([':', ' ']));
    match error.strip_prefix("jq: error (at <stdin>:").and_then(|rest| rest.split_once(") (not a string): ")) {
        _ if error.is_empty() => {}
        Some((_, value)) => lines.push(format!("! (not a string): {value}")),
        None => match error.strip_prefix("jq: error (at <stdin>:").and_then(|rest| rest.split_once("): ")) {
            Some((_, message)) => lines.push(format!("! {message}")),
            None if raised.is_some() || error.contains("compile error") => lines.push("?".to_owned()),
            None => {}
        },
    }
    lines
}

/// A process a case takes a minute or two for all: one in so many, unless `ZIS_TEST_ALL_JQ=1`.
const STRIDE: usize = 12;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test may ask how thorough it is to be")]
fn jq_still_gives_what_was_recorded() {
    let all = std::env::var("ZIS_TEST_ALL_JQ").is_ok_and(|value| value == "1");
    check_binary(if all { 1 } else { STRIDE });
}

fn check_binary(stride: usize) {
    let version = Command::new("jq").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let cases = cases();
    if version != "jq-1.6" {
        println!("{} cases not checked against a binary: jq 1.6 is not installed (found `{version}`)", cases.len());
        return;
    }
    let wrong: Vec<String> = cases
        .iter()
        .step_by(stride)
        .map(|case| (case, jq(case)))
        .filter(|(case, got)| *got != case.theirs)
        .map(|(case, got)| {
            format!("{}: {}\n  recorded {:?}\n  now      {got:?}", case.place, case.program, case.theirs)
        })
        .collect();
    let checked = cases.len().div_ceil(stride);
    println!("{checked} cases checked against {version}, {} left to `ZIS_TEST_ALL_JQ=1`", cases.len() - checked);
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
