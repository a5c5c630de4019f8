//! zis's public API, as the administrator.

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{ADMIN, Zis};

pub type Http = Client<HttpConnector, Full<Bytes>>;

/// A client with Nagle's algorithm off.
pub fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build(connector)
}

/// A server that knows nothing yet; its data goes with the folder.
pub fn server() -> Result<(TempDir, Zis, Api)> {
    let folder = tempfile::tempdir()?;
    let zis = Zis::start(folder.path(), &[])?;
    let api = Api::new(&zis);
    Ok((folder, zis, api))
}

#[derive(Clone)]
pub struct Api {
    http: Http,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The `Authorization` header of the administrator.
    pub authorization: String,
}

/// The parts of an answer that matter here.
pub struct Answer {
    pub body: Value,
    pub location: Option<String>,
}

impl Api {
    pub fn new(zis: &Zis) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(ADMIN));
        Self { http: client(), base: format!("http://{}", zis.address), authorization }
    }

    /// The body of a successful answer; `path` may be a whole address.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        Ok(self.call_as(&self.authorization, method, path, body).await?.body)
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, body).await
    }

    pub async fn call_as(&self, who: &str, method: Method, path: &str, body: Value) -> Result<Answer> {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let request = Request::builder().method(method).uri(&url).header(header::AUTHORIZATION, who);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = self.http.request(request.body(Full::new(Bytes::from(body.to_string())))?).await?;
        let status = answer.status();
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            !status.is_client_error() && !status.is_server_error(),
            "{url}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        Ok(Answer { body: serde_json::from_slice(&body).unwrap_or_default(), location })
    }

    /// A new integration with `bundle`, whose job spec `spec` is installed.
    pub async fn install(&self, integration: &str, bundle: Value, spec: &str) -> Result<Value> {
        let registry = "/api/services/zis/registry";
        let created = self.post(&format!("{registry}/{integration}"), json!({"description": "bench"})).await?;
        self.post(&format!("{registry}/{integration}/bundles"), bundle).await?;
        let name = format!("zis:{integration}:job_spec:{spec}");
        self.post(&format!("{registry}/job_specs/install?job_spec_name={name}"), Value::Null).await?;
        Ok(created)
    }

    /// The `Authorization` header of the integration that [`Api::install`] made.
    pub async fn bearer(&self, created: &Value) -> Result<String> {
        let token = json!({"token": {"client_id": created["zendesk_oauth_client"]["id"], "scopes": ["read", "write"]}});
        let token = self.post("/api/v2/oauth/tokens.json", token).await?;
        let token = token["token"]["full_token"].as_str().context("the token endpoint gives a full_token")?;
        Ok(format!("Bearer {token}"))
    }

    /// A gauge or counter of `/metrics` without labels.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let request = Request::get(format!("{}/metrics", self.base)).header(header::AUTHORIZATION, &self.authorization);
        let answer = self.http.request(request.body(Full::default())?).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&body);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).with_context(|| format!("/metrics has no `{name}`: {text}"))
    }
}
