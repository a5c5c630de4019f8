//! Nodes, adoption, waking.

use zis_flow::journal::Status;
use zis_store::{Store, StoreError, execution, node};

use crate::sample::{accepted, account, at, ended, finished, owner};

pub async fn each_life_of_a_node_has_its_epoch(store: Store) {
    let name = format!("node-{}", uuid::Uuid::now_v7());
    let first = node::register(&store, &name, at(0)).await.unwrap();
    let second = node::register(&store, &name, at(1)).await.unwrap();
    assert!(first.epoch < second.epoch);
    let dead = node::heartbeat(&store, &first, at(2)).await;
    assert!(matches!(dead, Err(StoreError::Expectation { .. })), "{dead:?}");
    node::heartbeat(&store, &second, at(2)).await.unwrap();
    node::leave(&store, &second).await.unwrap();
    assert!(node::heartbeat(&store, &second, at(3)).await.is_err());
}

pub async fn a_life_is_forgotten_when_it_owns_nothing(store: Store) {
    let account = account();
    let day = 24 * 3600;
    let (idle, busy) =
        (node::register(&store, "idle", at(0)).await.unwrap(), node::register(&store, "busy", at(0)).await.unwrap());
    accepted(&store, account, &busy).await;
    node::leave(&store, &idle).await.unwrap();
    node::leave(&store, &busy).await.unwrap();
    let lives = async |now| {
        node::register(&store, "other", at(now)).await.unwrap();
        let sql = "SELECT name FROM node WHERE name <> 'other' ORDER BY name";
        let rows = store.read(zis_store::sql::statement(sql, Vec::new())).await.unwrap();
        rows.rows.iter().map(|row| row.text(0).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lives(6 * day).await, ["busy", "idle"]);
    assert_eq!(lives(8 * day).await, ["busy"]);
}

pub async fn the_open_executions_of_the_dead_are_adopted(store: Store) {
    let (account, alive, heir) = (account(), owner(&store).await, owner(&store).await);
    let name = format!("node-{}", uuid::Uuid::now_v7());
    let first = node::register(&store, &name, at(0)).await.unwrap();
    let (_, open) = accepted(&store, account, &first).await;
    let (_, done) = accepted(&store, account, &first).await;
    let (_, kept) = accepted(&store, account, &alive).await;
    store.write(execution::append(&ended(&done, Status::Succeeded, at(1)), &finished("x"), at(1))).await.unwrap();
    let ours = async |limit| {
        let adopted = execution::adopt(&store, &heir, limit).await.unwrap();
        adopted
            .into_iter()
            .filter(|execution| execution.account == account)
            .map(|execution| execution.id)
            .collect::<Vec<_>>()
    };
    assert!(ours(1000).await.is_empty(), "nobody is dead yet");
    let second = node::register(&store, &name, at(1)).await.unwrap();
    assert_eq!(ours(1000).await, std::slice::from_ref(&open.id));
    assert!(ours(1000).await.is_empty(), "each only once");
    let late = store.write(execution::append(&ended(&open, Status::Succeeded, at(1)), &finished("x"), at(1))).await;
    assert!(late.is_err(), "the earlier owner is fenced off");
    let (_, left) = accepted(&store, account, &second).await;
    node::leave(&store, &second).await.unwrap();
    assert_eq!(ours(1000).await, [left.id]);
    let row = execution::show(&store, account, &kept.id).await.unwrap().unwrap();
    assert_eq!(row.owner, alive);
}

pub async fn a_heartbeat_that_has_stopped_is_death(store: Store) {
    let (account, heir) = (account(), owner(&store).await);
    let stale = node::register(&store, &format!("node-{}", uuid::Uuid::now_v7()), at(-100)).await.unwrap();
    let (_, open) = accepted(&store, account, &stale).await;
    let life = node::lives(&store).await.unwrap().into_iter().find(|life| life.owner == stale).expect("it lives");
    assert_eq!(life.heartbeat_at, at(-100));
    node::heartbeat(&store, &stale, at(-90)).await.unwrap();
    node::bury(&store, &life).await.unwrap();
    node::heartbeat(&store, &stale, at(-80)).await.expect("it beat before it was buried");
    node::bury(&store, &node::Life { heartbeat_at: at(-80), ..life }).await.unwrap();
    let adopted = execution::adopt(&store, &heir, 1000).await.unwrap();
    let adopted = adopted.iter().find(|execution| execution.id == open.id).expect("it was adopted");
    assert_eq!((&adopted.owner, adopted.seq), (&heir, 1));
    assert!(node::heartbeat(&store, &stale, at(0)).await.is_err(), "dead is dead");
}

pub async fn an_execution_has_one_adopter(store: Store) {
    let account = account();
    let dead = node::register(&store, &format!("node-{}", uuid::Uuid::now_v7()), at(0)).await.unwrap();
    for _ in 0..50 {
        accepted(&store, account, &dead).await;
    }
    node::leave(&store, &dead).await.unwrap();
    let adopters = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let heir = owner(&store).await;
            let mut ids = Vec::new();
            loop {
                let adopted = execution::adopt(&store, &heir, 3).await.unwrap();
                if adopted.is_empty() {
                    return ids;
                }
                ids.extend(adopted.into_iter().filter(|found| found.account == account).map(|found| found.id));
            }
        })
    });
    let mut ids = Vec::new();
    for adopter in adopters.collect::<Vec<_>>() {
        ids.extend(adopter.await.unwrap());
    }
    assert_eq!(ids.len(), 50);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

pub async fn sleepers_wake_in_order(store: Store) {
    let (account, ours, theirs) = (account(), owner(&store).await, owner(&store).await);
    assert_eq!(execution::next_wake(&store, &ours).await.unwrap(), None);
    let mut asleep = Vec::new();
    for (owner, wake) in [(&ours, 30), (&ours, 10), (&theirs, 5), (&ours, 20)] {
        let (_, mut execution) = accepted(&store, account, owner).await;
        (execution.status, execution.wake_at) = (Status::Waiting, Some(at(wake)));
        store.write(execution::append(&execution, &finished("x"), at(1))).await.unwrap();
        asleep.push(execution);
    }
    let due = execution::due(&store, &ours, at(20), 10).await.unwrap();
    let ids: Vec<_> = due.iter().map(|due| &due.id).collect();
    assert_eq!(ids, [&asleep[1].id, &asleep[3].id]);
    assert_eq!(execution::due(&store, &ours, at(20), 1).await.unwrap().len(), 1);
    assert_eq!(execution::next_wake(&store, &ours).await.unwrap(), Some(at(10)));
    let awake = execution::Execution { wake_at: None, ..due[0].clone() };
    store.write(execution::append(&awake, &finished("x"), at(2))).await.unwrap();
    assert_eq!(execution::next_wake(&store, &ours).await.unwrap(), Some(at(20)));
}
