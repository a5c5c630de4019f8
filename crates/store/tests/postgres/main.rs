//! What only PostgreSQL has: several nodes on one database, connections that break.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

mod proxy;
#[path = "../support/sample.rs"]
mod sample;

use std::time::Duration;

use zis_store::{
    Statement, Store, StoreError, catalog, execution, node, params, registry,
    sql::{Expect, statement},
};
use zis_testkit::postgres::{Cluster, shared};

use self::{
    proxy::{Cut, Proxy},
    sample::{accepted, account, at, integration, owner, upload},
};

async fn connect(url: &str) -> Store {
    Store::connect_postgres(url).await.unwrap()
}

async fn scratch(store: &Store) {
    let table = "CREATE TABLE scratch (id BIGINT PRIMARY KEY, count BIGINT NOT NULL)";
    store.write(vec![statement(table, params![])]).await.unwrap();
}

fn put(id: i64) -> Vec<Statement> {
    vec![statement("INSERT INTO scratch (id, count) VALUES ($1, 0)", params![id])]
}

async fn ids(store: &Store) -> Vec<i64> {
    let rows = store.read(statement("SELECT id FROM scratch ORDER BY id", params![])).await.unwrap();
    rows.rows.iter().map(|row| row.int(0)).collect()
}

#[tokio::test]
async fn what_is_installed_on_one_node_holds_on_all() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let (one, two, account) = (connect(&url).await, connect(&url).await, account());
    let stale = catalog::version(&two, account).await.unwrap();
    let name = integration(&one, account).await;
    registry::upload(&one, &upload(account, &name, "b", "{}", &["s"])).await.unwrap();
    registry::install(&one, account, &[(&name, "s")]).await.unwrap();
    let event = sample::event(account);
    let refused = execution::accept(&two, &event, &[], stale, Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Expectation { statement: 0, .. })), "{refused:?}");
    assert_eq!(registry::installed(&two, account).await.unwrap().len(), 1);
    let mut topics = two.notified();
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            registry::install(&one, account, &[(&name, "s")]).await.unwrap();
            while let Ok(topic) = tokio::time::timeout(Duration::from_millis(100), topics.recv()).await {
                if *topic.unwrap() == *catalog::topic(account) {
                    return;
                }
            }
        }
    });
    heard.await.unwrap();
}

#[tokio::test]
async fn nodes_may_start_together() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let stores: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { connect(&url).await })
        })
        .collect();
    for store in stores {
        let store = store.await.unwrap();
        owner(&store).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let store = connect(&url).await;
    store.write(vec![statement("INSERT INTO migration (number, name) VALUES (9999, 'new')", params![])]).await.unwrap();
    store.close().await;
    let refused = Store::connect_postgres(&url).await.err().expect("it is newer");
    assert!(matches!(&refused, StoreError::Damaged(text) if text.contains("9999")), "{refused}");
}

#[tokio::test]
async fn an_address_that_is_no_database_is_explained() {
    let Some(cluster) = shared() else { return };
    let nobody = format!("postgres://zis@127.0.0.1:{}/none", zis_testkit::free_port());
    for url in [nobody, cluster.url("no_such_database")] {
        let refused = Store::connect_postgres(&url).await.err().expect("there is nothing");
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adopters_on_two_nodes_share_the_dead_nodes_work() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let account = account();
    let first = connect(&url).await;
    let dead = node::register(&first, "dead", at(0)).await.unwrap();
    for _ in 0..60 {
        accepted(&first, account, &dead).await;
    }
    node::leave(&first, &dead).await.unwrap();
    let mut adopters = Vec::new();
    for _ in 0..3 {
        let store = connect(&url).await;
        adopters.push(tokio::spawn(async move {
            let heir = owner(&store).await;
            let mut ids = Vec::new();
            loop {
                let adopted = execution::adopt(&store, &heir, 4).await.unwrap();
                if adopted.is_empty() {
                    return ids;
                }
                ids.extend(adopted.into_iter().map(|execution| execution.id));
            }
        }));
    }
    let mut ids = Vec::new();
    for adopter in adopters {
        ids.extend(adopter.await.unwrap());
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "nobody adopted what another had");
    // A row that somebody was just looking at is skipped, and found the next time.
    let heir = owner(&first).await;
    let rest = execution::adopt(&first, &heir, 100).await.unwrap();
    assert_eq!(count + rest.len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocks_between_nodes_are_tried_again() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let (one, two) = (connect(&url).await, connect(&url).await);
    scratch(&one).await;
    one.write([put(0), put(1)].concat()).await.unwrap();
    let work = |store: Store, order: [i64; 2]| {
        tokio::spawn(async move {
            let step = |id: i64| {
                statement("UPDATE scratch SET count = count + 1 WHERE id = $1", params![id]).expect(Expect::Exactly(1))
            };
            // Holds the first row while the other node takes the second.
            let pause = statement("SELECT pg_sleep(0.2)", params![]);
            let pending: Vec<_> =
                (0..4).map(|_| store.write(vec![step(order[0]), pause.clone(), step(order[1])])).collect();
            for pending in pending {
                pending.await.unwrap();
            }
        })
    };
    let (first, second) = (work(one.clone(), [0, 1]), work(two, [1, 0]));
    first.await.unwrap();
    second.await.unwrap();
    let rows = one.read(statement("SELECT count FROM scratch", params![])).await.unwrap();
    assert!(rows.rows.iter().all(|row| row.int(0) == 8), "{rows:?}");
}

#[tokio::test]
async fn connections_that_were_ended_are_made_anew() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let store = connect(&url).await;
    scratch(&store).await;
    assert!(ids(&store).await.is_empty());
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'zis'"
    );
    for id in 0..3 {
        assert_ne!(cluster.sql("postgres", &kill), "0");
        store.write(put(id)).await.unwrap();
        assert_eq!(ids(&store).await.last(), Some(&id));
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_is_unknown() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let proxy = Proxy::start(cluster.port()).await;
    let through = url.replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.port));
    let (store, direct) = (connect(&through).await, connect(&url).await);
    scratch(&store).await;
    for (cut, id, kept) in [(Cut::Before, 1, false), (Cut::After, 2, true)] {
        proxy.arm(cut);
        let answer = store.write(put(id)).await;
        assert!(matches!(answer, Err(StoreError::Unknown(_))), "{answer:?}");
        assert!(proxy.fired());
        assert_eq!(ids(&direct).await.contains(&id), kept);
        store.write(put(10 + id)).await.unwrap();
    }
    assert_eq!(ids(&store).await, [2, 11, 12]);
}

/// The expected position answers what the lost answer left open (D3, D4).
#[tokio::test]
async fn an_append_of_unknown_fate_is_settled_by_its_position() {
    let Some(cluster) = shared() else { return };
    let url = cluster.database();
    let proxy = Proxy::start(cluster.port()).await;
    let store = connect(&url.replace(&format!(":{}/", cluster.port()), &format!(":{}/", proxy.port))).await;
    for (cut, kept) in [(Cut::Before, false), (Cut::After, true)] {
        let owner = owner(&store).await;
        let (_, execution) = accepted(&store, account(), &owner).await;
        let append = || store.write(execution::append(&execution, &sample::finished("x"), at(1)));
        proxy.arm(cut);
        assert!(matches!(append().await, Err(StoreError::Unknown(_))));
        assert_eq!(append().await.is_err(), kept, "the second append passes when the first did not");
        let (row, records) = execution::load(&store, execution.account, &execution.id).await.unwrap().unwrap();
        assert_eq!((row.seq, records.len()), (2, 3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_loses_nothing_that_was_answered() {
    if shared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    let store = connect(&cluster.database()).await;
    scratch(&store).await;
    let mut kept = Vec::new();
    for round in 0..2_i64 {
        let pending: Vec<_> = (0..200).map(|id| (1000 * round + id, store.write(put(1000 * round + id)))).collect();
        tokio::task::block_in_place(|| {
            cluster.crash();
            cluster.recover();
        });
        for (id, pending) in pending {
            match pending.await {
                Ok(_) => kept.push(id),
                Err(StoreError::Unavailable(_) | StoreError::Unknown(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    store.write(put(5000)).await.unwrap();
    let found = ids(&store).await;
    assert!(kept.iter().all(|id| found.contains(id)), "every answered row is there");
    assert!(found.contains(&5000));
}
