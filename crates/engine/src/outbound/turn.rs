//! Turns: how many requests may be on their way to one host at once. A slow host is not given all of our connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::sync::lock;

/// Hosts remembered before those that nobody talks to are dropped.
const SWEEP: usize = 1_024;

/// One line for each host; a host that nobody talks to has none.
pub(super) struct Turns {
    most: usize,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The right to send one request; given back when dropped. `None`: the line is gone, which does not happen.
pub(super) type Turn = Option<OwnedSemaphorePermit>;

impl Turns {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.min(Semaphore::MAX_PERMITS), hosts: Mutex::default() }
    }

    /// Waits until a request may be sent to the host of `url`.
    pub(super) async fn wait(&self, url: &Url) -> Turn {
        self.line(url).acquire_owned().await.ok()
    }

    fn line(&self, url: &Url) -> Arc<Semaphore> {
        let host = url.origin().ascii_serialization();
        let mut hosts = lock(&self.hosts);
        if let Some(line) = hosts.get(&host).and_then(Weak::upgrade) {
            return line;
        }
        if hosts.len() >= SWEEP {
            hosts.retain(|_, line| line.strong_count() > 0);
        }
        let line = Arc::new(Semaphore::new(self.most));
        hosts.insert(host, Arc::downgrade(&line));
        line
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn each_host_has_its_own_line_and_turns_are_given_back() {
        let turns = Turns::new(1);
        let first = turns.wait(&url("https://a.test/x")).now_or_never().unwrap();
        assert!(turns.wait(&url("https://a.test/y")).now_or_never().is_none(), "the same host");
        assert!(turns.wait(&url("https://a.test:444/x")).now_or_never().is_some(), "another port");
        assert!(turns.wait(&url("https://b.test/x")).now_or_never().is_some(), "another host");
        drop(first);
        assert!(turns.wait(&url("https://a.test/y")).now_or_never().is_some());
    }
}
