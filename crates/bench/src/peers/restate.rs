//! Restate: the server from npm, and `peers/restate`, a service of two journaled HTTP calls in Rust.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use zis_testkit::free_port;

use super::{Running, install};
use crate::{
    api::client,
    load::{ORDER, Shot},
    tutorial,
};

pub(super) const VERSION: &str = "1.7.12";

/// The crate of the service, in the folder of guests.
const SERVICE: &str = "restate-service";

pub async fn install(folder: &Path) -> Result<()> {
    let package = format!("@restatedev/restate-server-linux-x64@{VERSION}");
    install::npm(folder, &[&package]).await?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/restate");
    install::cargo(&folder.join(SERVICE), &source).await
}

pub async fn start(folder: &Path, world: &str) -> Result<Running> {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(folder.join(SERVICE).join("target/release/restate-refund"));
    command.args([&address, world]);
    let service = install::start(command, folder, SERVICE)?;
    let (ingress, admin) = (free_port(), free_port());
    let mut server = install::start(server(folder, ingress, admin)?, folder, "restate-server")?;

    let deployments = format!("http://127.0.0.1:{admin}/deployments");
    let uri = format!("http://{address}");
    install::until(&mut server, folder, "restate-server", || register(&deployments, &uri)).await?;
    let url = format!("http://127.0.0.1:{ingress}/Refund/run");
    let shot = Shot::post(url, None, tutorial::plain_event(ORDER).to_string());
    install::until(&mut server, folder, "restate-server", || shot.once()).await?;
    Ok(Running::guest(vec![server, service], shot))
}

fn server(folder: &Path, ingress: u16, admin: u16) -> Result<Command> {
    let data = folder.join("restate-data");
    if data.exists() {
        std::fs::remove_dir_all(&data).context("an earlier run's data")?;
    }
    let mut command = Command::new(folder.join("node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"));
    command.args(["--no-logo", "--bind-ip", "127.0.0.1", "--advertised-host", "127.0.0.1", "--base-dir"]).arg(data);
    command.args(["--bind-port", &free_port().to_string()]);
    command.envs([
        ("RESTATE_LISTEN_MODE", "tcp".to_owned()),
        ("RESTATE_DEFAULT_NUM_PARTITIONS", "4".to_owned()),
        ("RESTATE_DISABLE_TELEMETRY", "true".to_owned()),
        ("RESTATE_LOG_FILTER", "warn".to_owned()),
        ("RESTATE_INGRESS__BIND_PORT", ingress.to_string()),
        ("RESTATE_ADMIN__BIND_PORT", admin.to_string()),
    ]);
    Ok(command)
}

/// Tells the server where the service is.
async fn register(deployments: &str, uri: &str) -> Result<()> {
    let body = Full::new(Bytes::from(json!({"uri": uri}).to_string()));
    let request = Request::post(deployments).header(header::CONTENT_TYPE, "application/json").body(body)?;
    let answer = client().request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{deployments}: {status} {}", String::from_utf8_lossy(&body));
    Ok(())
}
