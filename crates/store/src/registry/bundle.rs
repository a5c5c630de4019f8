//! Bundles, their versions, and the documents they are made of (spec 1.4).

use sha2::{Digest, Sha256};
use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, catalog,
    page::{self, Page, Paged},
    params,
    sql::{Expect, Row, Statement, Where, statement},
};

/// A bundle as it stands after its last upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    pub account: AccountId,
    pub integration: String,
    pub name: String,
    pub uuid: String,
    pub description: Option<String>,
    pub template_version: String,
    /// Of its current document.
    pub digest: String,
    /// Of its last upload; within an account a greater one came later.
    pub generation: i64,
    pub created_at: Timestamp,
    pub uploaded_at: Timestamp,
}

/// One upload of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub generation: i64,
    pub digest: String,
    pub uploaded_at: Timestamp,
}

/// A checked bundle on its way in.
#[derive(Debug, Clone)]
pub struct Upload {
    pub account: AccountId,
    pub integration: String,
    pub name: String,
    pub description: Option<String>,
    pub template_version: String,
    /// The document as it was uploaded, byte for byte.
    pub document: String,
    pub job_specs: Vec<SpecIn>,
    pub uploaded_at: Timestamp,
    /// Job specs that were installed stay installed (`registry.reinstall_on_upload`); otherwise they must be installed again.
    pub reinstall: bool,
}

/// A job spec of an uploaded bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecIn {
    pub name: String,
    pub description: Option<String>,
    pub event_source: String,
    pub event_type: String,
    /// As written: `zis:<integration>:flow:<name>`.
    pub flow: String,
}

/// What an upload made.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    pub uuid: String,
    pub digest: String,
    pub generation: i64,
}

/// The digest that names a document: SHA-256, 64 hexadecimal digits.
pub fn digest(document: &str) -> String {
    Sha256::digest(document.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

const COLUMNS: &str =
    "account, integration, name, uuid, description, template_version, digest, generation, created_at, uploaded_at";

/// Stores the document and makes it the bundle's current one: a known name keeps its uuid, a new one makes a bundle. The bundle's
/// job specs are made anew, not installed (or as [`Upload::reinstall`] says); one that was installed and is not in the document any
/// more stays as it was, with the document it came from. An expectation error of statement 1: there is no such integration.
pub async fn upload(store: &Store, upload: &Upload) -> Result<Uploaded, StoreError> {
    let digest = digest(&upload.document);
    let mut statements = vec![
        catalog::bump(upload.account),
        statement(
            "SELECT 1 FROM integration WHERE account = $1 AND name = $2",
            params![upload.account, &upload.integration],
        )
        .expect(Expect::Exactly(1)),
        statement(
            "INSERT INTO document (account, digest, body) VALUES ($1, $2, $3) ON CONFLICT (account, digest) DO NOTHING",
            params![upload.account, &digest, &upload.document],
        ),
        save_bundle(upload, &digest),
        statement(
            "INSERT INTO bundle_version (account, bundle, generation, digest, uploaded_at) \
             SELECT account, uuid, generation, digest, uploaded_at FROM bundle WHERE account = $1 AND integration = $2 AND name = $3",
            params![upload.account, &upload.integration, &upload.name],
        )
        .expect(Expect::Exactly(1)),
    ];
    statements.extend(upload.job_specs.iter().map(|spec| save_spec(upload, spec)));
    statements.push(drop_specs(upload));
    let rows = store.write(statements).await?;
    store.notify(&catalog::topic(upload.account));
    let row = rows.get(3).and_then(|rows| rows.first());
    let row = row.ok_or_else(|| StoreError::Internal("an upsert returned no row".to_owned()))?;
    Ok(Uploaded { uuid: row.text(0).to_owned(), digest, generation: row.int(1) })
}

fn save_bundle(upload: &Upload, digest: &str) -> Statement {
    // The catalog was counted up in this transaction: its row is locked, its version is ours alone.
    statement(
        "INSERT INTO bundle (account, integration, name, uuid, description, template_version, digest, generation, created_at, uploaded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT version FROM catalog WHERE catalog.account = $1), $8, $8) \
         ON CONFLICT (account, integration, name) DO UPDATE SET description = excluded.description, \
         template_version = excluded.template_version, digest = excluded.digest, generation = excluded.generation, \
         uploaded_at = excluded.uploaded_at RETURNING uuid, generation",
        params![
            upload.account,
            &upload.integration,
            &upload.name,
            uuid::Uuid::now_v7().to_string(),
            upload.description.as_deref(),
            &upload.template_version,
            digest,
            upload.uploaded_at
        ],
    )
    .expect(Expect::Exactly(1))
}

/// A spec belongs to the bundle that named it last.
fn save_spec(upload: &Upload, spec: &SpecIn) -> Statement {
    statement(
        "INSERT INTO job_spec (account, integration, name, uuid, description, event_source, event_type, flow, bundle, digest, generation, installed) \
         SELECT bundle.account, bundle.integration, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), \
         CAST($5 AS TEXT), CAST($6 AS TEXT), bundle.uuid, bundle.digest, bundle.generation, 0 \
         FROM bundle WHERE account = $7 AND integration = $8 AND name = $9 \
         ON CONFLICT (account, integration, name) DO UPDATE SET description = excluded.description, event_source = excluded.event_source, \
         event_type = excluded.event_type, flow = excluded.flow, bundle = excluded.bundle, digest = excluded.digest, \
         generation = excluded.generation, installed = CASE WHEN $10 = 1 THEN job_spec.installed ELSE 0 END",
        params![
            &spec.name,
            uuid::Uuid::now_v7().to_string(),
            spec.description.as_deref(),
            &spec.event_source,
            &spec.event_type,
            &spec.flow,
            upload.account,
            &upload.integration,
            &upload.name,
            upload.reinstall
        ],
    )
    .expect(Expect::Exactly(1))
}

/// Forgets what the bundle has no longer and nobody installed.
fn drop_specs(upload: &Upload) -> Statement {
    statement(
        "DELETE FROM job_spec WHERE account = $1 AND integration = $2 AND installed = 0 AND EXISTS \
         (SELECT 1 FROM bundle WHERE bundle.account = job_spec.account AND bundle.uuid = job_spec.bundle \
         AND bundle.name = $3 AND bundle.generation <> job_spec.generation)",
        params![upload.account, &upload.integration, &upload.name],
    )
}

/// Deletes the bundle with its versions and job specs, installed or not; documents stay, because executions are pinned to them. An
/// expectation error of statement 1: there is no such bundle.
pub async fn delete_bundle(store: &Store, account: AccountId, integration: &str, uuid: &str) -> Result<(), StoreError> {
    let of_bundle = |table: &str| {
        statement(format!("DELETE FROM {table} WHERE account = $1 AND bundle = $2"), params![account, uuid])
    };
    let delete = statement(
        "DELETE FROM bundle WHERE account = $1 AND integration = $2 AND uuid = $3",
        params![account, integration, uuid],
    );
    let statements = vec![
        catalog::bump(account),
        delete.expect(Expect::Exactly(1)),
        of_bundle("job_spec"),
        of_bundle("bundle_version"),
    ];
    store.write(statements).await?;
    store.notify(&catalog::topic(account));
    Ok(())
}

/// One page of the integration's bundles; cursors are uuids.
pub async fn bundles(
    store: &Store,
    account: AccountId,
    integration: &str,
    page: &Page,
) -> Result<Paged<Bundle>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    page::read(store, query, (COLUMNS, "bundle", "uuid"), page, |row| Ok(read(row))).await
}

/// All bundles of the integration, the one that was uploaded last first: its definitions win (spec 1.4).
pub async fn latest_bundles(store: &Store, account: AccountId, integration: &str) -> Result<Vec<Bundle>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    let rows = store.read(query.select(COLUMNS, "bundle", "ORDER BY generation DESC")).await?;
    Ok(rows.rows.iter().map(read).collect())
}

/// The integration's bundle with this uuid.
pub async fn show_bundle(
    store: &Store,
    account: AccountId,
    integration: &str,
    uuid: &str,
) -> Result<Option<Bundle>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    query.and("uuid = ", uuid);
    Ok(store.read(query.select(COLUMNS, "bundle", "")).await?.first().map(read))
}

/// The integration's bundle with this name.
pub async fn by_name(
    store: &Store,
    account: AccountId,
    integration: &str,
    name: &str,
) -> Result<Option<Bundle>, StoreError> {
    let mut query = Where::account(account);
    query.and("integration = ", integration);
    query.and("name = ", name);
    Ok(store.read(query.select(COLUMNS, "bundle", "")).await?.first().map(read))
}

/// Every upload of the bundle, the last one first. To go back is to upload an old document again.
pub async fn versions(store: &Store, account: AccountId, uuid: &str) -> Result<Vec<Version>, StoreError> {
    let mut query = Where::account(account);
    query.and("bundle = ", uuid);
    let rows = store
        .read(query.select("generation, digest, uploaded_at", "bundle_version", "ORDER BY generation DESC"))
        .await?;
    let version = |row: &Row| Version {
        generation: row.int(0),
        digest: row.text(1).to_owned(),
        uploaded_at: Timestamp(row.int(2)),
    };
    Ok(rows.rows.iter().map(version).collect())
}

/// The document with this digest, as it was uploaded.
pub async fn document(store: &Store, account: AccountId, digest: &str) -> Result<Option<String>, StoreError> {
    let mut query = Where::account(account);
    query.and("digest = ", digest);
    let rows = store.read(query.select("body", "document", "")).await?;
    Ok(rows.first().and_then(|row| row.opt_string(0)))
}

fn read(row: &Row) -> Bundle {
    Bundle {
        account: AccountId(row.int(0)),
        integration: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        uuid: row.text(3).to_owned(),
        description: row.opt_string(4),
        template_version: row.text(5).to_owned(),
        digest: row.text(6).to_owned(),
        generation: row.int(7),
        created_at: Timestamp(row.int(8)),
        uploaded_at: Timestamp(row.int(9)),
    }
}
