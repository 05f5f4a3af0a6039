//! The tables, and how the file is opened.

use super::RegistryError;
use crate::sqlite;
use sealway_core::RULES;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use std::path::Path;

/// A file of another version, or made by other rules, is thrown away: it is a view.
pub(super) const VERSION: i64 = 6;

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
CREATE TABLE versions (kind TEXT NOT NULL, id TEXT NOT NULL, effective_from INTEGER NOT NULL, body TEXT NOT NULL, feature TEXT NOT NULL,
    PRIMARY KEY (kind, id, effective_from)) WITHOUT ROWID;
CREATE INDEX versions_from ON versions (effective_from);
CREATE TABLE devices (id TEXT PRIMARY KEY, owner TEXT NOT NULL, transfer TEXT, quarantined INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX devices_owner ON devices (owner);
CREATE TABLE transfers (id TEXT PRIMARY KEY, carrier TEXT NOT NULL, seal TEXT NOT NULL, origin TEXT NOT NULL, destination TEXT NOT NULL,
    state TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE transfer_stops (transfer TEXT NOT NULL, place TEXT NOT NULL, PRIMARY KEY (transfer, place)) WITHOUT ROWID;
CREATE INDEX transfer_stops_place ON transfer_stops (place);
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
        WHERE c.role = 'customs'
    UNION ALL SELECT s.transfer, p.operator FROM places p JOIN transfer_stops s ON s.place = p.id WHERE p.operator IS NOT NULL
    UNION ALL SELECT s.transfer, c.id FROM parties c JOIN places p ON p.district = c.district JOIN transfer_stops s ON s.place = p.id
        WHERE c.role = 'customs';
CREATE VIEW overseen (party, of) AS
    SELECT c.id, p.id FROM parties c JOIN parties p ON p.district = c.district WHERE c.role = 'customs';
CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, transfer TEXT, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE INDEX records_at ON records (kind, at, id);
CREATE INDEX records_transfer ON records (transfer) WHERE transfer IS NOT NULL;
CREATE TABLE record_parties (kind TEXT NOT NULL, id TEXT NOT NULL, party TEXT NOT NULL, PRIMARY KEY (kind, id, party)) WITHOUT ROWID;
CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, records INTEGER NOT NULL, rules TEXT);
INSERT INTO cursor VALUES (1, -1, 0, NULL);
PRAGMA user_version = 6;
";

/// Opens the file, made anew where it is missing, of another version or other rules, or not readable: from the log.
pub(super) async fn open(path: &Path) -> Result<SqlitePool, RegistryError> {
    let failed = |source| RegistryError::Open { path: path.to_owned(), source };
    let mut pool = sqlite::open(path, (VERSION, TABLES)).await.map_err(failed)?;
    let by = made_by(&mut *pool.acquire().await.map_err(failed)?).await.map_err(failed)?;
    if by.as_deref() == Some(RULES) {
        return Ok(pool);
    }
    if by.is_some() {
        tracing::info!(file = %path.display(), "registry was made by other rules; it is made again from the log");
        pool.close().await;
        remove(path)?;
        pool = sqlite::open(path, (VERSION, TABLES)).await.map_err(failed)?;
    }
    sqlx::query("UPDATE cursor SET rules = $1").bind(RULES).execute(&pool).await.map_err(failed)?;
    Ok(pool)
}

pub(super) async fn made_by(connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT rules FROM cursor").fetch_one(connection).await
}

pub(super) fn remove(path: &Path) -> Result<(), RegistryError> {
    sqlite::remove(path).map_err(|source| RegistryError::File { path: path.to_owned(), source })
}
