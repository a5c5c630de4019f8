//! What is installed, in memory, indexed by what an event asks (D5). Each ingest names the version it matched against; when another
//! node has changed the catalog, the store refuses and the catalog is read again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OnceCell;
use zis_bundle::{
    Bundle,
    flow::{StateKind, StateMachine},
    name::{Kind, ResourceName},
};
use zis_flow::{Program, journal::Pin, settings::Switches};
use zis_store::{AccountId, StoreError, catalog, registry};

use crate::{core::Core, program::NoProgram, sync::lock};

/// An installed job spec.
pub(crate) struct Route {
    pub(crate) integration: String,
    pub(crate) job_spec: String,
    pub(crate) flow: String,
    pub(crate) bundle_uuid: String,
    pub(crate) digest: String,
    ready: OnceCell<Ready>,
}

/// What a route runs.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) pin: Pin,
    /// Or why it can't run, for the log.
    pub(crate) program: Result<Arc<Program>, String>,
}

/// By what [`key`] makes of one or more names.
type Index<T> = HashMap<String, T>;

/// One account's installed job specs, as of `version`.
#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) version: i64,
    /// By source and type, over all integrations.
    all: Index<Vec<Arc<Route>>>,
    /// By integration, source and type.
    each: Index<Vec<Arc<Route>>>,
    /// By integration and name.
    named: Index<Arc<Route>>,
}

#[derive(Default)]
pub(crate) struct Catalogs {
    accounts: Mutex<HashMap<AccountId, Arc<Catalog>>>,
    /// Held while a catalog is read: whoever else needs it waits, and finds it.
    reading: tokio::sync::Mutex<()>,
}

impl Catalogs {
    pub(crate) async fn get(&self, core: &Core, account: AccountId) -> Result<Arc<Catalog>, StoreError> {
        self.newer(core, account, i64::MIN).await
    }

    /// Somebody says that `topic` has changed: the catalog of an account is read anew before its next event, instead of being found old by it.
    pub(crate) fn heard(&self, topic: &str) {
        lock(&self.accounts).retain(|account, _| catalog::topic(*account) != topic);
    }

    pub(crate) fn forget_all(&self) {
        lock(&self.accounts).clear();
    }

    /// The catalog as it is now, for what no hold on the version guards.
    pub(crate) async fn fresh(&self, core: &Core, account: AccountId) -> Result<Arc<Catalog>, StoreError> {
        let known = self.get(core, account).await?;
        if catalog::version(&core.store, account).await? == known.version {
            return Ok(known);
        }
        self.newer(core, account, known.version).await
    }

    /// A catalog that is newer than the version `old`, which the store has refused.
    pub(crate) async fn newer(&self, core: &Core, account: AccountId, old: i64) -> Result<Arc<Catalog>, StoreError> {
        let known = || lock(&self.accounts).get(&account).filter(|known| known.version > old).cloned();
        if let Some(known) = known() {
            return Ok(known);
        }
        let _one = self.reading.lock().await;
        if let Some(known) = known() {
            return Ok(known);
        }
        let catalog = Arc::new(read(core, account).await?);
        lock(&self.accounts).insert(account, catalog.clone());
        Ok(catalog)
    }
}

async fn read(core: &Core, account: AccountId) -> Result<Catalog, StoreError> {
    // The version first: what is read after it is at least as new, and if it is newer the ingest's hold on the version fails.
    let version = catalog::version(&core.store, account).await?;
    let mut catalog = Catalog { version, ..Catalog::default() };
    for spec in registry::installed(&core.store, account).await? {
        catalog.add(spec);
    }
    Ok(catalog)
}

fn key(parts: &[&str]) -> String {
    parts.join("\0")
}

impl Catalog {
    fn add(&mut self, spec: registry::InstalledSpec) {
        let route = Arc::new(Route {
            integration: spec.integration,
            job_spec: spec.name,
            flow: spec.flow,
            bundle_uuid: spec.bundle_uuid,
            digest: spec.bundle_digest,
            ready: OnceCell::new(),
        });
        let (source, kind) = (spec.event_source.as_str(), spec.event_type.as_str());
        self.all.entry(key(&[source, kind])).or_default().push(route.clone());
        self.each.entry(key(&[&route.integration, source, kind])).or_default().push(route.clone());
        self.named.insert(key(&[&route.integration, &route.job_spec]), route);
    }

    /// The job specs that an event of `source` and `kind` runs; of `integration` alone when it is given.
    pub(crate) fn matching(&self, source: &str, kind: &str, integration: Option<&str>) -> &[Arc<Route>] {
        let found = match integration {
            Some(integration) => self.each.get(&key(&[integration, source, kind])),
            None => self.all.get(&key(&[source, kind])),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// The installed job spec of this name.
    pub(crate) fn find(&self, integration: &str, job_spec: &str) -> Option<&Arc<Route>> {
        self.named.get(&key(&[integration, job_spec]))
    }
}

impl Route {
    pub(crate) fn resource_name(&self) -> String {
        ResourceName { integration: self.integration.clone(), kind: Kind::JobSpec, name: self.job_spec.clone() }
            .to_string()
    }

    /// The definitions to run, found on first use.
    pub(crate) async fn ready(&self, core: &Core, account: AccountId) -> Result<&Ready, StoreError> {
        let make = || async {
            let pin = pin(core, account, &self.integration, &self.flow, &self.digest).await?;
            let program = core.programs.get(&core.store, account, &self.integration, &self.flow, &pin).await;
            let program = match program {
                Err(NoProgram::Store(error)) => return Err(error),
                program => program.map_err(|error| error.to_string()),
            };
            Ok(Ready { pin, program })
        };
        self.ready.get_or_try_init(make).await
    }
}

/// The exact definitions of `flow` in the bundle `digest`, and the settings, as things stand: of two bundles of an integration that define
/// the same action, the one uploaded last counts, for the flows of both (spec 1.4).
pub(crate) async fn pin(
    core: &Core,
    account: AccountId,
    integration: &str,
    flow: &str,
    digest: &str,
) -> Result<Pin, StoreError> {
    let switches = Switches::of(&core.options.flow).map(Box::new);
    let mut pin = Pin { digest: digest.to_owned(), actions: Vec::new(), switches };
    let bundles = registry::latest_bundles(&core.store, account, integration).await?;
    if bundles.iter().all(|bundle| bundle.digest == digest) {
        return Ok(pin);
    }
    let Some(own) = core.programs.bundle(&core.store, account, digest).await? else { return Ok(pin) };
    let mut parsed = Vec::new();
    for bundle in &bundles {
        if let Some(definitions) = core.programs.bundle(&core.store, account, &bundle.digest).await? {
            parsed.push((bundle.digest.as_str(), definitions));
        }
    }
    for action in actions(&own, flow) {
        let winner = parsed.iter().find(|(_, bundle)| bundle.action(&action).is_some());
        if let Some((winner, _)) = winner.filter(|(winner, _)| *winner != digest) {
            pin.actions.push((action, (*winner).to_owned()));
        }
    }
    Ok(pin)
}

/// Names of the custom actions that a flow calls, Iterators included, each once.
fn actions(bundle: &Bundle, flow: &str) -> Vec<String> {
    fn walk(machine: &StateMachine, found: &mut Vec<String>) {
        for state in &machine.states {
            match &state.kind {
                StateKind::Action(state) => {
                    let name = ResourceName::parse(&state.action.value);
                    if let Some(name) = name.filter(|name| name.kind == Kind::Action && name.integration != "common")
                        && !found.contains(&name.name)
                    {
                        found.push(name.name);
                    }
                }
                StateKind::Map(state) => walk(&state.iterator, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    if let Some(flow) = bundle.flow(flow) {
        walk(&flow.definition, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_forgotten_for_the_account_that_it_names() {
        let catalogs = Catalogs::default();
        let known = || {
            let mut known: Vec<_> = lock(&catalogs.accounts).keys().copied().collect();
            known.sort();
            known
        };
        let (one, two) = (AccountId(1), AccountId(2));
        lock(&catalogs.accounts).extend([(one, Arc::default()), (two, Arc::default())]);
        catalogs.heard("node");
        assert_eq!(known(), [one, two]);
        catalogs.heard(&catalog::topic(one));
        assert_eq!(known(), [two]);
        catalogs.forget_all();
        assert_eq!(known(), []);
    }
}
