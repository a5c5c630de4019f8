//! Measures how long the console takes for each page when the store is full.
//!
//! ```text
//! cargo run --release -p zis-server --example pages -- [EXECUTIONS] [postgres://…]
//! ```
//!
//! 100,000 executions unless said: begun in the last hour, 97 of 100 succeeded, 2 failed, 1 waits; each with its event and its line of the
//! log. A page is asked for over HTTP, as a browser does, and read to its end.

#![allow(clippy::unwrap_used, reason = "a failed step ends the measurement")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use support::{EMAIL, PASSWORD, TestServer};
use zis_flow::{Timestamp, journal::Status};
use zis_store::{
    EventId, ExecutionId,
    event::{self, Event},
    execution::{self, ErrorView, Execution},
    log::{self, Level, Line},
};

/// How often each page is asked for.
const TIMES: usize = 20;
/// Executions that are under way to the store at a time.
const BATCH: usize = 500;
const HOUR: i64 = 3_600_000_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let url = arguments.next();
    let settings: Vec<(&str, &str)> = url.iter().map(|url| ("store.database_url", url.as_str())).collect();
    let server = TestServer::with(&settings).await;
    let sample = sample(&server).await;
    fill(&server, &sample, count).await;

    let cookie = sign_in(&server).await;
    println!("{:>8} {:>8} {:>8}  page, with {count} executions", "median", "worst", "bytes");
    for path in pages(&server, &sample).await {
        let mut took = Vec::new();
        let mut bytes = 0;
        for _ in 0..TIMES {
            let began = Instant::now();
            let answer = server.request(Method::GET, &path).anonymous().header("cookie", &cookie).open().await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            bytes = answer.into_body().collect().await.unwrap().to_bytes().len();
            took.push(began.elapsed());
        }
        took.sort_unstable();
        let millis = |took: Duration| format!("{:.1} ms", took.as_secs_f64() * 1e3);
        println!("{:>8} {:>8} {bytes:>8}  {path}", millis(took[TIMES / 2]), millis(took[TIMES - 1]));
    }
    server.stop().await;
}

/// A real execution, to make the others like it.
async fn sample(server: &TestServer) -> (Execution, Event) {
    server.integration("acme").await;
    let states = json!({
        "Check": {"Type": "Choice", "Choices": [{"Variable": "$.input.amount", "NumericGreaterThan": 100, "Next": "Stop"}], "Default": "Done"},
        "Stop": {"Type": "Fail", "Error": "TooBig", "Cause": "{{$.input.amount}} is too big"},
        "Done": {"Type": "Succeed", "Message": "paid {{$.input.amount}}"},
    });
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Check", "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "test", "event_type": "go", "flow_name": "zis:acme:flow:F"}},
    }});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    server.request(Method::POST, install).send().await.expect(200);
    let payload =
        json!({"amount": 50, "order": {"id": "A-1001", "lines": vec![json!({"sku": "shirt", "count": 2}); 8]}});
    server
        .post("/api/zis/v1/events", json!({"source": "test", "type": "go", "payload": payload}))
        .send()
        .await
        .expect(202);
    let shown = server.ended("").await;
    let id = ExecutionId::parse(shown["id"].as_str().unwrap()).unwrap();
    let (row, _) = execution::load(&server.app.store, server.app.account, &id).await.unwrap().unwrap();
    let event = event::show(&server.app.store, server.app.account, &row.event_id).await.unwrap().unwrap();
    (row, event)
}

async fn fill(server: &TestServer, (row, event): &(Execution, Event), count: usize) {
    let store = &server.app.store;
    let (_, journal) = execution::load(store, row.account, &row.id).await.unwrap().unwrap();
    let version = zis_store::catalog::version(store, row.account).await.unwrap();
    let now = server.app.clock.now();
    for first in (0..count).step_by(BATCH) {
        let mut waiting = Vec::new();
        for number in first..(first + BATCH).min(count) {
            let begun = Timestamp(now.0 - HOUR + HOUR / i64::try_from(count).unwrap() * i64::try_from(number).unwrap());
            let event = Event { id: event_id(begun, number), received_at: begun, ..event.clone() };
            let open = Execution {
                id: execution_id(begun, number),
                event_id: event.id.clone(),
                status: Status::Running,
                started_at: begun,
                ended_at: None,
                message: None,
                seq: 1,
                ..row.clone()
            };
            waiting.push(execution::accept(store, &event, &[(open.clone(), journal.clone())], version, Vec::new()));
            let later = later(open, number, begun);
            let mut statements = execution::append(&later, &[], begun);
            statements.push(log::insert(&line(&later, begun)));
            waiting.push(store.write(statements));
        }
        for write in waiting {
            write.await.unwrap();
        }
    }
}

/// What became of the execution `number`.
fn later(open: Execution, number: usize, begun: Timestamp) -> Execution {
    let ended_at = Some(Timestamp(begun.0 + 20_000));
    let error = ErrorView {
        code: "ZIS3001".to_owned(),
        cause: "external action failed due to status code: 404".to_owned(),
        state: Some("Stop".to_owned()),
        path: None,
    };
    match number % 100 {
        98.. => Execution { status: Status::Failed, ended_at, error: Some(error), ..open },
        97 => Execution { status: Status::Waiting, wake_at: Some(Timestamp(begun.0 + 24 * HOUR)), ..open },
        _ => Execution { status: Status::Succeeded, ended_at, message: Some("paid 50".to_owned()), ..open },
    }
}

fn line(execution: &Execution, at: Timestamp) -> Line {
    Line {
        account: execution.account,
        at,
        level: if execution.status == Status::Failed { Level::Error } else { Level::Info },
        integration: execution.integration.clone(),
        flow: Some(execution.flow.clone()),
        job_spec: execution.job_spec.clone(),
        execution: Some(execution.id.clone()),
        attempt: Some(1),
        description: "Execution Successful".to_owned(),
    }
}

/// Digits of a version 7 UUID: milliseconds, then what makes it unique.
fn digits(at: Timestamp, number: usize) -> String {
    format!("{:012x}7{number:019x}", at.0 / 1_000)
}

fn event_id(at: Timestamp, number: usize) -> EventId {
    EventId::parse(&format!("evt_{}", digits(at, number))).unwrap()
}

fn execution_id(at: Timestamp, number: usize) -> ExecutionId {
    ExecutionId::parse(&format!("exe_{}", digits(at, number))).unwrap()
}

async fn sign_in(server: &TestServer) -> String {
    let encode = |text: &str| text.replace('@', "%40").replace(' ', "+");
    let form = format!("email={}&password={}", encode(EMAIL), encode(PASSWORD));
    let request = server.request(Method::POST, "/console/sign-in").anonymous();
    let answer = request.header("content-type", "application/x-www-form-urlencoded").body(form).open().await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn pages(server: &TestServer, (row, event): &(Execution, Event)) -> Vec<String> {
    let failed = server.get("/api/zis/v1/executions?status=failed&page[size]=1").send().await.expect(200);
    let since = Timestamp(server.app.clock.now().0 - HOUR / 12).to_rfc3339();
    let list = |query: &str| format!("/console/executions?{query}");
    let found: &Value = &failed["executions"][0]["id"];
    vec![
        "/console".to_owned(),
        list(""),
        list("status=failed"),
        list("status=waiting"),
        list("status=succeeded"),
        list("status=cancelled"),
        list("integration=acme"),
        list("integration=acme&flow=F&status=failed"),
        list("integration=nobody"),
        list(&format!("since={since}")),
        list("q=A-1001"),
        list("q=nothing+like+it"),
        format!("/console/executions/{}", found.as_str().unwrap()),
        format!("/console/events/{}", event.id),
        "/console/integrations".to_owned(),
        "/console/integrations/acme".to_owned(),
        format!("/console/integrations/acme/bundles/{}", row.bundle_uuid),
        "/console/try".to_owned(),
        "/console/zendesk".to_owned(),
        "/console/bins".to_owned(),
        "/console/logs".to_owned(),
        "/console/logs?level=error".to_owned(),
        "/console/logs?level=warning".to_owned(),
        "/console/logs?integration=nobody".to_owned(),
        format!("/console/logs?execution={}", row.id),
        "/console/logs?q=nothing+like+it".to_owned(),
        "/console/settings".to_owned(),
    ]
}
