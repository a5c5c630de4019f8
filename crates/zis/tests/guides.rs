//! The guides, run as they are printed, each from an empty folder beside a server of its own.
//!
//! In a page with the mark, a block ```` ```sh ```` is run; a block after a line "`NAME`:" is that file; a block
//! ```` ```text ```` after a command is what it prints, line by line, where `…` stands for anything. Blocks of other kinds
//! (`shell`) are for accounts that tests don't have.

mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use support::{Api, EMAIL, PASSWORD, Zis};

const MARK: &str = "<!-- run by crates/zis/tests/guides.rs -->";
const ADDRESS: &str = "127.0.0.1:8080";

enum Step {
    File { name: String, text: String },
    Run(String),
    Prints(String),
}

/// What a page tells its reader to do.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            before = if line.is_empty() { before } else { line };
            continue;
        };
        let text: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let name = before.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"));
        match (kind, name) {
            (_, Some(name)) => steps.push(Step::File { name: name.to_owned(), text }),
            ("sh", None) => steps.push(Step::Run(text)),
            ("text", None) => steps.push(Step::Prints(text)),
            _ => {}
        }
        before = "";
    }
    steps
}

/// Runs a block in `folder`; what it sets, the next block has. Gives what it printed, errors with the rest.
fn shell(block: &str, folder: &Path, address: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_zis")).parent().expect("it lies in a folder").display().to_string();
    let state = folder.join(".state").display().to_string();
    let block = block.replace(ADDRESS, address);
    let script = format!("[ ! -f {state} ] || . {state}\nset -aeuo pipefail\n{block}\nexport -p > {state}");
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(folder)
        .env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap_or_default()))
        .env("ZIS_URL", format!("http://{address}"))
        .env("ZIS_EMAIL", EMAIL)
        .env("ZIS_PASSWORD", PASSWORD)
        .env_remove("ZIS_API_TOKEN")
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{block}\nended with {}:\n{said}", output.status);
    said.replace(address, ADDRESS)
}

/// Whether `line` is like `pattern`, in which `…` stands for anything.
fn fits(line: &str, pattern: &str) -> bool {
    let (mut rest, mut parts) = (line, pattern.split('…'));
    let Some(tail) = parts.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    rest = tail;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, tail)) = rest.split_once(part) else { return false };
        rest = tail;
    }
    rest.ends_with(last)
}

async fn follow(page: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Zis::start(&folder.path().join("server"), Zis::free(), &[("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")]);
    let (api, address) = (Api::new(server.base()), server.address.to_string());
    let work = folder.path().join("work");
    std::fs::create_dir(&work).expect("a folder");
    let mut said = String::new();
    for step in steps(text) {
        match step {
            Step::File { name, text } => {
                let file = work.join(name);
                std::fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("a folder");
                std::fs::write(file, text.replace(ADDRESS, &address)).expect("a file");
            }
            Step::Run(block) => {
                said = shell(&block, &work, &address);
                api.ended_executions(0).await;
            }
            Step::Prints(expected) => {
                for pattern in expected.lines().filter(|line| !line.is_empty()) {
                    assert!(
                        said.lines().any(|line| fits(line, pattern)),
                        "{page}: no line is like\n{pattern}\nin\n{said}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guides_works() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let mut followed = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the manual is there").flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.contains(MARK) {
            let page = entry.file_name().display().to_string();
            follow(&page, &text).await;
            followed.push(page);
        }
    }
    assert!(followed.len() >= 6, "{followed:?}");
}

/// `zis new` writes what the guide shows.
#[test]
fn the_first_guide_is_the_example() {
    let page = include_str!("../../../docs/write-a-flow.md");
    for name in ["bundle.json", "urgent.json", "urgent.zistest.yaml", "dev.yaml"] {
        let file = format!("{}/../../examples/urgent-tickets/{name}", env!("CARGO_MANIFEST_DIR"));
        let shown = steps(page).into_iter().find_map(|step| match step {
            Step::File { name: shown, text } if shown == name => Some(text),
            _ => None,
        });
        assert_eq!(shown, std::fs::read_to_string(file).ok(), "{name}");
    }
}

#[test]
fn lines_fit_with_gaps() {
    for (line, pattern, expected) in [
        ("✓ done", "✓ done", true),
        ("✓ done", "✓ don", false),
        ("exe_1  succeeded  1/4", "…  succeeded  …", true),
        ("a b c", "a…c", true),
        ("a b c", "a…b", false),
        ("a b", "b…", false),
    ] {
        assert_eq!(fits(line, pattern), expected, "{line} {pattern}");
    }
}
