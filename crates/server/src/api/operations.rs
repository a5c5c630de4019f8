//! Health, readiness and metrics.

use std::sync::OnceLock;

use axum::extract::State;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{
    App,
    errors::{Code, Refusal},
};

/// The recorder of this process: the metrics crate has one for all.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts to record metrics, once in a process.
pub(crate) fn record() {
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().ok());
}

pub(super) async fn health() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Refusal> {
    if app.closing.is_cancelled() {
        return Err(Refusal::new(Code::Draining, "the server is shutting down"));
    }
    zis_store::catalog::version(&app.store, app.account).await?;
    Ok("ready\n")
}

pub(super) async fn metrics() -> Result<String, Refusal> {
    let recorder = RECORDER.get().and_then(Option::as_ref);
    recorder.map(PrometheusHandle::render).ok_or_else(|| Refusal::internal("another recorder was installed before"))
}
