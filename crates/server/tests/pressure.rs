//! What a server that is full answers, and the settings that bound what it has under way.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use support::{Answer, TestServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

const EVENTS: &str = "/api/zis/v1/events";
const EXECUTIONS: &str = "/api/zis/v1/executions";

/// A target that answers with one status, each request after the gate lets it.
struct Target {
    url: String,
    gate: Arc<Semaphore>,
    /// Requests that have come.
    came: Arc<AtomicUsize>,
}

impl Target {
    async fn start(status: &'static str, open: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/target", listener.local_addr().unwrap());
        let gate = Arc::new(Semaphore::new(if open { Semaphore::MAX_PERMITS } else { 0 }));
        let came = Arc::new(AtomicUsize::new(0));
        let (gate_, came_) = (gate.clone(), came.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (gate, came) = (gate_.clone(), came_.clone());
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head).await;
                    came.fetch_add(1, Ordering::SeqCst);
                    gate.acquire().await.unwrap().forget();
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { url, gate, came }
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }

    /// Waits until `count` requests have come.
    async fn until(&self, count: usize) {
        while self.came() < count {
            tokio::task::yield_now().await;
        }
    }
}

/// Makes `integration` with a flow that posts to `first` and then gets `second`, for events `go` of `test`.
async fn install(server: &TestServer, integration: &str, first: &str, second: &str) {
    server.integration(integration).await;
    let action = |name: &str, method: &str, url: &str| json!({"type": "ZIS::Action::Http", "properties": {"name": name, "definition": {"method": method, "url": url}}});
    let states = json!({
        "First": {"Type": "Action", "ActionName": format!("zis:{integration}:action:first"), "Next": "Second"},
        "Second": {"Type": "Action", "ActionName": format!("zis:{integration}:action:second"), "Next": "Done"},
        "Done": {"Type": "Succeed"}});
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "first": action("first", "POST", first), "second": action("second", "GET", second),
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "First", "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "test", "event_type": "go",
            "flow_name": format!("zis:{integration}:flow:F")}}}});
    server.post(&format!("/api/services/zis/registry/{integration}/bundles"), bundle).send().await.expect(200);
    let spec = format!("/api/services/zis/registry/job_specs/install?job_spec_name=zis:{integration}:job_spec:J");
    server.request(http::Method::POST, &spec).send().await.expect(200);
}

async fn send(server: &TestServer) -> Answer {
    server.post(EVENTS, json!({"source": "test", "type": "go", "payload": {}})).send().await
}

async fn succeeded(server: &TestServer, count: usize) {
    let path = format!("{EXECUTIONS}?status=succeeded");
    server.until(&path, |body| (body["executions"].as_array()?.len() == count).then_some(())).await;
}

async fn events(server: &TestServer) -> usize {
    server.get(EVENTS).send().await.expect(200)["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_full_server_answers_429_and_accepts_nothing() {
    for setting in ["node.max_running", "node.max_running_per_account"] {
        let server = TestServer::with(&[(setting, "1")]).await;
        let target = Target::start("200 OK", false).await;
        install(&server, "acme", &target.url, &target.url).await;
        send(&server).await.expect(202);

        let refused = send(&server).await;
        let body = refused.expect(429);
        assert_eq!(body["error"]["code"], "ZIS4040", "{setting}: {body}");
        assert_eq!(refused.headers["retry-after"], "1", "{setting}");
        assert_eq!(events(&server).await, 1, "{setting}: nothing of what was refused is kept");

        target.gate.add_permits(100);
        succeeded(&server, 1).await;
        // It leaves the memory a moment after its end is seen.
        let again = server.until(EVENTS, |_| (server.app.engine.running() == 0).then_some(())).await;
        assert_eq!(again, ());
        send(&server).await.expect(202);
        succeeded(&server, 2).await;
    }
}

#[tokio::test]
async fn a_full_server_refuses_each_kind_of_sender_in_its_own_words() {
    let server = TestServer::with(&[("node.max_running", "1")]).await;
    let target = Target::start("200 OK", false).await;
    install(&server, "acme", &target.url, &target.url).await;
    let token = server.token("hooks").await;
    let hook = json!({"source_system": "test", "event_type": "go"});
    let made =
        server.post("/api/services/zis/inbound_webhooks/generic/hooks", hook).bearer(&token).send().await.expect(200);
    let accepted = send(&server).await.expect(202);

    let replay = format!("{EVENTS}/{}/replay", accepted["event_id"].as_str().unwrap());
    let replayed = server.request(http::Method::POST, &replay).send().await;
    assert_eq!(replayed.expect(429)["error"]["code"], "ZIS4040");
    // The webhook's event starts nothing, so there is room for it.
    let (path, name, password) = (&made["path"], &made["username"], &made["password"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hook = server.post(&text(path), json!({})).basic(&text(name), &text(password)).send().await;
    assert!(hook.status.is_success(), "{hook:?}");
    target.gate.add_permits(100);
    succeeded(&server, 1).await;
}

#[tokio::test]
async fn where_attempts_begin_is_set_for_the_server_and_for_each_integration() {
    let cases = [
        (vec![("retry.from", "start"), ("retry.from_failure", "one")], [1, 4]),
        (vec![("retry.from", "failure"), ("retry.from_start", "two")], [1, 4]),
    ];
    for (settings, expected) in cases {
        let server = TestServer::with(&settings).await;
        let broken = Target::start("500 Broken", true).await;
        let bins = ["one", "two"].map(|name| server.url(&format!("/bins/{name}")));
        for (integration, bin) in ["one", "two"].into_iter().zip(&bins) {
            install(&server, integration, bin, &broken.url).await;
        }
        send(&server).await.expect(202);
        let path = format!("{EXECUTIONS}?status=failed");
        server.until(&path, |body| (body["executions"].as_array()?.len() == 2).then_some(())).await;
        for (integration, expected) in ["one", "two"].into_iter().zip(expected) {
            let bin = server.get(&format!("/api/zis/v1/bins/{integration}/requests")).send().await.expect(200);
            let requests = bin["requests"].as_array().unwrap().len();
            assert_eq!(requests, expected, "{integration} with {settings:?}");
        }
        assert_eq!(broken.came(), 8, "four attempts of each");
    }
}

#[tokio::test]
async fn a_host_gets_no_more_connections_than_the_setting_says() {
    let server = TestServer::with(&[("outbound.max_connections_per_host", "2")]).await;
    let slow = Target::start("200 OK", false).await;
    install(&server, "acme", &slow.url, &slow.url).await;
    for _ in 0..4 {
        send(&server).await.expect(202);
    }
    slow.until(2).await;
    // Everybody has had the chance to send more: the server has answered ten requests since.
    for _ in 0..10 {
        assert_eq!(events(&server).await, 4);
    }
    assert_eq!(slow.came(), 2);
    slow.gate.add_permits(100);
    succeeded(&server, 4).await;
    assert_eq!(slow.came(), 8);
}

#[tokio::test]
async fn every_metric_of_the_manual_is_there() {
    let server = TestServer::start().await;
    let target = Target::start("200 OK", true).await;
    install(&server, "acme", &target.url, &target.url).await;
    send(&server).await.expect(202);
    succeeded(&server, 1).await;
    let text = server.get("/metrics").anonymous().send().await.text;
    let manual = include_str!("../../../docs/operations.md");
    let table = manual.split("## Metrics").nth(1).unwrap();
    let names: Vec<&str> =
        table.split('`').filter(|word| word.starts_with("zis_")).map(|word| word.split('{').next().unwrap()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(text.contains(&format!("# TYPE {name} ")), "{name} is in the manual and not at /metrics");
    }
    for line in text.lines().filter(|line| line.starts_with("# TYPE zis_")) {
        let name = line.split(' ').nth(2).unwrap();
        assert!(table.contains(&format!("`{name}")), "{name} is at /metrics and not in the manual");
    }
    assert!(text.contains("zis_end_lag_seconds_bucket{"), "histograms have buckets");
}
