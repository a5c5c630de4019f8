//! Two servers on one data folder: the second refuses to start and says who is there; a killed one leaves no lock behind.

mod support;

use std::{path::Path, process::Command};

use support::Zis;

/// Tries to start a server in `folder`; its exit code and what it says.
fn refused(folder: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .output()
        .expect("zis runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_second_server_says_which_process_has_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Zis::start(folder.path(), Zis::free(), &[]);
    let (code, said) = refused(folder.path());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("process {}", first.id())) && said.contains("--data"), "{said}");

    first.kill();
    let next = Zis::start(folder.path(), Zis::free(), &[]);
    assert_eq!(next.terminate(), Some(0), "the folder was free again");
}
