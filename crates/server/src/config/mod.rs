//! The configuration (D11): embedded defaults < file < environment < flags; validated once, then passed in.

mod reader;
mod section;

use std::collections::HashMap;

pub use reader::{ConfigError, Origin};
pub use section::{
    Account, Admin, Flow, Logs, Node, Outbound, Registry, Retry, Secret, Server, Services, Storage, Zendesk,
};

use reader::Layers;

/// The commented defaults: also the documentation, printed by `zis serve --print-config`.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Short environment names for the settings that every script sets.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("ZIS_LISTEN", "server.listen"),
    ("ZIS_DATA", "store.data"),
    ("ZIS_DATABASE_URL", "store.database_url"),
    ("ZIS_SECRET_KEY", "secret.key"),
    ("ZIS_ADMIN_EMAIL", "admin.email"),
    ("ZIS_ADMIN_PASSWORD", "admin.password"),
];

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    pub server: Server,
    pub store: Storage,
    pub secret: Secret,
    pub admin: Admin,
    pub account: Account,
    pub node: Node,
    pub flow: Flow,
    pub retry: Retry,
    pub outbound: Outbound,
    pub registry: Registry,
    pub services: Services,
    pub zendesk: Zendesk,
    pub logs: Logs,
}

/// Where settings come from, besides the defaults. The caller reads the file and the environment: this crate does not.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Name and text of the configuration file.
    pub file: Option<(String, String)>,
    /// The environment; names that don't begin with `ZIS_` are ignored, so are single words that are no setting.
    pub environment: HashMap<String, String>,
    /// `("server.listen", "0.0.0.0:80")`.
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// Lays the sources over the defaults and validates the result.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut layers = Layers::new(DEFAULTS)?;
        if let Some((name, text)) = &sources.file {
            layers.file(name, text)?;
        }
        let mut environment: Vec<_> = sources.environment.iter().collect();
        environment.sort();
        for (name, value) in environment {
            if let Some(key) = environment_key(name) {
                layers.text(&key, value, Origin::Environment(name.clone()))?;
            }
        }
        for (key, value) in &sources.flags {
            layers.text(key, value, Origin::Flag)?;
        }
        Self::read(&layers)
    }

    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            server: Server::read(layers)?,
            store: Storage::read(layers)?,
            secret: Secret::read(layers)?,
            admin: Admin::read(layers)?,
            account: Account::read(layers)?,
            node: Node::read(layers)?,
            flow: Flow::read(layers)?,
            retry: Retry::read(layers)?,
            outbound: Outbound::read(layers)?,
            registry: Registry::read(layers)?,
            services: Services::read(layers)?,
            zendesk: Zendesk::read(layers)?,
            logs: Logs::read(layers)?,
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::load(&Sources::default()).expect("the embedded defaults are valid, which a test shows")
    }
}

/// `ZIS_RETRY__DELAYS` → `retry.delays`.
fn environment_key(name: &str) -> Option<String> {
    if let Some((_, key)) = SHORT_NAMES.iter().find(|(short, _)| *short == name) {
        return Some((*key).to_owned());
    }
    let (section, key) = name.strip_prefix("ZIS_")?.split_once("__")?;
    Some(format!("{}.{}", section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&Sources { environment, ..Sources::default() })
    }

    #[test]
    fn defaults_are_valid() {
        let config = Config::default();
        assert_eq!(config.server.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(config.retry.delays, [30, 60, 120].map(Duration::from_secs));
        assert!(config.store.database_url.is_none());
    }

    #[test]
    fn environment_wins_over_file_and_flags_over_both() {
        let sources = Sources {
            file: Some(("zis.toml".into(), "[server]\nlisten = \"127.0.0.1:1\"\n[retry]\ndelays = [\"1s\"]".into())),
            environment: [("ZIS_RETRY__DELAYS", "100ms, 200ms"), ("ZIS_LISTEN", "127.0.0.1:2"), ("HOME", "/")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            flags: vec![("server.listen".into(), "127.0.0.1:3".into())],
        };
        let config = Config::load(&sources).unwrap();
        assert_eq!(config.retry.delays, [100, 200].map(Duration::from_millis));
        assert_eq!(config.server.listen.port(), 3);
    }

    #[test]
    fn errors_name_key_value_and_origin() {
        let cases = [
            (
                [("ZIS_FLOW__TIMEOUT", "soon")],
                "environment variable ZIS_FLOW__TIMEOUT: setting `flow.timeout` = `soon`: use a number with a unit: 100ms, 30s, 5m, 12h, 7d",
            ),
            (
                [("ZIS_FLOW__TIMEOUTS", "1s")],
                "environment variable ZIS_FLOW__TIMEOUTS: there is no setting `flow.timeouts`; did you mean `flow.timeout`?",
            ),
            (
                [("ZIS_SECRET_KEY", "abc")],
                "environment variable ZIS_SECRET_KEY: setting `secret.key` = `*****`: use 64 hexadecimal digits",
            ),
            (
                [("ZIS_ADMIN_EMAIL", "a@example.com")],
                "environment variable ZIS_ADMIN_EMAIL: setting `admin.email` = `a@example.com`: set admin.password as well",
            ),
        ];
        for (pairs, expected) in cases {
            assert_eq!(with(&pairs).unwrap_err().to_string(), expected);
        }
    }
}
