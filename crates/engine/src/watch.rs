//! Which nodes have fallen silent. Only this node's own clock is asked: a heartbeat that stays the same for a lease is a dead node's, whatever
//! time it names, so that no clock that is ahead or behind can declare anybody dead.

use std::{collections::HashMap, time::Duration};

use zis_flow::Timestamp;
use zis_store::node::{Life, Owner};

#[derive(Default)]
pub(crate) struct Watch {
    looked_at: Option<Timestamp>,
    seen: HashMap<Owner, Seen>,
}

struct Seen {
    heartbeat_at: Timestamp,
    /// When it was first seen.
    since: Timestamp,
}

impl Watch {
    /// Begins anew: everybody gets a lease to show a heartbeat.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
    }

    /// Those of `lives` whose heartbeat has not changed for `lease`. They were read from the store between `before` and `after`.
    pub(crate) fn silent(
        &mut self,
        lives: Vec<Life>,
        before: Timestamp,
        after: Timestamp,
        lease: Duration,
    ) -> Vec<Life> {
        // Whoever did not look for so long was away itself, or its clock was set: what it saw before says nothing.
        if self.looked_at.is_none_or(|at| before < at || before.since(at) >= lease / 2) {
            self.forget();
        }
        self.looked_at = Some(after);
        let mut before_that = std::mem::take(&mut self.seen);
        let mut silent = Vec::new();
        for life in lives {
            let known = before_that.remove(&life.owner).filter(|seen| seen.heartbeat_at == life.heartbeat_at);
            let since = known.map_or(after, |seen| seen.since);
            self.seen.insert(life.owner.clone(), Seen { heartbeat_at: life.heartbeat_at, since });
            if before.since(since) >= lease {
                silent.push(life);
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    /// What the node that looks each 2.5 seconds says at each of `looks`: (its clock, the heartbeat it reads), both in seconds.
    fn verdicts(looks: &[(i64, i64)]) -> Vec<bool> {
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        let mut watch = Watch::default();
        let mut look = |(now, heartbeat): &(i64, i64)| {
            let owner = Owner { node: "other".to_owned(), epoch: 1 };
            let life = Life { owner, heartbeat_at: at(*heartbeat) };
            !watch.silent(vec![life], at(*now), at(*now), LEASE).is_empty()
        };
        looks.iter().map(&mut look).collect()
    }

    #[test]
    fn a_heartbeat_that_stays_the_same_for_a_lease_is_a_dead_nodes() {
        assert_eq!(verdicts(&[(0, 0), (4, 0), (8, 0), (9, 0), (10, 0)]), [false, false, false, false, true]);
        assert_eq!(
            verdicts(&[(0, 0), (4, 0), (8, 8), (12, 8), (16, 8), (18, 8)]),
            [false, false, false, false, false, true]
        );
    }

    #[test]
    fn a_clock_that_is_far_off_declares_nobody_dead() {
        assert_eq!(verdicts(&[(3600, 0), (3604, 4), (3608, 8), (3612, 12)]), [false; 4]);
        assert_eq!(verdicts(&[(0, 3600), (4, 3604), (8, 3608), (12, 3612)]), [false; 4]);
    }

    #[test]
    fn whoever_was_away_or_had_its_clock_set_begins_anew() {
        let slept = [(0, 0), (4, 0), (3600, 0), (3604, 0), (3608, 0), (3610, 0)];
        assert_eq!(verdicts(&slept), [false, false, false, false, false, true]);
        let set_back = [(3600, 0), (3604, 0), (0, 0), (4, 0), (8, 0), (10, 0)];
        assert_eq!(verdicts(&set_back), [false, false, false, false, false, true]);
    }
}
