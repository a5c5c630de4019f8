//! Numbered migrations, one text for both databases. Numbers are append-only; each file belongs to one area.

use rusqlite::Connection;
use tokio_postgres::Client;

use crate::{error::StoreError, sql::Dialect};

/// `(number, name, SQL)`. `{{id}}` is the dialect's self-numbering primary key, `{{blob}}` its type of bytes, `{{room}}`
/// leaves room for changes in a table whose rows change soon after they are made.
pub(crate) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "engine", include_str!("../migrations/0001_engine.sql")),
    (2, "registry", include_str!("../migrations/0002_registry.sql")),
    (3, "connections", include_str!("../migrations/0003_connections.sql")),
    (4, "services", include_str!("../migrations/0004_services.sql")),
    (5, "zendesk", include_str!("../migrations/0005_zendesk.sql")),
    (6, "zendesk_webhook", include_str!("../migrations/0006_zendesk_webhook.sql")),
    (7, "console", include_str!("../migrations/0007_console.sql")),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL)";
/// Whoever migrates holds it: the nodes of one database may start together. Any number that nobody else is likely to use.
const LOCK: i64 = 0x7A69_735F_6D69_6772;

/// The migrations that are not among `done`, as one script each.
fn missing(done: &[i64], dialect: Dialect) -> Result<Vec<String>, StoreError> {
    if let Some(newer) = done.iter().find(|done| MIGRATIONS.iter().all(|(number, ..)| number != *done)) {
        return Err(StoreError::Damaged(format!(
            "migration {newer} was made by a newer version of zis: run that version, or restore an older copy"
        )));
    }
    let missing = MIGRATIONS.iter().filter(|(number, ..)| !done.contains(number));
    let script = |(number, name, sql): &(i64, &str, &str)| {
        let sql = translate(sql, dialect);
        format!("{sql};\nINSERT INTO migration (number, name) VALUES ({number}, '{name}');")
    };
    Ok(missing.map(script).collect())
}

/// The shared text in the words of one database.
fn translate(sql: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => sql
            .replace("{{id}}", "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replace("{{blob}}", "BLOB")
            .replace("{{room}}", ""),
        // "C" is what SQLite does: texts in the order of their bytes, only ASCII letters have a case, and indexes work for prefixes.
        Dialect::Postgres => sql
            .replace(" TEXT", " TEXT COLLATE \"C\"")
            .replace("{{id}}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
            .replace("{{blob}}", "BYTEA")
            .replace("{{room}}", "WITH (fillfactor = 70)"),
    }
}

pub(crate) fn sqlite(connection: &Connection) -> Result<(), StoreError> {
    let internal = |error: rusqlite::Error| StoreError::Internal(format!("migration failed: {error}"));
    let run = || -> Result<(), StoreError> {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(internal)?;
        connection.execute_batch(TABLE).map_err(internal)?;
        let mut query = connection.prepare("SELECT number FROM migration").map_err(internal)?;
        let done = query.query_map([], |row| row.get(0)).and_then(Iterator::collect::<Result<Vec<i64>, _>>);
        for script in missing(&done.map_err(internal)?, Dialect::Sqlite)? {
            connection.execute_batch(&script).map_err(internal)?;
        }
        connection.execute_batch("COMMIT").map_err(internal)
    };
    let answer = run();
    if answer.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    answer
}

/// All that is missing, in one transaction: another node sees the old tables or the new ones.
pub(crate) async fn postgres(client: &Client) -> Result<(), StoreError> {
    let internal = |error: tokio_postgres::Error| {
        let cause = error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
        StoreError::Internal(format!("migration failed: {cause}"))
    };
    let lock = format!(
        "BEGIN; SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK}); {TABLE}"
    );
    client.batch_execute(&lock).await.map_err(internal)?;
    let done = client.query("SELECT number FROM migration", &[]).await.map_err(internal)?;
    let done: Vec<i64> = done.iter().map(|row| row.get(0)).collect();
    let scripts = match missing(&done, Dialect::Postgres) {
        Ok(scripts) => scripts,
        Err(error) => {
            client.batch_execute("ROLLBACK").await.map_err(internal)?;
            return Err(error);
        }
    };
    for script in scripts {
        client.batch_execute(&script).await.map_err(internal)?;
    }
    client.batch_execute("COMMIT").await.map_err(internal)
}
