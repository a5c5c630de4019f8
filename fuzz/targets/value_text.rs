//! JSON texts are read as serde_json reads them, and read back from what they are written to.

#![no_main]

use libfuzzer_sys::fuzz_target;

use zis_flow::Value;

fuzz_target!(|text: &str| {
    let theirs = serde_json::from_str::<&serde_json::value::RawValue>(text);
    match Value::from_json(text) {
        Ok(value) => {
            assert!(theirs.is_ok());
            let written = value.to_json();
            assert_eq!(value.json_len(usize::MAX), written.len());
            assert_eq!(Value::from_json(&written).map(|value| value.to_json()), Ok(written));
        }
        Err(error) => {
            let deep = error.message.contains("deeply") || theirs.is_err();
            // A pair of halves that serde_json only looks at when it keeps the string.
            assert!(deep || error.message.contains("surrogate"), "{error}");
        }
    }
});
