//! What guards every entrance: slow and greedy clients, bodies that are too large or too deep, keys that don't fit the data.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use support::TestServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use zis_server::{Config, Server, config::Sources};

/// Bytes of a body that is sent one by one: together they would take far longer than any limit here.
const PIECES: usize = 500;
const PIECE_EVERY: Duration = Duration::from_millis(20);
/// Requests whose answers together are far more than sockets hold: some 60 MB.
const ASKED: usize = 500;

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

/// A body that comes in pieces must be whole in time all the same.
#[tokio::test]
async fn bodies_that_drip_are_cut_off() {
    let server = TestServer::with(&[("server.body_timeout", "150ms")]).await;
    let auth = support::basic(support::EMAIL, support::PASSWORD);
    for path in ["/api/zis/v1/events", "/api/v2/tickets"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\nContent-Length: {PIECES}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Waiting for an answer is the pause between two pieces.
        for _ in 0..PIECES {
            let read = tokio::time::timeout(PIECE_EVERY, stream.read_buf(&mut answer)).await;
            if read.is_ok() || stream.write_all(b" ").await.is_err() {
                break;
            }
        }
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("ZIS4014"), "{path}: {answer}");
    }
}

/// Asks for far more than the sockets hold, and reads nothing.
#[tokio::test]
async fn clients_that_take_no_answer_are_let_go() {
    let server = TestServer::with(&[("server.write_timeout", "100ms"), ("server.max_connections", "1")]).await;
    let mut greedy = TcpStream::connect(server.address).await.unwrap();
    let asked = "GET /api/zis/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(ASKED);
    greedy.write_all(asked.as_bytes()).await.unwrap();
    // The only place is free again.
    server.get("/healthz").send().await.expect(200);
    let mut taken = Vec::new();
    let _ = greedy.read_to_end(&mut taken).await;
    let answers = String::from_utf8_lossy(&taken).matches("HTTP/1.1 200").count();
    assert!(answers < ASKED, "all {answers} answers were written");
}

#[tokio::test]
async fn connections_that_nobody_uses_are_closed() {
    let server = TestServer::with(&[("server.header_timeout", "100ms")]).await;
    // Ends when the server closes: after an answer, and without a single byte.
    let answer = talk(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(talk(&server, "").await, "");
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
async fn targets_that_are_too_long_are_refused_in_the_words_of_their_family() {
    let server = TestServer::start().await;
    let long = "x".repeat(17_000);
    for (path, pointer) in [
        ("/api/zis/v1/events", "/error/message"),
        ("/api/services/zis/registry/integrations", "/message"),
        ("/api/v2/tickets", "/description"),
    ] {
        let answer = server.get(&format!("{path}?q={long}")).send().await.expect(414);
        assert!(answer.pointer(pointer).and_then(Value::as_str).unwrap().contains("16384"), "{path}: {answer}");
    }
}

/// A server with small limits, the token of its integration `acme`, and every kind of place that takes a body.
async fn entrances(settings: &[(&str, &str)]) -> (TestServer, String, Vec<(Method, String)>) {
    let server = TestServer::with(settings).await;
    let token = server.token("acme").await;
    let event = json!({"source_system": "s", "event_type": "t"});
    let webhook = server.post("/api/services/zis/inbound_webhooks/generic/acme", event).bearer(&token).send().await;
    let webhook = webhook.expect(200);
    let secret = json!({"signing_secret": "s"});
    server.request(Method::PUT, "/api/zis/v1/zendesk/webhooks/a").json(secret).send().await.expect(200);
    let places = [
        (Method::POST, "/api/services/zis/registry/acme"),
        (Method::POST, "/api/services/zis/registry/acme/bundles"),
        (Method::POST, "/api/services/zis/integrations/acme/job_specs/installation"),
        (Method::POST, "/api/services/zis/integrations/acme/connections/api_key"),
        (Method::POST, "/api/services/zis/connections/oauth/clients/acme"),
        (Method::POST, "/api/services/zis/integrations/acme/configs"),
        (Method::PUT, "/api/services/zis/integrations/acme/configs/s"),
        (Method::POST, "/api/services/zis/links/acme"),
        (Method::POST, webhook["path"].as_str().unwrap()),
        (Method::POST, "/api/zis/v1/events"),
        (Method::POST, "/api/zis/v1/check"),
        (Method::POST, "/api/zis/v1/zendesk/webhooks/a"),
        (Method::POST, "/api/v2/tickets"),
        (Method::POST, "/api/v2/user_profiles/events"),
        (Method::POST, "/oauth/tokens"),
    ];
    let places = places.map(|(method, path)| (method, path.to_owned())).to_vec();
    (server, token, places)
}

/// Sends `body` with the credentials that open the place; inbound webhooks refuse them, and that is as good.
async fn send(server: &TestServer, token: &str, (method, path): &(Method, String), body: &str) -> support::Answer {
    let request = server.request(method.clone(), path).json(json!(null)).body(body.to_owned());
    let services = path.contains("/integrations/acme/") || path.contains("/connections/") || path.contains("/links/");
    if services && !path.contains("job_specs") { request.bearer(token).send().await } else { request.send().await }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_everywhere() {
    let limits = ["server.max_body", "registry.max_bundle", "services.max_config", "services.max_ingest"];
    let (server, token, places) = entrances(&limits.map(|limit| (limit, "1KiB"))).await;
    // More than a config of 1 KiB with what may stand around it.
    let large = json!({"name": "x".repeat(9_000)}).to_string();
    for place in &places {
        let answer = send(&server, &token, place, &large).await;
        let expected = if place.1.contains("/ingest/") { 401 } else { 413 };
        assert_eq!(answer.status.as_u16(), expected, "{place:?}: {}", answer.text);
        assert!(answer.json().is_object(), "{place:?}: {}", answer.text);
    }
    let bin = "x".repeat(zis_zendesk::bin::MAX_BODY + 1);
    server.request(Method::PUT, "/bins/a").anonymous().body(bin).send().await.expect(413);
}

#[tokio::test]
async fn bodies_that_are_too_deep_or_broken_are_refused_everywhere() {
    let (server, token, places) = entrances(&[]).await;
    let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
    for place in places.iter().filter(|(_, path)| !path.contains("check") && !path.contains("/oauth/tokens")) {
        for body in [deep.as_str(), "{\"a\":", "\u{1}"] {
            let answer = send(&server, &token, place, body).await;
            assert!(answer.status.is_client_error(), "{place:?} {body:.20}: {} {}", answer.status, answer.text);
            assert!(answer.json().is_object(), "{place:?}: {}", answer.text);
        }
    }
}

/// As many members as the body has room for: reading them takes a time that grows with their number, not with its square.
#[tokio::test]
async fn bodies_of_very_many_members_are_read() {
    let server = TestServer::start().await;
    let many: serde_json::Map<String, Value> = (0..100_000).map(|at| (format!("k{at}"), json!(at))).collect();
    server.post("/api/zis/v1/events", json!({"source": "s", "type": "t", "payload": many})).send().await.expect(202);
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
