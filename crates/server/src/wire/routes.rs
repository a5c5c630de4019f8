//! The table of endpoints: one entry gives the route, who may use it, and its page in the OpenAPI document, so that the three can't
//! drift apart.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware,
    routing::{MethodFilter, on},
};
use http::Method;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{self, Group},
};

/// A schema by name, with those that it refers to.
#[derive(Debug, Clone)]
pub struct Schema {
    pub name: String,
    pub all: Vec<(String, Value)>,
}

fn schema<T: ToSchema>() -> Schema {
    let mut parts = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut parts);
    let json = |schema| serde_json::to_value(schema).expect("a schema is JSON");
    Schema { name: T::name().into_owned(), all: parts.into_iter().map(|(name, schema)| (name, json(schema))).collect() }
}

/// One endpoint, as the OpenAPI document tells it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    pub group: Group,
    /// Query parameters: name, whether it is required, what it is.
    pub query: Vec<(&'static str, bool, &'static str)>,
    pub body: Option<Schema>,
    /// The status of success and what it answers.
    pub answer: (u16, Option<Schema>),
    /// Other statuses that a caller must expect.
    pub refusals: Vec<u16>,
    limit: Option<usize>,
}

impl Endpoint {
    pub fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str, group: Group) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            group,
            query: Vec::new(),
            body: None,
            answer: (200, None),
            refusals: Vec::new(),
            limit: None,
        }
    }

    #[must_use]
    pub fn query(mut self, name: &'static str, what: &'static str) -> Self {
        self.query.push((name, false, what));
        self
    }

    #[must_use]
    pub fn required(mut self, name: &'static str, what: &'static str) -> Self {
        self.query.push((name, true, what));
        self.refusals.push(400);
        self
    }

    /// The three paging parameters.
    #[must_use]
    pub fn paged(self) -> Self {
        self.query("page[size]", "items of a page, at most 100")
            .query("page[after]", "cursor: what follows it")
            .query("page[before]", "cursor: what goes before it")
            .refuses(&[400])
    }

    #[must_use]
    pub fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Some(schema::<T>());
        self.refuses(&[400, 413])
    }

    #[must_use]
    pub fn gives<T: ToSchema>(mut self, status: u16) -> Self {
        self.answer = (status, Some(schema::<T>()));
        self
    }

    /// Success has `status` and no JSON that a client should read.
    #[must_use]
    pub fn bare(mut self, status: u16) -> Self {
        self.answer = (status, None);
        self
    }

    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    /// Most bytes of the body, instead of `server.max_body`.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }
}

/// Routes and their descriptions.
pub struct Routes {
    app: App,
    router: Router<App>,
    endpoints: Vec<Endpoint>,
}

impl Routes {
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), router: Router::new(), endpoints: Vec::new() }
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// Adds an endpoint: `handler` sees only requests that `endpoint.group` lets pass.
    #[must_use]
    pub fn add<H, T>(mut self, endpoint: Endpoint, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(endpoint.method.clone()).expect("a method that axum knows");
        let limit = endpoint.limit.unwrap_or(self.app.config.server.max_body);
        let group = endpoint.group;
        let guarded = on(filter, handler)
            .layer(DefaultBodyLimit::max(limit))
            .layer(middleware::from_fn_with_state((self.app.clone(), group), auth::guard));
        self.router = self.router.route(endpoint.path, guarded);
        self.endpoints.push(endpoint);
        self
    }

    pub fn into_parts(self) -> (Router<App>, Vec<Endpoint>) {
        (self.router, self.endpoints)
    }
}
