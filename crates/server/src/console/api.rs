//! The public API, asked inside the process with the reader's session.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::{
    app::App,
    console::{kept::Kept, page, part::prose},
};

/// What the console's handlers share.
#[derive(Clone)]
pub struct Console {
    pub app: App,
    api: Router,
    kept: Arc<Kept>,
}

impl Console {
    pub fn new(app: App, api: Router) -> Self {
        Self { app, api, kept: Arc::default() }
    }
}

/// A reader who has signed in, and the API in the reader's name. As an extractor it leads everybody else to the sign-in.
pub struct Api {
    console: Console,
    session: String,
    headers: HeaderMap,
    /// The API's word on who this is.
    pub user: Value,
    pub path: String,
}

/// Why a page can't be made; shown as a page.
#[derive(Debug)]
pub struct Trouble {
    pub status: StatusCode,
    pub message: String,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Api {
    /// The token that forms carry: only who holds the session's cookie can know it.
    pub fn csrf(&self) -> String {
        csrf(&self.session)
    }

    pub fn kept(&self) -> &Kept {
        &self.console.kept
    }

    /// The server's own address, which flows may always call.
    pub fn server(&self) -> &str {
        &self.console.app.origin
    }

    /// Where the reader sees this server.
    pub fn origin(&self) -> &str {
        let said = self.headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
        said.filter(|origin| origin.starts_with("http")).unwrap_or(&self.console.app.origin)
    }

    /// Asks the API and takes whatever is answered.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
            if body.is_some() {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let Ok(request) = request.body(body) else {
            return Answer { status: StatusCode::BAD_REQUEST, body: Value::Null };
        };
        let answer = match self.console.api.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let status = answer.status();
        let bytes = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Answer { status, body: read(&bytes) }
    }

    /// An answer that must be a success.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Trouble> {
        let answer = self.ask(method, path, body).await;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        Err(Trouble { status: answer.status, message: reason(&answer.body) })
    }

    pub async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.call(Method::GET, path, None).await
    }

    /// A list, or nothing where the API has none (404).
    pub async fn list(&self, path: &str, key: &str) -> Vec<Value> {
        let answer = self.ask(Method::GET, path, None).await;
        answer.body[key].as_array().cloned().unwrap_or_default()
    }
}

fn read(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| match std::str::from_utf8(bytes) {
        Ok("") | Err(_) => Value::Null,
        Ok(text) => Value::from(text),
    })
}

/// The human part of an error body, whatever its family.
pub fn reason(body: &Value) -> String {
    let pointers = ["/error/message", "/message", "/errors/0/detail", "/errors/0/title", "/description", "/error"];
    let found = pointers.iter().find_map(|pointer| body.pointer(pointer).and_then(Value::as_str));
    let detail = body.pointer("/errors/0/detail").and_then(Value::as_str).filter(|detail| Some(*detail) != found);
    let text = found.map_or_else(|| body.to_string(), str::to_owned);
    detail.map_or_else(|| text.clone(), |detail| format!("{text}: {detail}"))
}

/// Bound to the session, useless without it.
pub fn csrf(session: &str) -> String {
    let digest = Sha256::digest(format!("zis-console-form:{session}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The value of the session cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<String> {
    let name = format!("{}=", zis_zendesk::auth::SESSION_COOKIE);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split("; ")).find_map(|cookie| cookie.strip_prefix(&name)).map(str::to_owned)
}

impl FromRequestParts<Console> for Api {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let path = parts.uri.path_and_query().map_or("/console", |path| path.as_str()).to_owned();
        let sign_in = format!("/console/sign-in?next={}", page::encode(&path));
        let to_sign_in = || Redirect::to(&sign_in).into_response();
        let session = session_cookie(&parts.headers).ok_or_else(to_sign_in)?;
        // The answers' absolute addresses must be those the reader uses.
        let mut headers = HeaderMap::new();
        for name in [header::COOKIE, header::HOST] {
            if let Some(value) = parts.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let mut api = Self { console: console.clone(), session, headers, user: Value::Null, path };
        let me = api.ask(Method::GET, "/api/v2/users/me.json", None).await;
        if !me.status.is_success() || me.body["user"]["id"].is_null() {
            return Err(to_sign_in());
        }
        // A browser names its origin with forms; the API takes a session from its own origin only.
        if let Some(origin) = parts.headers.get(header::ORIGIN) {
            api.headers.insert(header::ORIGIN, origin.clone());
        }
        api.user = me.body["user"].clone();
        Ok(api)
    }
}

/// What the page's query asks for; an unreadable one is told as a page.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Trouble> {
        let read = Query::try_from_uri(&parts.uri).map(|Query(asked)| Self(asked));
        read.map_err(|error| Trouble { status: StatusCode::BAD_REQUEST, message: error.body_text() })
    }
}

/// An address of the console that has no page.
pub async fn missing(api: Api) -> Trouble {
    Trouble { status: StatusCode::NOT_FOUND, message: format!("there is no page `{}`", api.path) }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let pages =
            [("/console", "Home"), ("/console/executions", "Executions"), ("/console/integrations", "Integrations")];
        // Those that everybody who has signed in may see.
        let others = [
            ("/console/zendesk", "Tickets"),
            ("/console/bins", "Bins"),
            ("/console/sign-in", "Sign in as somebody else"),
        ];
        let (title, kind, advice, ways) = match self.status.as_u16() {
            404 => ("Not here", "warn", "It may be gone, or the address is not quite right.", pages),
            403 => ("Not allowed", "bad", "Nothing was changed.", others),
            500.. => ("Something broke", "bad", "It is the server's fault, not yours; its log says more.", pages),
            _ => ("That did not work", "bad", "Nothing was changed. Go back, mend it and send it again.", pages),
        };
        let page = page::trouble(
            title,
            maud::html! {
                div.title { h1 { (title) } }
                div class={ "notice " (kind) } role="alert" { (prose(&self.message)) }
                p { (advice) }
                div.row { @for (path, name) in ways { a.button href=(path) { (name) } } }
            },
        );
        (self.status, page).into_response()
    }
}
