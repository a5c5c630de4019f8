//! Tickets: requesters, idempotency, changes with audits and events, search.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use support::{Fixture, json};
use zis_flow::Value;
use zis_zendesk::{
    Order, Sorted, Window, ZendeskError,
    activity::Key,
    search::{Hit, Options},
    sink::SinkError,
    ticket::{Created, TicketFilter, TicketIn},
    user::UserIn,
};

async fn create(fixture: &Fixture, body: &str) -> Result<Created, ZendeskError> {
    create_with(fixture, body, None).await
}

async fn create_with(fixture: &Fixture, body: &str, key: Option<&Key>) -> Result<Created, ZendeskError> {
    let admin = fixture.admin().await;
    let input = TicketIn::read(&json(body))?;
    fixture.zendesk.create_ticket(&admin, &input, &json("{}"), key).await
}

async fn update(fixture: &Fixture, id: i64, body: &str) -> Result<Value, ZendeskError> {
    let admin = fixture.admin().await;
    let input = TicketIn::read(&json(body))?;
    let (_, audit) = fixture.zendesk.update_ticket(&admin, id, &input, &json("{}")).await?;
    Ok(audit.events)
}

async fn jane(fixture: &Fixture) -> i64 {
    let admin = fixture.admin().await;
    let input = UserIn::read(&json(r#"{"name":"Jane Doe","email":"jane@example.com"}"#)).unwrap();
    fixture.zendesk.create_user(&admin, &input).await.unwrap().id
}

/// Ids of the tickets (and names of the users) that a query finds.
async fn found(fixture: &Fixture, query: &str) -> Vec<String> {
    let admin = fixture.admin().await;
    let hits = fixture.zendesk.search(query, &Options::default(), &admin).await.unwrap();
    let name = |hit: &Hit| match hit {
        Hit::Ticket(ticket) => ticket.id.to_string(),
        Hit::User(user) => user.name.clone(),
    };
    hits.iter().map(name).collect()
}

fn fault(error: &ZendeskError) -> (&str, &str) {
    match error {
        ZendeskError::Invalid(faults) => (&faults[0].field, &faults[0].description),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tickets_are_numbered_from_one() {
    let fixture = Fixture::new().await;
    for expected in 1..=3 {
        let made = create(&fixture, r#"{"subject":"s","comment":{"body":"b"}}"#).await.unwrap();
        assert_eq!(made.ticket.id, expected);
    }
}

#[tokio::test]
async fn many_at_once_get_distinct_numbers() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (zendesk, admin) = (fixture.zendesk.clone(), admin.clone());
            tokio::spawn(async move {
                let input = TicketIn::read(&json(r#"{"comment":{"body":"b"}}"#)).unwrap();
                zendesk.create_ticket(&admin, &input, &Value::Null, None).await.unwrap().ticket.id
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_tutorials_ticket_is_found_by_its_requester() {
    let fixture = Fixture::new().await;
    let jane = jane(&fixture).await;
    let body = format!(
        r#"{{"subject":"Refund request for order 123","comment":{{"body":"Hi,\n I'm requesting a $200.00 refund for order 123."}},"requester_id":{jane}}}"#
    );
    let made = create(&fixture, &body).await.unwrap().ticket;
    create(&fixture, r#"{"comment":{"body":"of the admin"}}"#).await.unwrap();
    assert_eq!(made.description, "Hi,\n I'm requesting a $200.00 refund for order 123.");
    assert_eq!((made.requester_id, made.status.as_str()), (jane, "new"));
    assert_eq!(found(&fixture, "requester:jane@example.com").await, [made.id.to_string()]);
    assert_eq!(found(&fixture, "type:ticket requester:JANE@example.com").await, [made.id.to_string()]);
    assert!(found(&fixture, "requester:nobody@example.com").await.is_empty());
}

#[tokio::test]
async fn requesters() {
    let fixture = Fixture::new().await;
    let jane = jane(&fixture).await;
    let requester = async |text: &str| {
        let made = create(&fixture, &format!(r#"{{"comment":{{"body":"b"}},{text}}}"#)).await;
        made.map(|made| made.ticket.requester_id)
    };
    assert_eq!(requester(&format!(r#""requester_id":"{jane}""#)).await.unwrap(), jane);
    assert_eq!(requester(r#""requester":"jane@example.com""#).await.unwrap(), jane);
    assert_eq!(requester(r#""requester":{"name":"Other","email":"Jane@example.com"}"#).await.unwrap(), jane);
    let new = requester(r#""requester":{"name":"New","email":"new@example.com"}"#).await.unwrap();
    assert_eq!(fixture.zendesk.user(new).await.unwrap().name, "New");
    assert_eq!(fault(&requester(r#""requester_id":99"#).await.unwrap_err()).0, "requester");
    assert_eq!(fault(&requester(r#""requester":"unknown@example.com""#).await.unwrap_err()).0, "requester");
    assert_eq!(
        fault(&create(&fixture, r#"{"subject":"s"}"#).await.unwrap_err()),
        ("base", "Description: cannot be blank")
    );
    assert_eq!(fault(&create(&fixture, r#"{"status":"odd","comment":{"body":"b"}}"#).await.unwrap_err()).0, "status");
}

#[tokio::test]
async fn a_key_gives_the_first_answer_for_two_hours() {
    let fixture = Fixture::new().await;
    let key = Key::new("k", "body").unwrap();
    let body = r#"{"subject":"s","comment":{"body":"b"},"tags":["x"],"custom_fields":[{"id":7,"value":"v"}]}"#;
    let first = create_with(&fixture, body, Some(&key)).await.unwrap();
    update(&fixture, first.ticket.id, r#"{"status":"solved"}"#).await.unwrap();
    let again = create_with(&fixture, body, Some(&key)).await.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!((&again.ticket, &again.audit), (&first.ticket, &first.audit));
    let other = Key::new("k", "other").unwrap();
    assert!(matches!(create_with(&fixture, body, Some(&other)).await, Err(ZendeskError::KeyReused)));
    fixture.pass(2 * 3_600);
    let late = create_with(&fixture, body, Some(&other)).await.unwrap();
    assert_eq!((late.repeated, late.ticket.id), (false, 2));
}

#[tokio::test]
async fn changes_make_audit_entries_and_events() {
    let fixture = Fixture::new().await;
    let made = create(&fixture, r#"{"subject":"s","comment":{"body":"b"},"tags":["a","b"]}"#).await.unwrap();
    assert_eq!(fixture.kinds(), ["ticket.TicketCreated", "ticket.CommentAdded"]);
    fixture.take_events();
    fixture.pass(1);
    let body = r#"{"id":1,"status":"open","priority":"high","tags":["b","c"],"custom_fields":[{"id":7,"value":true}],
        "comment":{"body":"more","public":false}}"#;
    let entries = update(&fixture, made.ticket.id, body).await.unwrap();
    assert_eq!(
        fixture.kinds(),
        [
            "ticket.StatusChanged",
            "ticket.PriorityChanged",
            "ticket.TagsChanged",
            "ticket.CustomFieldChanged",
            "ticket.CommentAdded"
        ]
    );
    let events = fixture.take_events();
    let inner = |at: usize| events[at].payload.get("ticket_event").unwrap().clone();
    let member = |at: usize, key: &str| inner(at).get(key).unwrap().clone();
    assert_eq!(
        (member(0, "type"), member(0, "previous"), member(0, "current")),
        ("Status Changed".into(), "new".into(), "open".into())
    );
    assert_eq!(member(0, "ticket").get("status"), Some(&Value::from("open")));
    assert_eq!((member(2, "tags_added"), member(2, "tags_removed")), (json(r#"["c"]"#), json(r#"["a"]"#)));
    assert_eq!(member(3, "custom_field"), json(r#"{"id":7,"title":"Custom field 7","field_type":"checkbox"}"#));
    assert_eq!(member(4, "comment").get("body"), Some(&Value::from("more")));
    let sequence = member(4, "meta").get("sequence").cloned().unwrap();
    assert_eq!(
        (sequence.get("position"), sequence.get("total")),
        (Some(&Value::from(5_i64)), Some(&Value::from(5_i64)))
    );
    let kinds: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.get("type").unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["Comment", "Change", "Change", "Change", "Change"]);
    let window = Window::After { last: None, size: 10 };
    let comments = fixture.zendesk.comments(1, Order::Ascending, window, true).await.unwrap();
    let shown: Vec<_> = comments.items.iter().map(|comment| (comment.body.as_str(), comment.is_public)).collect();
    assert_eq!(shown, [("b", true), ("more", false)]);
    // Nothing changes, nothing is told.
    update(&fixture, 1, r#"{"status":"open"}"#).await.unwrap();
    assert!(fixture.kinds().is_empty());
}

#[tokio::test]
async fn events_wait_in_the_outbox_while_the_engine_is_busy() {
    let fixture = Fixture::new().await;
    // One for each of the two events.
    fixture.sink.failures.lock().unwrap().extend([SinkError::Busy(1), SinkError::Busy(1)]);
    create(&fixture, r#"{"comment":{"body":"b"}}"#).await.unwrap();
    assert!(fixture.kinds().is_empty());
    fixture.pass(60);
    fixture.zendesk.keep_house().await.unwrap();
    fixture.zendesk.keep_house().await.unwrap();
    assert_eq!(fixture.kinds(), ["ticket.TicketCreated", "ticket.CommentAdded"]);
}

#[tokio::test]
async fn closed_and_deleted_tickets() {
    let fixture = Fixture::new().await;
    create(&fixture, r#"{"comment":{"body":"b"},"status":"closed"}"#).await.unwrap();
    let error = update(&fixture, 1, r#"{"status":"open"}"#).await.unwrap_err();
    assert_eq!(fault(&error), ("status", "Status: closed prevents ticket update"));
    fixture.zendesk.delete_ticket(1).await.unwrap();
    assert!(matches!(fixture.zendesk.ticket(1).await, Err(ZendeskError::NotFound { .. })));
    assert!(matches!(fixture.zendesk.delete_ticket(1).await, Err(ZendeskError::NotFound { .. })));
    assert_eq!(create(&fixture, r#"{"comment":{"body":"b"}}"#).await.unwrap().ticket.id, 2);
}

#[tokio::test]
async fn bulk_results_say_what_became_of_each() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let bodies = [json(r#"{"comment":{"body":"b"}}"#), json(r#"{"subject":"no comment"}"#)];
    let job = fixture.zendesk.create_tickets(&admin, &bodies, &Value::Null).await.unwrap();
    let results = job.results.as_array().unwrap();
    assert_eq!(results[0].get("id"), Some(&Value::from(1_i64)));
    assert_eq!(results[1].get("error"), Some(&Value::from("RecordInvalid")));
    assert_eq!(fixture.zendesk.job(&job.id).await.unwrap(), job);
    let many = vec![Value::Null; 101];
    assert!(matches!(
        fixture.zendesk.create_tickets(&admin, &many, &Value::Null).await,
        Err(ZendeskError::TooMany { .. })
    ));
}

#[tokio::test]
async fn lists_page_both_ways() {
    let fixture = Fixture::new().await;
    for _ in 0..5 {
        create(&fixture, r#"{"comment":{"body":"b"}}"#).await.unwrap();
    }
    let ids = async |window: Window, order: Order| {
        let page = fixture.zendesk.tickets(&TicketFilter::default(), (Sorted::Id, order), window, true).await.unwrap();
        assert_eq!(page.count, Some(5));
        (page.items.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), page.has_more)
    };
    assert_eq!(ids(Window::After { last: None, size: 2 }, Order::Ascending).await, (vec![1, 2], true));
    assert_eq!(ids(Window::After { last: Some((2, 2)), size: 3 }, Order::Ascending).await, (vec![3, 4, 5], false));
    assert_eq!(ids(Window::Before { first: (4, 4), size: 2 }, Order::Ascending).await, (vec![2, 3], true));
    assert_eq!(ids(Window::Offset { skip: 1, size: 2 }, Order::Descending).await, (vec![4, 3], true));
}

#[tokio::test]
async fn queries() {
    let fixture = Fixture::new().await;
    let jane = jane(&fixture).await;
    let bodies = [
        format!(r#"{{"subject":"Broken printer","comment":{{"body":"It smokes"}},"requester_id":{jane},"tags":["silver"],"priority":"high","type":"incident"}}"#),
        r#"{"subject":"Photo album","comment":{"body":"Where is the photography club?"},"tags":["bronze","vip"],"status":"pending","external_id":"X-1"}"#.to_owned(),
        r#"{"subject":"Something else","comment":{"body":"nothing"},"status":"solved","custom_fields":[{"id":42,"value":"blue"}]}"#.to_owned(),
    ];
    for body in &bodies {
        create(&fixture, body).await.unwrap();
        fixture.pass(86_400);
    }
    update(&fixture, 1, r#"{"comment":{"body":"a purple unicorn"}}"#).await.unwrap();
    let cases: &[(&str, &[&str])] = &[
        ("type:ticket", &["3", "2", "1"]),
        ("type:ticket sort:asc", &["1", "2", "3"]),
        ("printer", &["1"]),
        ("PRINT", &["1"]),
        ("rinter", &[]),
        ("photo", &["2"]),
        ("subject:photo", &["2"]),
        ("subject:phot", &[]),
        ("subject:phot*", &["2"]),
        ("\"photo album\"", &["2"]),
        ("\"album photo\"", &[]),
        ("unicorn", &["1"]),
        ("comment:unicorn", &["1"]),
        ("2", &["2"]),
        ("tags:silver tags:bronze", &["2", "1"]),
        ("tags:\"bronze vip\"", &["2"]),
        ("tags:none type:ticket", &["3"]),
        ("status:new", &["1"]),
        ("status<solved", &["2", "1"]),
        ("status:\"new\" status:\"pending\" -tags:vip", &["1"]),
        ("-status:new type:ticket", &["3", "2"]),
        ("priority>normal", &["1"]),
        ("priority:none", &["3", "2"]),
        ("ticket_type:incident", &["1"]),
        ("requester:jane", &["1"]),
        ("requester:\"jane doe\"", &["1"]),
        ("requester:me", &["3", "2"]),
        ("assignee:none", &["3", "2", "1"]),
        ("external_id:x-1", &["2"]),
        ("custom_field_42:blue", &["3"]),
        ("fieldvalue:blue", &["3"]),
        ("created:2026-05-04 type:ticket", &["1"]),
        ("created>2026-05-04 type:ticket", &["3", "2"]),
        ("created<2026-05-05 type:ticket", &["1"]),
        ("created>=2026-05-05T03:02:01Z type:ticket", &["3", "2"]),
        ("created>30hours type:ticket", &["3"]),
        ("order_by:status type:ticket sort:asc", &["1", "2", "3"]),
        ("jane", &["Jane Doe"]),
        ("type:user jane@example.com", &["Jane Doe"]),
        ("email:jane@example.com", &["Jane Doe"]),
        ("role:end-user", &["Jane Doe"]),
        ("type:organization", &[]),
        ("https://example.com/nothing", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&fixture, query).await, *expected, "{query}");
    }
}
