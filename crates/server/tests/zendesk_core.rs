//! Zendesk's core API through HTTP: shapes, errors, paging, sign-in.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::{EMAIL, PASSWORD, TestServer};

fn event() -> Value {
    json!({
        "event": {"source": "online_order", "type": "refund_request", "properties": {"order_id": "1"}},
        "profile": {"name": "Jane", "source": "acme", "type": "customer", "identifiers": [{"type": "email", "value": "jane@example.com"}]}
    })
}

async fn ticket(server: &TestServer, body: Value) -> Value {
    server.post("/api/v2/tickets.json", json!({"ticket": body})).send().await.expect(201)
}

#[tokio::test]
async fn an_event_is_received_listed_and_its_profile_shown() {
    let server = TestServer::start().await;
    let answer = server.post("/api/v2/user_profiles/events", event()).send().await.expect(202);
    let keys: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["profile_id", "status", "user_id"]);
    let (profile, user) = (answer["profile_id"].as_str().unwrap(), answer["user_id"].as_str().unwrap());
    assert_eq!(profile.len(), 26);
    let shown = server.get(&format!("/api/v2/user_profiles/{profile}")).send().await.expect(200);
    assert_eq!(shown["profile"]["user_id"], user);
    assert_eq!(shown["profile"]["identifiers"], json!([{"type": "email", "value": "jane@example.com"}]));
    let same =
        server.get("/api/v2/user_profiles?identifier=acme:customer:email:jane@example.com").send().await.expect(200);
    assert_eq!(same, shown);
    for path in [
        format!("/api/v2/user_profiles/{profile}/events?page[size]=1"),
        format!("/api/v2/users/{user}/events"),
        "/api/v2/user_profiles/events.json?identifier=acme%3Acustomer%3Aemail%3Ajane%40example.com".to_owned(),
    ] {
        let list = server.get(&path).send().await.expect(200);
        assert_eq!(list["events"][0]["type"], "refund_request", "{path}");
        assert_eq!((&list["links"], &list["meta"]["has_more"]), (&json!([]), &json!(false)));
    }
    let profiles = server.get(&format!("/api/v2/users/{user}/profiles")).send().await.expect(200);
    assert_eq!(profiles["profiles"].as_array().unwrap().len(), 1);
    let shown = server.get(&format!("/api/v2/users/{user}.json")).send().await.expect(200);
    assert_eq!((&shown["user"]["name"], &shown["user"]["role"]), (&json!("Jane"), &json!("end-user")));
    server.delete(&format!("/api/v2/user_profiles/{profile}")).send().await.expect(204);
    assert_eq!(
        server.get(&format!("/api/v2/user_profiles/{profile}")).send().await.expect(404)["errors"][0]["code"],
        "RecordNotFound"
    );
}

#[tokio::test]
async fn an_event_with_a_missing_member_says_which() {
    let server = TestServer::start().await;
    for (pointer, title) in [
        ("/event/source", "event.source is required"),
        ("/event/type", "event.type is required"),
        ("/event/properties", "event.properties is required"),
        ("/profile/source", "profile.source is required"),
        ("/profile/type", "profile.type is required"),
        ("/profile/identifiers", "profile.identifiers is required"),
        ("/profile/identifiers/0/value", "profile.identifiers[0].value is required"),
        ("/profile", "profile is required"),
    ] {
        let mut body = event();
        *body.pointer_mut(pointer).unwrap() = Value::Null;
        let answer = server.post("/api/v2/user_profiles/events.json", body).send().await.expect(400);
        assert_eq!(answer["errors"][0]["title"], title);
        assert!(answer["errors"][0]["code"].is_string() && answer["errors"][0]["id"].is_string());
    }
    let answer =
        server.request(Method::POST, "/api/v2/user_profiles/events").body("{\n  \"event\": }").send().await.expect(400);
    assert!(answer.to_string().contains("line 2"), "{answer}");
}

#[tokio::test]
async fn an_event_with_a_key_starts_one_execution() {
    let server = TestServer::start().await;
    let send = || server.post("/api/v2/user_profiles/events", event()).header("idempotency-key", "k-1");
    let first = send().send().await.expect(202);
    assert_eq!(send().send().await.expect(202), first);
    let mut other = event();
    other["event"]["properties"]["order_id"] = json!("2");
    let answer =
        server.post("/api/v2/user_profiles/events", other).header("idempotency-key", "k-1").send().await.expect(400);
    assert_eq!(answer["errors"][0]["code"], "IdempotentRequestError");
    let events = server.get("/api/zis/v1/events?type=activity.UserActivityCreated").send().await.expect(200);
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_created_ticket_has_the_recorded_shape() {
    let server = TestServer::start().await;
    let answer = server
        .post(
            "/api/v2/tickets.json",
            json!({"ticket": {"subject": "test", "comment": {"body": "a\nb"}, "nonsense": 1}}),
        )
        .header("idempotency-key", "t-1")
        .send()
        .await;
    let body = answer.expect(201);
    let ticket = &body["ticket"];
    assert_eq!(answer.headers["location"].to_str().unwrap(), server.url("/api/v2/tickets/1.json"));
    assert_eq!(answer.headers["x-idempotency-lookup"], "miss");
    assert!(answer.headers["x-zendesk-api-warn"].to_str().unwrap().contains("ticket.nonsense"));
    assert!(answer.headers.contains_key("x-rate-limit") && answer.headers.contains_key("ratelimit-reset"));
    for key in [
        "url",
        "id",
        "external_id",
        "via",
        "created_at",
        "updated_at",
        "type",
        "subject",
        "raw_subject",
        "description",
        "priority",
        "status",
        "recipient",
        "requester_id",
        "submitter_id",
        "assignee_id",
        "organization_id",
        "group_id",
        "collaborator_ids",
        "follower_ids",
        "email_cc_ids",
        "forum_topic_id",
        "problem_id",
        "has_incidents",
        "is_public",
        "due_at",
        "tags",
        "custom_fields",
        "satisfaction_rating",
        "sharing_agreement_ids",
        "custom_status_id",
        "fields",
        "followup_ids",
        "ticket_form_id",
        "brand_id",
        "allow_channelback",
        "allow_attachments",
        "from_messaging_channel",
    ] {
        assert!(ticket.get(key).is_some(), "{key}");
    }
    assert_eq!((&ticket["status"], &ticket["description"]), (&json!("new"), &json!("a\nb")));
    assert_eq!(body["audit"]["events"][0]["type"], "Comment");
    assert_eq!(body["audit"]["ticket_id"], 1);
    let again = server
        .post(
            "/api/v2/tickets.json",
            json!({"ticket": {"subject": "test", "comment": {"body": "a\nb"}, "nonsense": 1}}),
        )
        .header("idempotency-key", "t-1")
        .send()
        .await;
    assert_eq!(again.headers["x-idempotency-lookup"], "hit");
    assert_eq!(again.expect(201), body);
    let other = server
        .post("/api/v2/tickets.json", json!({"ticket": {"comment": {"body": "c"}}}))
        .header("idempotency-key", "t-1");
    assert_eq!(
        other.send().await.expect(400),
        json!({"error": "IdempotentRequestError", "description": "Request parameters don't match the given idempotency key"})
    );
}

#[tokio::test]
async fn tickets_change_and_go() {
    let server = TestServer::start().await;
    ticket(&server, json!({"subject": "old", "comment": {"body": "b"}})).await;
    let update = json!({"ticket": {"id": 1, "subject": "new", "status": "solved", "comment": {"body": "done", "public": false}}});
    let answer = server.request(Method::PUT, "/api/v2/tickets/1.json").json(update).send().await.expect(200);
    assert_eq!(answer["ticket"]["status"], "solved");
    let changes: Vec<_> =
        answer["audit"]["events"].as_array().unwrap().iter().filter(|event| event["type"] == "Change").collect();
    assert_eq!(
        (&changes[0]["field_name"], &changes[0]["previous_value"], &changes[0]["value"]),
        (&json!("subject"), &json!("old"), &json!("new"))
    );
    let comments = server.get("/api/v2/tickets/1/comments.json").send().await.expect(200);
    assert_eq!(comments["count"], 2);
    let bodies: Vec<_> = comments["comments"].as_array().unwrap().iter().map(|comment| &comment["body"]).collect();
    assert_eq!(bodies, ["b", "done"]);
    let audits = server.get("/api/v2/tickets/1/audits.json?page[size]=1&sort=-created_at").send().await.expect(200);
    assert_eq!((&audits["audits"][0]["id"], &audits["meta"]["has_more"]), (&answer["audit"]["id"], &json!(true)));
    assert_eq!(server.get("/api/v2/tickets/count.json").send().await.expect(200)["count"]["value"], 1);
    server.delete("/api/v2/tickets/1.json").send().await.expect(204);
    let gone = json!({"error": "RecordNotFound", "description": "Not found"});
    assert_eq!(server.get("/api/v2/tickets/1.json").send().await.expect(404), gone);
    assert_eq!(server.delete("/api/v2/tickets/1.json").send().await.expect(404), gone);
}

#[tokio::test]
async fn faults_are_told_by_member() {
    let server = TestServer::start().await;
    let fault =
        async |body: Value| server.post("/api/v2/tickets.json", json!({"ticket": body})).send().await.expect(422);
    let answer = fault(json!({"subject": "no comment"})).await;
    assert_eq!(answer["error"], "RecordInvalid");
    assert_eq!(
        answer["details"]["base"][0],
        json!({"description": "Description: cannot be blank", "error": "BlankValue"})
    );
    assert!(fault(json!({"comment": {"body": "b"}, "requester_id": 5})).await["details"]["requester"].is_array());
    assert!(
        fault(json!({"comment": {"body": "b"}, "status": "bad", "priority": 7})).await["details"]["priority"]
            .is_array()
    );
    let user = json!({"user": {"name": "Admin two", "email": EMAIL}});
    let answer = server.post("/api/v2/users.json", user).send().await.expect(422);
    assert_eq!(answer["details"]["email"][0]["error"], "DuplicateValue");
    assert_eq!(server.post("/api/v2/tickets.json", json!([])).send().await.status.as_u16(), 422);
    let titled = server.get("/api/v2/users/abc.json").send().await.expect(400);
    assert_eq!(titled["error"]["title"], "Invalid attribute");
    let many = json!({"tickets": vec![json!({}); 101]});
    let answer = server.post("/api/v2/tickets/create_many.json", many).send().await.expect(400);
    assert_eq!((&answer["error"], &answer["max_count"]), (&json!("TooManyValues"), &json!(100)));
}

#[tokio::test]
async fn bulk_calls_leave_a_job() {
    let server = TestServer::start().await;
    let body = json!({"tickets": [{"comment": {"body": "1"}}, {"comment": {"body": "2"}}]});
    let queued = server.post("/api/v2/tickets/create_many.json", body).send().await.expect(200)["job_status"].clone();
    assert_eq!((&queued["status"], &queued["total"]), (&json!("queued"), &json!(2)));
    let path = queued["url"].as_str().unwrap().replace(&server.url(""), "");
    let job = server.get(&path).send().await.expect(200)["job_status"].clone();
    assert_eq!((&job["status"], &job["results"][1]["id"]), (&json!("completed"), &json!(2)));
    let many = server.get("/api/v2/tickets/show_many.json?ids=1,2,99").send().await.expect(200);
    assert_eq!(many["tickets"].as_array().unwrap().len(), 2);
    let later = server
        .post("/api/v2/tickets.json?async=true", json!({"ticket": {"comment": {"body": "3"}}}))
        .send()
        .await
        .expect(202);
    assert_eq!((&later["ticket"]["id"], later["job_status"]["id"].is_string()), (&json!(3), true));
}

#[tokio::test]
async fn lists_page_by_cursor_and_by_offset_on_the_clients_host() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        ticket(&server, json!({"comment": {"body": "b"}})).await;
    }
    let mut path = "/api/v2/tickets.json?page%5Bsize%5D=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = server.get(&path).header("host", "acme.localhost:8080").send().await.expect(200);
        assert!(page.get("count").is_none());
        seen.extend(page["tickets"].as_array().unwrap().iter().map(|ticket| ticket["id"].as_i64().unwrap()));
        if page["meta"]["has_more"] == false {
            assert!(page["links"]["next"].is_null());
            break;
        }
        let next = page["links"]["next"].as_str().unwrap();
        path = next.strip_prefix("http://acme.localhost:8080").expect(next).to_owned();
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let page = server.get("/api/v2/tickets.json?per_page=2&page=2&sort_order=desc").send().await.expect(200);
    let ids: Vec<_> = page["tickets"].as_array().unwrap().iter().map(|ticket| ticket["id"].clone()).collect();
    assert_eq!((ids, &page["count"]), (vec![json!(3), json!(2)], &json!(5)));
    assert!(page["next_page"].as_str().unwrap().contains("page=3"));
    assert!(page["previous_page"].as_str().unwrap().contains("page=1"));
    let deep = server.get("/api/v2/tickets.json?page=200").send().await.expect(400);
    assert_eq!(deep["errors"][0]["code"], "InvalidPaginationDepth");
}

#[tokio::test]
async fn search_counts_pages_and_exports() {
    let server = TestServer::start().await;
    for number in 0..3 {
        ticket(&server, json!({"subject": format!("printer {number}"), "comment": {"body": "b"}})).await;
    }
    let found = server
        .get("/api/v2/search.json?query=type%3Aticket+printer&filter%5Btype%5D=ticket&per_page=2")
        .send()
        .await
        .expect(200);
    assert_eq!((&found["count"], &found["facets"]), (&json!(3), &Value::Null));
    assert_eq!(found["results"][0]["result_type"], "ticket");
    assert!(found["next_page"].is_string());
    assert_eq!(server.get("/api/v2/search/count.json?query=printer").send().await.expect(200), json!({"count": 3}));
    let page = server
        .get("/api/v2/search/export.json?query=printer&filter[type]=ticket&page[size]=2")
        .send()
        .await
        .expect(200);
    assert_eq!((page["results"].as_array().unwrap().len(), &page["meta"]["has_more"]), (2, &json!(true)));
    let next = page["links"]["next"].as_str().unwrap().replace(&server.url(""), "");
    let page = server.get(&next).send().await.expect(200);
    assert_eq!((page["results"][0]["id"].clone(), &page["meta"]["has_more"]), (json!(3), &json!(false)));
    for (size, sent) in [("", "100"), ("&page[size]=1000", "1000"), ("&page[size]=1001", "1000")] {
        let path = format!("/api/v2/search/export.json?query=printer&filter[type]=ticket{size}");
        let page = server.get(&path).send().await.expect(200);
        let ends = (&page["meta"]["has_more"], &page["links"]["next"], &page["count"]);
        assert_eq!(ends, (&json!(false), &Value::Null, &Value::Null), "{size}");
        let cursor = page["meta"]["before_cursor"].as_str().unwrap();
        let after = server.get(&format!("{path}&page[after]={cursor}")).send().await.expect(200);
        assert_eq!(after["results"].as_array().unwrap().len(), 2);
        assert!(after["links"]["prev"].as_str().unwrap().contains(&format!("page%5Bsize%5D={sent}")), "{after}");
    }
    server.get("/api/v2/search.json?query=x&page[size]=5").send().await.expect(400);
    let far = server.get("/api/v2/search.json?query=printer&page=11").send().await.expect(422);
    assert_eq!(far["error"], "invalid");
    let users = server.get("/api/v2/users/search.json?query=admin").send().await.expect(200);
    assert_eq!((&users["count"], &users["users"][0]["email"]), (&json!(1), &json!(EMAIL)));
}

#[tokio::test]
async fn users_are_made_changed_and_taken_out_of_use() {
    let server = TestServer::start().await;
    let answer = server
        .post("/api/v2/users.json", json!({"user": {"name": "Jane", "email": "Jane@Example.com", "external_id": "E1"}}))
        .send()
        .await;
    let made = answer.expect(201)["user"].clone();
    let path = format!("/api/v2/users/{}.json", made["id"]);
    assert_eq!(answer.headers["location"].to_str().unwrap(), server.url(&path));
    let same = json!({"user": {"name": "Jane Doe", "email": "jane@example.com"}});
    let updated = server.post("/api/v2/users/create_or_update.json", same).send().await.expect(200)["user"].clone();
    assert_eq!(
        (&updated["id"], &updated["name"], &updated["email"]),
        (&made["id"], &json!("Jane Doe"), &json!("Jane@Example.com"))
    );
    let second = json!({"user": {"email": "second@example.com"}});
    server.request(Method::PUT, &path).json(second).send().await.expect(200);
    let identities = format!("/api/v2/users/{}/identities.json", made["id"]);
    let list = server.get(&identities).send().await.expect(200);
    let values: Vec<_> =
        list["identities"].as_array().unwrap().iter().map(|one| (&one["value"], &one["primary"])).collect();
    assert_eq!(values, [(&json!("Jane@Example.com"), &json!(true)), (&json!("second@example.com"), &json!(false))]);
    let primary = format!("/api/v2/users/{}/identities/{}/make_primary.json", made["id"], list["identities"][1]["id"]);
    server.request(Method::PUT, &primary).send().await.expect(200);
    assert_eq!(server.get(&path).send().await.expect(200)["user"]["email"], "second@example.com");
    let added =
        server.post(&identities, json!({"identity": {"type": "twitter", "value": "jane"}})).send().await.expect(201);
    server
        .delete(&format!("/api/v2/users/{}/identities/{}", made["id"], added["identity"]["id"]))
        .send()
        .await
        .expect(204);
    let listed = server.get("/api/v2/users.json?role=end-user&page[size]=10").send().await.expect(200);
    assert_eq!(listed["users"].as_array().unwrap().len(), 1);
    let gone = server.delete(&path).send().await.expect(200);
    assert_eq!(gone["user"]["active"], false);
    // The address is free again.
    server
        .post("/api/v2/users.json", json!({"user": {"name": "New", "email": "jane@example.com", "external_id": "e1"}}))
        .send()
        .await
        .expect(201);
}

#[tokio::test]
async fn refusals_of_sign_in() {
    let server = TestServer::start().await;
    let bare = json!({"error": "Couldn't authenticate you"});
    assert_eq!(server.get("/api/v2/tickets.json").anonymous().send().await.expect(401), bare);
    assert_eq!(server.get("/api/v2/tickets.json").basic(EMAIL, "x").send().await.expect(401), bare);
    assert_eq!(server.get("/api/v2/tickets.json").bearer("x").send().await.expect(401)["error"], "invalid_token");
    let unknown = json!({"error": "InvalidEndpoint", "description": "Not found"});
    assert_eq!(server.get("/api/v2/nothing.json").anonymous().send().await.expect(404), unknown);
    for request in [server.get("/api/v2/users/me.json").anonymous(), server.get("/api/v2/users/me").basic(EMAIL, "x")] {
        let user = request.send().await.expect(200)["user"].clone();
        assert_eq!((&user["name"], &user["id"]), (&json!("Anonymous user"), &Value::Null));
    }
    server.get("/api/v2/users/me.json").basic(&format!("{EMAIL}/token"), "x").send().await.expect(401);
    let me = server.get("/api/v2/users/me.json").send().await.expect(200)["user"].clone();
    assert_eq!((&me["email"], me["authenticity_token"].is_string()), (&json!(EMAIL), true));
    assert_eq!(server.request(Method::PATCH, "/api/v2/tickets/1").send().await.status.as_u16(), 405);
    server.request(Method::HEAD, "/api/v2/tickets.json").send().await.expect(200);
}

#[tokio::test]
async fn agents_end_users_and_acting_for_others() {
    let server = TestServer::start().await;
    let make = async |name: &str, role: &str| {
        let email = format!("{name}@example.com");
        let body = json!({"user": {"name": name, "email": email, "role": role}});
        let id = server.post("/api/v2/users.json", body).send().await.expect(201)["user"]["id"].clone();
        let path = format!("/api/v2/users/{id}/password");
        server.post(&path, json!({"password": "a password"})).send().await.expect(200);
        (id, email)
    };
    let (agent, agent_email) = make("agent", "agent").await;
    let (jane, jane_email) = make("jane", "end-user").await;
    let as_agent = |path: &str| server.get(path).basic(&agent_email, "a password");
    as_agent("/api/v2/tickets.json").send().await.expect(200);
    as_agent("/api/v2/oauth/clients.json").send().await.expect(403);
    let path = format!("/api/v2/users/{agent}/password");
    server.post(&path, json!({"password": "another"})).basic(&agent_email, "a password").send().await.expect(403);
    server.get("/api/v2/tickets.json").basic(&jane_email, "a password").send().await.expect(403);
    server.get(&format!("/api/v2/users/{jane}")).basic(&jane_email, "a password").send().await.expect(200);
    let body = json!({"ticket": {"comment": {"body": "for jane"}}});
    let made = server
        .post("/api/v2/tickets.json", body.clone())
        .header("x-on-behalf-of", &jane_email)
        .send()
        .await
        .expect(201);
    assert_eq!(made["ticket"]["requester_id"], jane);
    let refused = server
        .post("/api/v2/tickets.json", body)
        .basic(&agent_email, "a password")
        .header("x-on-behalf-of", &jane_email);
    assert_eq!(refused.send().await.expect(403)["error"]["title"], "Forbidden");
}

#[tokio::test]
async fn tokens_and_scopes() {
    let server = TestServer::start().await;
    let client = server.integration("acme").await;
    let make = async |scopes: Value| {
        let body = json!({"token": {"client_id": client, "scopes": scopes}});
        server.post("/api/v2/oauth/tokens.json", body).send().await.expect(201)["token"].clone()
    };
    let token = make(json!(["read", "tickets:write"])).await;
    let text = token["full_token"].as_str().unwrap();
    assert_eq!(token["token"], text);
    let body = json!({"ticket": {"comment": {"body": "b"}}});
    server.post("/api/v2/tickets.json", body).bearer(text).send().await.expect(201);
    server.post("/api/v2/users.json", json!({"user": {"name": "x"}})).bearer(text).send().await.expect(403);
    let odd = make(json!(["read", "nonsense"])).await;
    server.get("/api/v2/tickets.json").bearer(odd["full_token"].as_str().unwrap()).send().await.expect(403);
    let current = server.get("/api/v2/oauth/tokens/current.json").bearer(text).send().await.expect(200);
    assert_eq!(current["token"]["token"], text[..10]);
    let list = server.get("/api/v2/oauth/tokens.json").send().await.expect(200);
    assert_eq!(list["tokens"].as_array().unwrap().len(), 2);
    server.delete(&format!("/api/v2/oauth/tokens/{}.json", token["id"])).send().await.expect(204);
    server.get("/api/v2/tickets.json").bearer(text).send().await.expect(401);

    let made = server
        .post("/api/v2/api_tokens.json", json!({"api_token": {"description": "ci"}}))
        .send()
        .await
        .expect(201)["api_token"]
        .clone();
    let name = format!("{EMAIL}/token");
    server.get("/api/v2/tickets.json").basic(&name, made["token"].as_str().unwrap()).send().await.expect(200);
    let list = server.get("/api/v2/api_tokens.json").send().await.expect(200);
    assert_ne!(list["api_tokens"][0]["token"], made["token"]);
    server.delete(&format!("/api/v2/api_tokens/{}.json", made["id"])).send().await.expect(204);
    server.get("/api/v2/tickets.json").basic(&name, made["token"].as_str().unwrap()).send().await.expect(401);
}

#[tokio::test]
async fn oauth_by_form_and_json() {
    let server = TestServer::start().await;
    let client = json!({"client": {"name": "App", "identifier": "app", "redirect_uri": ["http://localhost:9/cb"]}});
    let made = server.post("/api/v2/oauth/clients.json", client).send().await.expect(201)["client"].clone();
    let secret = made["secret"].as_str().unwrap();
    let ask = "/oauth/authorizations/new?response_type=code&client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb&scope=read%20write&state=s%26t";
    let page = server.get(ask).anonymous().send().await;
    page.expect(200);
    assert!(page.text.contains("name=\"password\"") && page.text.contains("value=\"s&amp;t\""), "{}", page.text);
    let form = |email: &str, password: &str, decision: &str| {
        let query = ask.split_once('?').unwrap().1;
        format!("{query}&email={email}&password={password}&decision={decision}").replace("@", "%40").replace(' ', "+")
    };
    let decide = async |body: String| {
        let request = server.request(Method::POST, "/oauth/authorizations/new").anonymous();
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await
    };
    decide(form(EMAIL, "wrong", "allow")).await.expect(401);
    let denied = decide(form("", "", "deny")).await;
    denied.expect(302);
    assert!(denied.headers["location"].to_str().unwrap().starts_with("http://localhost:9/cb?error=access_denied"));
    let allowed = decide(form(EMAIL, PASSWORD, "allow")).await;
    allowed.expect(302);
    let location = allowed.headers["location"].to_str().unwrap();
    assert!(location.ends_with("&state=s%26t"), "{location}");
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let grant = format!(
        "grant_type=authorization_code&code={code}&client_id=app&client_secret={secret}&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb"
    );
    let post = || {
        server
            .request(Method::POST, "/oauth/tokens")
            .anonymous()
            .header("content-type", "application/x-www-form-urlencoded")
    };
    let granted = post().body(grant.clone()).send().await.expect(201);
    assert_eq!((&granted["token_type"], &granted["scope"]), (&json!("bearer"), &json!("read write")));
    server.get("/api/v2/tickets.json").bearer(granted["access_token"].as_str().unwrap()).send().await.expect(200);
    assert_eq!(post().body(grant).send().await.expect(400)["error"], "invalid_grant");
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": granted["refresh_token"], "client_id": "app", "client_secret": secret, "expires_in": 300});
    let renewed = server.post("/oauth/tokens.json", refresh).anonymous().send().await.expect(201);
    assert_eq!(renewed["expires_in"], 300);
    let wrong = json!({"grant_type": "client_credentials", "client_id": "app", "client_secret": "no"});
    assert_eq!(server.post("/oauth/tokens", wrong).anonymous().send().await.expect(401)["error"], "invalid_client");
    let new = server
        .request(Method::PUT, &format!("/api/v2/oauth/clients/{}/generate_secret.json", made["id"]))
        .send()
        .await
        .expect(200);
    assert_ne!(new["client"]["secret"], made["secret"]);
    let by_header = server
        .post("/oauth/tokens", json!({"grant_type": "client_credentials"}))
        .basic("app", new["client"]["secret"].as_str().unwrap());
    assert!(by_header.send().await.expect(201).get("refresh_token").is_none());
    server.get("/oauth/authorizations/new?response_type=code&client_id=nobody").anonymous().send().await.expect(401);
}

#[tokio::test]
async fn bins_keep_what_came() {
    let server = TestServer::start().await;
    server.request(Method::PATCH, "/bins/a%20b/deep?x=1").anonymous().json(json!({"n": 1})).send().await.expect(200);
    server.request(Method::POST, "/api/zis/v1/bins/a%20b").anonymous().body(vec![0xff, 0x00]).send().await.expect(200);
    server.get("/api/zis/v1/bins/a%20b/requests").anonymous().send().await.expect(401);
    let got = server.get("/api/zis/v1/bins/a%20b/requests").send().await.expect(200);
    let (last, first) = (&got["requests"][0], &got["requests"][1]);
    assert_eq!((&last["body_encoding"], &last["body"]), (&json!("base64"), &json!("/wA=")));
    assert_eq!((&first["method"], &first["query"], &first["json"]["n"]), (&json!("PATCH"), &json!("x=1"), &json!(1)));
    assert_eq!(first["headers"]["content-type"], "application/json");
    let bins = server.get("/api/zis/v1/bins").send().await.expect(200);
    assert_eq!((&bins["bins"][0]["name"], &bins["bins"][0]["requests"]), (&json!("a b"), &json!(2)));
    let large = vec![b'x'; 1024 * 1024 + 1];
    server.request(Method::POST, "/bins/big").anonymous().body(large).send().await.expect(413);
    server.delete("/api/zis/v1/bins/a%20b").send().await.expect(204);
    assert_eq!(server.get("/api/zis/v1/bins/a%20b/requests").send().await.expect(200)["requests"], json!([]));
}
