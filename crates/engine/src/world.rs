//! What the engine can't know by itself: the time, who wakes it, and fresh ids. Simulated in tests.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;
use zis_flow::Timestamp;

/// A clock: the real one, or a simulated one that jumps when everybody waits.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    async fn sleep(&self, span: Duration);

    /// A fresh version 7 UUID: ids of executions and events sort by the time they were made.
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The machine's clock and tokio's timer.
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().saturating_add(since)
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
