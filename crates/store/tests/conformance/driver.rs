//! What every driver promises: group commit, isolation, values, closing.

use std::time::Duration;

use zis_store::{
    Statement, Store, StoreError, catalog, execution, params,
    sql::{Expect, Param, Where, statement},
};

use crate::sample::{accepted, account, at, ended, finished, owner};

async fn scratch(store: &Store) {
    let table =
        "CREATE TABLE scratch (account BIGINT NOT NULL, id BIGINT NOT NULL, note TEXT, PRIMARY KEY (account, id))";
    store.write(vec![statement(table, params![])]).await.unwrap();
}

fn put(id: i64, note: &str) -> Statement {
    statement("INSERT INTO scratch (account, id, note) VALUES (1, $1, $2)", params![id, note])
}

async fn notes(store: &Store) -> Vec<(i64, String)> {
    let rows = store.read(statement("SELECT id, note FROM scratch ORDER BY id", params![])).await.unwrap();
    rows.rows.iter().map(|row| (row.int(0), row.text(1).to_owned())).collect()
}

pub async fn a_failing_transaction_does_not_touch_its_neighbours(store: Store) {
    scratch(&store).await;
    // All are queued before the first answer is looked at, so that they share commits.
    let pending: Vec<_> = (0..300_i64)
        .map(|id| {
            let mut statements = vec![put(id, "kept")];
            match id % 10 {
                3 => statements.push(put(id, "again")),
                5 => statements.push(put(1000 + id, "undone").expect(Expect::Exactly(2))),
                7 => statements.push(statement("INSERT INTO nowhere (a) VALUES ($1)", params![id])),
                _ => {}
            }
            store.write(statements)
        })
        .collect();
    for (id, pending) in pending.into_iter().enumerate() {
        let answer = pending.await;
        match id % 10 {
            3 => assert!(matches!(&answer, Err(StoreError::Duplicate { table }) if table == "scratch"), "{answer:?}"),
            5 => assert!(
                matches!(answer, Err(StoreError::Expectation { statement: 1, expected: 2, found: 1 })),
                "{answer:?}"
            ),
            7 => assert!(matches!(answer, Err(StoreError::Internal(_))), "{answer:?}"),
            _ => assert!(answer.is_ok(), "{answer:?}"),
        }
    }
    let expected: Vec<_> =
        (0..300).filter(|id| ![3, 5, 7].contains(&(id % 10))).map(|id| (id, "kept".to_owned())).collect();
    assert_eq!(notes(&store).await, expected);
}

pub async fn a_transaction_that_fails_alone_is_undone(store: Store) {
    scratch(&store).await;
    let refused = store.write(vec![put(1, "a"), put(1, "b")]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { .. })), "{refused:?}");
    let none = statement("UPDATE scratch SET note = 'x'", params![]).expect(Expect::AtLeast(1));
    assert!(store.write(vec![none.clone()]).await.is_err());
    store.write(vec![put(1, "c"), none]).await.unwrap();
    assert_eq!(notes(&store).await, [(1, "x".to_owned())]);
}

pub async fn transactions_run_in_the_order_they_were_queued(store: Store) {
    scratch(&store).await;
    let step = |id: i64, from: &str, to: &str| {
        statement("UPDATE scratch SET note = $1 WHERE id = $2 AND note = $3", params![to, id, from])
            .expect(Expect::Exactly(1))
    };
    let pending: Vec<_> = (0..100)
        .flat_map(|id| [vec![put(id, "0")], vec![step(id, "0", "1")], vec![step(id, "1", "2")]])
        .map(|statements| store.write(statements))
        .collect();
    for pending in pending {
        pending.await.unwrap();
    }
    assert!(notes(&store).await.iter().all(|(_, note)| note == "2"));
}

pub async fn values_come_back_as_they_went(store: Store) {
    let table = "CREATE TABLE value_of (id BIGINT PRIMARY KEY, number BIGINT, note TEXT, ratio DOUBLE PRECISION)";
    store.write(vec![statement(table, params![])]).await.unwrap();
    let texts = [
        "",
        "plain",
        "Ünïcødé 漢字 🦀\u{10FFFF}",
        "nul\0in\0side",
        "\u{1A}",
        "\u{1A}0\0\u{1A}1",
        "line\r\n\ttab",
        "'\"\\%_$1",
    ];
    let numbers = [0, -1, i64::MIN, i64::MAX, 1 << 53, -(1 << 31), 1 << 31, 42];
    for (id, (text, number)) in texts.into_iter().zip(numbers).enumerate() {
        let ratio = f64::from(u32::try_from(id).unwrap()) / 3.0;
        let put = statement(
            "INSERT INTO value_of (id, number, note, ratio) VALUES ($1, $2, $3, $4) RETURNING number, note, ratio, NULL",
            params![id, number, text, ratio],
        );
        let rows = store.write(vec![put]).await.unwrap();
        let expected = [Param::Int(number), Param::Text(text.to_owned()), Param::Float(ratio), Param::Null];
        assert_eq!(rows[0].rows[0].0, expected);
        let found = store.read(statement("SELECT id FROM value_of WHERE note = $1", params![text])).await.unwrap();
        assert_eq!(found.rows.len(), 1, "{text:?}");
    }
    store
        .write(vec![statement("INSERT INTO value_of (id, note) VALUES ($1, $2)", params![99, None::<&str>])])
        .await
        .unwrap();
    let rows =
        store.read(statement("SELECT number, note, ratio FROM value_of WHERE note IS NULL", params![])).await.unwrap();
    assert_eq!(rows.rows[0].0, [Param::Null, Param::Null, Param::Null]);
    let order = store
        .read(statement("SELECT note FROM value_of WHERE id IN (1, 6, 7, 2) ORDER BY note", params![]))
        .await
        .unwrap();
    let order: Vec<_> = order.rows.iter().map(|row| row.text(0)).collect();
    assert_eq!(order, ["'\"\\%_$1", "line\r\n\ttab", "plain", "Ünïcødé 漢字 🦀\u{10FFFF}"]);
}

pub async fn large_texts_and_blobs_pass(store: Store) {
    let text = "größer ".repeat(1 << 20);
    scratch(&store).await;
    let mut event = crate::sample::event(account());
    event.payload = zis_flow::Value::object([("text", zis_flow::Value::string(&text))]);
    execution::accept(&store, &event, &[], 0, Vec::new()).await.unwrap();
    let found = zis_store::event::show(&store, event.account, &event.id).await.unwrap().unwrap();
    assert_eq!(found.payload, event.payload);
    // More than one batch takes at a time.
    let pending: Vec<_> = (0..4).map(|id| store.write(vec![put(id, &text)])).collect();
    for pending in pending {
        pending.await.unwrap();
    }
    assert!(notes(&store).await.iter().all(|(_, note)| *note == text));
}

pub async fn a_wrong_statement_is_a_bug_of_ours(store: Store) {
    scratch(&store).await;
    for (sql, params) in [
        ("SELEKT 1", params![]),
        ("SELECT id FROM scratch WHERE id = $1", params![]),
        ("SELECT id FROM scratch WHERE id = 1", params![1]),
        ("SELECT nothing FROM scratch", params![]),
    ] {
        let read = store.read(statement(sql, params.clone())).await;
        assert!(matches!(read, Err(StoreError::Internal(_))), "{sql}: {read:?}");
        let write = store.write(vec![put(1, "a"), statement(sql, params)]).await;
        assert!(matches!(write, Err(StoreError::Internal(_))), "{sql}: {write:?}");
    }
    assert_eq!(notes(&store).await, []);
}

pub async fn many_tasks_share_commits(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let tasks = (0..32).map(|_| {
        let (store, owner) = (store.clone(), owner.clone());
        tokio::spawn(async move {
            for _ in 0..8 {
                let (_, execution) = accepted(&store, account, &owner).await;
                let done = ended(&execution, zis_flow::journal::Status::Succeeded, at(1));
                store.write(execution::append(&done, &finished("x"), at(1))).await.unwrap();
                // Whoever has the answer sees what was written.
                let seen = execution::show(&store, account, &execution.id).await.unwrap().unwrap();
                assert_eq!((seen.seq, seen.status), (2, done.status));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let counts = execution::count(&store, account, &execution::Filter::default()).await.unwrap();
    assert_eq!(counts, [(zis_flow::journal::Status::Succeeded, 256)]);
}

pub async fn no_event_slips_past_a_change_of_the_catalog(store: Store) {
    let account = account();
    scratch(&store).await;
    let ingest = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut refused = 0;
            for id in 0..200 {
                loop {
                    let version = catalog::version(&store, account).await.unwrap();
                    let note = statement(
                        "INSERT INTO scratch (account, id, note) SELECT $1, $2, \
                         CASE WHEN COALESCE((SELECT version FROM catalog WHERE catalog.account = $1), 0) = $3 THEN 'same' ELSE 'other' END",
                        params![account, id, version],
                    );
                    match store.write(vec![catalog::hold(account, version), note]).await {
                        Ok(_) => break,
                        Err(StoreError::Expectation { statement: 0, .. }) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            refused
        })
    };
    for _ in 0..50 {
        store.write(vec![catalog::bump(account)]).await.unwrap();
    }
    ingest.await.unwrap();
    assert_eq!(catalog::version(&store, account).await.unwrap(), 50);
    assert!(notes(&store).await.iter().all(|(_, note)| note == "same"));
}

pub async fn topics_are_heard(store: Store) {
    let mut topics = store.notified();
    // The listener of a database may not listen yet: say it until it is heard.
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            store.notify("catalog:7");
            while let Ok(topic) = tokio::time::timeout(Duration::from_millis(100), topics.recv()).await {
                if topic.unwrap().as_ref() == "catalog:7" {
                    return;
                }
            }
        }
    });
    heard.await.unwrap();
}

pub async fn closing_finishes_what_is_queued(store: Store) {
    scratch(&store).await;
    let pending: Vec<_> = (0..100).map(|id| store.write(vec![put(id, "kept")])).collect();
    assert_eq!(notes(&store).await.first().map(|(id, _)| *id).unwrap_or_default(), 0);
    store.close().await;
    for pending in pending {
        pending.await.unwrap();
    }
    let late = store.write(vec![put(1000, "late")]).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    store.close().await;
}

pub async fn what_ended_long_ago_expires(store: Store) {
    let (account, owner) = (account(), owner(&store).await);
    let mut all = Vec::new();
    for end in [Some(10), None, Some(20), Some(30), Some(40)] {
        let (event, execution) = accepted(&store, account, &owner).await;
        if let Some(end) = end {
            let done = ended(&execution, zis_flow::journal::Status::Succeeded, at(end));
            store.write(execution::append(&done, &finished("x"), at(end))).await.unwrap();
        }
        all.push((event.id, execution.id));
    }
    let left = async || {
        let found = execution::list(&store, account, &execution::Filter::default(), None, 10).await.unwrap();
        let mut found: Vec<_> =
            found.iter().map(|found| all.iter().position(|(_, id)| *id == found.id).unwrap()).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(execution::expire(&store, at(5), 100).await.unwrap(), 0);
    assert_eq!(execution::expire(&store, at(35), 1).await.unwrap(), 2, "one execution, and its event");
    assert_eq!(left().await, [1, 2, 3, 4]);
    assert_eq!(execution::expire(&store, at(35), 100).await.unwrap(), 4);
    assert_eq!(left().await, [1, 4]);
    assert_eq!(execution::expire(&store, at(35), 100).await.unwrap(), 0);
    let events = zis_store::event::list(&store, account, None, None, None, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| &event.id).collect::<Vec<_>>(), [&all[4].0, &all[1].0]);
    let journal = store.read(Where::account(account).select("count(*)", "journal", "")).await.unwrap();
    assert_eq!(journal.rows[0].int(0), 3);
}
