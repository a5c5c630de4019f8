//! Guessing is made slow: wrong credentials are counted by address and name.

use std::{collections::HashMap, net::IpAddr, sync::Mutex, time::Duration};

use zis_flow::Timestamp;

/// Wrong attempts of one address for one name before it must wait: no person mistypes that often, and a guesser gets nowhere.
const MAX_FAILURES: u32 = 30;
/// The time in which they count.
const WINDOW: Duration = Duration::from_secs(60);
/// Names counted at most: beyond it the oldest windows are dropped, so that a flood of names can't fill the memory.
const MAX_NAMES: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Who(Option<IpAddr>, String);

impl Who {
    pub fn new(peer: Option<IpAddr>, name: &str) -> Self {
        Self(peer, name.chars().take(256).collect::<String>().to_lowercase())
    }
}

#[derive(Default)]
pub(super) struct Limiter {
    windows: Mutex<HashMap<Who, (Timestamp, u32)>>,
}

impl Limiter {
    /// Seconds to wait, when `who` has failed too often.
    pub fn blocked(&self, who: &Who, now: Timestamp) -> Option<u32> {
        let windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (start, failures) = windows.get(who)?;
        let passed = now.since(*start);
        let wait = WINDOW.checked_sub(passed)?;
        (*failures >= MAX_FAILURES).then(|| u32::try_from(wait.as_secs()).unwrap_or_default() + 1)
    }

    pub fn failed(&self, who: Who, now: Timestamp) {
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if windows.len() >= MAX_NAMES {
            windows.retain(|_, (start, _)| now.since(*start) < WINDOW);
            if windows.len() >= MAX_NAMES {
                windows.clear();
            }
        }
        let window = windows.entry(who).or_insert((now, 0));
        if now.since(window.0) >= WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_after_too_many_failures_and_lets_go_with_time() {
        let (limiter, who, now) = (Limiter::default(), Who::new(None, "A@x"), Timestamp(0));
        for _ in 0..MAX_FAILURES {
            assert_eq!(limiter.blocked(&who, now), None);
            limiter.failed(Who::new(None, "a@X"), now);
        }
        assert_eq!(limiter.blocked(&who, now), Some(61));
        assert_eq!(limiter.blocked(&Who::new(None, "b@x"), now), None);
        assert_eq!(limiter.blocked(&who, now.saturating_add(WINDOW * 2)), None);
    }
}
