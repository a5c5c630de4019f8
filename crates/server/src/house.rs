//! Keeping house: what has expired goes, what waits is handed on.

use std::time::Duration;

use zis_flow::Timestamp;
use zis_store::{execution, log};

use crate::App;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(60);
/// Rows that one statement deletes: small enough not to hold up what is being written.
const BATCH: usize = 500;

/// Goes round until the server closes.
pub(crate) async fn keep(app: &App) {
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = app.clock.sleep(EVERY) => {}
        }
        if let Err(error) = app.zendesk.keep_house().await {
            tracing::warn!(%error, "the local Zendesk could not keep house: {error}");
        }
        if let Err(error) = expire(app).await {
            tracing::warn!(%error, "what has expired could not be deleted: {error}");
        }
    }
}

async fn expire(app: &App) -> Result<(), zis_store::StoreError> {
    let retention = i64::try_from(app.config.logs.retention.as_micros()).unwrap_or(i64::MAX);
    let before = Timestamp(app.clock.now().0.saturating_sub(retention));
    while log::expire(&app.store, before, BATCH).await? >= BATCH && !app.closing.is_cancelled() {}
    while execution::expire(&app.store, before, BATCH).await? > 0 && !app.closing.is_cancelled() {}
    Ok(())
}
