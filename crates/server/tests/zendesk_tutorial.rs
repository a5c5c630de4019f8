//! The seed tutorial, through HTTP: three refunds and an event that is none.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use serde_json::{Value, json};
use support::TestServer;

/// The tutorial's bundle, its placeholders filled.
fn bundle(target: &str) -> Value {
    let action = |name: &str, definition: Value| json!({"type": "ZIS::Action::Http", "properties": {"name": name, "definition": definition}});
    let choice = |variable: &str, operator: &str, value: Value, next: &str, default: &str| json!({"Type": "Choice", "Choices": [{"Variable": variable, operator: value, "Next": next}], "Default": default});
    let activity = |key: &str| format!("$.input.activity_event.user_activity.{key}");
    json!({
        "name": "Example ZIS integration for custom activity events",
        "description": "Approve and route refund requests",
        "zis_template_version": "2019-10-14",
        "resources": {
            "GetUserProfile": action("GetUserProfile", json!({
                "method": "GET", "path.$": "/api/v2/user_profiles/{{$.profile_id}}", "connectionName": "zendesk"})),
            "CreateZendeskTicket": action("CreateZendeskTicket", json!({
                "method": "POST", "path.$": "/api/v2/tickets.json", "connectionName": "zendesk",
                "headers": [{"key": "Content-Type", "value": "application/json"}],
                "requestBody": {"ticket": {"subject.$": "$.subject", "comment": {"body.$": "$.comment_body"},
                    "requester_id.$": "$.requester_id"}}})),
            "InitiateRefund": action("InitiateRefund", json!({
                "method": "POST", "url": target,
                "requestBody": {"order_id.$": "$.order_id", "refund_amount.$": "$.refund_amount", "user_profile_id.$": "$.profile_id"}})),
            "RefundRequestFlow": {"type": "ZIS::Flow", "properties": {"name": "RefundRequestFlow", "definition": {
                "StartAt": "CheckEventSourceAndType",
                "States": {
                    "CheckEventSourceAndType": choice(&activity("type"), "StringEquals", json!("refund_request"), "ConvertRefundAmountToNum", "Finish"),
                    "ConvertRefundAmountToNum": {"Type": "Action", "ActionName": "zis:common:transform:Jq",
                        "Parameters": {"expr": ".activity_event.user_activity.properties.refund_amount | tonumber", "data.$": "$.input"},
                        "ResultPath": "$.refund_amount_num", "Next": "CheckRefundAmount"},
                    "CheckRefundAmount": choice("$.refund_amount_num", "NumericLessThanEquals", json!(100), "InitiateRefund", "GetUserProfile"),
                    "GetUserProfile": {"Type": "Action", "ActionName": "zis:acme:action:GetUserProfile",
                        "Parameters": {"profile_id.$": activity("profile_id")}, "ResultPath": "$.customer", "Next": "CheckForPremiumMembership"},
                    "CheckForPremiumMembership": choice("$.customer.profile.attributes.membership", "StringEquals", json!("premium"), "InitiateRefund", "CreateZendeskTicket"),
                    "CreateZendeskTicket": {"Type": "Action", "ActionName": "zis:acme:action:CreateZendeskTicket",
                        "Parameters": {
                            "subject.$": "Refund request for order {{$.input.activity_event.user_activity.properties.order_id}}",
                            "comment_body.$": "Hi,\n I'm requesting a ${{$.input.activity_event.user_activity.properties.refund_amount}} refund for order {{$.input.activity_event.user_activity.properties.order_id}}.",
                            "requester_id.$": activity("user_id")},
                        "Next": "Finish"},
                    "InitiateRefund": {"Type": "Action", "ActionName": "zis:acme:action:InitiateRefund",
                        "Parameters": {"order_id.$": activity("properties.order_id"), "refund_amount.$": activity("properties.refund_amount"),
                            "profile_id.$": activity("profile_id")},
                        "Next": "Finish"},
                    "Finish": {"Type": "Succeed"}
                }}}},
            "RefundRequestJobSpec": {"type": "ZIS::JobSpec", "properties": {"name": "RefundRequestJobSpec",
                "event_source": "sunshine", "event_type": "activity.UserActivityCreated", "flow_name": "zis:acme:flow:RefundRequestFlow"}}
        }
    })
}

fn event(kind: &str, order: &str, amount: &str, name: &str, email: &str, membership: &str) -> Value {
    json!({
        "event": {"source": "online_order", "type": kind, "properties": {"order_id": order, "refund_amount": amount}},
        "profile": {"name": name, "source": "acme_store", "type": "customer", "attributes": {"membership": membership},
            "identifiers": [{"type": "email", "value": email}]}
    })
}

/// Integration, connection (the predefined client, by basic authentication), bundle, job spec.
async fn set_up(server: &TestServer) {
    let token = server.token("acme").await;
    let start = json!({"name": "zendesk", "oauth_client_name": "zendesk", "oauth_url_subdomain": "acme"});
    let started =
        server.post("/api/services/zis/connections/oauth/start/acme", start).bearer(&token).send().await.expect(200);
    let consent = started["redirect_url"].as_str().unwrap().replace(&server.url(""), "");
    let answer = server.get(&consent).send().await;
    answer.expect(302);
    let callback = answer.headers["location"].to_str().unwrap().replace(&server.url(""), "");
    let answer = server.get(&callback).anonymous().send().await;
    assert!(answer.status.is_success() || answer.status.is_redirection(), "{} {}", answer.status, answer.text);
    server
        .post("/api/services/zis/registry/acme/bundles", bundle(&server.url("/bins/refunds")))
        .send()
        .await
        .expect(200);
    let install = "/api/services/zis/registry/job_specs/install?job_spec_name=zis:acme:job_spec:RefundRequestJobSpec";
    server.post(install, Value::Null).body("").send().await.expect(200);
}

async fn refunds(server: &TestServer) -> Vec<Value> {
    let body = server.get("/api/zis/v1/bins/refunds/requests").send().await.expect(200);
    body["requests"].as_array().unwrap().iter().map(|request| request["json"].clone()).collect()
}

/// Posts the event, waits for its execution, gives the answer.
async fn run(server: &TestServer, event: Value) -> (Value, Value) {
    let answer = server.post("/api/v2/user_profiles/events", event).send().await.expect(202);
    assert_eq!(answer["status"], "received");
    (answer, server.ended("integration=acme").await)
}

#[tokio::test]
async fn the_three_refunds_and_an_event_that_is_none() {
    let server = TestServer::start().await;
    set_up(&server).await;

    let (answer, execution) =
        run(&server, event("refund_request", "789", "100.00", "John Doe", "john@example.com", "basic")).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let expected = json!({"order_id": "789", "refund_amount": "100.00", "user_profile_id": answer["profile_id"]});
    assert_eq!(refunds(&server).await, std::slice::from_ref(&expected));

    let (answer, execution) =
        run(&server, event("refund_request", "456", "200.00", "Jennifer Doe", "jennifer@example.com", "premium")).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let second = json!({"order_id": "456", "refund_amount": "200.00", "user_profile_id": answer["profile_id"]});
    assert_eq!(refunds(&server).await, [second.clone(), expected.clone()]);

    let (answer, execution) =
        run(&server, event("refund_request", "123", "200.00", "Jane Doe", "jane@example.com", "basic")).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let found = server.get("/api/v2/search.json?query=requester:jane@example.com").send().await.expect(200);
    assert_eq!(found["count"], 1);
    let ticket = &found["results"][0];
    assert_eq!(ticket["subject"], "Refund request for order 123");
    assert_eq!(ticket["raw_subject"], "Refund request for order 123");
    assert_eq!(ticket["description"], "Hi,\n I'm requesting a $200.00 refund for order 123.");
    assert_eq!(ticket["requester_id"].to_string(), answer["user_id"].as_str().unwrap());
    assert_eq!(ticket["url"], server.url("/api/v2/tickets/1.json"));

    let (_, execution) = run(&server, event("purchase", "1", "1", "Jane Doe", "jane@example.com", "basic")).await;
    assert_eq!(execution["status"], "succeeded");
    assert_eq!(refunds(&server).await, [second, expected]);
    server.stop().await;
}
