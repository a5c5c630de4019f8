//! The README's walk-through of the tutorial, run as it is printed, with only the server's address changed.

mod support;

use std::process::Command;

use support::{Api, EMAIL, PASSWORD, Zis};

const ADDRESS: &str = "127.0.0.1:8080";

/// The shell blocks after the walk-through's mark, up to the next heading.
fn blocks() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let (_, walk) = readme.split_once("<!-- walk-through").expect("the README has the walk-through");
    let (walk, _) = walk.split_once("\n## ").expect("a heading follows it");
    walk.split("```sh\n").skip(1).map(|block| block.split("```").next().expect("a block ends").to_owned()).collect()
}

/// Runs a block as a reader would, from the root of the repository; gives what it printed.
fn shell(block: &str, address: &str, folder: &std::path::Path) -> String {
    // The one file that the reader writes goes to a folder of the test's own.
    let mine = folder.join("my_zis_bundle.json").display().to_string();
    let script = block.replace(ADDRESS, address).replace("my_zis_bundle.json", &mine);
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("bash runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_walk_through_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocks = blocks();
    let (serve, rest) = blocks.split_first().expect("the walk-through has blocks");
    assert!(
        serve.contains(&format!("ZIS_ADMIN_EMAIL={EMAIL} ZIS_ADMIN_PASSWORD={PASSWORD}"))
            && serve.contains("zis serve"),
        "{serve}"
    );
    let zis = Zis::start(folder.path(), Zis::free(), &[]);
    let address = zis.address.to_string();

    let (last, sending) = rest.split_last().expect("the walk-through looks at the outcome");
    for block in sending {
        shell(block, &address, folder.path());
    }
    let executions = Api::new(zis.base()).ended_executions(3).await;
    assert!(executions.iter().all(|execution| execution["status"] == "succeeded"), "{executions:?}");

    let outcome = shell(last, &address, folder.path());
    for expected in ["789", "456", "Refund request for order 123", "$200.00"] {
        assert!(outcome.contains(expected), "`{expected}` is not in {outcome}");
    }
    assert_eq!(zis.terminate(), Some(0), "SIGTERM drains and leaves with 0");
}
