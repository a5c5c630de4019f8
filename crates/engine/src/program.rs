//! Definitions by digest: parsed bundles and compiled flows, each made once and shared.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use zis_bundle::{Action, Bundle};
use zis_flow::{Program, Settings, journal::Pin, settings::Switches};
use zis_store::{AccountId, Store, registry};

use crate::{error::EngineError, sync::lock};

/// Compiled flows, and parsed bundles, kept at most; all are dropped when more come. A flow takes some ten kilobytes.
const KEPT: usize = 4096;

#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    account: AccountId,
    integration: String,
    flow: String,
    pin: Pin,
}

pub(crate) struct Programs {
    settings: Arc<Settings>,
    programs: Mutex<HashMap<Key, Arc<Program>>>,
    bundles: Mutex<HashMap<(AccountId, String), Arc<Bundle>>>,
}

/// Why there is no program to run; a flow that meets it fails before its first state.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProgram {
    #[error("the bundle that holds flow `{0}` is no longer there")]
    NoBundle(String),
    #[error("the bundle holds no flow `{0}`; upload a bundle that does, and install the job spec again")]
    NoFlow(String),
    #[error("flow `{flow}` cannot run: {reason}")]
    Bad { flow: String, reason: String },
    #[error(transparent)]
    Store(#[from] zis_store::StoreError),
}

impl From<NoProgram> for EngineError {
    fn from(error: NoProgram) -> Self {
        match error {
            NoProgram::Store(error) => EngineError::Store(error),
            NoProgram::NoBundle(id) | NoProgram::NoFlow(id) | NoProgram::Bad { flow: id, .. } => {
                EngineError::NotFound { what: "flow", id }
            }
        }
    }
}

impl Programs {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, programs: Mutex::default(), bundles: Mutex::default() }
    }

    /// The compiled `flow` of `pin`.
    pub(crate) async fn get(
        &self,
        store: &Store,
        account: AccountId,
        integration: &str,
        flow: &str,
        pin: &Pin,
    ) -> Result<Arc<Program>, NoProgram> {
        let key = Key { account, integration: integration.to_owned(), flow: flow.to_owned(), pin: pin.clone() };
        if let Some(program) = lock(&self.programs).get(&key) {
            return Ok(program.clone());
        }
        let program = self.compile(store, account, flow, pin).await?;
        let mut programs = lock(&self.programs);
        if programs.len() >= KEPT {
            programs.clear();
        }
        Ok(programs.entry(key).or_insert(program).clone())
    }

    async fn compile(
        &self,
        store: &Store,
        account: AccountId,
        flow: &str,
        pin: &Pin,
    ) -> Result<Arc<Program>, NoProgram> {
        let no_bundle = || NoProgram::NoBundle(flow.to_owned());
        let own = self.bundle(store, account, &pin.digest).await?.ok_or_else(no_bundle)?;
        let definition = own.flow(flow).ok_or_else(|| NoProgram::NoFlow(flow.to_owned()))?;
        let mut others = HashMap::new();
        for (action, digest) in &pin.actions {
            let bundle = self.bundle(store, account, digest).await?.ok_or_else(no_bundle)?;
            others.insert(action.as_str(), bundle);
        }
        let find = |name: &str| -> Option<&Action> {
            others.get(name).map_or_else(|| own.action(name), |bundle| bundle.action(name))
        };
        let switches = pin.switches.as_deref();
        let settings = match Switches::of(&self.settings) {
            same if same.as_ref() == switches => self.settings.clone(),
            _ => Arc::new(Switches::restore(switches, &self.settings)),
        };
        Program::compile(definition, find, settings)
            .map_err(|error| NoProgram::Bad { flow: flow.to_owned(), reason: error.to_string() })
    }

    /// The bundle with this digest; `None` when the store has no such document.
    pub(crate) async fn bundle(
        &self,
        store: &Store,
        account: AccountId,
        digest: &str,
    ) -> Result<Option<Arc<Bundle>>, zis_store::StoreError> {
        let key = (account, digest.to_owned());
        if let Some(bundle) = lock(&self.bundles).get(&key) {
            return Ok(Some(bundle.clone()));
        }
        let Some(text) = registry::document(store, account, digest).await? else { return Ok(None) };
        let options = zis_bundle::document::Options { lenient_asl: true, ..Default::default() };
        let Some(bundle) = zis_bundle::read(&text, &options).bundle.map(Arc::new) else { return Ok(None) };
        let mut bundles = lock(&self.bundles);
        if bundles.len() >= KEPT {
            bundles.clear();
        }
        Ok(Some(bundles.entry(key).or_insert(bundle).clone()))
    }
}
