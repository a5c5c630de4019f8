//! Accept, append, fence, look.

use zis_flow::{Timestamp, journal::Status};
use zis_store::{
    EventId, ExecutionId, Store, StoreError, catalog, event,
    execution::{self, ErrorView, Filter},
    sql::Where,
};

use crate::sample::{self, accepted, account, at, ended, finished, owner, started};

pub async fn what_was_accepted_is_there(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let event = event::Event { idempotency_key: Some("k".to_owned()), ..sample::event(account) };
    let begun: Vec<_> = (0..40).map(|_| (sample::execution(&event, &owner), started())).collect();
    execution::accept(&store, &event, &begun, 0, Vec::new()).await.unwrap();
    assert_eq!(event::show(&store, account, &event.id).await.unwrap().as_ref(), Some(&event));
    assert_eq!(event::by_key(&store, account, "k").await.unwrap().as_ref(), Some(&event));
    assert_eq!(event::show(&store, account, &EventId::generate()).await.unwrap(), None);
    for (execution, records) in &begun {
        let loaded = execution::load(&store, account, &execution.id).await.unwrap().unwrap();
        assert_eq!(loaded, (execution.clone(), records.clone()));
        let mut batch = Where::account(account);
        batch.and("execution = ", &execution.id);
        let journal = store.read(batch.select("records", "journal", "")).await.unwrap();
        assert!(!journal.rows[0].text(0).contains("ticket_event"), "the payload stands with the event alone");
    }
}

pub async fn a_taken_idempotency_key_keeps_nothing(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let first = event::Event { idempotency_key: Some("k".to_owned()), ..sample::event(account) };
    execution::accept(&store, &first, &[], 0, Vec::new()).await.unwrap();
    let second = event::Event { id: EventId::generate(), ..first.clone() };
    let execution = sample::execution(&second, &owner);
    let refused = execution::accept(&store, &second, &[(execution.clone(), started())], 0, Vec::new()).await;
    assert!(matches!(&refused, Err(StoreError::Duplicate { table }) if table == "event"), "{refused:?}");
    assert_eq!(execution::load(&store, account, &execution.id).await.unwrap(), None);
    let other = event::Event { account: sample::account(), ..second };
    execution::accept(&store, &other, &[], 0, Vec::new()).await.unwrap();
}

pub async fn a_changed_catalog_refuses_the_event(store: Store) {
    let account = account();
    let event = sample::event(account);
    store.write(vec![catalog::bump(account)]).await.unwrap();
    let refused = execution::accept(&store, &event, &[], 0, Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Expectation { statement: 0, .. })), "{refused:?}");
    assert_eq!(event::show(&store, account, &event.id).await.unwrap(), None);
    let version = catalog::version(&store, account).await.unwrap();
    execution::accept(&store, &event, &[], version, vec![catalog::bump(account)]).await.unwrap();
    assert_eq!(catalog::version(&store, account).await.unwrap(), version + 1);
}

pub async fn appends_are_fenced_by_owner_and_position(store: Store) {
    let (account, ours, theirs) = (account(), owner(&store).await, owner(&store).await);
    let (_, execution) = accepted(&store, account, &ours).await;
    let done =
        execution::Execution { message: Some("Refunded".to_owned()), ..ended(&execution, Status::Succeeded, at(1)) };
    let stranger = execution::Execution { owner: theirs, ..done.clone() };
    for (wrong, what) in [
        (stranger, "owner"),
        (execution::Execution { seq: 2, ..done.clone() }, "position"),
        (execution::Execution { seq: 0, ..done.clone() }, "position"),
    ] {
        for append in [execution::append, execution::extend] {
            let refused = store.write(append(&wrong, &finished("no"), at(1))).await;
            assert!(matches!(refused, Err(StoreError::Expectation { statement: 0, .. })), "{what}: {refused:?}");
        }
    }
    store.write(execution::extend(&done, &finished("so far"), at(1))).await.unwrap();
    let (row, records) = execution::load(&store, account, &execution.id).await.unwrap().unwrap();
    assert_eq!(row, execution::Execution { seq: 2, ..execution.clone() }, "the row says what it said");
    assert_eq!(records, [started(), finished("so far")].concat());
    let done = execution::Execution { seq: 2, ..done };
    store.write(execution::append(&done, &finished("Refunded"), at(1))).await.unwrap();
    let (row, records) = execution::load(&store, account, &execution.id).await.unwrap().unwrap();
    assert_eq!(row, execution::Execution { seq: 3, ..done.clone() });
    assert_eq!(records, [started(), finished("so far"), finished("Refunded")].concat());
    assert!(store.write(execution::append(&done, &finished("again"), at(1))).await.is_err());
}

/// Drivers may run alike transactions of one commit together: each still has its own fate, in its own order.
pub async fn transactions_that_share_a_commit_do_not_share_their_fate(store: Store) {
    let (account, ours, theirs) = (account(), owner(&store).await, owner(&store).await);
    let mut accepts = Vec::new();
    for number in 0..60 {
        let key = (number % 20 == 7).then(|| "taken".to_owned());
        let event = event::Event { idempotency_key: key, ..sample::event(account) };
        let version = if number % 20 == 9 { 5 } else { 0 };
        let execution = sample::execution(&event, &ours);
        let begun = [(execution.clone(), started())];
        accepts.push((execution, execution::accept(&store, &event, &begun, version, Vec::new())));
    }
    let mut kept = Vec::new();
    for (number, (execution, pending)) in accepts.into_iter().enumerate() {
        match pending.await {
            Ok(rows) => {
                assert_eq!(rows.len(), 4);
                assert!(rows.iter().all(|rows| rows.affected == 1), "{rows:?}");
                kept.push(execution);
            }
            Err(StoreError::Duplicate { table }) => {
                assert_eq!((number % 20, table.as_str()), (7, "event"));
                assert_ne!(number, 7, "the first with the key is kept");
            }
            Err(StoreError::Expectation { statement: 0, .. }) => assert_eq!(number % 20, 9),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(kept.len(), 60 - 2 - 3);
    let mut appends = Vec::new();
    for (number, execution) in kept.iter().enumerate() {
        // The second names the position that the first makes; neither is waited for.
        let mut next = execution.clone();
        if number % 7 == 3 {
            next.owner = theirs.clone();
        }
        appends.push(store.write(execution::extend(&next, &finished("middle"), at(1))));
        next.seq += 1;
        let done = ended(&next, Status::Succeeded, at(2));
        appends.push(store.write(execution::append(&done, &finished("end"), at(2))));
    }
    for (number, pending) in appends.into_iter().enumerate() {
        let answer = pending.await;
        if (number / 2) % 7 == 3 {
            assert!(matches!(answer, Err(StoreError::Expectation { statement: 0, .. })), "{answer:?}");
        } else {
            answer.unwrap();
        }
    }
    for (number, execution) in kept.iter().enumerate() {
        let (row, records) = execution::load(&store, account, &execution.id).await.unwrap().unwrap();
        if number % 7 == 3 {
            assert_eq!((row.seq, row.status, records.len()), (1, Status::Running, 2));
        } else {
            assert_eq!((row.seq, row.status), (3, Status::Succeeded));
            assert_eq!(records, [started(), finished("middle"), finished("end")].concat());
        }
    }
}

pub async fn an_ended_execution_is_opened_once(store: Store) {
    let (account, ours, theirs) = (account(), owner(&store).await, owner(&store).await);
    let (_, execution) = accepted(&store, account, &ours).await;
    let failed = ended(&execution, Status::Failed, at(1));
    store.write(execution::append(&failed, &finished("x"), at(1))).await.unwrap();
    let failed = execution::show(&store, account, &execution.id).await.unwrap().unwrap();
    let again = execution::Execution {
        status: Status::Queued,
        ended_at: None,
        attempt: 2,
        owner: theirs.clone(),
        ..failed.clone()
    };
    let retry = || [execution::reopen(&failed, &theirs), execution::append(&again, &finished("x"), at(2))].concat();
    store.write(retry()).await.unwrap();
    assert!(store.write(retry()).await.is_err());
    let late = execution::Execution { owner: ours, seq: 3, ..failed.clone() };
    assert!(
        store.write(execution::append(&late, &finished("x"), at(3))).await.is_err(),
        "the earlier owner is fenced off"
    );
    let row = execution::show(&store, account, &execution.id).await.unwrap().unwrap();
    assert_eq!((row.seq, row.attempt, row.owner, row.ended_at), (3, 2, theirs, None));
}

pub async fn lists_filter_and_page(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let mut all = Vec::new();
    for number in 0..7 {
        let mut event = sample::event(account);
        event.payload = zis_flow::Value::from_json(&format!(r#"{{"order":"No_{number}%"}}"#)).unwrap();
        let mut execution = sample::execution(&event, &owner);
        execution.started_at = at(number);
        execution.id = id_at(at(number));
        execution.flow = if number % 2 == 0 { "even".to_owned() } else { "odd".to_owned() };
        execution::accept(&store, &event, &[(execution.clone(), started())], 0, Vec::new()).await.unwrap();
        if number == 3 {
            let mut failed = ended(&execution, Status::Failed, at(10));
            failed.error = Some(ErrorView {
                code: "ZIS3001".to_owned(),
                cause: "external action failed due to status code: 404".to_owned(),
                state: Some("Call".to_owned()),
                path: None,
            });
            store.write(execution::append(&failed, &finished("x"), at(10))).await.unwrap();
        }
        all.push(execution);
    }
    let check = async |filter: Filter, expected: &[usize]| {
        let found = execution::list(&store, account, &filter, None, 100).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|&at| all[at].id.clone()).collect();
        assert_eq!(found.iter().map(|found| found.id.clone()).collect::<Vec<_>>(), expected, "{filter:?}");
        let counted = execution::count(&store, account, &filter).await.unwrap();
        assert_eq!(counted.iter().map(|(_, count)| *count).sum::<u64>(), expected.len() as u64, "{filter:?}");
    };
    let text = |text: &str| Filter { text: Some(text.to_owned()), ..Filter::default() };
    check(Filter::default(), &[6, 5, 4, 3, 2, 1, 0]).await;
    check(Filter { flow: Some("odd".to_owned()), ..Filter::default() }, &[5, 3, 1]).await;
    check(Filter { integration: Some("other".to_owned()), ..Filter::default() }, &[]).await;
    check(Filter { statuses: vec![Status::Failed, Status::TimedOut], ..Filter::default() }, &[3]).await;
    check(
        Filter { statuses: vec![Status::Failed, Status::Running], flow: Some("odd".to_owned()), ..Filter::default() },
        &[5, 3, 1],
    )
    .await;
    check(Filter { event_id: Some(all[2].event_id.clone()), ..Filter::default() }, &[2]).await;
    check(Filter { since: Some(at(2)), until: Some(at(4)), ..Filter::default() }, &[3, 2]).await;
    check(text("STATUS code: 404"), &[3]).await;
    check(text("no_5%"), &[5]).await;
    check(text("no_%"), &[]).await;
    let mut after = None;
    let mut pages = Vec::new();
    loop {
        let page = execution::list(&store, account, &Filter::default(), after.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        pages.push(page.len());
    }
    assert_eq!(pages, [3, 3, 1]);
    let horizon =
        async |after: Option<&ExecutionId>, rows| execution::horizon(&store, account, after, rows).await.unwrap();
    assert_eq!(horizon(None, 3).await.as_ref(), Some(&all[4].id));
    assert_eq!(horizon(Some(&all[4].id), 4).await.as_ref(), Some(&all[0].id));
    assert_eq!(horizon(Some(&all[4].id), 5).await, None);
}

fn id_at(at: Timestamp) -> ExecutionId {
    let uuid = uuid::Timestamp::from_unix_time((at.0 / 1_000_000).try_into().unwrap(), 0, 0, 0);
    ExecutionId::from_uuid(uuid::Uuid::new_v7(uuid))
}

/// The counts are put together from several indexes; they must be what counting row by row gives.
pub async fn counts_are_those_of_the_rows(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let every = [
        Status::Queued,
        Status::Running,
        Status::Waiting,
        Status::Retrying,
        Status::Succeeded,
        Status::Failed,
        Status::Cancelled,
        Status::TimedOut,
    ];
    for (place, status) in every.iter().enumerate() {
        for second in 0..=place {
            let event = sample::event(account);
            let mut execution = sample::execution(&event, &owner);
            let begun = at(60 * i64::try_from(second).unwrap());
            (execution.id, execution.started_at) = (id_at(begun), begun);
            execution::accept(&store, &event, &[(execution.clone(), started())], 0, Vec::new()).await.unwrap();
            let row = ended(&execution, *status, at(9_999));
            let row = execution::Execution { ended_at: row.ended_at.filter(|_| status.is_ended()), ..row };
            store.write(execution::append(&row, &finished("x"), at(9_999))).await.unwrap();
        }
    }
    let count = async |filter: Filter| execution::count(&store, account, &filter).await.unwrap();
    let sorted = |mut counts: Vec<(Status, u64)>| {
        counts.sort_by_key(|(status, _)| every.iter().position(|other| other == status));
        counts
    };
    let all: Vec<_> = every.iter().zip(1..).map(|(status, count)| (*status, count)).collect();
    assert_eq!(sorted(count(Filter::default()).await), all);
    for wanted in [&every[4..5], &every[5..7], &every[..3], &every[3..6]] {
        let found = count(Filter { statuses: wanted.to_vec(), ..Filter::default() }).await;
        let expected: Vec<_> = all.iter().filter(|(status, _)| wanted.contains(status)).copied().collect();
        assert_eq!(sorted(found), expected, "{wanted:?}");
    }
    let late = count(Filter { since: Some(at(360)), until: Some(at(420)), ..Filter::default() }).await;
    assert_eq!(sorted(late), [(Status::Cancelled, 1), (Status::TimedOut, 1)]);
    let edges: Vec<_> = [0, 60, 400, 500].map(|second| ExecutionId::first_at(at(second))).to_vec();
    let columns = execution::histogram(&store, account, &edges).await.unwrap();
    let totals: Vec<u64> = columns.iter().map(|counts| counts.iter().map(|(_, count)| count).sum()).collect();
    assert_eq!(totals, [8, 7 + 6 + 5 + 4 + 3 + 2, 1]);
    assert_eq!(columns[2], [(Status::TimedOut, 1)]);
}

pub async fn events_are_listed_newest_first(store: Store) {
    let account = account();
    let mut ids = Vec::new();
    for kind in ["a", "b", "a", "c"] {
        let event = event::Event { kind: kind.to_owned(), ..sample::event(account) };
        execution::accept(&store, &event, &[], 0, Vec::new()).await.unwrap();
        ids.insert(0, event.id);
    }
    let list = async |kind: Option<&str>, after: Option<&EventId>, size| -> Vec<EventId> {
        let found = event::list(&store, account, Some("zendesk"), kind, after, size).await.unwrap();
        found.into_iter().map(|event| event.id).collect()
    };
    assert_eq!(list(None, None, 10).await, ids);
    assert_eq!(list(None, Some(&ids[1]), 10).await, ids[2..]);
    assert_eq!(list(Some("a"), None, 10).await, [ids[1].clone(), ids[3].clone()]);
    assert_eq!(list(None, None, 1).await, ids[..1]);
    assert_eq!(event::list(&store, account, Some("other"), None, None, 10).await.unwrap(), []);
}
