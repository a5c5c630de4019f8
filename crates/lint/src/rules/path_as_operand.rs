//! A comparison with the text of a path instead of the value at it.
//!
//! # What it checks
//!
//! `StringEquals` and the other String operators whose operand is a reference path, such as `"$.input.status"`.
//!
//! # Why
//!
//! Only the `…Path` operators look at a path. `StringEquals` compares with the characters `$.input.status`, and is false.
//!
//! # Example
//!
//! ```json
//! {"Variable": "$.old", "StringEquals": "$.new", "Next": "Same"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"Variable": "$.old", "StringEqualsPath": "$.new", "Next": "Same"}
//! ```

use zis_bundle::{
    Path,
    flow::{Comparison, Condition, Operand, Order, StateKind, Test},
};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Choice(choice) = &place.state.kind else { continue };
        for (at, rule) in choice.rules.iter().enumerate() {
            check_condition(&rule.condition, &format!("{}/Choices/{at}", place.state.pointer), found);
        }
    }
}

fn check_condition(condition: &Condition, pointer: &str, found: &mut Found) {
    match condition {
        Condition::And(inner) | Condition::Or(inner) => {
            inner.iter().for_each(|inner| check_condition(inner, pointer, found));
        }
        Condition::Not(inner) => check_condition(inner, pointer, found),
        Condition::Test(test) => check_test(test, pointer, found),
    }
}

fn check_test(test: &Test, pointer: &str, found: &mut Found) {
    let Comparison::String(order, Operand::Value(text)) = &test.comparison else { return };
    if !text.starts_with("$.") || Path::parse(text).is_err() {
        return;
    }
    let message = format!("this compares with the text `{text}`, not with the value at that path");
    let help = match order {
        Order::Equals => "use `StringEqualsPath`",
        _ => "there is no `…Path` form of this operator; let a Jq action compare the two",
    };
    found.add(test.operator_span, pointer, message).help = Some(help.into());
}
