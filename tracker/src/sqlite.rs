//! Files of SQLite that the log can make again: one that is missing, of another version or not readable is thrown away.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;

/// `tables` set `PRAGMA user_version` to `version`.
pub(crate) async fn open(path: &Path, (version, tables): (i64, &'static str)) -> Result<SqlitePool, sqlx::Error> {
    match connect(path).await {
        Ok(pool) if version_of(&pool).await == Some(version) => Ok(pool),
        Ok(pool) => {
            pool.close().await;
            make(path, tables).await
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "file is not readable; it is made again from the log");
            make(path, tables).await
        }
    }
}

async fn make(path: &Path, tables: &'static str) -> Result<SqlitePool, sqlx::Error> {
    remove(path)?;
    let pool = connect(path).await?;
    sqlx::raw_sql(tables).execute(&pool).await?;
    Ok(pool)
}

/// Throws the file away, with what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

async fn connect(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(10));
    SqlitePoolOptions::new().max_connections(4).connect_with(options).await
}

async fn version_of(pool: &SqlitePool) -> Option<i64> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.ok()
}
