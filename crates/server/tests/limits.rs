//! What guards every entrance: slow and greedy clients, bodies that are too large or too deep, keys that don't fit the data.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use serde_json::json;
use support::TestServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use zis_server::{Config, Server, config::Sources};

/// Writes `text` and reads until the server closes the connection.
async fn talk(server: &TestServer, text: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let server = TestServer::with(&[("server.header_timeout", "100ms"), ("server.body_timeout", "100ms")]).await;
    let headers = talk(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-").await;
    assert!(headers.is_empty() || headers.starts_with("HTTP/1.1 408"), "{headers}");

    let auth = support::basic(support::EMAIL, support::PASSWORD);
    let request = format!(
        "POST /api/zis/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{{"
    );
    let body = talk(&server, &request).await;
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("ZIS4014"), "{body}");
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let server = TestServer::start().await;
    let many: String = (0..200).map(|at| format!("X-H{at}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "x".repeat(100_000));
    for headers in [many, long] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        let answer = talk(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{} bytes: {answer:.100}", request.len());
    }
    server.get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn bodies_that_are_too_large_or_too_deep_are_refused() {
    let server = TestServer::with(&[("server.max_body", "1KiB")]).await;
    let large = json!({"source": "s", "type": "t", "payload": "x".repeat(2_000)});
    let answer = server.post("/api/zis/v1/events", large).send().await.expect(413);
    assert_eq!(answer["error"]["code"], "ZIS4012");
    let deep = format!("{{\"source\":\"s\",\"type\":\"t\",\"payload\":{}", "[".repeat(900));
    let answer = server.post("/api/zis/v1/events", json!(null)).body(deep).send().await.expect(400);
    assert_eq!(answer["error"]["code"], "ZIS4010");
}

async fn start_with(folder: &std::path::Path, key: &str) -> Result<Server, String> {
    let flags = [("store.data", folder.to_str().unwrap()), ("secret.key", key)];
    let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::start(config, listener).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_key_that_does_not_fit_the_data_is_found_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = ("11".repeat(32), "22".repeat(32));
    let mut first = start_with(folder.path(), &old).await.unwrap();
    assert!(first.take_new_admin().is_some(), "the first start makes an administrator");
    drop(first);
    let error = start_with(folder.path(), &new).await.err().unwrap();
    assert!(error.contains("another key"), "{error}");
    let mut again = start_with(folder.path(), &format!("{new},{old}")).await.unwrap();
    assert!(again.take_new_admin().is_none());
}

#[tokio::test]
async fn after_a_rotation_the_old_key_can_go() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = ("11".repeat(32), "22".repeat(32));
    let data = folder.path().to_str().unwrap();
    let setup = |key: &str| [("store.data", data.to_owned()), ("secret.key", key.to_owned())];
    let start = async |key: &str| {
        let pairs = setup(key);
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
        TestServer::with(&pairs).await
    };
    let server = start(&old).await;
    let token = server.token("acme").await;
    let connection = json!({"name": "basic_one", "allowed_domain": "example.com", "username": "u", "password": "p"});
    server
        .post("/api/services/zis/integrations/acme/connections/basic_auth", connection)
        .bearer(&token)
        .send()
        .await
        .expect(201);
    let webhook = json!({"source_system": "s", "event_type": "t", "hmac": {"header": "x-s", "secret": "k"}});
    server.post("/api/services/zis/inbound_webhooks/generic/acme", webhook).bearer(&token).send().await.expect(200);
    server.stop().await;

    let server = start(&format!("{new},{old}")).await;
    let rotated = server.post("/api/zis/v1/secrets/rotate", json!({})).send().await.expect(200);
    assert_eq!(rotated, json!({"connections": 1, "oauth_clients": 0, "webhooks": 1, "zendesk_webhooks": 0}));
    server.stop().await;

    let server = start(&new).await;
    server.get("/api/services/zis/integrations/acme/connections/all").bearer(&token).send().await.expect(200);
}
