//! The real program under test: started on a free port, killed, started again; and a sink for what flows send.

#![allow(dead_code, reason = "each test uses its own part")]

pub mod axe;
pub mod browser;
pub mod load;
pub mod target;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::any};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

pub const EMAIL: &str = "admin@example.com";
pub const PASSWORD: &str = "secret-password";

/// The key that the nodes of a test share.
const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// What the nodes of a test that share `database` are started with; a dead one is noticed after `lease`.
pub fn sharing<'e>(database: &'e str, lease: &'e str) -> [(&'e str, &'e str); 4] {
    [
        ("ZIS_DATABASE_URL", database),
        ("ZIS_SECRET_KEY", KEY),
        ("ZIS_NODE__LEASE", lease),
        ("ZIS_OUTBOUND__ALLOW_PRIVATE", "true"),
    ]
}

/// `zis serve`, killed when dropped.
pub struct Zis {
    child: Child,
    pub address: SocketAddr,
}

impl Zis {
    /// Starts it with its data in `folder`, on `listen` (port 0 for a free one), and waits for the line that says where it listens.
    pub fn start(folder: &Path, listen: SocketAddr, env: &[(&str, &str)]) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_zis")), folder, listen, env)
    }

    /// [`Zis::start`] as a process that gets an error, and not a signal, when it writes more than [`Zis::limit_files`] allows.
    pub fn start_limited(folder: &Path, listen: SocketAddr, env: &[(&str, &str)]) -> Self {
        let mut command = Command::new("env");
        command.args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_zis")]);
        Self::start_as(command, folder, listen, env)
    }

    fn start_as(mut command: Command, folder: &Path, listen: SocketAddr, env: &[(&str, &str)]) -> Self {
        let mut child = command
            .args(["serve", "--listen", &listen.to_string(), "--data"])
            .arg(folder)
            .env("ZIS_ADMIN_EMAIL", EMAIL)
            .env("ZIS_ADMIN_PASSWORD", PASSWORD)
            .env("ZIS_LOG", "warn")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("zis starts");
        let output = child.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("zis said `{line}`"));
        Self { child, address: address.parse().expect("an address") }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn free() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// No file of the process may become larger than this many bytes from here on; `None`: as large as it likes.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let (pid, limit) = (self.id().to_string(), format!("--fsize={limit}:unlimited"));
        let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("prlimit runs");
        assert!(set.success(), "prlimit {limit}");
    }

    /// `kill -9`.
    pub fn kill(mut self) -> SocketAddr {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        self.address
    }

    /// SIGTERM; the exit code once it has drained.
    pub fn terminate(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Zis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client with the admin's credentials.
#[derive(Clone)]
pub struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    pub base: String,
}

impl Api {
    pub fn new(base: String) -> Self {
        Self { http: Client::builder(TokioExecutor::new()).build_http(), base }
    }

    /// Status and body; an error when nobody answered.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<(u16, Value), String> {
        let mut request = axum::http::Request::builder()
            .method(method)
            .uri(if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) })
            .header("content-type", "application/json");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request =
                request.header("authorization", format!("Basic {}", STANDARD.encode(format!("{EMAIL}:{PASSWORD}"))));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self
            .http
            .request(request.body(Full::new(bytes)).expect("a request"))
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| location.map_or(Value::Null, Value::from));
        Ok((status, body))
    }

    /// A call that must be answered 2xx or 3xx.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.send(method, path, &[], body).await.expect("the server answers");
        assert!(status < 400, "{method} {path}: {status} {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null).await
    }

    /// Integration, connection, the tutorial's bundle with `target`, its job spec.
    pub async fn set_up_tutorial(&self, integration: &str, target: &str) {
        let created = self
            .call("POST", &format!("/api/services/zis/registry/{integration}"), &json!({"description": "test"}))
            .await;
        let token = json!({"token": {"client_id": created["zendesk_oauth_client"]["id"], "scopes": ["read", "write"]}});
        let token = self.call("POST", "/api/v2/oauth/tokens.json", &token).await;
        let bearer = format!("Bearer {}", token["token"]["full_token"].as_str().expect("a token"));
        let start = json!({"name": "zendesk", "oauth_client_name": "zendesk", "oauth_url_subdomain": "", "origin_oauth_redirect_url": ""});
        let path = format!("/api/services/zis/connections/oauth/start/{integration}");
        let (status, started) =
            self.send("POST", &path, &[("authorization", &bearer)], &start).await.expect("the server answers");
        assert_eq!(status, 200, "{started}");
        let mut next = started["redirect_url"].as_str().expect("a redirect_url").to_owned();
        for _ in 0..4 {
            match self.get(&next).await {
                Value::String(location) => next = location,
                _ => break,
            }
        }
        let bundle = include_str!("../../../../examples/refund-router/bundle.json");
        let bundle = bundle.replace("EXTERNAL_TARGET_URL", target).replace("INTEGRATION", integration);
        let bundle: Value = serde_json::from_str(&bundle).expect("the example is JSON");
        self.call("POST", &format!("/api/services/zis/registry/{integration}/bundles"), &bundle).await;
        let spec = format!("zis:{integration}:job_spec:RefundRequestJobSpec");
        self.call("POST", &format!("/api/services/zis/registry/job_specs/install?job_spec_name={spec}"), &Value::Null)
            .await;
    }

    /// All executions, once `count` are there and every one has ended. Looks again and again, at most for a minute.
    pub async fn ended_executions(&self, count: usize) -> Vec<Value> {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let all = self.all_executions().await;
            if all.len() >= count && all.iter().all(|execution| !execution["ended_at"].is_null()) {
                return all;
            }
            let open: Vec<_> = all.iter().filter(|execution| execution["ended_at"].is_null()).take(3).collect();
            assert!(std::time::Instant::now() < deadline, "{} of {count} executions, open: {open:?}", all.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn all_executions(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("/api/zis/v1/executions?page[size]=100{after}")).await;
            all.extend(page["executions"].as_array().expect("a list").iter().cloned());
            match page["meta"]["after_cursor"].as_str().filter(|_| page["meta"]["has_more"] == json!(true)) {
                Some(cursor) => after = format!("&page[after]={cursor}"),
                None => return all,
            }
        }
    }
}

/// A refund request as the tutorial sends it.
pub fn refund_event(order: &str, amount: &str, membership: &str) -> Value {
    json!({
        "event": {"source": "online_order", "type": "refund_request", "properties": {"order_id": order, "refund_amount": amount}},
        "profile": {
            "name": "John Doe", "source": "acme_store", "type": "customer", "attributes": {"membership": membership},
            "identifiers": [{"type": "email", "value": format!("{membership}@example.com")}],
        },
    })
}

/// Keeps what comes: by order, the idempotency keys of the requests.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<HashMap<String, Vec<String>>>>);

impl Sink {
    /// Serves on a free port and gives the URL to send to.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind(Zis::free()).await.expect("a free port");
        let url = format!("http://{}/refund", listener.local_addr().expect("an address"));
        let router = Router::new().route("/refund", any(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// By order, the idempotency keys that came, as often as they came.
    pub fn seen(&self) -> HashMap<String, Vec<String>> {
        self.0.lock().expect("no handler panics").clone()
    }
}

async fn receive(State(sink): State<Sink>, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let order = body["order_id"].as_str().unwrap_or_default().to_owned();
    sink.0.lock().expect("no handler panics").entry(order).or_default().push(key);
    axum::Json(json!({"started": true}))
}
