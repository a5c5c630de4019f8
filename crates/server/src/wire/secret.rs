//! Secrets in request bodies: read straight into the type that can't be printed.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "wire::secret::optional")]`.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}
