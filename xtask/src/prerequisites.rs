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
    Need { what: "npm, for axe-core", package: "npm", present: || on_path("npm") },
    Need { what: "curl, for the tutorial's commands", package: "curl", present: || on_path("curl") },
];

/// Real clients that the tests run: exact versions, so that a change of theirs is not a change of ours.
const CLIENTS: &[&str] = &["zenpy==2.0.57", "schemathesis==4.32.5"];

/// Looks at the console's pages as people do who can't see or use them like others.
const AXE: &str = "axe-core@4.14.1";

/// Installs what is missing; as somebody other than root, says what to install.
pub fn ensure() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("set-up: every program is there");
        return from_elsewhere();
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
    from_elsewhere()
}

/// What the package managers of other languages bring, below `target`.
fn from_elsewhere() -> Result<()> {
    clients()?;
    once("axe", AXE, |folder| {
        run("npm", &["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, AXE], &[])
    })
}

/// Fills a folder below `target`, once for what is `wanted`.
fn once(name: &str, wanted: &str, fill: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let folder = root().join("target").join(name);
    let mark = folder.join("versions");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    fill(&folder.display().to_string())?;
    Ok(std::fs::write(mark, wanted)?)
}

/// The clients' own folder, a virtual environment of Python.
fn clients() -> Result<()> {
    once("clients", &CLIENTS.join(" "), |folder| {
        run("python3", &["-m", "venv", "--clear", folder], &[])?;
        let mut args = vec!["-m", "pip", "install", "-q", "--disable-pip-version-check"];
        args.extend(CLIENTS);
        run(&format!("{folder}/bin/python"), &args, &[])
    })
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
