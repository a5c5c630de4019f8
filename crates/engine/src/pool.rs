//! Threads with large stacks, for jq programs that outgrow the quick budget and for recovery, which runs such programs again.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock, mpsc},
};

use tokio::sync::oneshot;
use zis_flow::jq::STACK_BYTES;

use crate::sync::lock;

type Job = Box<dyn FnOnce() + Send>;

/// Starts its threads when the first job comes: most servers never need them.
pub(crate) struct Pool {
    threads: usize,
    queue: OnceLock<Option<mpsc::Sender<Job>>>,
}

impl Pool {
    /// With 0 threads every job runs where it is asked for.
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads, queue: OnceLock::new() }
    }

    /// Runs `job`; `None` when it panicked.
    pub(crate) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let Some(queue) = self.queue.get_or_init(|| start(self.threads)) else {
            return catch_unwind(AssertUnwindSafe(job)).ok();
        };
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            if let Ok(result) = catch_unwind(AssertUnwindSafe(job)) {
                let _ = reply.send(result);
            }
        });
        queue.send(job).ok()?;
        answer.await.ok()
    }
}

/// `None` when there are to be no threads, or the machine gives none.
fn start(threads: usize) -> Option<mpsc::Sender<Job>> {
    let (queue, jobs) = mpsc::channel::<Job>();
    let jobs = Arc::new(Mutex::new(jobs));
    let mut started = 0;
    for _ in 0..threads {
        let jobs = jobs.clone();
        let work = move || {
            loop {
                // The lock is held while waiting: one idle thread listens, the others queue behind it.
                let Ok(job) = lock(&jobs).recv() else { return };
                job();
            }
        };
        let thread = std::thread::Builder::new().name("zis-evaluate".to_owned()).stack_size(STACK_BYTES).spawn(work);
        match thread {
            Ok(_) => started += 1,
            Err(error) => tracing::error!(%error, "cannot start a thread for large jq programs"),
        }
    }
    (started > 0).then_some(queue)
}
