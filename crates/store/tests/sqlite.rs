//! What only SQLite has: one file, one disk.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use zis_store::{
    Statement, Store, StoreError, params,
    sql::{Expect, statement},
};

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open_sqlite(folder.path()).unwrap()
}

fn put(id: i64, size: usize) -> Vec<Statement> {
    vec![statement("INSERT INTO scratch (id, note) VALUES ($1, $2)", params![id, "x".repeat(size)])]
}

async fn count(store: &Store) -> i64 {
    store.read(statement("SELECT count(*) FROM scratch", params![])).await.unwrap().rows[0].int(0)
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.write(vec![statement("CREATE TABLE scratch (id BIGINT PRIMARY KEY, note TEXT)", params![])]).await.unwrap();
    store.write(put(0, 10)).await.unwrap();
    // The database may not grow: what SQLite answers then is what it answers when the disk is full.
    let limit =
        |pages: i64| vec![statement(format!("PRAGMA max_page_count = {pages}"), params![]).expect(Expect::Exactly(1))];
    store.write(limit(1)).await.unwrap();
    let pending: Vec<_> = (1..20).map(|id| store.write(put(id, 1 << 20))).collect();
    let mut refused = 0;
    for pending in pending {
        match pending.await {
            Ok(_) => {}
            Err(StoreError::Unavailable(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 19);
    assert_eq!(count(&store).await, 1);
    store.write(limit(1 << 30)).await.unwrap();
    store.write(put(1, 1 << 20)).await.unwrap();
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_store_is_one_file_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.write(vec![statement("CREATE TABLE scratch (id BIGINT PRIMARY KEY, note TEXT)", params![])]).await.unwrap();
    store.write(put(1, 10)).await.unwrap();
    store.close().await;
    assert_eq!(std::fs::metadata(folder.path().join("zis.db-wal")).map_or(0, |wal| wal.len()), 0);
    let again = open(&folder);
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.write(vec![statement("INSERT INTO migration (number, name) VALUES (9999, 'new')", params![])]).await.unwrap();
    store.close().await;
    let refused = Store::open_sqlite(folder.path()).err().expect("it is newer");
    assert!(matches!(&refused, StoreError::Damaged(text) if text.contains("9999")), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zis.db"), "not a database at all, but long enough to have a header".repeat(40))
        .unwrap();
    let refused = Store::open_sqlite(folder.path()).err().expect("it is no database");
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
}
