//! The settings that an execution was started with, as its pin keeps them: a switch that is turned later must not change how its journal
//! replays.

use serde::{Deserialize, Serialize};

use super::{MissingPath, NoOutput, NullText, Settings};

macro_rules! switches {
    ($($name:ident: $type:ty),* $(,)?) => {
        /// Every setting that decides what a machine does with what its journal says, where it is not the default.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Switches {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>),*
        }

        impl Switches {
            /// Those of `settings`; `None` when all have their defaults.
            pub fn of(settings: &Settings) -> Option<Self> {
                let usual = Settings::default();
                let switches = Self {
                    $($name: Some(&settings.$name).filter(|value| **value != usual.$name).cloned()),*
                };
                (switches != Self::default()).then_some(switches)
            }

            /// `now` as it was when `switches` were kept.
            pub fn restore(switches: Option<&Self>, now: &Settings) -> Settings {
                let (usual, none) = (Settings::default(), Self::default());
                let switches = switches.unwrap_or(&none);
                Settings {
                    $($name: switches.$name.clone().unwrap_or(usual.$name),)*
                    // A deadline is in the journal, and a budget bounds what this process may do now.
                    timeout: now.timeout,
                    jq: now.jq,
                }
            }
        }
    };
}

switches! {
    choice_missing_path: MissingPath,
    max_transitions: u32,
    max_transitions_nested: u32,
    max_map_items: usize,
    map_concurrency: usize,
    max_document_bytes: usize,
    null_in_placeholder: NullText,
    retry_before_catch: bool,
    jq_no_output: NoOutput,
    loadconfig_wrapped: bool,
    zendesk_host: String,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_set_is_restored_and_nothing_else_is_kept() {
        assert_eq!(Switches::of(&Settings::default()), None);
        let then = Settings { retry_before_catch: false, max_map_items: 7, ..Settings::default() };
        let kept = Switches::of(&then).unwrap();
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"{"max_map_items":7,"retry_before_catch":false}"#);
        let read: Switches = serde_json::from_str(&text).unwrap();
        let now = Settings { timeout: Duration::from_secs(1), map_concurrency: 3, ..Settings::default() };
        let restored = Switches::restore(Some(&read), &now);
        assert_eq!(restored, Settings { timeout: Duration::from_secs(1), ..then });
        assert_eq!(Switches::restore(None, &now), Settings { timeout: Duration::from_secs(1), ..Settings::default() });
    }
}
