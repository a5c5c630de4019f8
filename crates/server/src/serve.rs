//! From a configuration to a running server: open the store, start the engine, accept connections, drain.

use std::{collections::HashMap, future::Future, net::SocketAddr, path::Path, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use zis_engine::{Clock, Engine, EngineError, Options, act::Actor};
use zis_store::{AccountId, Store, StoreError, secret::Vault};

use crate::{
    app::{App, Parts, router},
    config::{Config, ConfigError},
    key_file, listen,
};

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("can't listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("can't use `{path}`: {source}")]
    Data { path: String, source: std::io::Error },
    #[error("`{path}` is no key file: {message}")]
    KeyFile { path: String, message: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
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
    new_admin: Option<NewAdmin>,
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
        let origin = config.server.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(address)));
        let account = AccountId(config.account.id);
        let store = open_store(&config)?;
        let vault = open_vault(&config)?;
        let actor = actor(&config, &store, &vault, &origin);
        let engine = Engine::start(store.clone(), actor, clock.clone(), engine_options(&config)).await?;
        let parts = Parts { config, account, origin, store, vault, clock, engine };
        Ok(Self { app: App::new(parts), listener, address, new_admin: None })
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

    /// Serves until `shutdown` resolves; then answers what is under way, hands open executions over and returns.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let patience = self.app.config.server.drain_timeout;
        listen::serve(&self.listener, router(self.app.clone()), &self.app.config.server, shutdown).await;
        self.app.engine.drain(patience).await;
    }
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

fn open_store(config: &Config) -> Result<Store, ServeError> {
    let folder = &config.store.data;
    make_folder(folder)?;
    Ok(Store::open_sqlite(folder)?)
}

fn make_folder(folder: &Path) -> Result<(), ServeError> {
    std::fs::create_dir_all(folder).map_err(|source| ServeError::Data { path: folder.display().to_string(), source })
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
        max_running: config.node.max_running,
        subdomains: HashMap::from([(AccountId(config.account.id), config.account.subdomain.clone())]),
        ..Options::default()
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

fn actor(_config: &Config, _store: &Store, _vault: &Vault, _origin: &str) -> Arc<dyn Actor> {
    todo!("the live actor")
}
