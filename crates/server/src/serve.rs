//! From a configuration to a running server: open the store, start the engine, accept connections, drain.

use std::{collections::HashMap, future::Future, net::SocketAddr, path::Path, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use zis_engine::{Clock, Engine, EngineError, Options, connection::Connections, outbound::Inside};
use zis_store::{AccountId, Store, StoreError, canary, secret::Vault};
use zis_zendesk::{Zendesk, ZendeskError, world::SystemWorld};

use crate::{
    api,
    app::{App, Parts, router},
    config::{Config, ConfigError},
    folder_lock::FolderLock,
    house, inside, key_file, listen, outside, random,
    sink::EngineSink,
};

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("can't listen on {address} (`--listen` chooses another address, port 0 a free port)")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("can't use `{path}` for the data (`--data` and ZIS_DATA choose another folder)")]
    Data { path: String, source: std::io::Error },
    #[error(
        "the folder `{folder}` is in use by {by}: stop that server, or use another folder (`zis serve --data`, ZIS_DATA; `zis dev` \
         uses the one that it is started in); many servers share a PostgreSQL database (`--database-url`)"
    )]
    FolderTaken { folder: String, by: String },
    #[error("`{path}` is no key file: {message}")]
    KeyFile { path: String, message: String },
    #[error(
        "the secrets in the store were sealed with another key: set ZIS_SECRET_KEY to the one they were made with (nodes that share a \
         database share the key); to rotate, set the new and the old key, separated by a comma"
    )]
    WrongKey,
    #[error("the operating system gives no random bytes: {0}")]
    Random(String),
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the administrator can't be made: {0}")]
    Zendesk(#[from] ZendeskError),
}

/// The administrator that a first start made; the command line shows it once.
#[derive(Debug)]
pub struct NewAdmin {
    pub email: String,
    pub password: SecretString,
}

/// A server that is ready to accept connections.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    inside: Inside,
    new_admin: Option<NewAdmin>,
    /// Held while anything may write; none on PostgreSQL.
    _folder: Option<FolderLock>,
}

impl Server {
    /// Listens where the configuration says, and starts.
    pub async fn bind(config: Config) -> Result<Self, ServeError> {
        let address = config.server.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
        Self::start(config, listener).await
    }

    /// Opens the store, starts the engine (which takes up what an earlier life left open) and makes the administrator.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Self, ServeError> {
        Self::start_at(config, listener, zis_engine::world::system_clock()).await
    }

    /// [`Server::start`] with another clock: for tests.
    pub async fn start_at(config: Config, listener: TcpListener, clock: Arc<dyn Clock>) -> Result<Self, ServeError> {
        let address =
            listener.local_addr().map_err(|source| ServeError::Listen { address: config.server.listen, source })?;
        let local = format!("http://{}", reachable(address));
        let origin = config.server.public_url.clone().unwrap_or_else(|| local.clone());
        let account = AccountId(config.account.id);
        api::operations::record();
        let folder = take_folder(&config)?;
        let store = open_store(&config).await?;
        let vault = open_vault(&config)?;
        if !canary::sings(&store, &vault, account).await? {
            return Err(ServeError::WrongKey);
        }
        let secret = config.zendesk.webhook_secret.as_ref();
        api::zendesk_webhook::keep_configured(&store, &vault, account, secret, clock.now()).await?;

        let inside = Inside::default();
        let http = outside::client(&config, &[&local, &origin], inside.clone())?;
        let predefined_secret =
            SecretString::from(random::token(32).map_err(|refusal| ServeError::Random(refusal.message))?);
        let predefined = outside::predefined(&config, &local, &origin, &predefined_secret);
        let connections = Connections::new(store.clone(), vault.clone(), http.clone(), clock.clone(), predefined);
        let actor = outside::actor(&config, &local, store.clone(), http, connections.clone())?;

        let engine = Engine::start(store.clone(), actor, clock.clone(), engine_options(&config)).await?;
        let sink = Arc::new(EngineSink(engine.clone()));
        let zendesk = Zendesk::new(store.clone(), account, sink, Arc::new(SystemWorld));
        let new_admin = make_admin(&config, &zendesk).await?;
        let app = App::new(Parts {
            config,
            account,
            origin,
            predefined_secret,
            store,
            vault,
            clock,
            engine,
            connections,
            zendesk,
            closing: CancellationToken::new(),
        });
        Ok(Self { app, listener, address, inside, new_admin, _folder: folder })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// The administrator that this start made, if it made one and it was not taken before.
    pub fn take_new_admin(&mut self) -> Option<NewAdmin> {
        self.new_admin.take()
    }

    /// Serves until `shutdown` resolves; then accepts no more events, lets open executions come to a place where another life can go
    /// on (their calls may need this very server), answers what is under way and returns.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let app = &self.app;
        let patience = app.config.server.drain_timeout;
        let drained = CancellationToken::new();
        let stop = async {
            shutdown.await;
            app.closing.cancel();
            app.engine.drain(patience).await;
            drained.cancel();
        };
        let router = router(app.clone());
        let local = reachable(self.address);
        let own = Arc::new(inside::Own::new(router.clone(), local));
        if let Ok(origin) = Url::parse(&format!("http://{local}")) {
            self.inside.open(&origin, &own);
        }
        let accept = listen::serve(&self.listener, router, &app.config.server, drained.cancelled());
        tokio::join!(stop, accept, house::keep(app), api::operations::count_samples(app));
        // Last, because everything above may still write.
        app.store.close().await;
    }
}

/// Makes or resets the administrator that the configuration names, or makes one when there is none.
async fn make_admin(config: &Config, zendesk: &Zendesk) -> Result<Option<NewAdmin>, ServeError> {
    let configured = config.admin.credentials.as_ref();
    let email = configured.map(|(email, _)| email.as_str());
    let password = configured.map(|(_, password)| password.expose_secret());
    let made = zendesk.first_start(email, password).await?;
    Ok(made.and_then(|made| Some(NewAdmin { email: made.email, password: made.password?.into() })))
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

async fn open_store(config: &Config) -> Result<Store, ServeError> {
    match &config.store.database_url {
        Some(url) => Ok(Store::connect_postgres(url.expose_secret()).await?),
        None => Ok(Store::open_sqlite(&config.store.data)?),
    }
}

/// Makes the data folder; nodes that share a database may share it too, because only the key file is in it.
fn take_folder(config: &Config) -> Result<Option<FolderLock>, ServeError> {
    let folder: &Path = &config.store.data;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    // Payloads lie in it in clear: nobody else on this machine needs to read it.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| ServeError::Data { path: folder.display().to_string(), source })?;
    config.store.database_url.is_none().then(|| FolderLock::take(folder)).transpose()
}

/// The vault with the configured keys, or with those of the key file in the data folder.
fn open_vault(config: &Config) -> Result<Vault, ServeError> {
    let keys = match &config.secret.key {
        Some(keys) => keys.clone(),
        None => key_file::read_or_make(&config.store.data.join("secret.key"))?,
    };
    Ok(Vault::from_hex(keys.expose_secret())?)
}

fn engine_options(config: &Config) -> Options {
    Options {
        node: config.node.name.clone().unwrap_or_else(|| node_name(config)),
        lease: config.node.lease,
        flow: Arc::new(config.flow.settings.clone()),
        retry_delays: config.retry.delays.clone(),
        max_attempts: config.retry.max_attempts,
        retry_from: config.retry.from,
        retry_from_of: config.retry.from_of.clone(),
        max_running: config.node.max_running,
        max_running_per_account: config.node.max_running_per_account,
        evaluation_threads: config.node.evaluation_threads,
        subdomains: HashMap::from([(AccountId(config.account.id), config.account.subdomain.clone())]),
    }
}

/// On SQLite always the same, so that the next life takes up at once what this one leaves; on a shared database distinct among the nodes
/// of one host, and among hosts.
fn node_name(config: &Config) -> String {
    if config.store.database_url.is_none() {
        return "local".to_owned();
    }
    format!("node-{}-{}", std::process::id(), &uuid::Uuid::new_v4().simple().to_string()[..8])
}
