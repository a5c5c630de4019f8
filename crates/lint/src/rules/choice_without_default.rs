//! A Choice state without `Default`.
//!
//! # What it checks
//!
//! A Choice state that has no `Default` and whose rules don't plainly cover everything (a test and its opposite).
//!
//! # Why
//!
//! When no rule is true, the flow fails with `States.NoChoiceMatched`; nothing can catch it.
//!
//! # Example
//!
//! ```json
//! {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": "a", "Next": "A"}]}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": "a", "Next": "A"}], "Default": "Done"}
//! ```

use zis_bundle::{
    Span,
    flow::{ChoiceState, Comparison, Condition, Operand, StateKind},
    path::Path,
};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Choice(choice) = &place.state.kind else { continue };
        if choice.default.is_some() || covers_everything(choice) {
            continue;
        }
        let span = Span::new(place.state.span.start, place.state.span.start + 1);
        let pointer = format!("{}/Default", place.state.pointer);
        let message = format!("`{}` has no `Default`: the flow fails when no rule is true", place.state.name.value);
        found.add(span, &pointer, message).help = Some("add `\"Default\"` with the state to go to then".into());
    }
}

/// Two rules that ask the same question of the same variable and take both answers.
fn covers_everything(choice: &ChoiceState) -> bool {
    let answers: Vec<_> = choice.rules.iter().filter_map(|rule| answer(&rule.condition)).collect();
    answers.iter().any(|(kind, path, answer)| answers.contains(&(*kind, path, !answer)))
}

fn answer(condition: &Condition) -> Option<(u8, &Path, bool)> {
    match condition {
        Condition::Test(test) => match &test.comparison {
            Comparison::IsPresent(answer) => Some((0, &test.variable.value, *answer)),
            Comparison::IsNull(answer) => Some((1, &test.variable.value, *answer)),
            Comparison::Boolean(Operand::Value(answer)) => Some((2, &test.variable.value, *answer)),
            _ => None,
        },
        Condition::Not(inner) => answer(inner).map(|(kind, path, answer)| (kind, path, !answer)),
        _ => None,
    }
}
