//! Any program on any input ends: with outputs, an error, or because it is used up.

#![no_main]

use libfuzzer_sys::fuzz_target;

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, JqError, Limits},
};

fuzz_target!(|text: &str| {
    let (program, input) = text.rsplit_once('\n').unwrap_or((text, "null"));
    let input = Value::from_json(input).unwrap_or_default();
    match Filter::compile(program) {
        Ok(filter) => {
            let (outputs, error) = filter.outputs(input, Timestamp(0), Limits::QUICK, 10);
            for output in outputs {
                assert!(Value::from_json(&output.to_json()).is_ok());
            }
            if let Some(JqError::Raised(message)) = error {
                assert!(!message.contains("fault of the jq interpreter"), "{message}");
            }
        }
        Err(JqError::Compile { at, .. }) => assert!(program.get(at).is_some()),
        Err(other) => panic!("{other}"),
    }
});
