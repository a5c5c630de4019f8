//! From the store back into memory: after a crash, a wait, a retry's delay, or by hand.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use tokio::sync::{Semaphore, mpsc};
use zis_flow::{
    Failure, Program, Timestamp, Value,
    failure::error,
    journal::{Finish, Pin, Record, Status},
    replay::{self, Begin, RestoreError, Restored},
};
use zis_store::{
    AccountId, ExecutionId, StoreError,
    execution::{self, Execution},
};

use crate::{
    admission::Slot,
    core::Core,
    finish::code,
    ingest::{exposed, missing_connection},
    ledger::Ledger,
    open::Entry,
    program::NoProgram,
    run::Run,
};

/// Executions read from the store at once: enough to keep it busy, few enough that a mass of them does not fill the memory.
const READING: usize = 64;

/// An execution to be read from the store and driven on.
pub(crate) struct Waking {
    pub(crate) account: AccountId,
    pub(crate) id: ExecutionId,
    pub(crate) cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its time has come.
    Due,
    /// Its owner died, perhaps in the middle of a call.
    Adopted,
    /// Somebody asked.
    ByHand,
}

/// Reads and drives on what comes through `waking`, until the engine stops.
pub(crate) async fn serve(core: Arc<Core>, mut waking: mpsc::UnboundedReceiver<Waking>) {
    let reading = Arc::new(Semaphore::new(READING));
    loop {
        let next = tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            next = waking.recv() => next,
        };
        let Some(Waking { account, id, cause }) = next else { return };
        let (Some(slot), Ok(permit)) = (core.admission.wait(account).await, reading.clone().acquire_owned().await)
        else {
            return;
        };
        let Some(entry) = core.open.enter(&id) else {
            wake_when_left(&core, Waking { account, id, cause });
            continue;
        };
        let core_ = core.clone();
        Run::spawn(&core, account, id.clone(), async move {
            let ready = Waker { core: core_, account, id, cause }.read(entry, slot).await;
            drop(permit);
            if let Some(ready) = ready {
                ready.go().await;
            }
        });
    }
}

/// It is in memory still: on its way out, most likely, for it was written down before its time came.
fn wake_when_left(core: &Arc<Core>, waking: Waking) {
    let core_ = core.clone();
    core.tasks.spawn(async move {
        tokio::select! {
            biased;
            () = core_.stopping.cancelled() => {}
            () = core_.open.until_left(&waking.id) => core_.wake(waking.account, waking.id, waking.cause),
        }
    });
}

struct Waker {
    core: Arc<Core>,
    account: AccountId,
    id: ExecutionId,
    cause: Cause,
}

/// An execution that has been read.
struct Ready {
    run: Run,
    restored: Restored,
    programs: HashMap<Pin, Arc<Program>>,
    cause: Cause,
}

impl Waker {
    /// Reads the execution and restores its machine. `None` when it is not ours to drive, not yet due, or beyond repair.
    async fn read(self, entry: Entry, slot: Slot) -> Option<Ready> {
        let Self { core, account, id, cause } = self;
        let (row, records) = match load(&core, account, &id).await {
            Ok(found) => found?,
            Err(error) => return unreadable(&core, &id, &error),
        };
        if row.status.is_ended() || row.owner != core.owner() {
            return None;
        }
        let now = core.now();
        if let Some(wake_at) = row.wake_at.filter(|at| *at > now) {
            // Adopted before its time, or the clock was set back.
            core.timer.add(&core, wake_at, account, id);
            return None;
        }
        let mut run = Run { core, ledger: Ledger::of(&row), row, subdomain: String::new(), entry, _slot: slot };
        let moved = take_over(&run.row, &records, now, cause);
        match restore(&run, records).await {
            Ok((mut restored, programs)) => {
                if let Some(begin) = moved.filter(|_| restored.end.is_none() && restored.next.is_none()) {
                    run.ledger.record(restored.take_over(begin));
                }
                run.subdomain =
                    restored.started.document.get("subdomain").and_then(Value::as_str).unwrap_or_default().to_owned();
                Some(Ready { run, restored, programs, cause })
            }
            Err(Unfit::Store(error)) => unreadable(&run.core, &run.row.id, &error),
            Err(Unfit::Reason(reason)) => {
                give_up(run, reason).await;
                None
            }
        }
    }
}

/// Tries later when the store may answer then; what it can't read stays as it is.
fn unreadable<T>(core: &Core, id: &ExecutionId, error: &StoreError) -> Option<T> {
    if error.passes() {
        core.doubt();
    } else {
        tracing::error!(execution = %id, %error, "an execution cannot be read");
    }
    None
}

/// Reads until the store answers.
async fn load(
    core: &Core,
    account: AccountId,
    id: &ExecutionId,
) -> Result<Option<(Execution, Vec<Record>)>, StoreError> {
    loop {
        match execution::load(&core.store, account, id).await {
            Err(error) if error.passes() && !core.is_stopping() => {
                core.clock.sleep(std::time::Duration::from_millis(200)).await;
            }
            result => return result,
        }
    }
}

/// Moves the attempt's deadline by the time nobody drove it.
fn take_over(row: &Execution, records: &[Record], now: Timestamp, cause: Cause) -> Option<Begin> {
    /// Lateness that is not worth a record.
    const SLACK: std::time::Duration = std::time::Duration::from_secs(1);
    if !matches!(row.status, Status::Running | Status::Waiting) {
        return None;
    }
    let since = row.wake_at.or_else(|| records.last().map(Record::at))?;
    let late = now.since(since);
    if cause == Cause::Due && late < SLACK {
        return None;
    }
    records.iter().rev().find_map(|record| match record {
        Record::AttemptStarted { deadline, may_retry, .. } => {
            Some(Begin { now, deadline: deadline.saturating_add(late), may_retry: *may_retry })
        }
        _ => None,
    })
}

/// Why an execution cannot be restored.
enum Unfit {
    Store(StoreError),
    Reason(String),
}

impl From<NoProgram> for Unfit {
    fn from(error: NoProgram) -> Self {
        match error {
            NoProgram::Store(error) => Unfit::Store(error),
            other => Unfit::Reason(other.to_string()),
        }
    }
}

/// One program, or why there is none, for each pin the journal names.
async fn restore(run: &Run, records: Vec<Record>) -> Result<(Restored, HashMap<Pin, Arc<Program>>), Unfit> {
    let (core, row) = (&run.core, &run.row);
    let mut programs = HashMap::new();
    let mut connections = HashMap::new();
    for pin in pins(&records) {
        let program = core.programs.get(&core.store, row.account, &row.integration, &row.flow, pin).await?;
        let tokens = exposed(core, row.account, &row.integration, &program).await;
        connections.insert(program_key(&program), tokens);
        programs.insert(pin.clone(), program);
    }
    let found = programs.clone();
    let restored = core.pool.run(move || {
        let mut program = |pin: &Pin| found.get(pin).cloned();
        let mut connections =
            |program: &Program| connections.get(&std::ptr::from_ref(program).addr()).cloned().unwrap_or_default();
        replay::restore(&records, &mut program, &mut connections)
    });
    match restored.await {
        Some(Ok(restored)) => Ok((restored, programs)),
        Some(Err(error @ RestoreError::Diverged { .. })) => {
            Err(Unfit::Reason(format!("{error}; retry it from the start")))
        }
        Some(Err(error)) => Err(Unfit::Reason(error.to_string())),
        None => Err(Unfit::Reason("the journal could not be replayed: a fault in zis".to_owned())),
    }
}

fn pins(records: &[Record]) -> impl Iterator<Item = &Pin> {
    records.iter().filter_map(|record| match record {
        Record::Started(started) => Some(&started.pin),
        Record::Retried { bundle, .. } => bundle.as_ref(),
        _ => None,
    })
}

fn program_key(program: &Arc<Program>) -> usize {
    Arc::as_ptr(program).addr()
}

impl Ready {
    /// Goes on where the execution stands.
    async fn go(self) {
        let Self { run, restored, programs, cause } = self;
        if cause == Cause::Adopted {
            tracing::debug!(execution = %run.row.id, status = restored.status.as_str(), "going on with an adopted execution");
        }
        match restored.status {
            Status::Queued | Status::Retrying => begin(run, restored, &programs).await,
            Status::Running | Status::Waiting => go_on(run, restored).await,
            _ => {}
        }
    }
}

async fn go_on(run: Run, restored: Restored) {
    let Restored { machine, outstanding, end, .. } = restored;
    match (machine, end) {
        (_, Some(end)) => run.conclude(end).await,
        (Some(machine), None) => run.drive(machine, outstanding).await,
        (None, None) => give_up(run, "the journal holds an attempt without a beginning".to_owned()).await,
    }
}

/// Begins the next attempt.
async fn begin(mut run: Run, mut restored: Restored, programs: &HashMap<Pin, Arc<Program>>) {
    let Some(program) = programs.get(&restored.pin).cloned() else {
        return give_up(run, "the definitions of the next attempt are not there".to_owned()).await;
    };
    let core = run.core.clone();
    let (account, integration) = (run.row.account, run.row.integration.clone());
    if let Some(failure) = missing_connection(&core, account, &integration, &program).await {
        return fail(run, failure, code::NO_CONNECTION).await;
    }
    run.row.attempt = restored.attempt + 1;
    run.row.wake_at = None;
    let connections = exposed(&core, account, &integration, &program).await;
    let now = core.now();
    let deadline = now.saturating_add(core.options.flow.timeout);
    let begin = Begin { now, deadline, may_retry: run.row.attempt < run.row.max_attempts };
    let record = restored.begin(program, connections, begin);
    let Some(machine) = restored.machine.take() else {
        return give_up(run, "the next attempt could not begin".to_owned()).await;
    };
    run.ledger.record(record);
    run.row.status = Status::Running;
    run.row.bundle_digest.clone_from(&restored.pin.digest);
    core.meters.attempts.increment(1);
    run.drive(machine, Vec::new()).await;
}

/// Ends an execution that can't go on; a person can still retry it from the start.
async fn give_up(run: Run, reason: String) {
    tracing::error!(execution = %run.row.id, reason, "an execution cannot go on");
    fail(run, Failure::new(error::RUNTIME, reason), code::CANNOT_GO_ON).await;
}

async fn fail(run: Run, failure: Failure, code: &'static str) {
    run.conclude_failed(Finish::Failed { failure, state: None, path: None }, code).await;
}

impl Run {
    /// Runs `body` as the task of execution `id`. When it panics, the execution ends as failed, so that it does not fall between two chairs.
    pub(crate) fn spawn(
        core: &Arc<Core>,
        account: AccountId,
        id: ExecutionId,
        body: impl Future<Output = ()> + Send + 'static,
    ) {
        let core_ = core.clone();
        // The runtime moves a task several times, before it runs and after; what lies in a box moves with its pointer.
        let body = Box::pin(AssertUnwindSafe(body).catch_unwind());
        core.tasks.spawn(async move {
            core_.meters.open.increment(1.0);
            let result = body.await;
            core_.meters.open.decrement(1.0);
            if result.is_err() {
                tracing::error!(execution = %id, "driving the execution panicked: a fault in zis");
                Box::pin(crashed(&core_, account, &id)).await;
            }
        });
    }

    pub(crate) async fn conclude_failed(mut self, finish: Finish, code: &'static str) {
        let result = self.finish(finish, Some(code)).await;
        self.leave(result).await;
    }
}

async fn crashed(core: &Arc<Core>, account: AccountId, id: &ExecutionId) {
    let (Some(slot), Some(entry)) = (core.admission.wait(account).await, core.open.enter(id)) else { return };
    let Ok(Some((row, _))) = load(core, account, id).await else { return };
    if row.status.is_ended() || row.owner != core.owner() {
        return;
    }
    let run = Run { core: core.clone(), ledger: Ledger::of(&row), row, subdomain: String::new(), entry, _slot: slot };
    let failure = Failure::new(error::RUNTIME, "a fault in zis ended the execution; the server's log says more");
    fail(run, failure, code::CANNOT_GO_ON).await;
}
