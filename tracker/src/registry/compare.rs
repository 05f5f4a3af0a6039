//! Two registries beside each other: which rows of the one the other does not have.

use super::{Projector, Registry, RegistryError, schema};
use crate::config::Clock;
use sealway_core::Row;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::path::Path;
use std::sync::Arc;

/// What a look at a registry at rest came to.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    /// All rows of entries below this number are there; `None` where there is no registry, or it does not say.
    pub(crate) rows: Option<u64>,
    /// In SQLite's words, which name page, table and row.
    pub(crate) faults: Vec<String>,
}

/// Looks at every page and changes nothing: [`Projector::open`] would make a file again that it cannot read, and the fault with it go.
pub(crate) async fn inspect(path: &Path) -> Inspected {
    let mut inspected = Inspected::default();
    if path.exists()
        && let Err(error) = inspect_into(path, &mut inspected).await
    {
        inspected.faults.push(error.to_string());
    }
    inspected
}

async fn inspect_into(path: &Path, inspected: &mut Inspected) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await?;
    if version != schema::VERSION {
        inspected.faults.push(format!("version {version}, expected {}: the next start makes it again", schema::VERSION));
    }
    if schema::made_by(&mut connection).await?.is_some_and(|rules| rules != sealway_core::RULES) {
        inspected.faults.push("made by the rules of another version: the next start makes it again".to_owned());
    }
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await?;
    inspected.faults.extend(said.into_iter().filter(|line| line != "ok"));
    let seq: i64 = sqlx::query_scalar("SELECT seq FROM cursor").fetch_one(&mut connection).await?;
    inspected.rows = u64::try_from(seq).ok();
    connection.close().await
}

/// Rows named at most; a registry that differs in more is made anew anyway.
const NAMED: usize = 1_000;

/// Writes `rows` into a registry at `fresh`, compares it with the one at `kept`, and removes it. Table and key of each row that differs.
pub(crate) async fn differing(
    kept: &Path,
    fresh: &Path,
    rows: Vec<Row>,
    clock: Arc<dyn Clock>,
) -> Result<Vec<(String, String)>, RegistryError> {
    schema::remove(fresh)?;
    let (projector, registry, _) = Projector::open(fresh, clock).await?;
    projector.put(rows, Vec::new(), Some(0), true);
    projector.close();
    projector.run(registry.pool).await;
    let Registry { pool, .. } = Projector::open(fresh, Arc::new(crate::config::SystemClock)).await?.1;
    let found = {
        let mut connection = pool.acquire().await?;
        let attach = sqlx::query::<Sqlite>("ATTACH DATABASE $1 AS kept").bind(kept.display().to_string());
        attach.execute(&mut *connection).await?;
        compare(&mut connection).await
    };
    pool.close().await;
    schema::remove(fresh)?;
    found
}

async fn compare(connection: &mut SqliteConnection) -> Result<Vec<(String, String)>, RegistryError> {
    let sql =
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT IN ('cursor') AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar::<Sqlite, String>(sql).fetch_all(&mut *connection).await?;
    let mut found = Vec::new();
    for table in tables {
        for (one, other) in [("main", "kept"), ("kept", "main")] {
            // The names are those of our own schema.
            let sql = format!("SELECT * FROM {one}.{table} EXCEPT SELECT * FROM {other}.{table} LIMIT {NAMED}");
            for row in sqlx::query::<Sqlite>(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *connection).await? {
                let key = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|key| key.to_string()))?;
                let key = (table.clone(), key);
                if !found.contains(&key) {
                    found.push(key);
                }
            }
        }
    }
    Ok(found)
}
