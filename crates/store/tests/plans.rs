//! The statements that run all day find their rows by an index, on both databases.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

#[path = "support/sample.rs"]
mod sample;

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;
use zis_flow::journal::Status;
use zis_store::{
    AccountId, EventId, ExecutionId, Reply, Statement, Store, StoreError, Transaction,
    driver::{Driver, postgres::Postgres, sqlite::Sqlite},
    event, execution, log, node, registry,
    sql::{Dialect, Rows, statement},
};

use self::sample::{accepted, at, ended, finished, owner};

/// Keeps what passes through.
struct Recorder {
    inner: Arc<dyn Driver>,
    seen: Mutex<Vec<Statement>>,
}

#[async_trait::async_trait]
impl Driver for Recorder {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        self.seen.lock().unwrap().extend(transaction.iter().cloned());
        self.inner.submit(transaction, reply);
    }

    fn notify(&self, topic: &str) {
        self.inner.notify(topic);
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.inner.notified()
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.seen.lock().unwrap().push(statement.clone());
        self.inner.read(statement).await
    }
}

/// Runs every hot verb once; the statements they were made of.
async fn hot(inner: Arc<dyn Driver>) -> Vec<Statement> {
    let recorder = Arc::new(Recorder { inner, seen: Mutex::default() });
    let store = Store::with_driver(recorder.clone());
    let account = AccountId(1);
    let (ours, theirs) = (owner(&store).await, owner(&store).await);
    node::heartbeat(&store, &ours, at(0)).await.unwrap();
    let (event, execution) = accepted(&store, account, &ours).await;
    store.write(execution::extend(&execution, &finished("x"), at(0))).await.unwrap();
    let done = execution::Execution { seq: 2, ..ended(&execution, Status::Succeeded, at(1)) };
    store.write(execution::append(&done, &finished("x"), at(1))).await.unwrap();
    execution::load(&store, account, &execution.id).await.unwrap();
    event::show(&store, account, &event.id).await.unwrap();
    event::by_key(&store, account, "key").await.unwrap();
    event::list(&store, account, None, None, Some(&event.id), 20).await.unwrap();
    for filter in [
        execution::Filter::default(),
        execution::Filter { statuses: vec![Status::Failed, Status::TimedOut], ..execution::Filter::default() },
        execution::Filter {
            integration: Some("acme".to_owned()),
            flow: Some("refund".to_owned()),
            ..execution::Filter::default()
        },
        execution::Filter { event_id: Some(event.id.clone()), ..execution::Filter::default() },
    ] {
        execution::list(&store, account, &filter, Some(&execution.id), 20).await.unwrap();
        // All of an account are counted by the whole of an index, which is no search.
        if !filter.statuses.is_empty() || filter.event_id.is_some() {
            execution::count(&store, account, &filter).await.unwrap();
        }
    }
    execution::histogram(&store, account, &[ExecutionId::first_at(at(0)), ExecutionId::first_at(at(9))]).await.unwrap();
    execution::horizon(&store, account, None, 1000).await.unwrap();
    execution::due(&store, &ours, at(0), 10).await.unwrap();
    execution::next_wake(&store, &ours).await.unwrap();
    accepted(&store, account, &theirs).await;
    node::leave(&store, &theirs).await.unwrap();
    assert_eq!(execution::adopt(&store, &ours, 10).await.unwrap().len(), 1);
    execution::expire(&store, at(2), 10).await.unwrap();
    registry::installed(&store, account).await.unwrap();
    registry::latest_bundles(&store, account, "acme").await.unwrap();
    let mut seen = std::mem::take(&mut *recorder.seen.lock().unwrap());
    seen.sort_by(|one, other| one.sql.cmp(&other.sql));
    seen.dedup_by(|one, other| one.sql == other.sql);
    assert!(seen.len() > 25, "{}", seen.len());
    seen
}

#[tokio::test]
async fn sqlite_searches() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Arc::new(Sqlite::open(&folder.path().join("zis.db")).unwrap());
    for hot in hot(driver.clone()).await {
        let explain = statement(format!("EXPLAIN QUERY PLAN {}", hot.sql), hot.params);
        for row in driver.read(explain).await.unwrap().rows {
            let step = row.text(3);
            // These indexes hold nothing but what is looked for.
            let few = ["INDEX execution_open", "INDEX execution_unsuccessful"].iter().any(|index| step.contains(index));
            let scans = step.starts_with("SCAN") && !few;
            let large =
                ["event", "execution", "journal"].iter().any(|table| step.split(' ').any(|word| word == *table));
            assert!(!(scans && large), "{step} in {}", hot.sql);
        }
    }
}

/// A table for every run of a statement costs more than the statement: an `IN` in the condition of a partial index is enough for one.
#[tokio::test]
async fn sqlite_makes_no_table_to_write_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Arc::new(Sqlite::open(&folder.path().join("zis.db")).unwrap());
    let hot = hot(driver.clone()).await;
    let rows = ["INSERT INTO event ", "INSERT INTO execution ", "INSERT INTO journal ", "UPDATE execution SET status"];
    let writes: Vec<_> = hot.iter().filter(|one| rows.iter().any(|begin| one.sql.starts_with(begin))).collect();
    assert!(writes.len() >= rows.len(), "{}", writes.len());
    for one in writes {
        let code = driver.read(statement(format!("EXPLAIN {}", one.sql), one.params.clone())).await.unwrap();
        let makes = code.rows.iter().any(|step| step.text(1) == "OpenEphemeral");
        assert!(!makes, "{}", one.sql);
    }
}

/// Without a look at the whole account, whose rows are many: an index of the account would be a search by SQLite's words too.
#[tokio::test]
async fn sqlite_finds_the_few_in_their_own_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Arc::new(Sqlite::open(&folder.path().join("zis.db")).unwrap());
    let recorder = Arc::new(Recorder { inner: driver.clone(), seen: Mutex::default() });
    let store = Store::with_driver(recorder.clone());
    for statuses in
        [vec![Status::Failed], vec![Status::Failed, Status::TimedOut], vec![Status::Waiting, Status::Retrying]]
    {
        let filter = execution::Filter { statuses, ..execution::Filter::default() };
        execution::list(&store, AccountId(1), &filter, None, 20).await.unwrap();
        execution::list(&store, AccountId(1), &filter, Some(&ExecutionId::first_at(at(9))), 20).await.unwrap();
        execution::count(&store, AccountId(1), &filter).await.unwrap();
    }
    let seen = std::mem::take(&mut *recorder.seen.lock().unwrap());
    assert_eq!(seen.len(), 9);
    for few in seen {
        let explain = statement(format!("EXPLAIN QUERY PLAN {}", few.sql), few.params);
        for row in driver.read(explain).await.unwrap().rows {
            let step = row.text(3);
            let own = ["execution_unsuccessful", "execution_open"].iter().any(|index| step.contains(index));
            assert!(own || step.contains("TEMP B-TREE"), "{step} in {}", few.sql);
        }
    }
}

/// Newest first without sorting, and without passing over the rows of others.
#[tokio::test]
async fn sqlite_lists_one_integration_and_one_event_from_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Arc::new(Sqlite::open(&folder.path().join("zis.db")).unwrap());
    let recorder = Arc::new(Recorder { inner: driver.clone(), seen: Mutex::default() });
    let store = Store::with_driver(recorder.clone());
    let acme = execution::Filter { integration: Some("acme".to_owned()), ..execution::Filter::default() };
    let filters = [
        ("execution_integration", acme.clone()),
        ("execution_integration", execution::Filter { flow: Some("refund".to_owned()), ..acme }),
        (
            "execution_event",
            execution::Filter { event_id: Some(EventId::first_at(at(1))), ..execution::Filter::default() },
        ),
    ];
    for (index, filter) in filters {
        execution::list(&store, AccountId(1), &filter, None, 20).await.unwrap();
        assert_one_step(&recorder, index).await;
    }
    for levels in [vec![log::Level::Error], vec![log::Level::Warning, log::Level::Error]] {
        let filter = log::Filter { levels, ..log::Filter::default() };
        log::list(&store, AccountId(1), &filter, log::Order::NewestFirst, Some(9), 20).await.unwrap();
        assert_one_step(&recorder, "integration_log_grave").await;
    }
}

/// The statement that was seen last is answered from `index` alone, in its order.
async fn assert_one_step(recorder: &Recorder, index: &str) {
    let last = recorder.seen.lock().unwrap().pop().unwrap();
    let explain = statement(format!("EXPLAIN QUERY PLAN {}", last.sql), last.params);
    let plan = recorder.inner.read(explain).await.unwrap();
    let steps: Vec<_> = plan.rows.iter().map(|row| row.text(3)).collect();
    assert!(steps.len() == 1 && steps[0].contains(index), "{steps:?} in {}", last.sql);
}

#[tokio::test]
async fn postgres_searches() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let driver = Arc::new(Postgres::connect(&url).await.unwrap());
    let hot = hot(driver.clone()).await;
    // Enough rows that reading all of them would be the worst plan.
    cluster.sql(
        name,
        "INSERT INTO event SELECT 1, 'evt_' || n, 's', 't', NULL, repeat('x', 200), n, NULL, 1 FROM generate_series(1, 20000) AS n; \
         INSERT INTO execution SELECT 1, 'exe_' || n, 'i' || n % 50, 'f' || n % 200, NULL, 'evt_' || n, 'b', 'd', 'succeeded', 1, 4, n, n, NULL, \
         NULL, NULL, NULL, NULL, NULL, 'node', 1, 1 FROM generate_series(1, 20000) AS n; \
         INSERT INTO journal SELECT 1, 'exe_' || n, 0, n, repeat('x', 200) FROM generate_series(1, 20000) AS n; ANALYZE",
    );
    for hot in hot {
        let explain = statement(format!("EXPLAIN {}", hot.sql), hot.params);
        let plan = driver.read(explain).await.unwrap();
        for row in plan.rows {
            let step = row.text(0);
            let large =
                ["event", "execution", "journal"].iter().any(|table| step.contains(&format!("Seq Scan on {table} ")));
            assert!(!large, "{step} in {}", hot.sql);
        }
    }
    driver.close().await;
}
