//! The node among others: heartbeat, adoption of what dead nodes left open, and a new life when it was declared dead itself (D5).

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;
use zis_flow::journal::Status;
use zis_store::{
    AccountId, ExecutionId, StoreError,
    execution::{self, Execution},
    node::{self, Owner},
};

use crate::{core::Core, recover::Cause, watch::Watch};

/// Executions adopted in one transaction.
const PAGE: usize = 2_000;
/// Heartbeats in one lease: three may be lost.
const BEATS: u32 = 4;
/// Between two counts of what should be in memory. They find nothing, unless a transaction was kept long after its answer was lost.
const CENSUS: Duration = Duration::from_secs(60);

/// Beats, and adopts, until the engine stops.
pub(crate) async fn serve(core: Arc<Core>) {
    let pause = (core.options.lease / BEATS).max(Duration::from_millis(1));
    let mut topics = core.store.notified();
    let mut counted_at = core.now();
    let mut watch = Watch::default();
    loop {
        bury(&core, &mut watch).await;
        adopt(&core).await;
        // Set back, the clock says little: better to look once more.
        let now = core.now();
        let is_time = now < counted_at || now.since(counted_at) >= CENSUS;
        if core.is_unsure() || is_time {
            counted_at = now;
            reconcile(&core).await;
        }
        tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            () = somebody_left(&core, &mut topics) => {}
            () = core.clock.sleep(pause) => {}
        }
        beat(&core).await;
    }
}

/// Returns when a node has said goodbye, or may have; forgets what is installed when it has changed. Short cuts: the poll finds the one too, and
/// the catalog's version the other.
async fn somebody_left(core: &Core, topics: &mut broadcast::Receiver<Arc<str>>) {
    loop {
        match topics.recv().await {
            Ok(topic) if &*topic == node::TOPIC => return,
            Ok(topic) if topic.is_empty() => {
                core.catalogs.forget_all();
                return;
            }
            Ok(topic) => core.catalogs.heard(&topic),
            Err(broadcast::error::RecvError::Lagged(_)) => core.catalogs.forget_all(),
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Writes the heartbeat; whether this life is still one.
pub(crate) async fn beat(core: &Core) -> bool {
    let now = core.now();
    let owner = core.owner();
    match node::heartbeat(&core.store, &owner, now).await {
        Ok(()) => core.beaten(now),
        Err(StoreError::Expectation { .. }) => {
            reborn(core, &owner).await;
            return false;
        }
        Err(error) => {
            core.missed_beat();
            tracing::warn!(%error, "the heartbeat could not be written");
        }
    }
    true
}

/// Others took this node for dead: whatever it holds is theirs. It forgets everything and begins a new life.
async fn reborn(core: &Core, dead: &Owner) {
    let _one = core.rebirth.lock().await;
    if core.owner() != *dead {
        return;
    }
    tracing::warn!(node = core.options.node, "this node was taken for dead; it forgets its executions and begins anew");
    core.meters.rebirths.increment(1);
    core.open.forget_all();
    core.timer.clear();
    let now = core.now();
    match node::register(&core.store, &core.options.node, now).await {
        Ok(owner) => {
            core.set_owner(owner);
            core.beaten(now);
        }
        Err(error) => tracing::warn!(%error, "this node could not begin a new life"),
    }
}

/// Ends the lives of the other nodes that show no heartbeat any more. Whoever can't write its own judges nobody: the store is away, and
/// everybody gets a lease to come back.
async fn bury(core: &Core, watch: &mut Watch) {
    if !core.is_alive() {
        watch.forget();
    }
    let before = core.now();
    let mut lives = match node::lives(&core.store).await {
        Ok(lives) => lives,
        Err(error) => {
            tracing::warn!(%error, "the heartbeats of the other nodes could not be read");
            return watch.forget();
        }
    };
    lives.retain(|life| life.owner != core.owner());
    for life in watch.silent(lives, before, core.now(), core.options.lease) {
        tracing::info!(
            node = life.owner.node,
            epoch = life.owner.epoch,
            "a node shows no heartbeat any more; taken for dead"
        );
        if let Err(error) = node::bury(&core.store, &life).await {
            tracing::warn!(%error, "a dead node could not be declared so");
        }
    }
}

/// Takes over what dead nodes left open.
async fn adopt(core: &Arc<Core>) {
    loop {
        let adopted = match execution::adopt(&core.store, &core.owner(), PAGE).await {
            Ok(adopted) => adopted,
            Err(error) => {
                tracing::warn!(%error, "the executions of dead nodes could not be adopted");
                core.doubt();
                return;
            }
        };
        if adopted.is_empty() || core.is_stopping() {
            return;
        }
        core.meters.adopted.increment(adopted.len() as u64);
        tracing::info!(executions = adopted.len(), "adopted the open executions of an earlier or dead node");
        for row in adopted {
            take_up(core, row);
        }
    }
}

fn take_up(core: &Core, row: Execution) {
    match row.wake_at {
        Some(at) if matches!(row.status, Status::Waiting | Status::Retrying) && at > core.now() => {
            core.timer.add(core, at, row.account, row.id);
        }
        _ => core.wake(row.account, row.id, Cause::Adopted),
    }
}

/// Takes up what the store says is this node's and should be moving, and the memory does not know: a transaction whose answer was lost may
/// have been kept.
async fn reconcile(core: &Arc<Core>) {
    let (owner, now) = (core.owner(), core.now());
    let mut after: Option<(AccountId, ExecutionId)> = None;
    loop {
        let from = after.as_ref().map(|(account, id)| (*account, id));
        let page = match execution::moving(&core.store, &owner, now, from, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "the store did not say which executions are this node's");
                return core.doubt();
            }
        };
        let Some(last) = page.last() else { return };
        after = Some((last.account, last.id.clone()));
        for row in page.into_iter().filter(|row| core.open.get(&row.id).is_none()) {
            take_up(core, row);
        }
    }
}
