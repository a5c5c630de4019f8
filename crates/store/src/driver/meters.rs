//! What a store measures. The recorder must be installed before the store is opened: handles are made once.

use std::time::Instant;

use metrics::{Gauge, Histogram, gauge, histogram};

pub(super) struct Meters {
    /// Transactions that wait or are being committed.
    pub waiting: Gauge,
    batch_size: Histogram,
    commit: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            waiting: gauge!("zis_store_waiting"),
            batch_size: histogram!("zis_store_batch_size"),
            commit: histogram!("zis_store_commit_seconds"),
        }
    }
}

impl Meters {
    /// One physical commit of `count` transactions that began at `began`.
    pub fn committed(&self, count: usize, began: Instant) {
        self.batch_size.record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        self.commit.record(began.elapsed().as_secs_f64());
    }
}
