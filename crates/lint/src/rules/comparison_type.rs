//! A comparison with a value of another type: it is never true.
//!
//! # What it checks
//!
//! The `Variable` of a Choice rule whose type is known (from the event's payload, a Jq program, a Pass's `Result`), compared by an
//! operator for another type.
//!
//! # Why
//!
//! A comparison across types is false, not an error: `"200.00"` is neither above nor below 100.
//!
//! # Example
//!
//! ```json
//! {"Variable": "$.input.ticket_event.ticket.external_id", "NumericGreaterThan": 100, "Next": "Large"}
//! ```
//!
//! # Instead
//!
//! Convert it first with a Jq action (`.ticket_event.ticket.external_id | tonumber`), or use the operator of its type.

use zis_bundle::flow::{Comparison, Condition, StateKind, Test};

use crate::{
    analysis::{
        Document, Found as Lookup, Shape,
        shape::{BOOLEAN, NULL, NUMBER, STRING},
    },
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for (_, state, document) in machine.live_states() {
            let StateKind::Choice(choice) = &state.kind else { continue };
            for (at, rule) in choice.rules.iter().enumerate() {
                let pointer = format!("{}/Choices/{at}", state.pointer);
                each_test(&rule.condition, &mut |test| check_test(test, document, &pointer, found));
            }
        }
    }
}

fn each_test(condition: &Condition, visit: &mut impl FnMut(&Test)) {
    match condition {
        Condition::And(inner) | Condition::Or(inner) => inner.iter().for_each(|inner| each_test(inner, visit)),
        Condition::Not(inner) => each_test(inner, visit),
        Condition::Test(test) => visit(test),
    }
}

fn check_test(test: &Test, document: &Document, pointer: &str, found: &mut Found) {
    let wanted = match &test.comparison {
        Comparison::String(..) | Comparison::Timestamp(..) => STRING,
        Comparison::Numeric(..) => NUMBER,
        Comparison::Boolean(_) => BOOLEAN,
        Comparison::IsPresent(_) | Comparison::IsNull(_) => return,
    };
    let shape = match document.shape.lookup(&test.variable.value) {
        Lookup::Certainly(shape) | Lookup::Maybe(shape) => shape,
        Lookup::Never { .. } => return,
    };
    if shape.may_be(wanted) || shape.is_only(NULL) {
        return;
    }
    let message = format!(
        "`{}` is {}, so this comparison with {} is never true",
        test.variable.value,
        shape.describe(),
        Shape::of(wanted).describe()
    );
    let finding = found.add(test.operator_span, pointer, message);
    finding.help = Some(if wanted == NUMBER && shape.may_be(STRING) {
        "convert it with a Jq action first: `… | tonumber`".into()
    } else {
        format!("use an operator for {}, or convert it with a Jq action first", shape.describe())
    });
}
