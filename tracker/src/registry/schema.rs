//! The tables, and how the file is opened.

use super::RegistryError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;

/// A file of another version is thrown away: it is a view.
const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE parties (id TEXT PRIMARY KEY, role TEXT NOT NULL, district TEXT, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX parties_district ON parties (district) WHERE district IS NOT NULL;
CREATE TABLE users (id TEXT PRIMARY KEY, party TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (id TEXT PRIMARY KEY, user TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX tokens_digest ON tokens (digest);
CREATE TABLE places (id TEXT PRIMARY KEY, operator TEXT, district TEXT, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX places_operator ON places (operator);
CREATE INDEX places_district ON places (district) WHERE district IS NOT NULL;
CREATE TABLE corridors (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE devices (id TEXT PRIMARY KEY, owner TEXT NOT NULL, transfer TEXT, quarantined INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX devices_owner ON devices (owner);
CREATE TABLE transfers (id TEXT PRIMARY KEY, carrier TEXT NOT NULL, seal TEXT NOT NULL, origin TEXT NOT NULL, destination TEXT NOT NULL,
    state TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX transfers_carrier ON transfers (carrier);
CREATE INDEX transfers_seal ON transfers (seal);
CREATE INDEX transfers_origin ON transfers (origin);
CREATE INDEX transfers_destination ON transfers (destination);
CREATE TABLE alerts (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, severity TEXT NOT NULL, device TEXT NOT NULL, owner TEXT NOT NULL,
    transfer TEXT, open INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX alerts_device ON alerts (device);
CREATE INDEX alerts_transfer ON alerts (transfer);
CREATE VIEW transfer_parties (transfer, party) AS
    SELECT id, carrier FROM transfers
    UNION ALL SELECT t.id, d.owner FROM devices d JOIN transfers t ON t.seal = d.id
    UNION ALL SELECT t.id, p.operator FROM places p JOIN transfers t ON t.origin = p.id WHERE p.operator IS NOT NULL
    UNION ALL SELECT t.id, p.operator FROM places p JOIN transfers t ON t.destination = p.id WHERE p.operator IS NOT NULL
    UNION ALL SELECT t.id, c.id FROM parties c JOIN places p ON p.district = c.district JOIN transfers t ON t.origin = p.id
        WHERE c.role = 'customs'
    UNION ALL SELECT t.id, c.id FROM parties c JOIN places p ON p.district = c.district JOIN transfers t ON t.destination = p.id
        WHERE c.role = 'customs';
CREATE VIEW overseen (party, of) AS
    SELECT c.id, p.id FROM parties c JOIN parties p ON p.district = c.district WHERE c.role = 'customs';
CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, transfer TEXT, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE INDEX records_at ON records (kind, at, id);
CREATE INDEX records_transfer ON records (transfer) WHERE transfer IS NOT NULL;
CREATE TABLE record_parties (kind TEXT NOT NULL, id TEXT NOT NULL, party TEXT NOT NULL, PRIMARY KEY (kind, id, party)) WITHOUT ROWID;
CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT INTO cursor VALUES (1, -1);
PRAGMA user_version = 3;
";

/// Opens the file, made anew where it is missing, of another version, or not readable.
pub(super) async fn open(path: &Path) -> Result<SqlitePool, RegistryError> {
    match connect(path).await {
        Ok(pool) if version(&pool).await == Some(VERSION) => Ok(pool),
        Ok(pool) => {
            pool.close().await;
            make(path).await
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "registry is not readable; it is made again from the log");
            make(path).await
        }
    }
}

async fn make(path: &Path) -> Result<SqlitePool, RegistryError> {
    remove(path)?;
    let failed = |source| RegistryError::Open { path: path.to_owned(), source };
    let pool = connect(path).await.map_err(failed)?;
    sqlx::raw_sql(TABLES).execute(&pool).await.map_err(failed)?;
    Ok(pool)
}

/// Throws the file away, with what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) -> Result<(), RegistryError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(RegistryError::File { path: name.into(), source });
            }
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

async fn version(pool: &SqlitePool) -> Option<i64> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.ok()
}
