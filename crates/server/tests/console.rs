//! The console's pages stay small and whole whatever they show: a bundle of 2,000 states, a Map of 1,000 iterations, payloads and configs of
//! 100 kB, text that tries to be HTML. Every link is followed, a few pages of each kind.

#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::{Map, Value, json};
use support::{EMAIL, PASSWORD, TestServer};

/// Bytes that a page may have.
const MOST: usize = 100_000;
/// Pages of one kind that are looked at.
const OF_A_KIND: usize = 3;
/// Text that is at its longest as HTML, and must not become any.
const HOSTILE: &str = "</pre><script>&\"'<b>é";

/// Signs in as a browser does; the cookie.
async fn sign_in(server: &TestServer) -> String {
    let mut body = String::new();
    write!(body, "email={EMAIL}&password={}", PASSWORD.replace(' ', "+")).unwrap();
    let answer = server.post("/console/sign-in", Value::Null).body(body).send().await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn flow(name: &str, start: &str, states: &Value) -> Value {
    json!({"type": "ZIS::Flow", "properties": {"name": name, "definition": {"StartAt": start, "States": states}}})
}

fn job_spec(name: &str, kind: &str, flow: &str) -> Value {
    let flow = format!("zis:large:flow:{flow}");
    json!({"type": "ZIS::JobSpec", "properties": {"name": name, "event_source": "big", "event_type": kind, "flow_name": flow}})
}

/// `count` states one after the other, of all kinds that a flow is made of.
fn chain(count: usize) -> Value {
    let mut states = Map::new();
    for number in 0..count {
        let next = format!("State {}", number + 1);
        let state = match number {
            last if last + 1 == count => json!({"Type": "Succeed"}),
            choice if choice % 5 == 2 => {
                let rule = json!({"Variable": "$.input.kind", "StringEquals": HOSTILE, "Next": next});
                json!({"Type": "Choice", "Choices": [rule], "Default": next})
            }
            _ => {
                json!({"Type": "Pass", "Result": {"text": HOSTILE.repeat(3)}, "ResultPath": format!("$.r{number}"), "Next": next})
            }
        };
        states.insert(format!("State {number}"), state);
    }
    states.into()
}

/// 60 flows of 33 states, one of 50 and one of 500; a Map; a loop of visits; a flow that copies what it gets.
fn bundle() -> Value {
    let mut resources = Map::new();
    for number in 0..60 {
        resources.insert(format!("flow_{number}"), flow(&format!("flow_{number}"), "State 0", &chain(33)));
        resources
            .insert(format!("spec_{number}"), job_spec(&format!("spec_{number}"), "none", &format!("flow_{number}")));
    }
    resources.insert("fifty".into(), flow("fifty", "State 0", &chain(50)));
    resources.insert("long".into(), flow("long", "State 0", &chain(500)));
    let one = json!({"StartAt": "One", "States": {
        "One": {"Type": "Pass", "Result": HOSTILE, "ResultPath": "$.one", "Next": "Two"}, "Two": {"Type": "Pass", "End": true},
    }});
    let map = json!({
        "Each": {"Type": "Map", "ItemsPath": "$.input.items", "ResultPath": "$.all", "Iterator": one, "Next": "End"},
        "End": {"Type": "Fail", "Error": HOSTILE, "Cause": HOSTILE.repeat(20)},
    });
    resources.insert("map".into(), flow("map", "Each", &map));
    let copy = json!({"Copy": {"Type": "Pass", "ResultPath": "$.copy", "Next": "End"}, "End": {"Type": "Succeed"}});
    resources.insert("copy".into(), flow("copy", "Copy", &copy));
    for (name, of) in [("map", "map"), ("copy", "copy"), ("long", "long"), ("fifty", "fifty")] {
        resources.insert(format!("{name}_spec"), job_spec(&format!("{name}_spec"), of, of));
    }
    json!({"name": "large", "description": HOSTILE, "zis_template_version": "2019-10-14", "resources": resources})
}

async fn fill(server: &TestServer) {
    for number in 0..150 {
        server.integration(&format!("other_{number}")).await;
    }
    let token = server.token("large").await;
    let own = |path: &str, body: Value| server.post(&format!("/api/services/zis/{path}"), body).bearer(&token);
    server.post("/api/services/zis/registry/large/bundles", bundle()).send().await.expect(200);
    for spec in ["map", "copy", "long", "fifty"] {
        let path = format!("/api/services/zis/registry/job_specs/install?job_spec_name=zis:large:job_spec:{spec}_spec");
        server.post(&path, Value::Null).send().await.expect(200);
    }
    for number in 0..60 {
        let config = json!({"scope": format!("scope_{number}"), "config": {"text": HOSTILE.repeat(100)}});
        own("integrations/large/configs", config).send().await.expect(201);
        let end = json!({"name": format!("left {number} {HOSTILE}"), "metadata": {"text": "x".repeat(100)}});
        let link = json!({"link_type": "t", "left_object": end, "right_object": {"name": format!("right {number}")}});
        own("links/large", link).send().await.expect(201);
        let text = HOSTILE.repeat(2_000);
        server.post("/bins/full", json!({"number": number, "text": text})).send().await.expect(200);
    }
    let ticket = json!({"ticket": {"subject": HOSTILE, "comment": {"body": HOSTILE.repeat(1_000)}}});
    let ticket = server.post("/api/v2/tickets.json", ticket).send().await.expect(201)["ticket"]["id"].clone();
    for _ in 0..40 {
        let comment = json!({"ticket": {"comment": {"body": HOSTILE.repeat(1_000)}}});
        let path = format!("/api/v2/tickets/{ticket}.json");
        server.request(http::Method::PUT, &path).json(comment).send().await.expect(200);
    }
    let items: Vec<Value> = (0..1_000).map(|number| json!({"number": number})).collect();
    for (kind, payload) in [
        ("map", json!({"items": items})),
        ("copy", json!({"text": "x".repeat(50_000), "rows": vec![HOSTILE; 2_000]})),
        ("long", json!({"kind": HOSTILE})),
        ("fifty", json!({})),
    ] {
        let event = json!({"source": "big", "type": kind, "payload": payload});
        server.post("/api/zis/v1/events", event).send().await.expect(202);
        server.ended(&format!("flow={kind}")).await;
    }
    for _ in 0..60 {
        let event = json!({"source": "big", "type": "map", "payload": {"items": [1]}});
        server.post("/api/zis/v1/events", event).send().await.expect(202);
    }
    server.ended("flow=map").await;
}

/// Ids, names and values don't make another kind of page: `integrations/*/bundles/*?from&to`.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts = path.split('/').skip(2).enumerate().map(|(at, part)| if at % 2 == 0 && at < 4 { part } else { "*" });
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", parts.collect::<Vec<_>>().join("/"), names.join("&"))
}

/// The console's pages that a page has links to.
fn links(page: &str, path: &str) -> Vec<String> {
    let hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let here = path.split('?').next().unwrap_or(path);
    let whole = hrefs.map(|href| if href.starts_with('?') { format!("{here}{href}") } else { href.to_owned() });
    let pages = whole.map(|href| href.split('#').next().unwrap_or_default().replace("&amp;", "&"));
    let is_page = |path: &String| {
        path.starts_with("/console") && !["/assets/", "zistest", "/document"].iter().any(|no| path.contains(no))
    };
    pages.filter(is_page).collect()
}

#[tokio::test]
async fn every_page_is_small_and_whole_whatever_it_shows() {
    let settings = [("flow.max_map_items", "1000"), ("flow.max_transitions_nested", "10000")];
    let server = TestServer::with(&settings).await;
    fill(&server).await;
    let cookie = sign_in(&server).await;
    let mut waiting = vec!["/console".to_owned()];
    let mut seen = BTreeSet::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        let count = kinds.entry(kind(&path)).or_default();
        if *count == OF_A_KIND || !seen.insert(path.clone()) {
            continue;
        }
        *count += 1;
        let answer = server.get(&path).anonymous().header("cookie", &cookie).send().await;
        let page = &answer.text;
        assert_eq!(answer.status, 200, "{path}: {page}");
        assert!(page.len() < MOST, "{path} has {} bytes", page.len());
        for (tag, most) in [("<h1", 1), ("<script", 1), ("<style", 0), ("</html>", 1), ("<main", 1)] {
            assert_eq!(page.matches(tag).count(), most, "{tag} of {path}");
        }
        waiting.extend(links(page, &path));
    }
    for needed in [
        "executions/*?attempt&visit",
        "executions/*?attempt&at",
        "integrations/*/bundles/*?line",
        "integrations/*/flows/*/*?from",
    ] {
        assert!(kinds.keys().any(|seen| seen.starts_with(needed)), "{needed} is not among {:?}", kinds.keys());
    }
}

/// What is not there, and what is not allowed, is a page too.
#[tokio::test]
async fn refusals_are_pages_of_the_console() {
    let server = TestServer::start().await;
    let cookie = sign_in(&server).await;
    for (path, status, says) in [
        ("/console/nonsense", 404, "there is no page"),
        ("/console/executions/exe_none", 404, "exe_none"),
        ("/console/executions/exe_none?visit=x", 400, "visit"),
        ("/console/executions?status=sleepy", 400, "sleepy"),
        ("/console/zendesk/tickets/x", 400, ""),
        ("/console/integrations/none/flows/none/none", 404, "none"),
        ("/console/explain/ZIS9999", 404, "ZIS9999"),
        ("/console/explain/ZIS3001", 200, "An action failed"),
        ("/console/explain/state-after-end", 404, "state-after-end"),
    ] {
        let answer = server.get(path).anonymous().header("cookie", &cookie).send().await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert!(answer.text.contains("<h1") && answer.text.contains("aria-label=\"Pages\""), "{path}: {}", answer.text);
        assert!(answer.text.contains(says), "{path}: {}", answer.text);
        let stranger = server.get(path).anonymous().send().await;
        if status != 400 {
            assert_eq!(stranger.status, 303, "{path}");
        }
    }
    let forged =
        server.post("/console/settings", Value::Null).anonymous().header("cookie", &cookie).body("do=token&csrf=0");
    let forged = forged.send().await;
    assert_eq!(forged.status, 403);
    assert!(forged.text.contains("Not allowed"), "{}", forged.text);
}
