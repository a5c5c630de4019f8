//! Job specs as the registry keeps them: what an event runs (spec 1.5).

use crate::{
    AccountId, Store, StoreError, catalog,
    page::{self, Page, Paged},
    params,
    sql::{Expect, Row, Where, statement},
};

/// A job spec of the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    pub account: AccountId,
    pub integration: String,
    pub name: String,
    pub uuid: String,
    pub description: Option<String>,
    pub event_source: String,
    pub event_type: String,
    /// As written: `zis:<integration>:flow:<name>`.
    pub flow: String,
    /// Uuid of the bundle it comes from.
    pub bundle: String,
    /// Of the document it comes from: what it fires, also when the bundle has a newer one.
    pub digest: String,
    pub generation: i64,
    pub installed: bool,
    /// Its bundle was uploaded again without it: it fires until it is uninstalled.
    pub orphan: bool,
}

impl JobSpec {
    /// `zis:<integration>:job_spec:<name>`.
    pub fn resource_name(&self) -> String {
        format!("zis:{}:job_spec:{}", self.integration, self.name)
    }
}

/// What the engine matches events against.
#[derive(Debug, Clone, PartialEq)]
pub struct InstalledSpec {
    pub integration: String,
    pub name: String,
    pub event_source: String,
    pub event_type: String,
    /// Name of the flow within the bundle.
    pub flow: String,
    pub bundle_uuid: String,
    pub bundle_digest: String,
}

const COLUMNS: &str = "account, integration, name, uuid, description, event_source, event_type, flow, bundle, digest, generation, installed, \
    (SELECT count(*) FROM bundle WHERE bundle.account = job_spec.account AND bundle.uuid = job_spec.bundle \
    AND bundle.generation <> job_spec.generation)";

/// Installs all of `specs`, each an integration and a name, or none. An expectation error of statement `n`: the `n`th (from 1) is unknown.
pub async fn install(store: &Store, account: AccountId, specs: &[(&str, &str)]) -> Result<(), StoreError> {
    let mut statements = vec![catalog::bump(account)];
    statements.extend(specs.iter().map(|(integration, name)| {
        statement(
            "UPDATE job_spec SET installed = 1 WHERE account = $1 AND integration = $2 AND name = $3",
            params![account, *integration, *name],
        )
        .expect(Expect::Exactly(1))
    }));
    store.write(statements).await?;
    store.notify(&catalog::topic(account));
    Ok(())
}

/// Uninstalls one spec; an orphan is forgotten with it. An expectation error of statement 1: unknown.
pub async fn uninstall(store: &Store, account: AccountId, integration: &str, name: &str) -> Result<(), StoreError> {
    let uninstall = statement(
        "UPDATE job_spec SET installed = 0 WHERE account = $1 AND integration = $2 AND name = $3",
        params![account, integration, name],
    );
    let forget = statement(
        "DELETE FROM job_spec WHERE account = $1 AND integration = $2 AND name = $3 AND EXISTS \
         (SELECT 1 FROM bundle WHERE bundle.account = job_spec.account AND bundle.uuid = job_spec.bundle \
         AND bundle.generation <> job_spec.generation)",
        params![account, integration, name],
    );
    store.write(vec![catalog::bump(account), uninstall.expect(Expect::Exactly(1)), forget]).await?;
    store.notify(&catalog::topic(account));
    Ok(())
}

/// Everything that is installed in the account.
pub async fn installed(store: &Store, account: AccountId) -> Result<Vec<InstalledSpec>, StoreError> {
    let mut query = Where::account(account);
    query.and_that("installed = 1");
    let columns = "integration, name, event_source, event_type, flow, bundle, digest";
    let rows = store.read(query.select(columns, "job_spec", "ORDER BY integration, name")).await?;
    let spec = |row: &Row| InstalledSpec {
        integration: row.text(0).to_owned(),
        name: row.text(1).to_owned(),
        event_source: row.text(2).to_owned(),
        event_type: row.text(3).to_owned(),
        flow: flow_name(row.text(4)).to_owned(),
        bundle_uuid: row.text(5).to_owned(),
        bundle_digest: row.text(6).to_owned(),
    };
    Ok(rows.rows.iter().map(spec).collect())
}

/// One page of the integration's job specs; cursors are uuids.
pub async fn job_specs(
    store: &Store,
    account: AccountId,
    integration: &str,
    page: &Page,
) -> Result<Paged<JobSpec>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    page::read(store, query, (COLUMNS, "job_spec", "uuid"), page, |row| Ok(read(row))).await
}

/// One job spec.
pub async fn show_job_spec(
    store: &Store,
    account: AccountId,
    integration: &str,
    name: &str,
) -> Result<Option<JobSpec>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    query.and("name = ", name);
    Ok(store.read(query.select(COLUMNS, "job_spec", "")).await?.first().map(read))
}

/// The installed specs that their bundle no longer has, of all integrations.
pub async fn orphans(store: &Store, account: AccountId) -> Result<Vec<JobSpec>, StoreError> {
    let mut query = Where::account(account);
    query.and_that(
        "installed = 1 AND EXISTS (SELECT 1 FROM bundle WHERE bundle.account = job_spec.account AND bundle.uuid = job_spec.bundle \
         AND bundle.generation <> job_spec.generation)",
    );
    let rows = store.read(query.select(COLUMNS, "job_spec", "ORDER BY integration, name")).await?;
    Ok(rows.rows.iter().map(read).collect())
}

/// The last part of `zis:<integration>:flow:<name>`; a short name is itself (spec 1.5).
fn flow_name(flow: &str) -> &str {
    if flow.starts_with("zis:") { flow.splitn(4, ':').nth(3).unwrap_or(flow) } else { flow }
}

fn read(row: &Row) -> JobSpec {
    JobSpec {
        account: AccountId(row.int(0)),
        integration: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        uuid: row.text(3).to_owned(),
        description: row.opt_string(4),
        event_source: row.text(5).to_owned(),
        event_type: row.text(6).to_owned(),
        flow: row.text(7).to_owned(),
        bundle: row.text(8).to_owned(),
        digest: row.text(9).to_owned(),
        generation: row.int(10),
        installed: row.bool(11),
        orphan: row.bool(12),
    }
}
