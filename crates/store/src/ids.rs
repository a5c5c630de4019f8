//! Identifiers: newtypes with a prefix, so that one kind can't pass for another.

/// The tenant. Every row begins with it (D5). A JSON number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// From a version 7 UUID: ids sort by the time they were made.
            pub fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(format!(concat!($prefix, "{}"), uuid.simple()))
            }

            pub fn generate() -> Self {
                Self::from_uuid(uuid::Uuid::now_v7())
            }

            /// What sorts before every id made at `at` or later, and after every id made a millisecond before.
            pub fn first_at(at: zis_flow::Timestamp) -> Self {
                let millis = at.0.div_euclid(1_000).clamp(0, (1 << 48) - 1);
                Self(format!(concat!($prefix, "{:012x}{:020x}"), millis, 0))
            }

            /// Reads the text form; `None` when the prefix or the digits are wrong.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($prefix)?;
                let hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
                hex.then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// One run of one flow for one event: `exe_` and 32 hexadecimal digits.
    ExecutionId,
    "exe_"
);
id!(
    /// One accepted event: `evt_` and 32 hexadecimal digits.
    EventId,
    "evt_"
);
