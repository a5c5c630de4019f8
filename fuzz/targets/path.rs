//! A text is a reference path, or there is a reason with a place.

#![no_main]

use libfuzzer_sys::fuzz_target;

use zis_bundle::path::Path;

fuzz_target!(|text: &str| {
    match Path::parse(text) {
        Ok(path) => assert_eq!(Path::parse(&path.to_string()), Ok(path)),
        Err(error) => assert!(error.at <= text.len() && !error.message.is_empty()),
    }
});
