//! `zis dev`: a local server that follows your files: check on save, upload, install, run, and show what happened.

mod keys;
mod screen;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::{Value, json};
use zis_bundle::{document, name::ResourceName};
use zis_lint::render::{Color, Format, render};
use zis_server::folder_lock::FolderLock;

use self::{
    keys::{Key, Keys},
    screen::Screen,
};
use crate::{
    cli::{Dev, Output},
    client::{Client, encode},
    command::{check, demo::connect_zendesk, executions::describe, serve::Local},
    credentials::{ADMIN, Credentials, DEV_PASSWORD},
    files,
    progress::Progress,
    style::{self, counted, paint},
};

/// How often the files' times are looked at: quick for a person, nothing for the machine.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub async fn run(args: Dev) -> Result<ExitCode> {
    let began = Instant::now();
    let folder = PathBuf::from(".zis");
    if args.fresh && folder.exists() {
        // Not under a server that runs: it would go on with files that nobody sees.
        FolderLock::take(&folder)?;
        std::fs::remove_dir_all(&folder).with_context(|| format!("can't remove {}", folder.display()))?;
    }
    let password = password(&folder)?;
    let flags = [
        ("server.listen", args.listen.to_string()),
        ("store.data", folder.display().to_string()),
        ("admin.email", ADMIN.to_owned()),
        ("admin.password", password.clone()),
        // On a developer's machine the external API is often a process next door.
        ("outbound.allow_private", "true".to_owned()),
    ];
    let local = {
        let _progress = Progress::wait("starting", Output::Text);
        Local::start_with(&flags).await?
    };
    let base = format!("http://{}", local.address());
    let client = Client::new(&base, Some(Credentials::password(ADMIN, &password)));
    let screen = Screen { base, email: ADMIN, password, ready_in: began.elapsed() };
    let bundles = args.bundles.into_iter().map(Watched::new).collect();
    let mut session = Session { client: client.clone(), screen, bundles, values: args.values };
    session.begin().await;
    if args.open {
        open(&session.screen.console());
    }
    let follow = tokio::spawn(follow(client));
    session.run().await?;
    follow.abort();
    local.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// The admin's password of this folder's server, made once.
fn password(folder: &Path) -> Result<String> {
    let file = Path::new(DEV_PASSWORD);
    if let Ok(text) = std::fs::read_to_string(file) {
        return Ok(text.trim().to_owned());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let mut bytes = [0_u8; 9];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(file, &password)?;
    Ok(password)
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// A bundle file, and the times of it and of the values file when they were last looked at.
struct Watched {
    file: PathBuf,
    seen: Option<[Option<SystemTime>; 2]>,
}

impl Watched {
    fn new(file: PathBuf) -> Self {
        Self { file, seen: None }
    }

    /// Whether one of the files is another one than at the last look.
    fn changed(&mut self, values: Option<&Path>) -> bool {
        let time = |file: &Path| std::fs::metadata(file).and_then(|meta| meta.modified()).ok();
        let times = Some([time(&self.file), values.and_then(time)]);
        let changed = times != self.seen;
        self.seen = times;
        changed
    }
}

/// Shows an address in the browser of this machine; without one, says so.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = std::process::Stdio::null;
    let started =
        std::process::Command::new(program).arg(address).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    match started {
        // Waited for on the side: it may live as long as the browser.
        Ok(mut browser) => drop(std::thread::spawn(move || browser.wait())),
        Err(error) => anstream::println!("{program} can't open {address}: {error}"),
    }
}

struct Session {
    client: Client,
    screen: Screen,
    bundles: Vec<Watched>,
    values: Option<PathBuf>,
}

impl Session {
    /// A new screen, and every bundle looked at.
    async fn begin(&mut self) {
        self.screen.show(self.bundles.iter().map(|bundle| bundle.file.as_path()));
        self.bundles.iter_mut().for_each(|bundle| bundle.seen = None);
        self.look().await;
    }

    /// Until `q` or Ctrl-C.
    async fn run(&mut self) -> Result<()> {
        let mut keys = Keys::listen();
        loop {
            tokio::select! {
                key = keys.next() => match key {
                    Key::Quit => return Ok(()),
                    Key::Rerun => self.rerun().await,
                    Key::Check => self.begin().await,
                    Key::Open => open(&self.screen.console()),
                    Key::Help => Screen::help(),
                },
                () = tokio::time::sleep(LOOK_EVERY) => self.look().await,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    }

    /// Checks and uploads what has changed.
    async fn look(&mut self) {
        for index in 0..self.bundles.len() {
            if !self.bundles[index].changed(self.values.as_deref()) {
                continue;
            }
            let file = self.bundles[index].file.clone();
            if let Err(error) = self.upload(&file).await {
                anstream::println!("{} {}: {error:#}", paint(style::BAD, "✗"), file.display());
            }
        }
    }

    async fn upload(&self, file: &Path) -> Result<()> {
        anstream::println!();
        let text = files::bundle(file, self.values.as_deref())?;
        let report = zis_lint::check(&text, &file.display().to_string(), &check::settings(None)?);
        if !report.findings.is_empty() {
            anstream::print!("{}", render(&[report], Format::Full, Color::On));
        }
        let reading = document::read(&text, &document::Options::default());
        let Some(bundle) = reading.is_valid().then_some(reading.bundle).flatten() else { bail!("not uploaded") };
        let names = bundle.job_specs.iter().map(|spec| spec.flow_name.value.as_str());
        let written = names
            .filter_map(ResourceName::parse)
            .map(|name| name.integration)
            .next()
            .unwrap_or_else(|| "dev".to_owned());
        // The tutorial's placeholder is no legal name; its lower-case form is.
        let integration = written.to_lowercase();
        let text = if integration == written {
            text
        } else {
            text.replace(&format!("zis:{written}:"), &format!("zis:{integration}:"))
        };
        self.integration(&integration).await?;
        let body: Value = serde_json::from_str(&text)?;
        self.client.post(&format!("/api/services/zis/registry/{integration}/bundles"), &body).await?;
        for spec in &bundle.job_specs {
            let full = encode(&format!("zis:{integration}:job_spec:{}", spec.name.value));
            let path = format!("/api/services/zis/registry/job_specs/install?job_spec_name={full}");
            self.client.call(Method::POST, &path, None).await?;
        }
        let specs = counted(bundle.job_specs.len(), "job spec");
        anstream::println!("{} {} runs as {integration}, {specs} installed", paint(style::GOOD, "✓"), file.display());
        Ok(())
    }

    /// Makes the integration and its connection `zendesk` when they are not there.
    async fn integration(&self, name: &str) -> Result<()> {
        let there =
            self.client.send(Method::GET, &format!("/api/services/zis/registry/{name}/job_specs"), None).await?;
        if there.status.is_success() {
            return Ok(());
        }
        let created =
            self.client.post(&format!("/api/services/zis/registry/{name}"), &json!({"description": "zis dev"})).await?;
        connect_zendesk(&self.client, name, &created).await
    }

    async fn rerun(&self) {
        let again = async {
            let events = self.client.get("/api/zis/v1/events?page[size]=1").await?;
            let id = events["events"][0]["id"]
                .as_str()
                .context("no event has come yet: send one with `zis send`, curl, or the console's page Try it")?
                .to_owned();
            self.client.post(&format!("/api/zis/v1/events/{id}/replay"), &json!({})).await
        };
        if let Err(error) = again.await {
            anstream::println!("{} {error:#}", paint(style::BAD, "✗"));
        }
    }
}

/// Prints every execution that ends, with its trace.
async fn follow(client: Client) {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let listen = client.stream("/api/zis/v1/logs/stream", move |entry| match tell.send(entry) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    });
    let show = async {
        while let Some(entry) = told.recv().await {
            let Some(id) = entry["execution"].as_str() else { continue };
            if let Ok(answer) = client.get(&format!("/api/zis/v1/executions/{}", encode(id))).await {
                anstream::println!();
                describe(&answer["execution"]).iter().for_each(|line| anstream::println!("{line}"));
            }
        }
    };
    let _ = tokio::join!(listen, show);
}
