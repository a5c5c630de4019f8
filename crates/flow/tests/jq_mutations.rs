//! Programs put together from pieces of the recorded cases: whatever comes out compiles or is refused with a place, and ends without
//! a fault of the interpreter.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, JqError, Limits},
};

const FILES: &[&str] = &[
    include_str!("../resources/jq/corners.cases"),
    include_str!("../resources/jq/errors.cases"),
    include_str!("../resources/jq/filters.cases"),
    include_str!("../resources/jq/language.cases"),
    include_str!("../resources/jq/operators.cases"),
    include_str!("../resources/jq/paths.cases"),
    include_str!("../resources/jq/precedence.cases"),
    include_str!("../resources/jq/regex.cases"),
    include_str!("../resources/jq/updates.cases"),
];

fn lines(mark: &'static str) -> Vec<&'static str> {
    FILES.iter().flat_map(|file| file.lines().filter_map(move |line| line.strip_prefix(mark))).collect()
}

fn at(pick: &prop::sample::Index, lines: &[&'static str]) -> &'static str {
    lines[pick.index(lines.len())]
}

/// How two programs become one.
fn join(how: u8, a: &str, b: &str) -> String {
    match how % 16 {
        0 => format!("{a} | {b}"),
        1 => format!("({a}), ({b})"),
        2 => format!("[{a}] | map({b})"),
        3 => format!("try ({a}) catch ({b})"),
        4 => format!("({a}) // ({b})"),
        5 => format!("reduce ({a}) as $x (.; {b})"),
        6 => format!("({a}) |= ({b})"),
        7 => format!("path({a}) | {b}"),
        8 => format!("def f(g): {a}; f({b})"),
        9 => format!("{{a: ({a}), b: ({b})}}"),
        10 => format!("\"\\({a}) \\({b})\""),
        11 => format!("if {a} then {b} end"),
        12 => format!("({a}) + ({b})"),
        13 => format!("label $out | {a}, break $out, {b}"),
        14 => format!("first({a}) = ({b})"),
        _ => format!("({a}) as [$a] ?// $a | {b}"),
    }
}

/// Cuts a piece out, or doubles one.
fn damage(program: &str, from: usize, length: usize, double: bool) -> String {
    let chars: Vec<char> = program.chars().collect();
    let from = from % (chars.len() + 1);
    let to = (from + length).min(chars.len());
    let rest = if double { from } else { to };
    chars[..if double { to } else { from }].iter().chain(&chars[rest..]).collect()
}

fn check(program: &str, input: &str) -> Result<(), TestCaseError> {
    let filter = match Filter::compile(program) {
        Ok(filter) => filter,
        Err(JqError::Compile { message, at }) => {
            prop_assert!(program.get(at.clone()).is_some() && !message.is_empty(), "{program}: {message} at {at:?}");
            return Ok(());
        }
        Err(other) => return Err(TestCaseError::fail(format!("{program}: {other}"))),
    };
    let limits = Limits { fuel: 5_000, ..Limits::QUICK };
    let (outputs, error) = filter.outputs(Value::from_json(input).unwrap_or_default(), Timestamp(0), limits, 20);
    for output in outputs {
        prop_assert_eq!(
            Value::from_json(&output.to_json()).map(|value| value.to_json()),
            Ok(output.to_json()),
            "{}",
            program
        );
    }
    if let Some(JqError::Raised(message)) = error {
        prop_assert!(!message.contains("fault of the jq interpreter"), "{program} on {input}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn pieces_put_together_end(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 2..4),
        input in any::<prop::sample::Index>(),
    ) {
        let (programs, inputs) = (lines("> "), lines("< "));
        let pieces = picks.iter().map(|(pick, how)| (at(pick, &programs), how));
        let program = pieces.fold(String::from("."), |program, (piece, how)| join(*how, &program, piece));
        check(&program, at(&input, &inputs))?;
    }

    #[test]
    fn damaged_programs_end(
        pick in any::<prop::sample::Index>(),
        input in any::<prop::sample::Index>(),
        (from, length, double) in (0_usize..200, 1_usize..6, any::<bool>()),
    ) {
        let (programs, inputs) = (lines("> "), lines("< "));
        check(&damage(at(&pick, &programs), from, length, double), at(&input, &inputs))?;
    }
}
