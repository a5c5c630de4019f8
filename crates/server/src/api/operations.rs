//! Health, readiness and metrics.

use std::{sync::OnceLock, time::Duration};

use axum::extract::State;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    App,
    errors::{Code, Refusal},
};

/// The recorder of this process: the metrics crate has one for all.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Upper bounds of the histograms of times, in seconds: from what a commit takes on a fast disk to the longest retry.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];
/// Upper bounds of the histogram of transactions in one commit.
const BATCHES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Samples wait in memory until somebody counts them: some megabytes in this time on a busy server.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Starts to record metrics, once in a process; before the store and the engine are made, because they ask for their handles once.
pub(crate) fn record() {
    RECORDER.get_or_init(|| install().ok());
}

fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(SECONDS)?
        .set_buckets_for_metric(Matcher::Full("zis_store_batch_size".to_owned()), BATCHES)?
        .install_recorder()
}

/// Counts the samples of the histograms, until the server closes.
pub(crate) async fn count_samples(app: &App) {
    let Some(recorder) = RECORDER.get().and_then(Option::as_ref) else { return };
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(COUNT_EVERY) => recorder.run_upkeep(),
        }
    }
}

pub(super) async fn health() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Refusal> {
    if app.closing.is_cancelled() {
        return Err(Refusal::new(Code::Draining, "the server is shutting down"));
    }
    // Reading works on a full disk, the heartbeat does not.
    if !app.engine.is_alive() {
        return Err(Refusal::new(Code::StoreUnavailable, "the node's heartbeat can't be written").retry_after(1));
    }
    zis_store::catalog::version(&app.store, app.account).await?;
    Ok("ready\n")
}

pub(super) async fn metrics() -> Result<String, Refusal> {
    let recorder = RECORDER.get().and_then(Option::as_ref);
    recorder.map(PrometheusHandle::render).ok_or_else(|| Refusal::internal("another recorder was installed before"))
}
