//! Bringing a guest into its folder, and waiting until it answers.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::process::Process;

/// The longest an installation or a build may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The longest a guest may take to answer first.
const START: Duration = Duration::from_secs(60);

/// Installs npm packages, `name@version`, into `folder`, unless they are there.
pub async fn npm(folder: &Path, packages: &[&str]) -> Result<()> {
    let is_there = |package: &&&str| {
        let (name, version) = package.rsplit_once('@').unwrap_or((package, ""));
        let manifest = fs::read_to_string(folder.join("node_modules").join(name).join("package.json"));
        manifest.is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")))
    };
    let missing: Vec<&str> = packages.iter().filter(|package| !is_there(package)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut command = tokio::process::Command::new("npm");
    command.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(folder).args(&missing);
    run(command, folder, &format!("npm install {}", missing.join(" "))).await
}

/// Builds the crate whose files are copied to `folder`.
pub async fn cargo(folder: &Path, source: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    for file in ["Cargo.toml", "src/main.rs"] {
        let (from, to) = (source.join(file), folder.join(file));
        let text = fs::read(&from).with_context(|| from.display().to_string())?;
        // A file that did not change keeps its time, so that cargo has nothing to do.
        if fs::read(&to).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&to, text)?;
    }
    let mut command = tokio::process::Command::new("cargo");
    command.args(["build", "--release"]).env("CARGO_TARGET_DIR", folder.join("target")).current_dir(folder);
    run(command, folder, "cargo build of the guest's service").await
}

/// Runs to the end, the output in `folder/install.log`.
async fn run(mut command: tokio::process::Command, folder: &Path, what: &str) -> Result<()> {
    eprintln!("peers: {what} …");
    let log = folder.join("install.log");
    let output = File::create(&log)?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("{what} can't start"))?;
    let status = tokio::time::timeout(PATIENCE, child.wait()).await;
    let status = status.with_context(|| format!("{what} took longer than {PATIENCE:?}"))??;
    ensure!(status.success(), "{what} failed: {}", tail(&log));
    Ok(())
}

/// Starts a guest with its output in `folder/NAME.log`.
pub fn start(mut command: Command, folder: &Path, name: &str) -> Result<Process> {
    let output = File::create(folder.join(format!("{name}.log")))?;
    Process::start(command.stdout(output.try_clone()?).stderr(output))
}

/// Waits until `ready` succeeds; fails when the guest ends before or needs too long.
pub async fn until<F: Future<Output = Result<()>>>(
    process: &mut Process,
    folder: &Path,
    name: &str,
    ready: impl Fn() -> F,
) -> Result<()> {
    let began = Instant::now();
    let log = || tail(&folder.join(format!("{name}.log")));
    loop {
        let tried = tokio::time::timeout(Duration::from_secs(2), ready()).await;
        let error = match tried.unwrap_or_else(|_| bail!("no answer")) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if !process.is_running() {
            bail!("{name} ended: {}", log());
        }
        ensure!(began.elapsed() < START, "{name} is not ready after {START:?}: {error:#}; its log: {}", log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The last words in a log.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" ")
}
