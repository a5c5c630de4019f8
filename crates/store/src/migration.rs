//! Numbered migrations, one text for both databases. Numbers are append-only; each file belongs to one area.

use rusqlite::Connection;

use crate::error::StoreError;

/// `(number, name, SQL)`. `{{id}}` is the dialect's self-numbering primary key, `{{blob}}` its type of bytes.
pub(crate) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "engine", include_str!("../migrations/0001_engine.sql")),
    (2, "registry", include_str!("../migrations/0002_registry.sql")),
    (3, "connections", include_str!("../migrations/0003_connections.sql")),
    (4, "services", include_str!("../migrations/0004_services.sql")),
    (5, "zendesk", include_str!("../migrations/0005_zendesk.sql")),
];

pub(crate) fn sqlite(connection: &Connection) -> Result<(), StoreError> {
    let internal = |error: rusqlite::Error| StoreError::Internal(format!("migration failed: {error}"));
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        .map_err(internal)?;
    for (number, name, sql) in MIGRATIONS {
        let done: i64 = connection
            .query_row("SELECT count(*) FROM migration WHERE number = ?1", [number], |row| row.get(0))
            .map_err(internal)?;
        if done > 0 {
            continue;
        }
        let sql = sql.replace("{{id}}", "INTEGER PRIMARY KEY AUTOINCREMENT").replace("{{blob}}", "BLOB");
        let script = format!("BEGIN; {sql}; INSERT INTO migration (number, name) VALUES ({number}, '{name}'); COMMIT;");
        connection.execute_batch(&script).map_err(internal)?;
    }
    Ok(())
}
