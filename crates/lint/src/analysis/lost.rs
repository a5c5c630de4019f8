//! Readings of what an earlier state threw away by replacing the whole document.

use std::collections::BTreeSet;

use zis_bundle::path::Path;

use super::{Found, Loss, Machine, Use, in_state};

/// A state reads something that was in `$` before `loss`.
#[derive(Debug)]
pub struct LostReading {
    pub loss: Loss,
    /// The number of the state that reads.
    pub reader: usize,
    pub used: Use,
}

/// The first such reading for each loss of a machine.
pub fn lost_readings(text: &str, machine: &Machine) -> Vec<LostReading> {
    let mut seen: BTreeSet<Loss> = BTreeSet::new();
    let mut readings = Vec::new();
    for (reader, state, document) in machine.live_states() {
        if document.losses.is_empty() {
            continue;
        }
        for used in in_state(text, state).into_iter().filter(|used| !used.guarded && !used.path.segments.is_empty()) {
            let first = Path { segments: used.path.segments[..1].to_vec() };
            if matches!(document.shape.lookup(&first), Found::Certainly(_)) {
                continue;
            }
            for loss in &document.losses {
                if held_before(machine, *loss, &first) && seen.insert(*loss) {
                    readings.push(LostReading { loss: *loss, reader, used: used.clone() });
                }
            }
        }
    }
    readings
}

/// Whether the document that was lost surely had this member.
fn held_before(machine: &Machine, loss: Loss, first: &Path) -> bool {
    let before = machine.documents[loss.state].as_ref();
    before.is_some_and(|document| matches!(document.shape.lookup(first), Found::Certainly(_)))
}
