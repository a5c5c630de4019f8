//! Runs a jq program on JSON texts from standard input, one a line: `cargo run -p zis-flow --example jq -- '.a + 1'`.

use std::io::Read;

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, Limits, STACK_BYTES},
};

fn main() {
    let program = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap_or_default();
    let run = move || match Filter::compile(&program) {
        Err(error) => println!("{error:?}"),
        Ok(filter) => {
            for line in text.lines() {
                let input = Value::from_json(line).unwrap_or_default();
                let (outputs, error) = filter.outputs(input, Timestamp(1_700_000_000_000_000), Limits::default(), 100);
                outputs.iter().for_each(|output| println!("{output}"));
                if let Some(error) = error {
                    println!("{error}");
                }
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    if let Ok(thread) = thread {
        let _ = thread.join();
    }
}
