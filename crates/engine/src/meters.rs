//! What the engine measures. The recorder must be installed before [`crate::Engine::start`]: handles are made once.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use zis_flow::{Timestamp, journal::Status};

pub(crate) struct Meters {
    pub(crate) events: Counter,
    pub(crate) repeated: Counter,
    pub(crate) refused: Counter,
    pub(crate) accepted: Counter,
    pub(crate) attempts: Counter,
    pub(crate) retries: Counter,
    pub(crate) adopted: Counter,
    pub(crate) fenced: Counter,
    pub(crate) missed_beats: Counter,
    pub(crate) rebirths: Counter,
    beaten_at: Gauge,
    pub(crate) open: Gauge,
    timers: Gauge,
    succeeded: Counter,
    failed: Counter,
    cancelled: Counter,
    timed_out: Counter,
    start_lag: Histogram,
    end_lag: Histogram,
    action: Histogram,
    commit: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let finished = |status: Status| counter!("zis_executions_finished_total", "status" => status.as_str());
        Self {
            events: counter!("zis_events_accepted_total"),
            repeated: counter!("zis_events_repeated_total"),
            refused: counter!("zis_events_refused_total"),
            accepted: counter!("zis_executions_accepted_total"),
            attempts: counter!("zis_attempts_total"),
            retries: counter!("zis_retries_total"),
            adopted: counter!("zis_executions_adopted_total"),
            fenced: counter!("zis_executions_fenced_total"),
            missed_beats: counter!("zis_heartbeats_missed_total"),
            rebirths: counter!("zis_node_rebirths_total"),
            beaten_at: gauge!("zis_heartbeat_timestamp_seconds"),
            open: gauge!("zis_executions_open"),
            timers: gauge!("zis_timers"),
            succeeded: finished(Status::Succeeded),
            failed: finished(Status::Failed),
            cancelled: finished(Status::Cancelled),
            timed_out: finished(Status::TimedOut),
            start_lag: histogram!("zis_start_lag_seconds"),
            end_lag: histogram!("zis_end_lag_seconds"),
            action: histogram!("zis_action_seconds"),
            commit: histogram!("zis_commit_seconds"),
        }
    }

    pub(crate) fn finished(&self, status: Status, since_accepted: Duration) {
        match status {
            Status::Succeeded => self.succeeded.increment(1),
            Status::Failed => self.failed.increment(1),
            Status::Cancelled => self.cancelled.increment(1),
            Status::TimedOut => self.timed_out.increment(1),
            _ => return,
        }
        self.end_lag.record(since_accepted.as_secs_f64());
    }

    pub(crate) fn beaten(&self, at: Timestamp) {
        self.beaten_at.set(Duration::from_micros(u64::try_from(at.0).unwrap_or_default()).as_secs_f64());
    }

    pub(crate) fn timers(&self, count: usize) {
        self.timers.set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }

    pub(crate) fn started(&self, since_accepted: Duration) {
        self.start_lag.record(since_accepted.as_secs_f64());
    }

    pub(crate) fn acted(&self, took: Duration) {
        self.action.record(took.as_secs_f64());
    }

    pub(crate) fn committed(&self, took: Duration) {
        self.commit.record(took.as_secs_f64());
    }
}
