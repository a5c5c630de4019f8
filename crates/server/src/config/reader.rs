//! Layers of settings, and the reader that sections take their members from: every error names the key, the value and where it was set.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{origin}: {message}")]
    Unreadable { origin: Origin, message: String },
    #[error("{origin}: there is no setting `{key}`{hint}")]
    Unknown { key: String, origin: Origin, hint: String },
    #[error("{origin}: setting `{key}` = `{value}`: {message}")]
    Invalid { key: String, value: String, origin: Origin, message: String },
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(String),
    Environment(String),
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("built-in default"),
            Origin::File(name) => f.write_str(name),
            Origin::Environment(name) => write!(f, "environment variable {name}"),
            Origin::Flag => f.write_str("command line"),
        }
    }
}

/// The last word about one setting: its text, or its items when the default is a list.
#[derive(Debug, Clone)]
struct Entry {
    value: Raw,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Raw {
    One(String),
    Many(Vec<String>),
}

impl Raw {
    fn joined(&self) -> String {
        match self {
            Raw::One(text) => text.clone(),
            Raw::Many(items) => items.join(","),
        }
    }

    fn split(text: &str) -> Self {
        Raw::Many(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }
}

/// All settings by `section.key`.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    values: BTreeMap<String, Entry>,
}

impl Layers {
    /// The lowest layer; it also says which keys there are, and which of them are lists.
    pub(super) fn new(defaults: &str) -> Result<Self, ConfigError> {
        let entry = |value| Entry { value, origin: Origin::Default };
        let values = flatten(defaults, &Origin::Default)?;
        Ok(Self { values: values.into_iter().map(|(key, value)| (key, entry(value))).collect() })
    }

    pub(super) fn file(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let origin = Origin::File(name.to_owned());
        for (key, value) in flatten(text, &origin)? {
            self.set(&key, value, origin.clone())?;
        }
        Ok(())
    }

    /// A value as text; the items of a list are separated by commas.
    pub(super) fn text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), ConfigError> {
        self.set(key, Raw::One(text.to_owned()), origin)
    }

    fn set(&mut self, key: &str, value: Raw, origin: Origin) -> Result<(), ConfigError> {
        let Some(entry) = self.values.get_mut(key) else {
            let hint = self.nearest(key).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(ConfigError::Unknown { key: key.to_owned(), origin, hint });
        };
        let value = match (&entry.value, value) {
            (Raw::Many(_), Raw::One(text)) => Raw::split(&text),
            (Raw::One(_), Raw::Many(items)) => Raw::One(items.join(",")),
            (_, same) => same,
        };
        *entry = Entry { value, origin };
        Ok(())
    }

    /// A known key with the same last part, or in the same section with the same beginning.
    fn nearest(&self, key: &str) -> Option<&str> {
        let last = key.rsplit('.').next()?;
        let begins = |known: &&String| known.starts_with(key.get(..key.len().min(key.find('.')? + 4))?).then_some(());
        let mut known = self.values.keys();
        known
            .clone()
            .find(|known| known.rsplit('.').next() == Some(last))
            .or_else(|| known.find(|known| begins(known).is_some()))
            .map(String::as_str)
    }

    /// One value, parsed; an empty text is an error for most types.
    pub(super) fn get<T: Setting>(&self, key: &str) -> Result<T, ConfigError> {
        self.parse(key, &self.entry(key)?.value.joined())
    }

    /// One value, `None` when it is empty.
    pub(super) fn opt<T: Setting>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        let text = self.entry(key)?.value.joined();
        if text.is_empty() { Ok(None) } else { self.parse(key, &text).map(Some) }
    }

    pub(super) fn list<T: Setting>(&self, key: &str) -> Result<Vec<T>, ConfigError> {
        match &self.entry(key)?.value {
            Raw::One(text) => Ok(vec![self.parse(key, text)?]),
            Raw::Many(items) => items.iter().map(|item| self.parse(key, item)).collect(),
        }
    }

    /// One of `allowed`.
    pub(super) fn choice(&self, key: &str, allowed: &[&'static str]) -> Result<&'static str, ConfigError> {
        let text: String = self.get(key)?;
        let found = allowed.iter().find(|word| **word == text);
        found.copied().ok_or_else(|| self.invalid(key, format!("use one of {}", allowed.join(", "))))
    }

    /// An error about `key` as it is set.
    pub(super) fn invalid(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let entry = self.values.get(key);
        let value = entry.map_or_else(String::new, |entry| entry.value.joined());
        let value = if is_secret(key) { "*****".to_owned() } else { value };
        let origin = entry.map_or(Origin::Default, |entry| entry.origin.clone());
        ConfigError::Invalid { key: key.to_owned(), value, origin, message: message.into() }
    }

    fn entry(&self, key: &str) -> Result<&Entry, ConfigError> {
        self.values.get(key).ok_or_else(|| ConfigError::Unknown {
            key: key.to_owned(),
            origin: Origin::Default,
            hint: String::new(),
        })
    }

    fn parse<T: Setting>(&self, key: &str, text: &str) -> Result<T, ConfigError> {
        T::parse(text).map_err(|message| self.invalid(key, message))
    }
}

fn is_secret(key: &str) -> bool {
    matches!(key, "secret.key" | "admin.password" | "store.database_url" | "zendesk.webhook_secret")
}

fn flatten(text: &str, origin: &Origin) -> Result<Vec<(String, Raw)>, ConfigError> {
    let unreadable = |message: String| ConfigError::Unreadable { origin: origin.clone(), message };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
    let mut flat = Vec::new();
    for (section, value) in table {
        let toml::Value::Table(members) = value else {
            return Err(unreadable(format!("`{section}` must be a section: [{section}]")));
        };
        for (key, value) in members {
            let value = match value {
                toml::Value::Array(items) => Raw::Many(items.into_iter().map(scalar).collect()),
                other => Raw::One(scalar(other)),
            };
            flat.push((format!("{section}.{key}"), value));
        }
    }
    Ok(flat)
}

fn scalar(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(truth) => truth.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        // No setting is a list of lists: the text fails its own check.
        toml::Value::Array(_) => "[…]".to_owned(),
        toml::Value::Table(_) => "{…}".to_owned(),
    }
}

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads it from text; the error says what is expected.
    fn parse(text: &str) -> Result<Self, String>;
}

impl Setting for String {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "on" | "yes" => Ok(true),
            "false" | "0" | "off" | "no" => Ok(false),
            _ => Err("use true or false".to_owned()),
        }
    }
}

macro_rules! whole_number {
    ($($kind:ty),*) => { $(impl Setting for $kind {
        fn parse(text: &str) -> Result<Self, String> {
            text.parse().map_err(|_| format!("use a whole number from {} to {}", <$kind>::MIN, <$kind>::MAX))
        }
    })* };
}
whole_number!(u32, usize, i64);

impl Setting for zis_engine::outbound::Allowed {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: zis_engine::outbound::guard::AllowedError| error.to_string())
    }
}

impl Setting for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        const UNITS: &[(&str, f64)] = &[("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let number = f64::from_str(number.trim()).ok().filter(|number| *number >= 0.0 && *number < 1e9);
        match (number, factor) {
            (Some(number), Some(factor)) => Ok(Duration::from_secs_f64(number * factor)),
            _ => Err("use a number with a unit: 100ms, 30s, 5m, 12h, 7d".to_owned()),
        }
    }
}

/// A number of bytes: `512B`, `64KiB`, `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(pub usize);

impl Setting for Bytes {
    fn parse(text: &str) -> Result<Self, String> {
        const UNITS: &[(&str, usize)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
        let unit = UNITS.iter().find(|(name, _)| text.ends_with(name));
        let read =
            unit.and_then(|(name, factor)| text.strip_suffix(name)?.trim().parse::<usize>().ok()?.checked_mul(*factor));
        read.map(Bytes).ok_or_else(|| "use a number with a unit: 512B, 64KiB, 1MiB".to_owned())
    }
}
