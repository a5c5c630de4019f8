//! Turns: how many may do something with one thing at once. A slow host is not given all of our connections; two flows that merge into
//! one config wait for each other instead of undoing each other's work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zis_flow::effect::Work;

use crate::sync::lock;

/// Lines remembered before those where nobody stands are dropped.
const SWEEP: usize = 1_024;

/// One line for each thing by its name; where nobody stands there is none.
pub(crate) struct Turns {
    most: usize,
    lines: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The right to do it once; given back when dropped. `None`: the line is gone, which does not happen.
pub(crate) type Turn = Option<OwnedSemaphorePermit>;

impl Turns {
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.min(Semaphore::MAX_PERMITS), lines: Mutex::default() }
    }

    /// Waits in the line of `name`.
    pub(crate) async fn wait(&self, name: &str) -> Turn {
        self.line(name).acquire_owned().await.ok()
    }

    fn line(&self, name: &str) -> Arc<Semaphore> {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get(name).and_then(Weak::upgrade) {
            return line;
        }
        if lines.len() >= SWEEP {
            lines.retain(|_, line| line.strong_count() > 0);
        }
        let line = Arc::new(Semaphore::new(self.most));
        lines.insert(name.to_owned(), Arc::downgrade(&line));
        line
    }
}

/// What `work` merges into, when it merges.
pub(crate) fn merged(work: &Work) -> Option<String> {
    match work {
        Work::PatchConfig { scope, .. } => Some(config(scope)),
        Work::PatchLink { link_type, left, .. } => Some(format!("link/{link_type}/{left}")),
        _ => None,
    }
}

pub(crate) fn config(scope: &str) -> String {
    format!("config/{scope}")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn each_name_has_its_own_line_and_turns_are_given_back() {
        let turns = Turns::new(1);
        let wait = |name: &str| turns.wait(name).now_or_never();
        let first = wait("a").unwrap();
        assert!(wait("a").is_none() && wait("b").is_some());
        drop(first);
        assert!(wait("a").is_some());
    }
}
