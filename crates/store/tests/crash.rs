//! A process that is killed in the middle of its work loses nothing that it was told is durable.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

#[path = "support/sample.rs"]
mod sample;

use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use zis_flow::journal::Status;
use zis_store::{AccountId, ExecutionId, Store, execution};

use self::sample::{accepted, at, ended, finished, owner};

const ACCOUNT: AccountId = AccountId(1);
/// Where the child works; not set for those who only run the tests.
const PLACE: &str = "ZIS_TEST_CRASH_PLACE";

async fn open(place: &str) -> Store {
    if place.starts_with("postgres") {
        Store::connect_postgres(place).await.unwrap()
    } else {
        Store::open_sqlite(std::path::Path::new(place)).unwrap()
    }
}

/// The child: runs flows in many tasks until it is killed, and says what was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let store = open(&place).await;
    let owner = owner(&store).await;
    let tasks = (0..16).map(|_| {
        let (store, owner) = (store.clone(), owner.clone());
        tokio::spawn(async move {
            // Bounded, should nobody come to kill it.
            for _ in 0..100_000 {
                let (_, execution) = accepted(&store, ACCOUNT, &owner).await;
                println!("accepted {}", execution.id);
                let done = ended(&execution, Status::Succeeded, at(1));
                store.write(execution::append(&done, &finished("x"), at(1))).await.unwrap();
                println!("finished {}", execution.id);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Runs the child in `place`, kills it, and looks.
async fn check(place: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut accepted, mut finished) = (HashSet::new(), HashSet::new());
    let mut killed = false;
    while let Some(Ok(line)) = lines.next() {
        // A line that was cut in two by the end says nothing.
        let Some((word, id)) = line.split_once(' ') else { continue };
        let Some(id) = ExecutionId::parse(id) else { continue };
        match word {
            "accepted" => accepted.insert(id),
            "finished" => finished.insert(id),
            _ => false,
        };
        if finished.len() >= 300 && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed && accepted.len() >= 300, "the child worked: {} and {}", accepted.len(), finished.len());
    let store = open(place).await;
    for id in &accepted {
        let (row, records) = execution::load(&store, ACCOUNT, id).await.unwrap().expect("what was accepted is there");
        match row.seq {
            1 => assert!(!finished.contains(id) && row.status == Status::Running && records.len() == 2),
            _ => assert!(row.status == Status::Succeeded && records.len() == 3),
        }
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_what_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path().to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_what_it_answered() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    check(&cluster.database()).await;
}
