//! Events of profiles: matched or made, given to the engine once, in the documented shapes.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use support::{Fixture, json};
use zis_zendesk::{
    ZendeskError,
    activity::{ActivityFilter, EventIn, Key, Page, Received, Subject},
    profile::{ProfileIn, Query},
    sink::SinkError,
    user::Made,
};

fn event(amount: &str) -> EventIn {
    let body = format!(
        r#"{{"source":"online_order","type":"refund_request","properties":{{"order_id":"789","refund_amount":"{amount}"}}}}"#
    );
    EventIn::read(&json(&body)).unwrap()
}

fn subject(text: &str) -> Subject {
    Subject::Described(ProfileIn::read(&json(text), None).unwrap())
}

const JOHN: &str = r#"{"name":"John Doe","source":"acme_store","type":"customer","attributes":{"membership":"basic"},
    "identifiers":[{"type":"email","value":"John.Doe@Example.com"}]}"#;

async fn post(fixture: &Fixture, profile: &str, key: Option<&Key>) -> Result<Received, ZendeskError> {
    fixture.zendesk.receive_event(&subject(profile), &event("100.00"), key).await
}

#[tokio::test]
async fn the_first_event_makes_user_and_profile_and_the_next_finds_them() {
    let fixture = Fixture::new().await;
    let first = post(&fixture, JOHN, None).await.unwrap();
    let second = post(&fixture, JOHN, None).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(fixture.kinds(), ["activity.UserActivityCreated", "user.UserCreated", "activity.UserActivityCreated"]);
    let user = fixture.zendesk.user(first.user_id).await.unwrap();
    assert_eq!((user.name.as_str(), user.email.as_deref()), ("John Doe", Some("john.doe@example.com")));
    let events = fixture.take_events();
    let expected = json(&format!(
        r#"{{"activity_event":{{"meta":{{"occurred_at":"2026-05-04T03:02:01Z","ref":REF,"version":"1.0"}},"type":"User Activity Created",
        "user_activity":{{"created_at":"2026-05-04T03:02:01Z","description":null,"id":ID,"namespace":{{"ref_id":""}},
        "profile_id":"{}","properties":{{"order_id":"789","refund_amount":"100.00"}},"source":"online_order","type":"refund_request",
        "user_id":{}}}}}}}"#,
        first.profile_id, first.user_id
    )
    .replace("REF", &events[0].payload.get("activity_event").unwrap().get("meta").unwrap().get("ref").unwrap().to_json())
    .replace("ID,", &format!("{},", events[0].payload.get("activity_event").unwrap().get("user_activity").unwrap().get("id").unwrap().to_json())));
    assert_eq!(events[0].payload, expected);
    assert_eq!(events[0].source, "sunshine");
}

#[tokio::test]
async fn name_and_attributes_change_only_when_said() {
    let fixture = Fixture::new().await;
    let first = post(&fixture, JOHN, None).await.unwrap();
    let bare = r#"{"source":"acme_store","type":"customer","identifiers":[{"type":"email","value":"john.doe@example.com"},
        {"type":"loyalty","value":"9"}]}"#;
    post(&fixture, bare, None).await.unwrap();
    let profile = fixture.zendesk.profile(&first.profile_id).await.unwrap();
    assert_eq!(profile.attributes, json(r#"{"membership":"basic"}"#));
    assert_eq!(profile.name, "John Doe");
    assert_eq!(profile.identifiers.len(), 2);
    let premium = JOHN.replace("basic", "premium");
    post(&fixture, &premium, None).await.unwrap();
    let profile = fixture.zendesk.profile(&first.profile_id).await.unwrap();
    assert_eq!(profile.attributes, json(r#"{"membership":"premium"}"#));
}

#[tokio::test]
async fn an_idempotency_key_makes_one_event() {
    let fixture = Fixture::new().await;
    let key = Key::new("k1", "the body").unwrap();
    let first = post(&fixture, JOHN, Some(&key)).await.unwrap();
    assert_eq!(post(&fixture, JOHN, Some(&key)).await.unwrap(), first);
    let other = Key::new("k1", "another body").unwrap();
    assert!(matches!(post(&fixture, JOHN, Some(&other)).await, Err(ZendeskError::KeyReused)));
    let activities = fixture.kinds().iter().filter(|kind| *kind == "activity.UserActivityCreated").count();
    assert_eq!(activities, 1);
}

#[tokio::test]
async fn twins_at_the_same_moment_make_one_user_and_one_profile() {
    let fixture = Fixture::new().await;
    let posts = (0..8).map(|_| {
        let zendesk = fixture.zendesk.clone();
        tokio::spawn(async move { zendesk.receive_event(&subject(JOHN), &event("1"), None).await.unwrap() })
    });
    let mut answers = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        answers.push(post.await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(fixture.kinds().iter().filter(|kind| *kind == "user.UserCreated").count(), 1);
}

#[tokio::test]
async fn nothing_is_kept_of_an_event_that_the_engine_does_not_take() {
    let fixture = Fixture::new().await;
    fixture.sink.failures.lock().unwrap().push(SinkError::Busy(3));
    assert!(matches!(post(&fixture, JOHN, None).await, Err(ZendeskError::Busy(3))));
    let query = Query::parse("acme_store:customer:email:john.doe@example.com").unwrap();
    assert!(matches!(fixture.zendesk.profile_by(&query).await, Err(ZendeskError::NotFound { .. })));
    assert!(fixture.zendesk.user_by_email("john.doe@example.com").await.unwrap().is_none());
}

#[tokio::test]
async fn a_profile_binds_to_the_user_that_has_the_identifier() {
    let fixture = Fixture::new().await;
    let first = post(&fixture, JOHN, None).await.unwrap();
    let elsewhere = r#"{"source":"forum","type":"member","identifiers":[{"type":"email","value":"john.doe@example.com"},
        {"type":"phone_number","value":"+61"}]}"#;
    let second = post(&fixture, elsewhere, None).await.unwrap();
    assert_eq!(second.user_id, first.user_id);
    assert_ne!(second.profile_id, first.profile_id);
    let identities = fixture.zendesk.identities(first.user_id).await.unwrap();
    let kinds: Vec<_> = identities.iter().map(|identity| identity.kind.as_str()).collect();
    assert_eq!(kinds, ["email", "phone_number"]);
    assert_eq!(fixture.zendesk.profiles_of(first.user_id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn identifiers_of_two_users_are_refused() {
    let fixture = Fixture::new().await;
    post(&fixture, JOHN, None).await.unwrap();
    post(&fixture, &JOHN.replace("John.Doe", "jane"), None).await.unwrap();
    let both = r#"{"source":"forum","type":"member","identifiers":[{"type":"email","value":"john.doe@example.com"},
        {"type":"email","value":"jane@example.com"}]}"#;
    assert!(matches!(post(&fixture, both, None).await, Err(ZendeskError::Client { .. })));
}

#[tokio::test]
async fn profiles_are_put_patched_listed_and_deleted() {
    let fixture = Fixture::new().await;
    let query = Query::parse("acme:contact:email:Jane@Example.com").unwrap();
    let body = json(
        r#"{"name":"Jane","attributes":{"a":1,"b":2},"identifiers":[{"type":"email","value":"jane@example.com"}]}"#,
    );
    let (made, how) = fixture.zendesk.put_profile(&query, &body, None).await.unwrap();
    assert_eq!(how, Made::New);
    let (replaced, how) = fixture.zendesk.put_profile(&query, &json(r#"{"attributes":{"c":3}}"#), None).await.unwrap();
    assert_eq!((how, replaced.id.as_str()), (Made::Existing, made.id.as_str()));
    assert_eq!((replaced.attributes.to_json().as_str(), replaced.name.as_str()), (r#"{"c":3}"#, "jane@example.com"));
    let patch = json(r#"{"attributes":{"d":4},"source":"other","identifiers":[{"type":"x","value":"y"}]}"#);
    let patched = fixture.zendesk.patch_profile(&made.id, &patch).await.unwrap();
    assert_eq!(patched.attributes.to_json(), r#"{"c":3,"d":4}"#);
    assert_eq!((patched.source.as_str(), patched.identifiers.len()), ("acme", 2));
    fixture.zendesk.delete_profile(&made.id).await.unwrap();
    assert!(matches!(fixture.zendesk.profile(&made.id).await, Err(ZendeskError::NotFound { .. })));
    let (again, how) = fixture.zendesk.put_profile(&query, &body, None).await.unwrap();
    assert_eq!((how, again.user_id), (Made::New, made.user_id));
}

#[tokio::test]
async fn events_are_listed_newest_first_by_page_and_filter() {
    let fixture = Fixture::new().await;
    let received = post(&fixture, JOHN, None).await.unwrap();
    for _ in 0..2 {
        fixture.pass(60);
        post(&fixture, JOHN, None).await.unwrap();
    }
    let first = Page { after: None, size: 2 };
    let all = ActivityFilter::default();
    let page = fixture.zendesk.events_of_profile(&received.profile_id, &all, &first).await.unwrap();
    assert_eq!((page.items.len(), page.has_more), (2, true));
    assert!(page.items[0].created_at > page.items[1].created_at);
    let next = Page { after: Some(page.items[1].id.clone()), size: 2 };
    let page = fixture.zendesk.events_of_user(received.user_id, &all, &next).await.unwrap();
    assert_eq!((page.items.len(), page.has_more), (1, false));
    let none = ActivityFilter { source: Some("other".into()), ..ActivityFilter::default() };
    assert!(fixture.zendesk.events_of_user(received.user_id, &none, &first).await.unwrap().items.is_empty());
}

#[test]
fn a_missing_member_is_named() {
    let titles = [
        (EventIn::read(&json("null")).unwrap_err(), "event is required"),
        (EventIn::read(&json(r#"{"type":"t","properties":{}}"#)).unwrap_err(), "event.source is required"),
        (EventIn::read(&json(r#"{"source":"s","properties":{}}"#)).unwrap_err(), "event.type is required"),
        (EventIn::read(&json(r#"{"source":"s","type":"t"}"#)).unwrap_err(), "event.properties is required"),
        (
            EventIn::read(&json(r#"{"source":"zendesk","type":"t","properties":{}}"#)).unwrap_err(),
            "event.source `zendesk` is reserved",
        ),
        (
            EventIn::read(&json(r#"{"source":"s","type":"t","properties":[]}"#)).unwrap_err(),
            "event.properties must be an object, not an array",
        ),
        (ProfileIn::read(&json(r#"{"type":"t"}"#), None).unwrap_err(), "profile.source is required"),
        (ProfileIn::read(&json(r#"{"source":"s","type":"t"}"#), None).unwrap_err(), "profile.identifiers is required"),
        (
            ProfileIn::read(&json(r#"{"source":"s","type":"t","identifiers":[{"type":"email"}]}"#), None).unwrap_err(),
            "profile.identifiers[0].value is required",
        ),
    ];
    for (error, title) in titles {
        assert_eq!(error.to_string(), title);
    }
}
