//! `zis serve`: the server, until it is told to stop.

use std::{future::Future, net::SocketAddr, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    task::JoinHandle,
};
use zis_server::{
    Config, Server,
    config::{DEFAULTS, Sources},
};

use crate::{
    cli::Serve,
    command::runtime,
    files,
    style::{self, paint},
};

pub fn run(args: Serve) -> Result<ExitCode> {
    if args.print_config {
        anstream::print!("{DEFAULTS}");
        return Ok(ExitCode::SUCCESS);
    }
    init_log();
    let config = Config::load(&sources(&args)?)?;
    runtime()?.block_on(async {
        // Listened for before anybody can know that the server is there.
        let stop = told_to_stop()?;
        let mut server = Server::bind(config).await?;
        println!("listening on http://{}", server.address());
        if let Some(admin) = server.take_new_admin() {
            let title = paint(style::STRONG, "admin:");
            let password = admin.password.expose_secret();
            anstream::eprintln!("{title} {} with password {password}  (shown this once)", admin.email);
        }
        server.run(stop).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// File, environment and flags.
fn sources(args: &Serve) -> Result<Sources> {
    let file =
        args.config.as_deref().map(|file| Ok::<_, anyhow::Error>((file.display().to_string(), files::text(file)?)));
    let mut flags = Vec::new();
    let mut flag = |key: &str, value: Option<String>| flags.extend(value.map(|value| (key.to_owned(), value)));
    flag("server.listen", args.listen.map(|address| address.to_string()));
    flag("store.data", args.data.as_ref().map(|folder| folder.display().to_string()));
    flag("store.database_url", args.database_url.clone());
    Ok(Sources { file: file.transpose()?, environment: std::env::vars().collect(), flags })
}

/// A server of this process on a free loopback port.
pub struct Local {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Local {
    /// Starts it with its data in `folder`.
    pub async fn start(folder: &Path, email: &str, password: &str) -> Result<Self> {
        let flags = [
            ("server.listen", "127.0.0.1:0".to_owned()),
            ("store.data", folder.display().to_string()),
            ("admin.email", email.to_owned()),
            ("admin.password", password.to_owned()),
        ];
        Self::start_with(&flags).await
    }

    /// Starts it with these settings over the defaults; nothing of the environment counts.
    pub async fn start_with(flags: &[(&str, String)]) -> Result<Self> {
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let server = Server::bind(Config::load(&Sources { flags, ..Sources::default() })?).await?;
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Ok(Self { address, stop, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Drains and waits for the end.
    pub async fn stop(self) -> Result<()> {
        let _ = self.stop.send(());
        self.task.await.context("the server broke")
    }
}

/// Structured logs on standard error; `ZIS_LOG` filters (`info`, `zis_engine=debug`), `ZIS_LOG_FORMAT=json` for machines.
fn init_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ZIS_LOG").unwrap_or_else(|_| "info".into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("ZIS_LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
}

/// SIGTERM, or Ctrl-C; heard from now on.
fn told_to_stop() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("can't listen for signals");
    let (mut term, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
