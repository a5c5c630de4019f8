//! Events and executions through our API: sending, looking, retrying, cancelling, following the log.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use support::TestServer;

const EVENTS: &str = "/api/zis/v1/events";
const EXECUTIONS: &str = "/api/zis/v1/executions";

/// Uploads a bundle `b` with the flow `F` of these states, and installs it for events `go` of `test`.
async fn install(server: &TestServer, start: &str, states: Value, actions: Value) {
    let mut resources = json!({
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": start, "States": states}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "test", "event_type": "go",
            "flow_name": "zis:acme:flow:F"}}});
    for (name, definition) in actions.as_object().into_iter().flatten() {
        resources[name] = json!({"type": "ZIS::Action::Http", "properties": {"name": name, "definition": definition}});
    }
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": resources});
    server.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let path = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    server.request(Method::POST, path).send().await.expect(200);
}

async fn send(server: &TestServer, payload: Value) -> Value {
    server.post(EVENTS, json!({"source": "test", "type": "go", "payload": payload})).send().await.expect(202)
}

fn choice() -> Value {
    json!({
        "Big": {"Type": "Choice", "Choices": [{"Variable": "$.input.amount", "NumericGreaterThan": 100, "Next": "Stop"}], "Default": "Done"},
        "Stop": {"Type": "Fail", "Error": "TooBig", "Cause": "{{$.input.amount}} is too big"},
        "Done": {"Type": "Succeed", "Message": "paid {{$.input.amount}}"},
    })
}

#[tokio::test]
async fn an_execution_shows_its_event_journal_and_trace() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;

    let accepted = send(&server, json!({"amount": 50})).await;
    let execution = server.ended("").await;
    assert_eq!(accepted["executions"], json!([execution["id"]]));
    let summary = json!({"integration": "acme", "flow": "F", "job_spec": "J", "status": "succeeded", "attempt": 1, "max_attempts": 4,
        "message": "paid 50", "error": null, "event_id": accepted["event_id"]});
    for (key, value) in summary.as_object().unwrap() {
        assert_eq!(&execution[key], value, "{key}");
    }
    assert_eq!(execution["event"]["payload"], json!({"amount": 50}));
    assert_eq!(execution["journal"][0]["t"], "started");
    let trace: Vec<_> = execution["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| (&visit["state"], &visit["type"], &visit["next"]))
        .collect();
    assert_eq!(
        trace,
        [(&json!("Big"), &json!("Choice"), &json!("Done")), (&json!("Done"), &json!("Succeed"), &json!(null))]
    );
    assert_eq!(execution["trace"][0]["input"]["input"], json!({"amount": 50}));

    send(&server, json!({"amount": 500})).await;
    let failed = server.ended("status=failed").await;
    let error = &failed["error"];
    assert_eq!((&error["cause"], &error["state"]), (&json!("500 is too big"), &json!("Stop")), "{error:#}");
    assert!(error["code"].as_str().unwrap().starts_with("ZIS3"), "{error:#}");
}

#[tokio::test]
async fn lists_filter_and_page() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;
    for amount in [1, 2, 300] {
        send(&server, json!({"amount": amount})).await;
        server.ended("").await;
    }
    let ids = async |query: &str| {
        let body = server.get(&format!("{EXECUTIONS}?{query}")).send().await.expect(200);
        let ids: Vec<_> =
            body["executions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        (ids, body["meta"].clone())
    };
    let (all, meta) = ids("").await;
    assert_eq!((all.len(), &meta["has_more"]), (3, &json!(false)));
    assert!(all.is_sorted_by(|newer, older| newer > older), "the newest first");
    let (first, meta) = ids("page[size]=2").await;
    assert_eq!((&first[..], &meta), (&all[..2], &json!({"after_cursor": all[1], "has_more": true})));
    assert_eq!(ids(&format!("page%5Bsize%5D=2&page%5Bafter%5D={}", all[1])).await.0, all[2..]);
    assert_eq!(ids("status=failed,timed_out").await.0, all[..1]);
    assert_eq!(ids("q=too+big").await.0, all[..1]);
    assert_eq!(ids("integration=other").await.0, [""; 0]);
    assert_eq!(ids("flow=F&integration=acme").await.0.len(), 3);
    for bad in ["status=odd", "page[after]=x", "event_id=1", "since=now", "page[before]=x", "page[size]=0"] {
        server.get(&format!("{EXECUTIONS}?{bad}")).send().await.expect(400);
    }
    server.get(&format!("{EXECUTIONS}/nope")).send().await.expect(404);
    server.get(&format!("{EXECUTIONS}/exe_{}", "0".repeat(32))).send().await.expect(404);

    let events = server.get(&format!("{EVENTS}?source=test&page[size]=2")).send().await.expect(200);
    assert_eq!((events["events"].as_array().unwrap().len(), &events["meta"]["has_more"]), (2, &json!(true)));
    let id = events["events"][0]["id"].as_str().unwrap();
    let shown = server.get(&format!("{EVENTS}/{id}")).send().await.expect(200);
    assert_eq!(shown["executions"], json!([all[0]]));
    assert_eq!(ids(&format!("event_id={id}")).await.0, all[..1]);
}

#[tokio::test]
async fn events_are_checked_tried_dry_and_sent_again() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;
    let event = json!({"source": "test", "type": "go", "payload": {"amount": 1}});
    let dry = server.post(&format!("{EVENTS}/dry-run"), event.clone()).send().await.expect(200);
    assert_eq!(dry["job_specs"], json!(["zis:acme:job_spec:J"]));
    assert_eq!(server.get(EVENTS).send().await.expect(200)["events"], json!([]));

    let keyed = || server.post(EVENTS, event.clone()).header("idempotency-key", "k1");
    let first = keyed().send().await.expect(202);
    let second = keyed().send().await.expect(202);
    assert_eq!((&second["event_id"], &second["repeated"]), (&first["event_id"], &json!(true)));
    let other =
        server.post(EVENTS, json!({"source": "test", "type": "go", "payload": 2})).header("idempotency-key", "k1");
    assert_eq!(other.send().await.expect(409)["error"]["code"], "ZIS4025");
    server.ended("").await;

    let id = first["event_id"].as_str().unwrap();
    let again = server.request(Method::POST, &format!("{EVENTS}/{id}/replay")).send().await.expect(202);
    assert_ne!(again["event_id"], first["event_id"]);
    assert_eq!(again["executions"].as_array().unwrap().len(), 1);

    let foreign = json!({"source": "test", "type": "go", "integration": "other", "payload": {}});
    assert_eq!(server.post(EVENTS, foreign).send().await.expect(202)["executions"], json!([]));
    for (body, words) in [
        (json!({"type": "go"}), "source"),
        (json!({"source": "", "type": "go"}), "source"),
        (json!({"source": "test", "type": "x".repeat(200)}), "type"),
    ] {
        let answer = server.post(EVENTS, body).send().await.expect(400);
        assert!(answer["error"]["message"].as_str().unwrap().contains(words), "{answer:#}");
    }
    server.post(EVENTS, event).header("idempotency-key", &"x".repeat(300)).send().await.expect(400);
}

#[tokio::test]
async fn a_failed_execution_is_retried_with_the_repaired_bundle() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let states = json!({
        "Call": {"Type": "Action", "ActionName": "zis:acme:action:call", "ResultPath": "$.answer", "Next": "Done"},
        "Done": {"Type": "Succeed"}});
    let broken = json!({"call": {"method": "GET", "url": server.url("/api/v2/nope")}});
    install(&server, "Call", states.clone(), broken).await;
    send(&server, json!({})).await;
    let failed = server.ended("status=failed").await;
    assert_eq!(failed["error"]["cause"], "external action failed due to status code: 404");
    assert_eq!(failed["error"]["state"], "Call");
    assert_eq!(failed["trace"][0]["http"]["status"], 404, "{:#}", failed["trace"]);
    let id = failed["id"].as_str().unwrap();

    let repaired = json!({"call": {"method": "POST", "url": server.url("/bins/target"), "requestBody": {"ok": true}}});
    install(&server, "Call", states, repaired).await;
    let retry = async |body: Value| server.post(&format!("{EXECUTIONS}/{id}/retry"), body).send().await;
    retry(json!({"from": "nowhere"})).await.expect(400);
    retry(json!({"from": "start", "bundle": "current"})).await.expect(202);
    let succeeded = server.ended("status=succeeded").await;
    assert_eq!((&succeeded["id"], &succeeded["message"]), (&failed["id"], &json!("Execution Successful")));
    let bin = server.get("/api/zis/v1/bins/target/requests").send().await.expect(200);
    assert_eq!(bin["requests"].as_array().unwrap().len(), 1);
    server.post(&format!("{EXECUTIONS}/exe_{}/retry", "0".repeat(32)), json!({})).send().await.expect(404);
}

#[tokio::test]
async fn many_failed_executions_are_retried_at_once() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Stop", json!({"Stop": {"Type": "Fail", "Error": "No", "Cause": "no"}}), json!({})).await;
    for _ in 0..3 {
        send(&server, json!({})).await;
    }
    let path = format!("{EXECUTIONS}?status=failed");
    server.until(&path, |body| (body["executions"].as_array()?.len() == 3).then_some(())).await;
    install(&server, "Done", json!({"Done": {"Type": "Succeed"}}), json!({})).await;
    let retried =
        server.post(&format!("{EXECUTIONS}/retry?flow=F"), json!({"bundle": "current"})).send().await.expect(202);
    assert_eq!((retried["retried"].as_array().unwrap().len(), &retried["refused"]), (3, &json!([])), "{retried:#}");
    let path = format!("{EXECUTIONS}?status=succeeded");
    server.until(&path, |body| (body["executions"].as_array()?.len() == 3).then_some(())).await;
}

#[tokio::test]
async fn many_open_executions_are_cancelled_at_once() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let states = json!({"Wait": {"Type": "Wait", "Seconds": 60, "Next": "Done"}, "Done": {"Type": "Succeed"}});
    install(&server, "Wait", states, json!({})).await;
    for _ in 0..3 {
        send(&server, json!({})).await;
    }
    let path = format!("{EXECUTIONS}?status=waiting");
    server.until(&path, |body| (body["executions"].as_array()?.len() == 3).then_some(())).await;
    let cancel = async |query: &str| {
        server.request(Method::POST, &format!("{EXECUTIONS}/cancel?{query}")).send().await.expect(200)
    };
    assert_eq!(cancel("flow=other").await["cancelled"], json!([]));
    let cancelled = cancel("flow=F").await;
    assert_eq!((cancelled["cancelled"].as_array().unwrap().len(), &cancelled["refused"]), (3, &json!([])));
    for id in cancelled["cancelled"].as_array().unwrap() {
        let path = format!("{EXECUTIONS}/{}", id.as_str().unwrap());
        let journal = server.get(&path).send().await.expect(200)["execution"]["journal"].clone();
        let last = journal.as_array().unwrap().last().unwrap();
        assert_eq!((&last["t"], &last["by"]), (&json!("cancelled"), &json!(support::EMAIL)));
    }
    assert_eq!(cancel("").await["cancelled"], json!([]), "what has ended is left alone");
}

#[tokio::test]
async fn the_events_of_a_time_are_sent_again_once_each() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;
    let since = server.app.clock.now().to_rfc3339();
    for amount in 1..=3 {
        send(&server, json!({"amount": amount})).await;
    }
    server.post(EVENTS, json!({"source": "other", "type": "go", "payload": {}})).send().await.expect(202);
    let until = server.app.clock.now().to_rfc3339();
    let encode = |text: &str| text.replace('+', "%2B");
    let range = format!("source=test&since={}&until={}", encode(&since), encode(&until));

    let count = async || server.get(&format!("{EVENTS}/counts?{range}")).send().await.expect(200)["count"].clone();
    assert_eq!(count().await, 3);
    let done = server.request(Method::POST, &format!("{EVENTS}/replay?{range}")).send().await.expect(202);
    let replayed = done["replayed"].as_array().unwrap();
    assert_eq!((replayed.len(), &done["meta"]["has_more"]), (3, &json!(false)), "{done:#}");
    assert_eq!(count().await, 3, "the copies came later");
    for copy in replayed {
        let path = format!("{EXECUTIONS}/{}", copy["executions"][0].as_str().unwrap());
        let started = server.get(&path).send().await.expect(200)["execution"]["journal"][0].clone();
        assert_eq!(started["replayed"], json!({"of": copy["of"], "by": support::EMAIL}));
    }
    let after = format!("{EVENTS}/replay?{range}&page[after]={}", done["meta"]["after_cursor"].as_str().unwrap());
    assert_eq!(server.request(Method::POST, &after).send().await.expect(202)["replayed"], json!([]));
    let unbounded = server.request(Method::POST, &format!("{EVENTS}/replay")).send().await.expect(400);
    assert!(unbounded["error"]["message"].as_str().unwrap().contains("since"), "{unbounded}");
}

#[tokio::test]
async fn a_waiting_execution_is_cancelled() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let states = json!({"Wait": {"Type": "Wait", "Seconds": 60, "Next": "Done"}, "Done": {"Type": "Succeed"}});
    install(&server, "Wait", states, json!({})).await;
    let accepted = send(&server, json!({})).await;
    let path = format!("{EXECUTIONS}?status=waiting");
    server.until(&path, |body| body["executions"].as_array()?.first().cloned()).await;
    let cancel = format!("{EXECUTIONS}/{}/cancel", accepted["executions"][0].as_str().unwrap());
    let cancelled = server.request(Method::POST, &cancel).send().await.expect(200);
    assert_eq!(cancelled["execution"]["status"], "cancelled");
    assert_eq!(server.request(Method::POST, &cancel).send().await.expect(409)["error"]["code"], "ZIS4024");
}

#[tokio::test]
async fn the_log_is_streamed_and_ends_with_the_server() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;
    let stream = server.get("/api/zis/v1/logs/stream?level=info").open().await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut body = stream.into_body();
    send(&server, json!({"amount": 7})).await;

    let mut text = String::new();
    while !text.contains("\n\n") || !text.contains("paid 7") {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(text.contains("event: log") && text.contains("id: "), "{text}");
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();

    // Going on after the id gives what came later, not the same line again.
    send(&server, json!({"amount": 8})).await;
    let again = server.get("/api/zis/v1/logs/stream?level=info").header("last-event-id", &id).open().await;
    let frame = again.into_body().frame().await.unwrap().unwrap();
    let line = String::from_utf8(frame.data_ref().unwrap().to_vec()).unwrap();
    assert!(line.contains("paid 8"), "{line}");

    server.stop().await;
    while let Some(Ok(_)) = body.frame().await {}
}

#[tokio::test]
async fn health_metrics_and_readiness_need_no_credentials() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = server.get(path).anonymous().send().await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
    }
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {}});
    let checked = server.post("/api/zis/v1/check?file=b.json", bundle).send().await.expect(200);
    assert_eq!(checked["findings"][0]["span"]["file"], "b.json", "{checked:#}");
}

#[tokio::test]
async fn executions_are_counted_over_time() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    install(&server, "Big", choice(), json!({})).await;
    for amount in [50, 60, 200] {
        send(&server, json!({"amount": amount})).await;
    }
    server
        .until(&format!("{EXECUTIONS}?status=succeeded,failed"), |page| {
            (page["executions"].as_array().is_some_and(|all| all.len() == 3)).then_some(())
        })
        .await;

    let path = format!("{EXECUTIONS}/histogram");
    let bars = server.get(&path).send().await.expect(200)["bars"].as_array().unwrap().clone();
    assert_eq!(bars.len(), 12);
    assert!(bars.windows(2).all(|pair| pair[0]["until"] == pair[1]["since"]), "{bars:?}");
    let sum = |status: &str| bars.iter().filter_map(|bar| bar["counts"][status].as_u64()).sum::<u64>();
    assert_eq!((sum("succeeded"), sum("failed")), (2, 1));
    let long_ago = format!("{path}?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z&bars=2");
    let bars = server.get(&long_ago).send().await.expect(200);
    let bar = |since: &str, until: &str| json!({"since": since, "until": until, "counts": {}});
    let (morning, noon, night) = ("2020-01-01T00:00:00.000Z", "2020-01-01T12:00:00.000Z", "2020-01-02T00:00:00.000Z");
    assert_eq!(bars, json!({"bars": [bar(morning, noon), bar(noon, night)]}));
    for wrong in ["bars=0", "bars=121", "since=2020-01-02T00:00:00Z&until=2020-01-01T00:00:00Z"] {
        assert_eq!(server.get(&format!("{path}?{wrong}")).send().await.refusal().0, 400, "{wrong}");
    }
}

/// All executions, when every one of them has ended.
async fn all_ended(server: &TestServer) -> Vec<Value> {
    let ended = |body: &Value| {
        let executions = body["executions"].as_array()?;
        executions.iter().all(|execution| !execution["ended_at"].is_null()).then(|| executions.clone())
    };
    server.until(&format!("{EXECUTIONS}?page[size]=100"), ended).await
}

#[tokio::test]
async fn flows_and_clients_that_patch_one_config_at_once_all_succeed() {
    const FLOWS: usize = 40;
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let configs = "/api/services/zis/integrations/acme/configs";
    server.post(configs, json!({"scope": "box", "config": {}})).bearer(&token).send().await.expect(201);
    let states = json!({"Note": {"Type": "Action", "ActionName": "zis:common:action:PatchConfig", "End": true,
        "Parameters": {"scope": "box", "config.$": "$.input"}}});
    install(&server, "Note", states, json!({})).await;

    let sent = futures_util::future::join_all((0..FLOWS).map(|at| send(&server, json!({format!("flow {at}"): at}))));
    let patched = futures_util::future::join_all((0..FLOWS).map(async |at| {
        let patch = server.request(Method::PATCH, &format!("{configs}/box")).bearer(&token);
        patch.json(json!({"config": {format!("client {at}"): at}})).send().await.expect(200);
    }));
    futures_util::future::join(sent, patched).await;

    let executions = all_ended(&server).await;
    assert_eq!(executions.len(), FLOWS);
    assert!(executions.iter().all(|execution| execution["status"] == "succeeded"), "{executions:?}");
    let found = server.get(&format!("{configs}?filter[scope]=box")).bearer(&token).send().await.expect(200);
    assert_eq!(found["configs"][0]["config"].as_object().unwrap().len(), 2 * FLOWS);
}

#[tokio::test]
async fn flows_that_patch_one_link_at_once_all_succeed() {
    const FLOWS: usize = 40;
    let server = TestServer::start().await;
    let token = server.token("acme").await;
    let link = json!({"link_type": "t", "left_object": {"name": "a"}, "right_object": {"name": "b"}});
    server.post("/api/services/zis/links/acme", link).bearer(&token).send().await.expect(201);
    let states = json!({"Note": {"Type": "Action", "ActionName": "zis:common:action:PatchLink", "End": true,
        "Parameters": {"link_type": "t", "left_object_name": "a", "left_object": {"metadata.$": "$.input"}}}});
    install(&server, "Note", states, json!({})).await;

    futures_util::future::join_all((0..FLOWS).map(|at| send(&server, json!({"by": at})))).await;

    let executions = all_ended(&server).await;
    assert_eq!(executions.len(), FLOWS);
    assert!(executions.iter().all(|execution| execution["status"] == "succeeded"), "{executions:?}");
}
