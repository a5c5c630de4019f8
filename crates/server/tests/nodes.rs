//! Several nodes on one PostgreSQL (D5): what one node knows, all know.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::json;
use support::{EMAIL, PASSWORD, TestServer};

const KEY: &str = "3333333333333333333333333333333333333333333333333333333333333333";

#[tokio::test]
async fn what_is_done_on_one_node_is_seen_by_the_other_at_once() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let url = cluster.database();
    let settings = [("store.database_url", url.as_str()), ("secret.key", KEY)];
    let (one, two) = (TestServer::with(&settings).await, TestServer::with(&settings).await);

    let token = one.token("acme").await;
    two.get("/api/services/zis/integrations/acme/connections/all").bearer(&token).send().await.expect(200);
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Done", "States": {
            "Done": {"Type": "Succeed", "Message": "number {{$.input.number}}"}}}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t",
            "flow_name": "zis:acme:flow:F"}}}});
    one.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    // Each change on one node, the event right after it on the other: ten rounds, for a cache would be caught by luck only.
    for number in 0..10 {
        let (here, there) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let event = json!({"source": "s", "type": "t", "payload": {"number": number}});
        here.request(Method::POST, install).send().await.expect(200);
        let accepted = there.post("/api/zis/v1/events", event.clone()).send().await.expect(202);
        assert_eq!(accepted["executions"].as_array().unwrap().len(), 1, "round {number}");
        there.delete(install).send().await.expect(200);
        let accepted = here.post("/api/zis/v1/events", event).send().await.expect(202);
        assert_eq!(accepted["executions"], json!([]), "round {number}");
    }
    let path = "/api/zis/v1/executions?status=succeeded&page[size]=100";
    two.until(path, |body| (body["executions"].as_array()?.len() == 10).then_some(())).await;

    let (_, cookie) = one.app.zendesk.sign_in(EMAIL, PASSWORD, None).await.unwrap();
    two.get("/api/zis/v1/executions")
        .anonymous()
        .header("cookie", &format!("zis_session={cookie}"))
        .send()
        .await
        .expect(200);
    one.stop().await;
    two.get("/readyz").send().await.expect(200);
}

#[tokio::test]
async fn an_execution_goes_on_when_its_node_leaves() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let url = cluster.database();
    let settings = [("store.database_url", url.as_str()), ("secret.key", KEY), ("node.lease", "1s")];
    let (one, two) = (TestServer::with(&settings).await, TestServer::with(&settings).await);
    one.integration("acme").await;
    let bundle = json!({"name": "b", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Wait", "States": {
            "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Done"}, "Done": {"Type": "Succeed"}}}}},
        "J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t",
            "flow_name": "zis:acme:flow:F"}}}});
    one.post("/api/services/zis/registry/acme/bundles", bundle).send().await.expect(200);
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:J";
    one.request(Method::POST, install).send().await.expect(200);
    one.post("/api/zis/v1/events", json!({"source": "s", "type": "t", "payload": {}})).send().await.expect(202);
    one.until("/api/zis/v1/executions?status=waiting", |body| body["executions"].as_array()?.first().cloned()).await;
    one.stop().await;
    let execution = two.ended("integration=acme").await;
    assert_eq!((&execution["status"], &execution["attempt"]), (&json!("succeeded"), &json!(1)), "{execution:#}");
}
