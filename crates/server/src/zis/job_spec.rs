//! Job specs: list, install, uninstall, and the legacy installation of several at once (spec 1.5).

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_bundle::{
    document,
    name::{Kind, ResourceName},
};
use zis_store::{
    StoreError,
    registry::{self, JobSpec},
};

use super::integration;
use crate::{
    App,
    auth::Group,
    errors::{Code, Detail, Refusal},
    wire::{
        Endpoint, MetaOut, Query, Routes,
        body::{Text, parse},
        page,
    },
};

const ALL: &str = "/api/services/zis/registry/{integration}/job_specs";
const INSTALL: &str = "/api/services/zis/registry/job_specs/install";
const LEGACY: &str = "/api/services/zis/integrations/{integration}/job_specs/installation";
/// ZIS's own words.
const INVALID: &str = "one or more requested job specs is invalid";
/// Most job specs that the legacy endpoint takes at once: more than any bundle seen has.
const MAX_AT_ONCE: usize = 1_000;

pub(super) fn routes(routes: Routes) -> Routes {
    let name = "`zis:INTEGRATION:job_spec:NAME`";
    routes
        .add(
            Endpoint::new(Method::GET, ALL, "listJobSpecs", "Lists the job specs of an integration", Group::Registry)
                .paged()
                .gives::<JobSpecsOut>(200)
                .refuses(&[404]),
            list,
        )
        .add(
            Endpoint::new(Method::POST, INSTALL, "installJobSpec", "Lets a job spec fire", Group::Registry)
                .required("job_spec_name", name)
                .bare(200),
            install,
        )
        .add(
            Endpoint::new(Method::DELETE, INSTALL, "uninstallJobSpec", "Stops a job spec", Group::Registry)
                .required("job_spec_name", name)
                .bare(200)
                .refuses(&[404]),
            uninstall,
        )
        .add(
            Endpoint::new(Method::POST, LEGACY, "installJobSpecs", "Installs job specs, all or none", Group::Registry)
                .takes::<JobSpecsIn>()
                .bare(200)
                .refuses(&[404]),
            install_all,
        )
}

/// A job spec to install.
#[derive(Deserialize, ToSchema)]
pub struct JobSpecIn {
    /// `zis:INTEGRATION:job_spec:NAME`.
    name: String,
}

/// Job specs to install, all or none.
#[derive(Deserialize, ToSchema)]
pub struct JobSpecsIn(Vec<JobSpecIn>);

/// A job spec of the registry.
#[derive(Serialize, ToSchema)]
pub struct JobSpecOut {
    name: String,
    description: Option<String>,
    event_source: String,
    event_type: String,
    /// `zis:INTEGRATION:flow:NAME`.
    flow_name: String,
    installed: bool,
    integration: String,
    uuid: String,
}

/// A page of job specs.
#[derive(Serialize, ToSchema)]
pub struct JobSpecsOut {
    job_specs: Vec<JobSpecOut>,
    meta: MetaOut,
}

impl From<JobSpec> for JobSpecOut {
    fn from(spec: JobSpec) -> Self {
        Self {
            name: spec.name,
            description: spec.description,
            event_source: spec.event_source,
            event_type: spec.event_type,
            flow_name: spec.flow,
            installed: spec.installed,
            integration: spec.integration,
            uuid: spec.uuid,
        }
    }
}

async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<JobSpecsOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let page = page::read(&query, 20)?;

    let found = registry::job_specs(&app.store, app.account, &name, &page).await?;

    let meta = MetaOut::new(found.items.iter().map(|spec| spec.uuid.clone()), found.has_more);
    Ok(axum::Json(JobSpecsOut { job_specs: found.items.into_iter().map(JobSpecOut::from).collect(), meta }))
}

async fn install(State(app): State<App>, query: Query) -> Result<StatusCode, Refusal> {
    let name = read(query.required("job_spec_name")?)?;
    check_flow(&app, &name).await?;
    store_install(&app, &[name]).await?;
    Ok(StatusCode::OK)
}

async fn uninstall(State(app): State<App>, query: Query) -> Result<StatusCode, Refusal> {
    let name = read(query.required("job_spec_name")?)?;

    let answer = registry::uninstall(&app.store, app.account, &name.integration, &name.name).await;

    answer.map_err(|error| match error {
        StoreError::Expectation { .. } => invalid(&name.to_string()).status(StatusCode::NOT_FOUND),
        error => error.into(),
    })?;
    Ok(StatusCode::OK)
}

async fn install_all(
    State(app): State<App>,
    Path(integration): Path<String>,
    Text(text): Text,
) -> Result<StatusCode, Refusal> {
    integration::exists(&app, &integration).await?;
    let JobSpecsIn(input) = parse(&text)?;
    if input.is_empty() || input.len() > MAX_AT_ONCE {
        return Err(Refusal::invalid(format!("the body must be an array of 1 to {MAX_AT_ONCE} job specs")));
    }
    let names = input.iter().map(|spec| read(&spec.name)).collect::<Result<Vec<_>, _>>()?;

    for name in &names {
        if name.integration != integration {
            return Err(invalid(&name.to_string()));
        }
        check_flow(&app, name).await?;
    }
    store_install(&app, &names).await?;

    Ok(StatusCode::OK)
}

fn read(text: &str) -> Result<ResourceName, Refusal> {
    ResourceName::parse(text).filter(|name| name.kind == Kind::JobSpec).ok_or_else(|| invalid(text))
}

fn invalid(name: &str) -> Refusal {
    let detail = format!("{INVALID}: `{name}` is in no bundle");
    Refusal::new(Code::JobSpecInvalid, INVALID).details(vec![Detail { detail, ..Detail::default() }])
}

async fn store_install(app: &App, names: &[ResourceName]) -> Result<(), Refusal> {
    let specs: Vec<_> = names.iter().map(|name| (name.integration.as_str(), name.name.as_str())).collect();
    registry::install(&app.store, app.account, &specs).await.map_err(|error| match error {
        StoreError::Expectation { statement, .. } => {
            invalid(&names.get(statement.saturating_sub(1)).map(ToString::to_string).unwrap_or_default())
        }
        error => error.into(),
    })
}

/// A spec whose flow does not exist could never run.
async fn check_flow(app: &App, name: &ResourceName) -> Result<(), Refusal> {
    let found = registry::show_job_spec(&app.store, app.account, &name.integration, &name.name).await?;
    let spec = found.ok_or_else(|| invalid(&name.to_string()))?;
    let text = registry::document(&app.store, app.account, &spec.digest).await?.unwrap_or_default();
    let reading = document::read(&text, &document::Options::default());
    let flow = ResourceName::parse(&spec.flow).map_or(spec.flow.clone(), |flow| flow.name);
    if reading.bundle.is_some_and(|bundle| bundle.flow(&flow).is_some()) {
        return Ok(());
    }
    let detail = format!("{INVALID}: `{name}` runs `{}`, which its bundle does not define", spec.flow);
    Err(Refusal::new(Code::JobSpecInvalid, INVALID).details(vec![Detail { detail, ..Detail::default() }]))
}
