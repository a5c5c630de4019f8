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
    // Where `zis dev` in this folder has its data.
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join(".zis");
    let first = Zis::start(&folder, Zis::free(), &[]);
    let (code, said) = refused(&folder);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("process {}", first.id())) && said.contains("--data"), "{said}");

    let output = Command::new(env!("CARGO_BIN_EXE_zis"))
        .args(["dev", "--fresh", "--listen", "127.0.0.1:0"])
        .current_dir(parent.path())
        .output()
        .expect("zis runs");
    assert_eq!(output.status.code(), Some(2), "a fresh start does not empty it either");

    first.kill();
    let next = Zis::start(&folder, Zis::free(), &[]);
    assert_eq!(next.terminate(), Some(0), "the folder was free again");
}
