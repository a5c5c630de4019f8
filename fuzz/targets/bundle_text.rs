//! Any text is read as a bundle with findings that lie inside it.

#![no_main]

use libfuzzer_sys::fuzz_target;

use zis_bundle::document::{Options, read};

fuzz_target!(|text: &str| {
    let reading = read(text, &Options::default());
    for finding in &reading.findings {
        let span = &finding.span;
        assert!(span.start <= span.end && span.end <= text.len(), "{finding:?}");
    }
});
