//! Applying the safe fixes of findings to a text.

use zis_bundle::{Finding, Span};

use crate::{Settings, check};

/// After so many rounds what is left stays: every round fixes something, so only a bug of a rule comes here.
const MAX_ROUNDS: usize = 20;

/// The text after its safe fixes, and how many were applied. Fixes that touch the same place wait for the next round.
pub fn fix(text: &str, settings: &Settings) -> (String, usize) {
    let mut text = text.to_owned();
    let mut total = 0;
    for _ in 0..MAX_ROUNDS {
        let findings = check(&text, "", settings).findings;
        let (fixed, count) = apply(&text, &findings);
        if count == 0 {
            break;
        }
        text = fixed;
        total += count;
    }
    (text, total)
}

/// One round: the safe fixes of `findings` that don't touch each other.
pub fn apply(text: &str, findings: &[Finding]) -> (String, usize) {
    let mut edits: Vec<&(Span, String)> = Vec::new();
    let mut count = 0;
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe) {
        let touches = |one: &Span, other: &Span| one.start <= other.end && other.start <= one.end;
        if fix.edits.iter().any(|(span, _)| edits.iter().any(|(taken, _)| touches(span, taken))) {
            continue;
        }
        edits.extend(&fix.edits);
        count += 1;
    }
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut fixed = text.to_owned();
    for (span, replacement) in edits {
        fixed.replace_range(span.start..span.end, replacement);
    }
    (fixed, count)
}
