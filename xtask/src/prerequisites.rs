//! What the tests need beside the Rust toolchain: looked for, and installed through apt when missing and allowed.

use std::path::Path;

use anyhow::{Result, bail};

use crate::run::{output, root, run};

/// A program, how to see that it is there, and the Debian package that brings it.
struct Need {
    what: &'static str,
    package: &'static str,
    present: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { what: "a C compiler (bundled SQLite)", package: "build-essential", present: || on_path("cc") },
    Need { what: "the PostgreSQL server's programs", package: "postgresql", present: has_initdb },
    Need { what: "Chromium", package: "chromium", present: || on_path("chromium") },
    Need { what: "ChromeDriver", package: "chromium-driver", present: || on_path("chromedriver") },
    Need { what: "jq, to compare with", package: "jq", present: || on_path("jq") },
    Need { what: "Python with venv, for real clients", package: "python3-venv", present: has_venv },
    Need { what: "curl, for the tutorial's commands", package: "curl", present: || on_path("curl") },
];

/// Real clients that the tests run: exact versions, so that a change of theirs is not a change of ours.
const CLIENTS: &[&str] = &["zenpy==2.0.57", "schemathesis==4.32.5"];

/// Installs what is missing; as somebody other than root, says what to install.
pub fn ensure() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("set-up: every program is there");
        return clients();
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    for need in &missing {
        println!("set-up: missing {} (package {})", need.what, need.package);
    }
    if !on_path("apt-get") || output("id", &["-u"])? != "0" {
        bail!("install these first: sudo apt-get install {}", packages.join(" "));
    }
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    run("apt-get", &["update", "-q"], &quiet)?;
    let mut args = vec!["install", "-q", "-y", "--no-install-recommends"];
    args.extend(packages);
    run("apt-get", &args, &quiet)?;
    clients()
}

/// The clients' own folder below `target`, made once for a set of versions.
fn clients() -> Result<()> {
    let folder = root().join("target/clients");
    let mark = folder.join("versions");
    let wanted = CLIENTS.join(" ");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let folder = folder.display().to_string();
    run("python3", &["-m", "venv", "--clear", &folder], &[])?;
    let python = format!("{folder}/bin/python");
    let mut args = vec!["-m", "pip", "install", "-q", "--disable-pip-version-check"];
    args.extend(CLIENTS);
    run(&python, &args, &[])?;
    Ok(std::fs::write(mark, wanted)?)
}

fn has_venv() -> bool {
    output("python3", &["-c", "import venv, ensurepip"]).is_ok()
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Debian keeps `initdb` off the path, in a folder for each version.
fn has_initdb() -> bool {
    let Ok(versions) = Path::new("/usr/lib/postgresql").read_dir() else { return on_path("initdb") };
    versions.flatten().any(|version| version.path().join("bin/initdb").is_file())
}
