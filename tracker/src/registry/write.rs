//! Rows into tables: the newest state of a row replaces the one before.

use super::RegistryError;
use sealway_core::{DrawnVersion, Row};
use sealway_schemas::Time;
use sealway_schemas::event::{AlertView, DeviceView, TransferView};
use sealway_schemas::record::Record;
use serde::Serialize;
use sqlx::sqlite::{Sqlite, SqliteConnection};

pub(super) async fn upsert(connection: &mut SqliteConnection, row: &Row) -> Result<(), RegistryError> {
    let query = match row {
        Row::Party(party) => {
            let sql = "INSERT INTO parties VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET role = excluded.role, district = excluded.district, body = excluded.body";
            let query = sqlx::query::<Sqlite>(sql).bind(party.id.to_string()).bind(party.role.as_str());
            query.bind(party.district.as_ref().map(ToString::to_string)).bind(json("parties", party)?)
        }
        Row::User(user) => {
            let sql = "INSERT INTO users VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET party = excluded.party, body = excluded.body";
            sqlx::query::<Sqlite>(sql).bind(user.id.to_string()).bind(user.party.to_string()).bind(json("users", user)?)
        }
        Row::Token(token) => {
            let sql = "INSERT INTO tokens VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET user = excluded.user, digest = excluded.digest, body = excluded.body";
            let query = sqlx::query::<Sqlite>(sql).bind(token.id.clone()).bind(token.user.to_string()).bind(token.digest.to_string());
            query.bind(json("tokens", token)?)
        }
        Row::Place(place) => {
            let sql = "INSERT INTO places VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET operator = excluded.operator, district = excluded.district, body = excluded.body";
            let (operator, district) = (place.operator.as_ref().map(ToString::to_string), place.district.as_ref().map(ToString::to_string));
            sqlx::query::<Sqlite>(sql).bind(place.id.to_string()).bind(operator).bind(district).bind(json("places", place)?)
        }
        Row::Corridor(corridor) => {
            let sql = "INSERT INTO corridors VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
            sqlx::query::<Sqlite>(sql).bind(corridor.id.to_string()).bind(json("corridors", corridor)?)
        }
        Row::Version(DrawnVersion { subject, view, feature }) => {
            let sql = "INSERT INTO versions VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (kind, id, effective_from) DO UPDATE SET body = excluded.body, feature = excluded.feature";
            let query = sqlx::query::<Sqlite>(sql).bind(subject.kind()).bind(subject.id().to_owned());
            query.bind(milliseconds(view.effective_from)).bind(json("versions", view)?).bind(feature.clone())
        }
        Row::Withdrawn(subject, from) => {
            let sql = "DELETE FROM versions WHERE kind = $1 AND id = $2 AND effective_from = $3";
            sqlx::query::<Sqlite>(sql).bind(subject.kind()).bind(subject.id().to_owned()).bind(milliseconds(*from))
        }
        Row::Device(device) => return upsert_device(connection, device).await,
        Row::Transfer(transfer) => return upsert_transfer(connection, transfer).await,
        Row::Alert(alert) => return upsert_alert(connection, alert).await,
        Row::Record(record) => return upsert_record(connection, record).await,
    };
    query.execute(connection).await?;
    Ok(())
}

async fn upsert_device(connection: &mut SqliteConnection, device: &DeviceView) -> Result<(), RegistryError> {
    let sql = "INSERT INTO devices VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET
        owner = excluded.owner, transfer = excluded.transfer, quarantined = excluded.quarantined, body = excluded.body";
    let query = sqlx::query::<Sqlite>(sql).bind(device.id.as_str()).bind(device.owner.as_str());
    let query = query.bind(device.transfer.as_ref().map(ToString::to_string)).bind(device.quarantined);
    query.bind(json("devices", device)?).execute(connection).await?;
    Ok(())
}

async fn upsert_transfer(connection: &mut SqliteConnection, transfer: &TransferView) -> Result<(), RegistryError> {
    let sql = "INSERT INTO transfers VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET
        carrier = excluded.carrier, seal = excluded.seal, origin = excluded.origin, destination = excluded.destination,
        state = excluded.state, body = excluded.body";
    let query = sqlx::query::<Sqlite>(sql).bind(transfer.id.as_str()).bind(transfer.carrier.as_str()).bind(transfer.seal.as_str());
    let query = query.bind(transfer.origin.as_str()).bind(transfer.destination.as_str()).bind(word(&transfer.state)?);
    query.bind(json("transfers", transfer)?).execute(&mut *connection).await?;
    // Between two legs; the legs of a transfer are fixed.
    let stops = transfer.legs.iter().map(|leg| &leg.to).filter(|place| **place != transfer.destination);
    for place in stops {
        let sql = "INSERT INTO transfer_stops VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query::<Sqlite>(sql).bind(transfer.id.as_str()).bind(place.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn upsert_alert(connection: &mut SqliteConnection, alert: &AlertView) -> Result<(), RegistryError> {
    let sql = "INSERT INTO alerts VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET
        transfer = excluded.transfer, open = excluded.open, body = excluded.body";
    let query = sqlx::query::<Sqlite>(sql).bind(i64::try_from(alert.id.0).unwrap_or(i64::MAX)).bind(alert.kind.as_str());
    let query = query.bind(word(&alert.severity)?).bind(alert.device.as_str()).bind(alert.owner.as_str());
    let query = query.bind(alert.transfer.as_ref().map(ToString::to_string)).bind(alert.cleared_at.is_none());
    query.bind(json("alerts", alert)?).execute(connection).await?;
    Ok(())
}

async fn upsert_record(connection: &mut SqliteConnection, record: &Record) -> Result<(), RegistryError> {
    let sql = "INSERT INTO records VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, id) DO UPDATE SET
        at = excluded.at, transfer = excluded.transfer, body = excluded.body";
    let query = sqlx::query::<Sqlite>(sql).bind(record.kind.as_str()).bind(record.id.as_str());
    let query = query.bind(milliseconds(record.at)).bind(record.transfer.as_ref().map(ToString::to_string));
    query.bind(json("records", record)?).execute(&mut *connection).await?;
    let sql = "DELETE FROM record_parties WHERE kind = $1 AND id = $2";
    sqlx::query::<Sqlite>(sql).bind(record.kind.as_str()).bind(record.id.as_str()).execute(&mut *connection).await?;
    for party in &record.parties {
        let sql = "INSERT INTO record_parties VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let query = sqlx::query::<Sqlite>(sql).bind(record.kind.as_str()).bind(record.id.as_str());
        query.bind(party.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) fn milliseconds(t: Time) -> i64 {
    i64::try_from(t.as_ms()).unwrap_or(i64::MAX)
}

fn json(table: &'static str, row: &impl Serialize) -> Result<String, RegistryError> {
    serde_json::to_string(row).map_err(|source| RegistryError::Row { table, source })
}

/// The kebab-case word of an enum without content.
pub(super) fn word(value: &impl Serialize) -> Result<String, RegistryError> {
    Ok(json("word", value)?.trim_matches('"').to_owned())
}
