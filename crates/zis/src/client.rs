//! A client of the server's public API: JSON over HTTP.

use std::{ops::ControlFlow, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    cli::Output,
    credentials::{self, Credentials},
    progress::Progress,
};

/// How long a server may take to begin its answer: more than the slowest takes, and no job of a build waits for hours.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server and who we are to it.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    /// How we are called in errors, and the header.
    identity: Option<(String, String)>,
    /// Who is told that we wait.
    output: Output,
}

/// An answer: the status, and the body as JSON (`null` when it is empty or no JSON).
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Client {
    /// With the credentials that are found for it.
    pub async fn from_env(base: &str, output: Output) -> Result<Self> {
        Ok(Self { output, ..Self::new(base, Credentials::find(base).await?) })
    }

    /// A server that answers at once, such as one of this process: nothing is said of a wait.
    pub fn new(base: &str, credentials: Option<Credentials>) -> Self {
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            base: base.trim_end_matches('/').to_owned(),
            identity: credentials.map(|who| (who.email, format!("Basic {}", STANDARD.encode(who.basic)))),
            output: Output::Json,
        }
    }

    /// The same server, as the holder of an OAuth access token.
    pub fn with_bearer(&self, token: &str) -> Self {
        Self { identity: Some(("the access token".to_owned(), format!("Bearer {token}"))), ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<http::Response<Incoming>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some((_, authorization)) = &self.identity {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.header(header::ACCEPT, "application/json").body(Full::new(bytes))?;
        let _progress = Progress::wait(format!("waiting for {}", self.base), self.output);
        let Ok(answer) = timeout(PATIENCE, self.pool.request(request)).await else {
            bail!(
                "no answer from {} within {} s; is a zis server there, or something else?",
                self.base,
                PATIENCE.as_secs()
            );
        };
        answer.map_err(|error| anyhow!("no answer from {}: {}; {}", self.base, cause(&error), self.way_out()))
    }

    /// What to look at when nobody answers.
    fn way_out(&self) -> &'static str {
        if self.base.starts_with("https:") {
            "is the address right, and does it speak TLS?"
        } else {
            "is the server running (`zis serve`), and the address right (--url, --to, ZIS_URL)?"
        }
    }

    /// Sends a request and takes whatever is answered.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let answer = self.request(method, path, body).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.context("the answer broke off")?.to_bytes();
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// Sends a request that must succeed.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method.clone(), path, body).await?;
        self.success(&method, path, answer)
    }

    /// The body of a good answer to `method` and `path`; of any other, what it says.
    pub fn success(&self, method: &Method, path: &str, answer: Answer) -> Result<Value> {
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            let said = reason(&answer.body);
            match &self.identity {
                Some((who, _)) => {
                    bail!("{} refused the credentials of {who} ({said}): {}", self.base, credentials::HELP)
                }
                None => bail!("{} asks for credentials, and there are none: {}", self.base, credentials::HELP),
            }
        }
        bail!("{method} {path} answered {}: {}", answer.status, reason(&answer.body));
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Requests `path` as a browser would: the status, and where it leads on to. The server answers it with its own addresses.
    pub async fn follow(&self, path: &str) -> Result<(StatusCode, Option<String>)> {
        let answer = self.request(Method::GET, path, None).await?;
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        Ok((answer.status(), location.map(str::to_owned)))
    }

    /// Reads server-sent events and hands on each `data:` until `each` has had enough or the server closes the stream.
    pub async fn stream(&self, path: &str, mut each: impl FnMut(Value) -> ControlFlow<()>) -> Result<()> {
        let answer = self.request(Method::GET, path, None).await?;
        if !answer.status().is_success() {
            bail!("GET {path} answered {}", answer.status());
        }
        let mut body = answer.into_body();
        let mut buffer = String::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.context("the stream broke off")?.into_data() else { continue };
            buffer.push_str(&String::from_utf8_lossy(&data));
            while let Some((event, rest)) = buffer.split_once("\n\n") {
                let data: String =
                    event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
                if let Ok(value) = serde_json::from_str(&data)
                    && each(value).is_break()
                {
                    return Ok(());
                }
                buffer = rest.to_owned();
            }
        }
        Ok(())
    }
}

/// The innermost cause: what the operating system or the TLS library says.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The human part of an error body, whatever its shape.
fn reason(body: &Value) -> String {
    let candidates = ["/error/message", "/message", "/errors/0/detail", "/errors/0/title", "/description", "/error"];
    let found = candidates.iter().find_map(|pointer| body.pointer(pointer).and_then(Value::as_str));
    found.map_or_else(|| body.to_string(), str::to_owned)
}

/// Percent-encodes one path segment or query value.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// `name=value&…` of those that have a value.
pub fn query(members: &[(&str, &Option<String>)]) -> String {
    let said = members.iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))));
    said.collect::<Vec<_>>().join("&")
}
