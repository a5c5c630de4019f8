//! What is worked out from a bundle and kept, because it takes longer than everything else on its page: pictures laid out, and findings. It is
//! kept by the text that it was made from, so that it is never stale.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use http::StatusCode;
use zis_lint::{Report, Settings, graph::Graph};
use zis_store::registry::digest;

use crate::{console::api::Trouble, graph::Drawing};

/// States of a flow that is drawn: of more, nobody can read the picture, and it takes long to lay out.
const MOST_STATES: usize = 150;
/// Drawings and reports that are kept: a report holds a bundle's whole tree.
const DRAWINGS: usize = 200;
const REPORTS: usize = 8;

/// Values by key; when there are more than `most`, all are made anew.
struct Cache<T> {
    most: usize,
    values: Mutex<HashMap<String, Arc<T>>>,
}

impl<T> Cache<T> {
    fn new(most: usize) -> Self {
        Self { most, values: Mutex::default() }
    }

    fn get(&self, key: &str) -> Option<Arc<T>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: String, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= self.most {
            values.clear();
        }
        values.insert(key, value.clone());
        value
    }
}

pub struct Kept {
    drawings: Cache<Drawing>,
    reports: Cache<Report>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { drawings: Cache::new(DRAWINGS), reports: Cache::new(REPORTS) }
    }
}

impl Kept {
    /// The drawing of the flow `name` in the version `version`, a digest, when it has no more states than can be read. `bundle`, the text of
    /// that version, is asked for only when there is no drawing yet.
    pub async fn drawing(
        &self,
        version: &str,
        name: &str,
        bundle: impl Future<Output = Option<String>>,
    ) -> Option<Arc<Drawing>> {
        let key = format!("{version} {name}");
        if let Some(drawing) = self.drawings.get(&key) {
            return Some(drawing);
        }
        let (text, name) = (bundle.await?, name.to_owned());
        // On a thread of its own: it takes longer than the rest of the page.
        let draw = move || {
            let reading = zis_bundle::read(&text, &zis_bundle::document::Options::default());
            let bundle = reading.bundle?;
            let flow = bundle.flow(&name)?;
            (Graph::new(flow).nodes.len() <= MOST_STATES).then(|| Drawing::new(flow))
        };
        let drawing = tokio::task::spawn_blocking(draw).await.ok()??;
        Some(self.drawings.put(key, drawing))
    }

    /// The findings in the source of a bundle.
    pub async fn report(&self, source: &str) -> Result<Arc<Report>, Trouble> {
        let key = digest(source);
        if let Some(report) = self.reports.get(&key) {
            return Ok(report);
        }
        let source = source.to_owned();
        let check = move || zis_lint::check(&source, "bundle.json", &Settings::default());
        let report = tokio::task::spawn_blocking(check).await.map_err(|_| {
            let message = "the check ended early".to_owned();
            Trouble { status: StatusCode::INTERNAL_SERVER_ERROR, message }
        })?;
        Ok(self.reports.put(key, report))
    }
}
