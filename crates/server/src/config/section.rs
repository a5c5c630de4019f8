//! One struct per section of the configuration, each reading and checking its own members.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;
use zis_engine::outbound::Allowed;
use zis_flow::{
    journal::RetryFrom,
    settings::{MissingPath, NoOutput, NullText},
};

use super::reader::{Bytes, ConfigError, Layers};

/// The longest lease: what is promised about how soon a dead node's executions go on.
const MAX_LEASE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub write_timeout: Duration,
    pub drain_timeout: Duration,
    /// Bytes.
    pub max_body: usize,
    pub max_connections: usize,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Allowed>,
}

impl Server {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let listen: String = layers.get("server.listen")?;
        let listen = listen.replace("localhost:", "127.0.0.1:");
        let listen =
            listen.parse().map_err(|_| layers.invalid("server.listen", "use ADDRESS:PORT, such as 127.0.0.1:8080"))?;
        let trusted_proxies: Vec<Allowed> = layers.list("server.trusted_proxies")?;
        if trusted_proxies.iter().any(|proxy| matches!(proxy, Allowed::Host(_))) {
            return Err(layers.invalid("server.trusted_proxies", "use addresses and networks such as 10.0.0.0/8"));
        }
        Ok(Self {
            listen,
            public_url: origin(layers, "server.public_url")?,
            header_timeout: layers.get("server.header_timeout")?,
            body_timeout: layers.get("server.body_timeout")?,
            write_timeout: layers.get("server.write_timeout")?,
            drain_timeout: layers.get("server.drain_timeout")?,
            max_body: layers.get::<Bytes>("server.max_body")?.0,
            max_connections: layers.get("server.max_connections")?,
            trusted_proxies,
        })
    }
}

/// `https://host[:port]` without a slash at the end.
fn origin(layers: &Layers, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(text) = layers.opt::<String>(key)? else { return Ok(None) };
    let url = url::Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/");
    match url {
        Some(_) => Ok(Some(text.trim_end_matches('/').to_owned())),
        None => Err(layers.invalid(key, "use an origin such as https://acme.example.com")),
    }
}

#[derive(Debug, Clone)]
pub struct Storage {
    pub data: PathBuf,
    pub database_url: Option<SecretString>,
}

impl Storage {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let database_url: Option<String> = layers.opt("store.database_url")?;
        if database_url.as_ref().is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://"))
        {
            return Err(layers.invalid("store.database_url", "use postgres://user:password@host/database"));
        }
        let data: String = layers.get("store.data")?;
        Ok(Self { data: data.into(), database_url: database_url.map(SecretString::from) })
    }
}

#[derive(Debug, Clone)]
pub struct Secret {
    pub key: Option<SecretString>,
}

impl Secret {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let key: Option<String> = layers.opt("secret.key")?;
        let is_key = |key: &str| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        if key.as_ref().is_some_and(|keys| !keys.split(',').all(is_key)) {
            return Err(layers.invalid("secret.key", "use 64 hexadecimal digits"));
        }
        Ok(Self { key: key.map(SecretString::from) })
    }
}

#[derive(Debug, Clone)]
pub struct Admin {
    /// E-mail address and password, set together.
    pub credentials: Option<(String, SecretString)>,
}

impl Admin {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let email: Option<String> = layers.opt("admin.email")?;
        let password: Option<String> = layers.opt("admin.password")?;
        match (email, password) {
            (Some(email), Some(password)) if email.contains('@') => {
                Ok(Self { credentials: Some((email, SecretString::from(password))) })
            }
            (Some(_), Some(_)) => Err(layers.invalid("admin.email", "use an e-mail address")),
            (Some(_), None) => Err(layers.invalid("admin.email", "set admin.password as well")),
            (None, Some(_)) => Err(layers.invalid("admin.password", "set admin.email as well")),
            (None, None) => Ok(Self { credentials: None }),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub subdomain: String,
    pub id: i64,
}

impl Account {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let subdomain: String = layers.get("account.subdomain")?;
        let label = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if subdomain.len() > 63 || !label(&subdomain) {
            return Err(layers.invalid("account.subdomain", "use letters, digits and hyphens, at most 63"));
        }
        Ok(Self { subdomain, id: layers.get("account.id")? })
    }
}

fn at_least_one(layers: &Layers, key: &str) -> Result<usize, ConfigError> {
    match layers.get(key)? {
        0 => Err(layers.invalid(key, "use 1 or more")),
        count => Ok(count),
    }
}

#[derive(Debug, Clone)]
pub struct Node {
    pub name: Option<String>,
    pub lease: Duration,
    pub max_running: usize,
    pub max_running_per_account: usize,
    pub evaluation_threads: usize,
}

impl Node {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let lease: Duration = layers.get("node.lease")?;
        if lease > MAX_LEASE || lease < Duration::from_millis(100) {
            return Err(layers.invalid("node.lease", "use 100ms to 15s"));
        }
        Ok(Self {
            name: layers.opt("node.name")?,
            lease,
            max_running: at_least_one(layers, "node.max_running")?,
            max_running_per_account: at_least_one(layers, "node.max_running_per_account")?,
            evaluation_threads: at_least_one(layers, "node.evaluation_threads")?,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Flow {
    pub settings: zis_flow::Settings,
}

impl Flow {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let timeout: Duration = layers.get("flow.timeout")?;
        if timeout.is_zero() {
            return Err(layers.invalid("flow.timeout", "use more than zero"));
        }
        let map_concurrency = at_least_one(layers, "flow.map_concurrency")?;
        let settings = zis_flow::Settings {
            timeout,
            choice_missing_path: match layers.choice("flow.choice_missing_path", &["error", "false"])? {
                "false" => MissingPath::False,
                _ => MissingPath::Error,
            },
            max_transitions: layers.get("flow.max_transitions")?,
            max_transitions_nested: layers.get("flow.max_transitions_nested")?,
            max_map_items: layers.get("flow.max_map_items")?,
            map_concurrency,
            max_document_bytes: layers.get::<Bytes>("flow.max_document")?.0,
            null_in_placeholder: match layers.choice("flow.null_in_placeholder", &["empty", "null"])? {
                "null" => NullText::Null,
                _ => NullText::Empty,
            },
            retry_before_catch: layers.get("flow.retry_before_catch")?,
            jq_no_output: match layers.choice("flow.jq_no_output", &["null", "error"])? {
                "error" => NoOutput::Error,
                _ => NoOutput::Null,
            },
            loadconfig_wrapped: layers.get("flow.loadconfig_wrapped")?,
            zendesk_host: layers.get("zendesk.host")?,
            ..zis_flow::Settings::default()
        };
        Ok(Self { settings })
    }
}

#[derive(Debug, Clone)]
pub struct Retry {
    pub delays: Vec<Duration>,
    pub max_attempts: u32,
    pub from: RetryFrom,
    /// Integrations whose attempts begin elsewhere, whatever `from` says.
    pub from_of: HashMap<String, RetryFrom>,
}

impl Retry {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let max_attempts: u32 = layers.get("retry.max_attempts")?;
        if max_attempts == 0 {
            return Err(layers.invalid("retry.max_attempts", "use 1 or more"));
        }
        let from = match layers.choice("retry.from", &["start", "failure"])? {
            "failure" => RetryFrom::Failure,
            _ => RetryFrom::Start,
        };
        let mut from_of = HashMap::new();
        for (key, from) in [("retry.from_failure", RetryFrom::Failure), ("retry.from_start", RetryFrom::Start)] {
            for integration in layers.list::<String>(key)? {
                if from_of.insert(integration, from).is_some_and(|other| other != from) {
                    return Err(
                        layers.invalid(key, "name each integration in from_failure or in from_start, not in both")
                    );
                }
            }
        }
        Ok(Self { delays: layers.list("retry.delays")?, max_attempts, from, from_of })
    }
}

#[derive(Debug, Clone)]
pub struct Outbound {
    pub allow_private: bool,
    pub allow_loopback: bool,
    pub allow_hosts: Vec<Allowed>,
    pub timeout: Duration,
    /// Bytes.
    pub max_response: usize,
    pub max_redirects: usize,
    pub max_connections_per_host: usize,
}

impl Outbound {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            allow_private: layers.get("outbound.allow_private")?,
            allow_loopback: layers.get("outbound.allow_loopback")?,
            allow_hosts: layers.list("outbound.allow_hosts")?,
            timeout: layers.get("outbound.timeout")?,
            max_response: layers.get::<Bytes>("outbound.max_response")?.0,
            max_redirects: layers.get("outbound.max_redirects")?,
            max_connections_per_host: at_least_one(layers, "outbound.max_connections_per_host")?,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Registry {
    pub reinstall_on_upload: bool,
    pub strict_upload: bool,
    pub lenient_asl: bool,
    /// Bytes.
    pub max_bundle: usize,
}

impl Registry {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            reinstall_on_upload: layers.get("registry.reinstall_on_upload")?,
            strict_upload: layers.get("registry.strict_upload")?,
            lenient_asl: layers.get("registry.lenient_asl")?,
            max_bundle: layers.get::<Bytes>("registry.max_bundle")?.0,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Services {
    /// Bytes of a config as JSON text.
    pub max_config: usize,
    /// Bytes of an inbound webhook's body.
    pub max_ingest: usize,
    pub show_oauth_tokens: bool,
}

impl Services {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            max_config: layers.get::<Bytes>("services.max_config")?.0,
            max_ingest: layers.get::<Bytes>("services.max_ingest")?.0,
            show_oauth_tokens: layers.get("services.show_oauth_tokens")?,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Zendesk {
    /// The origin of the real Zendesk; `None`: the built-in one.
    pub url: Option<String>,
    pub host: String,
    pub webhook_secret: Option<SecretString>,
    pub webhook_tolerance: Duration,
}

impl Zendesk {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            url: origin(layers, "zendesk.url")?,
            host: layers.get("zendesk.host")?,
            webhook_secret: layers.opt::<String>("zendesk.webhook_secret")?.map(SecretString::from),
            webhook_tolerance: layers.get("zendesk.webhook_tolerance")?,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Logs {
    pub retention: Duration,
}

impl Logs {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self { retention: layers.get("logs.retention")? })
    }
}
