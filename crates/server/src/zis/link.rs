//! Links: a left and a right object under a link type (spec 7.2).

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_flow::Value;
use zis_store::{
    StoreError,
    link::{self, Link, Object},
    page::{Page, Paged},
    pattern::Pattern,
};

use super::integration;
use crate::{
    App,
    auth::Group,
    errors::{Code, Refusal},
    wire::{Endpoint, Json, MetaOut, Query, Routes, page},
};

const PATH: &str = "/api/services/zis/links/{integration}";
/// Most characters of a link type or an object's name.
const MAX_NAME: usize = 256;
/// Most bytes of an object's metadata as JSON text.
const MAX_METADATA: usize = 16 * 1024;

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, id, summary| Endpoint::new(method, PATH, id, summary, Group::Services).refuses(&[404]);
    let named = |endpoint: Endpoint| {
        endpoint
            .required("link_type", "the link's type")
            .query("left_object_name", "name of the left object")
            .query("right_object_name", "name of the right object")
    };
    routes
        .add(
            named(endpoint(
                Method::GET,
                "findLinks",
                "Finds links by type and names; in a name `*` stands for anything",
            ))
            .paged()
            .gives::<LinksOut>(200),
            find,
        )
        .add(
            endpoint(Method::POST, "createLink", "Makes a link")
                .takes::<LinkIn>()
                .gives::<LinkWrapped>(201)
                .refuses(&[409]),
            create,
        )
        .add(
            named(endpoint(Method::PATCH, "changeLink", "Changes names and metadata of one link"))
                .takes::<LinkChange>()
                .gives::<LinkWrapped>(200)
                .refuses(&[409]),
            change,
        )
        .add(named(endpoint(Method::DELETE, "deleteLink", "Deletes one link")).bare(204).refuses(&[409]), delete)
}

/// A new link.
#[derive(Deserialize, ToSchema)]
pub struct LinkIn {
    link_type: String,
    left_object: ObjectIn,
    right_object: ObjectIn,
}

/// One end of a new link.
#[derive(Deserialize, ToSchema)]
pub struct ObjectIn {
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

/// What shall change: what is not given stays.
#[derive(Deserialize, ToSchema)]
pub struct LinkChange {
    #[serde(default)]
    left_object: Option<ObjectChange>,
    #[serde(default)]
    right_object: Option<ObjectChange>,
}

/// What shall change about one end.
#[derive(Deserialize, ToSchema)]
pub struct ObjectChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

/// A link.
#[derive(Serialize, ToSchema)]
pub struct LinkOut {
    id: String,
    uuid: String,
    account_id: i64,
    integration: String,
    link_type: String,
    left_object: ObjectOut,
    right_object: ObjectOut,
    created_at: String,
    updated_at: String,
}

/// One end of a link.
#[derive(Serialize, ToSchema)]
pub struct ObjectOut {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

/// One link.
#[derive(Serialize, ToSchema)]
pub struct LinkWrapped {
    link: LinkOut,
}

/// A page of links.
#[derive(Serialize, ToSchema)]
pub struct LinksOut {
    links: Vec<LinkOut>,
    meta: MetaOut,
}

impl From<Link> for LinkOut {
    fn from(link: Link) -> Self {
        let object = |object: Object| ObjectOut { name: object.name, metadata: object.metadata };
        Self {
            uuid: link.id.clone(),
            id: link.id,
            account_id: link.account.0,
            integration: link.integration,
            link_type: link.link_type,
            left_object: object(link.left),
            right_object: object(link.right),
            created_at: link.created_at.to_rfc3339_seconds(),
            updated_at: link.updated_at.to_rfc3339_seconds(),
        }
    }
}

impl From<Paged<Link>> for LinksOut {
    fn from(found: Paged<Link>) -> Self {
        let meta = MetaOut::new(found.items.iter().map(|link| link.id.clone()), found.has_more);
        Self { links: found.items.into_iter().map(LinkOut::from).collect(), meta }
    }
}

async fn find(State(app): State<App>, Path(name): Path<String>, query: Query) -> Result<axum::Json<LinksOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let wanted = wanted(&query)?;
    let page = page::read(&query, 20)?;

    let found = link::find(&app.store, app.account, &name, &wanted, &page).await?;

    Ok(axum::Json(found.into()))
}

fn wanted(query: &Query) -> Result<link::Query, Refusal> {
    let link_type = query.required("link_type")?.to_owned();
    let pattern = |key: &str| query.get(key).map(Pattern::new);
    let (left, right) = (pattern("left_object_name"), pattern("right_object_name"));
    if left.is_none() && right.is_none() {
        return Err(Refusal::invalid("give `left_object_name` or `right_object_name`, or both"));
    }
    Ok(link::Query { link_type: Some(link_type), left, right })
}

/// The one link that the query names.
async fn only(app: &App, name: &str, query: &Query) -> Result<Link, Refusal> {
    let found =
        link::find(&app.store, app.account, name, &wanted(query)?, &Page { size: 2, ..Page::default() }).await?;
    let mut links = found.items.into_iter();
    match (links.next(), links.next()) {
        (Some(link), None) => Ok(link),
        (None, _) => Err(Refusal::new(Code::NotFound, "there is no such link")),
        (Some(_), Some(_)) => Err(Refusal::new(Code::Conflict, "more than one link fits; name both objects")),
    }
}

async fn create(
    State(app): State<App>,
    Path(name): Path<String>,
    Json(input): Json<LinkIn>,
) -> Result<(StatusCode, axum::Json<LinkWrapped>), Refusal> {
    integration::exists(&app, &name).await?;
    check_name("link_type", &input.link_type)?;
    let left = Object { name: input.left_object.name, metadata: input.left_object.metadata };
    let right = Object { name: input.right_object.name, metadata: input.right_object.metadata };
    check("left_object", &left)?;
    check("right_object", &right)?;

    let link = Link::new(app.account, &name, &input.link_type, left, right, app.clock.now());
    app.store.write(vec![link::insert(&link)]).await.map_err(taken)?;

    Ok((StatusCode::CREATED, axum::Json(LinkWrapped { link: link.into() })))
}

fn check_name(member: &str, name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.contains('*') {
        return Ok(());
    }
    Err(Refusal::invalid(format!("`{member}` must have 1 to {MAX_NAME} characters and no `*`")))
}

fn check(member: &str, object: &Object) -> Result<(), Refusal> {
    check_name(&format!("{member}.name"), &object.name)?;
    let Some(metadata) = &object.metadata else { return Ok(()) };
    if metadata.as_object().is_none() {
        return Err(Refusal::invalid(format!("`{member}.metadata` must be an object, not {}", metadata.type_name())));
    }
    if metadata.json_len(MAX_METADATA + 1) > MAX_METADATA {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("`{member}.metadata` must have at most {MAX_METADATA} bytes"),
        ));
    }
    Ok(())
}

fn taken(error: StoreError) -> Refusal {
    match error {
        StoreError::Duplicate { .. } => Refusal::new(Code::Conflict, "there is such a link already"),
        error => error.into(),
    }
}

async fn change(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
    Json(input): Json<LinkChange>,
) -> Result<axum::Json<LinkWrapped>, Refusal> {
    let current = only(&app, &name, &query).await?;
    let now = app.clock.now();
    let changed = Link {
        left: merged(&current.left, input.left_object),
        right: merged(&current.right, input.right_object),
        updated_at: now,
        ..current
    };
    check("left_object", &changed.left)?;
    check("right_object", &changed.right)?;

    app.store.write(vec![link::update(&changed, now)]).await.map_err(taken)?;

    Ok(axum::Json(LinkWrapped { link: changed.into() }))
}

fn merged(object: &Object, change: Option<ObjectChange>) -> Object {
    let Some(change) = change else { return object.clone() };
    Object {
        name: change.name.unwrap_or_else(|| object.name.clone()),
        metadata: change.metadata.or_else(|| object.metadata.clone()),
    }
}

async fn delete(State(app): State<App>, Path(name): Path<String>, query: Query) -> Result<StatusCode, Refusal> {
    let link = only(&app, &name, &query).await?;
    let answer = app.store.write(vec![link::delete(&link)]).await;
    match answer {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(StoreError::Expectation { .. }) => Err(Refusal::new(Code::NotFound, "there is no such link")),
        Err(error) => Err(error.into()),
    }
}
