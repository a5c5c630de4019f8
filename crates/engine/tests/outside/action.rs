//! Custom actions from the resolved request to the outcome and the record.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use zis_bundle::action::Method;
use zis_engine::act::Actor;
use zis_flow::{
    Outcome, Retry, Work,
    effect::{Body, Request, Target},
};
use zis_store::connection::Detail;

use crate::{
    server::{Server, gone, reply},
    world::{ACCOUNT, INTEGRATION, World, caller, failure, get, json, request, through, value},
};

fn path(method: Method, path: &str) -> Request {
    request(method, Target::Path(path.into()))
}

/// A connection of each simple type that may be used on `domain`.
async fn simple(world: &World, domain: &str) {
    let secret = || SecretString::from("s3cret-of-mine");
    let domain = || domain.to_owned();
    let details = [
        ("by_key", Detail::ApiKey { allowed_domain: domain(), header_name: "X-Api-Key".into(), api_key: secret() }),
        ("by_basic", Detail::BasicAuth { allowed_domain: domain(), username: "user".into(), password: secret() }),
        ("by_bearer", Detail::BearerToken { allowed_domain: domain(), token: secret() }),
    ];
    for (name, detail) in details {
        world.connections.create(ACCOUNT, INTEGRATION, name, detail, "me").await.unwrap();
    }
}

#[tokio::test]
async fn a_post_with_everything() {
    let server = Server::start(|_, _| reply(201, r#"{"ticket":{"id":35}}"#).header("x-request", "1")).await;
    let world = World::new(&server.url(""));
    let mut post = path(Method::Post, "/api/v2/tickets.json");
    post.body = Some(Body::Json(json(r#"{"ticket":{"subject":"Hi"}}"#)));
    post.query = vec![("include".into(), "users,groups".into())];
    post.headers = vec![("X-Ticket".into(), "12".into())];
    let done = world.perform(Work::Http(post)).await;
    assert_eq!(value(&done), &json(r#"{"ticket":{"id":35}}"#));

    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/api/v2/tickets.json?include=users%2Cgroups"));
    assert_eq!(seen.body, r#"{"ticket":{"subject":"Hi"}}"#);
    let header = |name| seen.header(name).map(str::to_owned);
    assert_eq!(header("content-type").unwrap(), "application/json");
    assert_eq!(header("accept").unwrap(), "application/json");
    assert_eq!(header("host").unwrap(), server.address.to_string());
    assert_eq!(header("idempotency-key").unwrap(), "key-1");
    assert_eq!(header("x-ticket").unwrap(), "12");
    assert!(header("user-agent").unwrap().starts_with("zis/"));
    assert_eq!(header("authorization"), None);

    let exchange = done.exchange.unwrap();
    assert_eq!((exchange.method.as_str(), exchange.status), ("POST", Some(201)));
    assert_eq!(exchange.url, server.url("/api/v2/tickets.json?include=users%2Cgroups"));
    assert!(exchange.micros > 0 && exchange.response_body.is_none());
    assert!(exchange.response_headers.contains(&("x-request".to_owned(), "1".to_owned())));
}

#[tokio::test]
async fn idempotency_keys_are_for_what_changes_something() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    for (method, own, expected) in [
        (Method::Get, None, None),
        (Method::Head, None, None),
        (Method::Options, None, None),
        (Method::Post, None, Some("key-1")),
        (Method::Delete, None, Some("key-1")),
        (Method::Patch, Some("of the bundle"), Some("of the bundle")),
        (Method::Get, Some("of the bundle"), Some("of the bundle")),
    ] {
        let mut request = path(method, "/");
        request.headers = own.map(|key| ("idempotency-KEY".to_owned(), key.to_owned())).into_iter().collect();
        world.perform(Work::Http(request)).await;
        assert_eq!(server.seen().last().unwrap().header("idempotency-key"), expected, "{method:?} {own:?}");
    }
}

#[tokio::test]
async fn answers_become_outcomes() {
    let minutes = |count: u64| Retry::After(Duration::from_secs(60 * count));
    /// Status, body, Retry-After, and the output or how it is tried again.
    type Case = (u16, &'static str, Option<&'static str>, Result<&'static str, Retry>);
    let table: &[Case] = &[
        (200, r#"{"a":[1,2.50]}"#, None, Ok(r#"{"a":[1,2.5]}"#)),
        (299, "[]", None, Ok("[]")),
        (200, "", None, Ok("{}")),
        (204, "", None, Ok("{}")),
        (200, "plain", None, Ok(r#""plain""#)),
        (301, "", None, Err(Retry::Never)),
        (400, "no", None, Err(Retry::Never)),
        (404, "", None, Err(Retry::Never)),
        (409, "", Some("60"), Err(Retry::Never)),
        (429, "", None, Err(Retry::Backoff)),
        (429, "", Some("60"), Err(minutes(1))),
        (429, "", Some("Tue, 24 Nov 2026 05:31:00 GMT"), Err(minutes(1))),
        (429, "", Some("soon"), Err(Retry::Backoff)),
        (500, "", None, Err(Retry::Backoff)),
        (503, "", Some("120"), Err(minutes(2))),
        (599, "", None, Err(Retry::Backoff)),
    ];
    let script = table.iter().map(|(status, body, after, _)| (*status, *body, *after)).collect::<Vec<_>>();
    let server = Server::start(move |_, at| {
        let (status, body, after) = script[at];
        let reply = reply(status, body);
        match after {
            Some(after) => reply.header("retry-after", after),
            None => reply,
        }
    })
    .await;
    let world = World::new(&server.url(""));
    for (status, body, _, expected) in table {
        let done = world.perform(Work::Http(path(Method::Get, "/x"))).await;
        assert_eq!(done.exchange.as_ref().unwrap().status, Some(*status));
        match expected {
            Ok(output) => assert_eq!(value(&done), &json(output), "{status}"),
            Err(retry) => {
                let failure = failure(&done.outcome);
                assert_eq!(failure.cause, format!("external action failed due to status code: {status}"));
                assert_eq!((failure.error.as_str(), failure.retry), ("States.TaskFailed", *retry), "{status}");
                let kept = done.exchange.unwrap().response_body;
                assert_eq!(kept.as_deref().unwrap_or_default(), *body);
            }
        }
    }
}

#[tokio::test]
async fn no_answer_becomes_a_failure() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let server = Server::start(move |_, _| reply(200, "").gate(&gate)).await;
    let world = World::new(&server.url(""));
    let late = world.perform_within(Work::Http(path(Method::Get, "/")), Duration::from_millis(20)).await;
    let late = failure(&late.outcome);
    assert_eq!((late.error.as_str(), late.retry), ("States.Timeout", Retry::Never));

    let gone = gone();
    let refused = world.perform(Work::Http(get(gone.clone()))).await;
    let refused = failure(&refused.outcome);
    assert!(refused.cause.starts_with("external action failed: "), "{}", refused.cause);
    assert_eq!((refused.error.as_str(), refused.retry), ("States.TaskFailed", Retry::Backoff));
    assert!(refused.detail.as_ref().unwrap().contains(&gone));

    let guarded = world.perform(Work::Http(get("http://169.254.169.254/latest/meta-data".into()))).await;
    let guarded = failure(&guarded.outcome);
    assert_eq!(guarded.retry, Retry::Never);
    assert!(guarded.cause.contains("cloud metadata"), "{}", guarded.cause);

    for bad in
        [get("no url".into()), Request { headers: vec![("X".into(), "a\r\nb: c".into())], ..get(server.url("/")) }]
    {
        let done = world.perform(Work::Http(bad)).await;
        let failure = failure(&done.outcome);
        assert!(failure.cause.starts_with("external action failed: "), "{}", failure.cause);
        assert_eq!(failure.retry, Retry::Never);
    }
}

#[tokio::test]
async fn each_type_of_connection_adds_its_credential() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    simple(&world, "127.0.0.1").await;
    for (name, header, expected) in [
        ("by_key", "x-api-key", "s3cret-of-mine"),
        ("by_basic", "authorization", "Basic dXNlcjpzM2NyZXQtb2YtbWluZQ=="),
        ("by_bearer", "authorization", "Bearer s3cret-of-mine"),
    ] {
        let mut request = get(server.url("/"));
        request.headers = vec![(header.into(), "of the bundle".into())];
        let done = world.perform(through(name, request)).await;
        assert_eq!(value(&done), &json("{}"));
        assert_eq!(server.seen().last().unwrap().header(header), Some(expected), "{name}");
        let exchange = format!("{:?}", done.exchange.unwrap());
        assert!(exchange.contains("*****") && !exchange.contains("s3cret"), "{exchange}");
        assert!(!exchange.contains("dXNlcjpz"), "{exchange}");
    }
}

#[tokio::test]
async fn a_secret_beyond_ascii_is_sent_and_not_left_out() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    let key =
        Detail::ApiKey {
            allowed_domain: "127.0.0.1".into(), header_name: "x-key".into(), api_key: "Schlüssel".into()
        };
    world.connections.create(ACCOUNT, INTEGRATION, "umlaut", key, "me").await.unwrap();
    let done = world.perform(through("umlaut", get(server.url("/")))).await;
    assert_eq!(value(&done), &json("{}"));
    assert_eq!(server.seen()[0].headers["x-key"].as_bytes(), "Schlüssel".as_bytes());
}

#[tokio::test]
async fn a_connection_is_used_on_its_domain_only() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    let zendesk = || path(Method::Get, "/api/v2/users/me");
    let local = || get(server.url("/").replace("127.0.0.1", "localhost"));
    // allowed domain, request, whether it is sent
    let table = [
        ("127.0.0.1", zendesk(), true),
        ("localhost", zendesk(), true),
        ("acme.zendesk.com", zendesk(), true),
        ("*.zendesk.com", zendesk(), true),
        ("other.zendesk.com", zendesk(), false),
        ("api.example.com", zendesk(), false),
        ("localhost", local(), true),
        ("api.example.com", local(), false),
        ("acme.zendesk.com", get("http://127.0.0.2:9/".into()), false),
        ("*.0.0.1", get(server.url("/")), false),
    ];
    for (at, (domain, request, expected)) in table.into_iter().enumerate() {
        let name = format!("bearer-{at}");
        let detail = Detail::BearerToken { allowed_domain: domain.into(), token: "s3cret-of-mine".into() };
        let made = world.connections.create(ACCOUNT, INTEGRATION, &name, detail, "me").await;
        let before = server.seen().len();
        let done = world.perform(through(&name, request)).await;
        assert_eq!(server.seen().len() > before, expected, "{domain}");
        if !expected {
            let failure = failure(&done.outcome);
            let cause = if made.is_ok() { "may not be used on host" } else { "does not exist" };
            assert!(failure.cause.contains(cause), "{domain}: {}", failure.cause);
            assert_eq!((failure.retry, done.exchange), (Retry::Never, None));
        }
    }
}

#[tokio::test]
async fn what_is_echoed_is_masked() {
    let server = Server::start(|seen, _| {
        let token = seen.header("authorization").unwrap().to_owned();
        let status = if seen.target.starts_with("/bad") { 400 } else { 200 };
        reply(status, format!(r#"{{"you sent":"{token}","nested":[{{"s3cret-of-mine":1}}]}}"#))
            .header("x-echo", token)
            .header("set-cookie", "session=1")
    })
    .await;
    let world = World::new(&server.url(""));
    simple(&world, "127.0.0.1").await;
    for target in ["/good?t=s3cret-of-mine", "/bad"] {
        let done = world.perform(through("by_bearer", get(server.url(target)))).await;
        let shown = format!("{:?} {:?}", done.outcome, done.exchange);
        assert!(!shown.contains("s3cret-of-mine"), "{shown}");
        let exchange = done.exchange.unwrap();
        let echo = exchange.response_headers.iter().find(|(name, _)| name == "x-echo").unwrap();
        assert_eq!(echo.1, "Bearer *****");
        assert!(exchange.response_headers.contains(&("set-cookie".to_owned(), "*****".to_owned())));
        if let Outcome::Done(value) = done.outcome {
            assert_eq!(value, json(r#"{"you sent":"Bearer *****","nested":[{"*****":1}]}"#));
            assert_eq!(exchange.url, server.url("/good?t=*****"));
        } else {
            assert_eq!(exchange.response_body.unwrap(), r#"{"you sent":"Bearer *****","nested":[{"*****":1}]}"#);
        }
    }
}

#[tokio::test]
async fn tokens_that_flows_can_read_are_masked_everywhere() {
    let server = Server::start(|seen, _| reply(200, format!("{:?}", seen.header("x-token")))).await;
    let world = World::new(&server.url(""));
    simple(&world, "127.0.0.1").await;
    let names = ["by_bearer".to_owned(), "by_key".to_owned(), "none".to_owned()];
    let exposed = world.live.exposed(ACCOUNT, INTEGRATION, &names).await;
    assert_eq!(exposed, json(r#"{"by_bearer":{"access_token":"s3cret-of-mine"}}"#));
    let mut request = get(server.url("/"));
    request.headers = vec![("X-Token".into(), "is s3cret-of-mine!".into())];
    let done = world.perform(Work::Http(request)).await;
    assert_eq!(server.seen()[0].header("x-token"), Some("is s3cret-of-mine!"));
    let shown = format!("{:?} {:?}", done.outcome, done.exchange);
    assert!(shown.contains("is *****!") && !shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn the_start_check_names_the_first_missing_connection() {
    let world = World::new("http://127.0.0.1:9");
    simple(&world, "127.0.0.1").await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let missing = async |list: &[&str]| world.live.missing_connection(ACCOUNT, INTEGRATION, &names(list)).await;
    assert_eq!(missing(&["by_key", "by_basic"]).await, None);
    assert_eq!(missing(&["by_key", "x", "y"]).await.as_deref(), Some("x"));
    assert_eq!(missing(&["By_key"]).await.as_deref(), Some("By_key"));
    assert_eq!(missing(&[]).await, None);
    assert_eq!(caller().integration, INTEGRATION);
}

#[tokio::test]
async fn a_changed_or_deleted_connection_is_noticed_at_once() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    simple(&world, "127.0.0.1").await;
    let call = async || world.perform(through("by_bearer", get(server.url("/")))).await;
    call().await;
    let patch = zis_engine::connection::simple::Patch { secret: Some("another-secret".into()), ..Default::default() };
    let kind = zis_store::connection::Kind::BearerToken;
    world.connections.update(ACCOUNT, INTEGRATION, kind, "by_bearer", &patch).await.unwrap();
    call().await;
    assert_eq!(server.seen()[1].header("authorization"), Some("Bearer another-secret"));
    world.connections.delete(ACCOUNT, INTEGRATION, kind, "by_bearer").await.unwrap();
    assert!(failure(&call().await.outcome).cause.contains("`by_bearer` does not exist"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn definitions_that_spell_out_the_hosted_zendesk_reach_the_local_one() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let world = World::new(&server.url(""));
    world.perform(Work::Http(get("https://acme.zendesk.com/api/v2/tickets/1.json?include=users".into()))).await;
    assert_eq!(server.seen()[0].target, "/api/v2/tickets/1.json?include=users");
}
