//! The placeholders of a template lie inside its text.

#![no_main]

use libfuzzer_sys::fuzz_target;

use zis_bundle::template::{Dynamic, Template};

fuzz_target!(|text: &str| {
    match Template::parse(text) {
        Ok(template) => assert!(template.paths().all(|(_, at)| text.get(at).is_some())),
        Err(error) => assert!(error.at <= text.len()),
    }
    let _ = (Dynamic::parse(text), Template::parse_message(text));
});
