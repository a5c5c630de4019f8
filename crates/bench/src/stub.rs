//! Handlers to compare with, each in a process of its own like what it is compared with: this program, started with `stub KIND ARGUMENT`.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use axum::{Router, routing::get, serve::ListenerExt};
use http::header;
use tokio::net::TcpListener;

use crate::{ceiling, process::Process};

/// A running stub; stopped when dropped.
pub struct Stub {
    process: Process,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
}

impl Stub {
    /// The calls of the tutorial's flow to `world` without a store: see [`ceiling`].
    pub fn ceiling(world: &str) -> Result<Self> {
        Self::start("ceiling", world)
    }

    /// Answers any GET of `/` with `text`.
    pub fn bare(text: &str) -> Result<Self> {
        Self::start("bare", text)
    }

    fn start(kind: &str, argument: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["stub", kind, argument]).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let base = process.first_line()?.trim().to_owned();
        Ok(Self { process, base })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Serves until it is killed, or until whoever started it is gone.
pub async fn serve(kind: &str, argument: String) -> Result<()> {
    let router = match kind {
        "ceiling" => ceiling::router(&argument),
        "bare" => Router::new().route(
            "/",
            get(move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], argument.clone()))),
        ),
        other => bail!("there is no stub `{other}`"),
    };
    let parent = std::os::unix::process::parent_id();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    Ok(())
}
