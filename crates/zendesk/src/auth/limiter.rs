//! Guessing is made slow, and nobody is locked out by strangers: wrong credentials are counted by address and name, and by name alone.
//!
//! One address has few tries for a name. A guesser with many addresses is stopped by the count of the name, which only lets those
//! addresses pass from which that name has signed in before: its owner, where the owner works, is not troubled.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
    time::Duration,
};

use zis_flow::Timestamp;

/// Wrong attempts of one address for one name before it must wait: no person mistypes that often, and a guesser gets nowhere.
const MAX_FAILURES: u32 = 30;
/// Wrong attempts for one name from everywhere: what it takes to trouble an owner at a new address is ten addresses, all the time.
const MAX_FAILURES_OF_NAME: u32 = 300;
/// The time in which they count.
const WINDOW: Duration = Duration::from_secs(60);
/// How long an address is known for a name after it signed in.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Entries of each table at most: beyond it the oldest windows are dropped, so that a flood of names can't fill the memory.
const MAX_ENTRIES: usize = 10_000;

/// An address and a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Who(Option<IpAddr>, String);

impl Who {
    pub fn new(peer: Option<IpAddr>, name: &str) -> Self {
        Self(peer.map(network), name.chars().take(256).collect::<String>().to_lowercase())
    }
}

/// An IPv4 address; of an IPv6 address the first 64 bits, for whoever has one has all that begin so.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[derive(Default)]
pub(super) struct Limiter(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    by_both: Windows<Who>,
    by_name: Windows<String>,
    /// When the name last signed in from the address.
    known: HashMap<Who, Timestamp>,
}

impl Limiter {
    /// Seconds to wait, when there were too many failures.
    pub fn blocked(&self, who: &Who, now: Timestamp) -> Option<u32> {
        let tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let both = tables.by_both.wait(who, MAX_FAILURES, now);
        let known = tables.known.get(who).is_some_and(|at| now.since(*at) < KNOWN);
        both.or_else(|| tables.by_name.wait(&who.1, MAX_FAILURES_OF_NAME, now).filter(|_| !known))
    }

    pub fn failed(&self, who: Who, now: Timestamp) {
        let mut tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.by_name.count(who.1.clone(), now);
        tables.by_both.count(who, now);
    }

    pub fn succeeded(&self, who: Who, now: Timestamp) {
        let mut tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if tables.known.len() >= MAX_ENTRIES && !tables.known.contains_key(&who) {
            tables.known.retain(|_, at| now.since(*at) < KNOWN);
            // Full of those that still count: the newcomer takes the place of the one that was not seen for longest.
            let oldest = tables.known.iter().min_by_key(|(_, at)| at.0).map(|(who, _)| who.clone());
            if let Some(oldest) = oldest.filter(|_| tables.known.len() >= MAX_ENTRIES) {
                tables.known.remove(&oldest);
            }
        }
        tables.known.insert(who, now);
    }
}

/// Failures by key, each in a window that begins with the first of them.
struct Windows<K>(HashMap<K, (Timestamp, u32)>);

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Windows<K> {
    fn count(&mut self, key: K, now: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, (start, _)| now.since(*start) < WINDOW);
            if self.0.len() >= MAX_ENTRIES {
                self.0.clear();
            }
        }
        let window = self.0.entry(key).or_insert((now, 0));
        if now.since(window.0) >= WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
    }

    /// Seconds until the window of `key` ends, when it has `most` failures.
    fn wait(&self, key: &K, most: u32, now: Timestamp) -> Option<u32> {
        let (start, failures) = self.0.get(key)?;
        let left = WINDOW.checked_sub(now.since(*start))?;
        (*failures >= most).then(|| u32::try_from(left.as_secs()).unwrap_or_default() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(0);

    fn from(address: &str, name: &str) -> Who {
        Who::new(Some(address.parse().unwrap()), name)
    }

    #[test]
    fn blocks_after_too_many_failures_and_lets_go_with_time() {
        let (limiter, who) = (Limiter::default(), Who::new(None, "A@x"));
        for _ in 0..MAX_FAILURES {
            assert_eq!(limiter.blocked(&who, NOW), None);
            limiter.failed(Who::new(None, "a@X"), NOW);
        }
        assert_eq!(limiter.blocked(&who, NOW), Some(61));
        assert_eq!(limiter.blocked(&Who::new(None, "b@x"), NOW), None);
        assert_eq!(limiter.blocked(&who, NOW.saturating_add(WINDOW * 2)), None);
    }

    #[test]
    fn many_addresses_are_stopped_and_the_owner_is_not() {
        let limiter = Limiter::default();
        limiter.succeeded(from("192.0.2.1", "a@x"), NOW);
        for number in 0..MAX_FAILURES_OF_NAME {
            limiter.failed(from(&format!("198.51.100.{}", number % 20), "a@x"), NOW);
        }
        assert_eq!(limiter.blocked(&from("203.0.113.9", "a@x"), NOW), Some(61), "an address that never signed in");
        assert_eq!(limiter.blocked(&from("192.0.2.1", "a@x"), NOW), None, "the owner's");
        assert_eq!(limiter.blocked(&from("203.0.113.9", "b@x"), NOW), None, "another name");
        let later = NOW.saturating_add(KNOWN);
        for number in 0..MAX_FAILURES_OF_NAME {
            limiter.failed(from(&format!("198.51.100.{}", number % 20), "a@x"), later);
        }
        assert!(limiter.blocked(&from("192.0.2.1", "a@x"), later).is_some(), "an address is known for a month");
    }

    #[test]
    fn a_stranger_alone_locks_nobody_out() {
        let limiter = Limiter::default();
        for _ in 0..MAX_FAILURES {
            limiter.failed(from("198.51.100.7", "a@x"), NOW);
        }
        assert!(limiter.blocked(&from("198.51.100.7", "a@x"), NOW).is_some());
        assert_eq!(limiter.blocked(&from("203.0.113.9", "a@x"), NOW), None);
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        assert_eq!(from("2001:db8:1:2::1", "a"), from("2001:db8:1:2:ffff::9", "a"));
        assert_ne!(from("2001:db8:1:2::1", "a"), from("2001:db8:1:3::1", "a"));
        assert_eq!(from("::ffff:192.0.2.1", "a"), from("192.0.2.1", "a"));
    }

    #[test]
    fn known_addresses_do_not_grow_without_end() {
        let limiter = Limiter::default();
        for number in 0..=MAX_ENTRIES {
            limiter.succeeded(Who::new(None, &number.to_string()), Timestamp(i64::try_from(number).unwrap()));
        }
        let tables = limiter.0.lock().unwrap();
        assert_eq!(tables.known.len(), MAX_ENTRIES);
        assert!(!tables.known.contains_key(&Who::new(None, "0")), "the one not seen for longest went");
    }
}
