//! What `zis.toml` can say about checking: the `[lint]` section.

use std::collections::BTreeMap;

use serde::Deserialize;
use zis_bundle::Severity;

/// The `[lint]` section of `zis.toml`.
///
/// ```toml
/// [lint]
/// integration = "acme"
/// rules = { unused-action = "off", ZIS2018 = "error" }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The integration that the bundles are for; names of another one are then errors.
    pub integration: Option<String>,
    /// Accept `Retry`, `InputPath` and `OutputPath` of the Amazon States Language.
    pub lenient_asl: bool,
    /// The level of single rules, by code or by name.
    pub rules: BTreeMap<String, Level>,
}

/// How loud a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    Note,
    Warning,
    Error,
}

impl Settings {
    /// The severity of a finding after the settings had their say; `None` when its rule is off. What ZIS refuses stays an
    /// error whatever the settings are.
    pub fn severity(&self, code: &str, name: &str, severity: Severity) -> Option<Severity> {
        let refused = code.starts_with("ZIS0") || code.starts_with("ZIS1");
        match self.rules.get(code).or_else(|| self.rules.get(name)) {
            Some(_) if refused && severity == Severity::Error => Some(severity),
            None => Some(severity),
            Some(Level::Off) => None,
            Some(Level::Note) => Some(Severity::Note),
            Some(Level::Warning) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
        }
    }

    /// The keys of `rules` that are no code and no name of a rule, each with the nearest name.
    pub fn unknown_rules(&self) -> Vec<(String, Option<&'static str>)> {
        let names = || crate::rules::names();
        let unknown = self.rules.keys().filter(|key| !names().any(|(code, name)| code == *key || name == *key));
        unknown.map(|key| (key.clone(), zis_bundle::suggest::nearest(key, names().map(|(_, name)| name)))).collect()
    }
}
