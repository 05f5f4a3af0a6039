//! Scoped reads: the first parameter of every query is the party that it is limited to, or null for those who see all.

use super::page::{AlertFilter, DeviceFilter, Page, RecordFilter, RecordKey, TransferFilter};
use super::write::{milliseconds, word};
use super::{Registry, RegistryError, Scope};
use sealway_core::atlas::Subject;
use sealway_schemas::event::{AlertView, CorridorView, DeviceView, PartyView, PlaceView, TokenView, TransferView, UserView, VersionView};
use sealway_schemas::record::{Record, Recorded};
use sealway_schemas::{AlertId, CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId, UserId};
use serde::de::DeserializeOwned;
use sqlx::sqlite::Sqlite;

type Found<T> = Result<T, RegistryError>;

/// What belongs to a transfer is seen with it; what a party has beside that, by the party and the customs of its district.
macro_rules! own {
    () => {
        "($1 IS NULL OR owner = $1 OR transfer IN (SELECT transfer FROM transfer_parties WHERE party = $1)
            OR (transfer IS NULL AND owner IN (SELECT of FROM overseen WHERE party = $1)))"
    };
}
macro_rules! recorded {
    () => {
        "($1 IS NULL OR EXISTS (SELECT 1 FROM record_parties p WHERE p.kind = r.kind AND p.id = r.id AND p.party = $1)
            OR transfer IN (SELECT transfer FROM transfer_parties WHERE party = $1)
            OR (transfer IS NULL AND EXISTS (SELECT 1 FROM record_parties p JOIN overseen o ON o.of = p.party
                WHERE p.kind = r.kind AND p.id = r.id AND o.party = $1))
            OR kind IN ('district', 'withdrawn-version'))"
    };
}

const DEVICES: &str = concat!(
    "SELECT body FROM devices WHERE ",
    own!(),
    " AND ($2 IS NULL OR id > $2) AND ($3 IS NULL OR owner = $3) AND ($4 IS NULL OR quarantined = $4)
    AND ($5 IS NULL OR (transfer IS NOT NULL) = $5) ORDER BY id LIMIT $6"
);
const DEVICE: &str = concat!("SELECT body FROM devices WHERE id = $2 AND ", own!());
const TRANSFERS: &str = "SELECT body FROM transfers
    WHERE ($1 IS NULL OR id IN (SELECT transfer FROM transfer_parties WHERE party = $1))
    AND ($2 IS NULL OR id > $2) AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR carrier = $4) AND ($5 IS NULL OR seal = $5)
    ORDER BY id LIMIT $6";
const TRANSFER: &str = "SELECT body FROM transfers WHERE id = $2
    AND ($1 IS NULL OR id IN (SELECT transfer FROM transfer_parties WHERE party = $1))";
const ALERTS: &str = concat!(
    "SELECT body FROM alerts WHERE ",
    own!(),
    " AND ($2 IS NULL OR id < $2) AND ($3 IS NULL OR device = $3) AND ($4 IS NULL OR transfer = $4) AND ($5 IS NULL OR kind = $5)
    AND ($6 IS NULL OR severity = $6) AND ($7 IS NULL OR open = $7) ORDER BY id DESC LIMIT $8"
);
const ALERT: &str = concat!("SELECT body FROM alerts WHERE id = $2 AND ", own!());
const RECORDS: &str = concat!(
    "SELECT body FROM records r WHERE kind = $2 AND ",
    recorded!(),
    " AND ($3 IS NULL OR transfer = $3) AND ($4 IS NULL OR (at, id) < ($4, $5)) ORDER BY at DESC, id DESC LIMIT $6"
);
const RECORD: &str = concat!("SELECT body FROM records r WHERE kind = $2 AND id = $3 AND ", recorded!());
const PARTIES: &str = "SELECT body FROM parties WHERE ($1 IS NULL OR id = $1 OR id IN (SELECT of FROM overseen WHERE party = $1))
    AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
const USERS: &str = "SELECT body FROM users WHERE ($1 IS NULL OR party = $1 OR party IN (SELECT of FROM overseen WHERE party = $1))
    AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
const TOKENS: &str = "SELECT body FROM tokens WHERE ($1 IS NULL OR user IN (SELECT id FROM users WHERE party = $1))
    AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
/// Places and corridors are everybody's: a carrier has to name them to declare a transfer.
const PLACES: &str = "SELECT body FROM places WHERE ($1 IS NULL OR $1 <> '') AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
const CORRIDORS: &str = "SELECT body FROM corridors WHERE ($1 IS NULL OR $1 <> '') AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
/// The newest first.
const VERSIONS: &str = "SELECT body FROM versions WHERE ($1 IS NULL OR $1 <> '') AND kind = $2 AND id = $3
    AND ($4 IS NULL OR effective_from < $4) ORDER BY effective_from DESC LIMIT $5";
const VERSION: &str = "SELECT feature FROM versions WHERE ($1 IS NULL OR $1 <> '') AND kind = $2 AND id = $3 AND effective_from = $4";
const PLANNED: &str = "SELECT kind, id, body FROM versions WHERE ($1 IS NULL OR $1 <> '') AND effective_from > $2
    ORDER BY effective_from, kind, id LIMIT 500";
const PLACE: &str = "SELECT body FROM places WHERE ($1 IS NULL OR $1 <> '') AND id = $2";
const CORRIDOR: &str = "SELECT body FROM corridors WHERE ($1 IS NULL OR $1 <> '') AND id = $2";

impl Registry {
    pub async fn devices(&self, scope: &Scope, filter: &DeviceFilter, page: &Page<DeviceId>) -> Found<Vec<DeviceView>> {
        let query = sqlx::query_scalar::<Sqlite, String>(DEVICES).bind(scope.party()).bind(page.after.map(|id| id.to_string()));
        let query = query.bind(filter.owner.as_ref().map(PartyId::as_str)).bind(filter.quarantined).bind(filter.bound);
        parse("devices", query.bind(page.rows()).fetch_all(&self.pool).await?)
    }

    pub async fn device(&self, scope: &Scope, id: &DeviceId) -> Found<Option<DeviceView>> {
        self.one("devices", DEVICE, scope, id.as_str()).await
    }

    pub async fn transfers(&self, scope: &Scope, filter: &TransferFilter, page: &Page<TransferId>) -> Found<Vec<TransferView>> {
        let state = filter.state.as_ref().map(word).transpose()?;
        let query = sqlx::query_scalar::<Sqlite, String>(TRANSFERS).bind(scope.party()).bind(page.after.as_ref().map(TransferId::as_str));
        let query = query.bind(state).bind(filter.carrier.as_ref().map(PartyId::as_str));
        let query = query.bind(filter.seal.as_ref().map(DeviceId::as_str)).bind(page.rows());
        parse("transfers", query.fetch_all(&self.pool).await?)
    }

    pub async fn transfer(&self, scope: &Scope, id: &TransferId) -> Found<Option<TransferView>> {
        self.one("transfers", TRANSFER, scope, id.as_str()).await
    }

    /// Newest first.
    pub async fn records(&self, scope: &Scope, kind: &str, filter: &RecordFilter, page: &Page<RecordKey>) -> Found<Vec<Record>> {
        let query = sqlx::query_scalar::<Sqlite, String>(RECORDS).bind(scope.party()).bind(kind);
        let query = query.bind(filter.transfer.as_ref().map(TransferId::as_str));
        let query = query.bind(page.after.as_ref().map(|after| milliseconds(after.at)));
        let query = query.bind(page.after.as_ref().map(|after| after.id.as_str())).bind(page.rows());
        parse("records", query.fetch_all(&self.pool).await?)
    }

    pub async fn record(&self, scope: &Scope, kind: &str, id: &str) -> Found<Option<Record>> {
        let query = sqlx::query_scalar::<Sqlite, String>(RECORD).bind(scope.party()).bind(kind).bind(id);
        Ok(parse("records", query.fetch_all(&self.pool).await?)?.pop())
    }

    /// A record as the view that its kind stands for.
    pub async fn recorded<T: Recorded>(&self, scope: &Scope, id: &str) -> Found<Option<T>> {
        let Some(record) = self.record(scope, T::KIND, id).await? else { return Ok(None) };
        serde_json::from_value(record.body).map(Some).map_err(|source| RegistryError::Row { table: "records", source })
    }

    /// Newest first; `page.after` is the oldest one of the page before.
    pub async fn alerts(&self, scope: &Scope, filter: &AlertFilter, page: &Page<AlertId>) -> Found<Vec<AlertView>> {
        let severity = filter.severity.as_ref().map(word).transpose()?;
        let query = sqlx::query_scalar::<Sqlite, String>(ALERTS).bind(scope.party()).bind(page.after.map(alert_key));
        let query = query.bind(filter.device.as_ref().map(DeviceId::as_str)).bind(filter.transfer.as_ref().map(TransferId::as_str));
        let query = query.bind(filter.kind.map(sealway_schemas::event::AlertKind::as_str)).bind(severity).bind(filter.open);
        parse("alerts", query.bind(page.rows()).fetch_all(&self.pool).await?)
    }

    pub async fn alert(&self, scope: &Scope, id: AlertId) -> Found<Option<AlertView>> {
        let query = sqlx::query_scalar::<Sqlite, String>(ALERT).bind(scope.party()).bind(alert_key(id));
        Ok(parse("alerts", query.fetch_all(&self.pool).await?)?.pop())
    }

    pub async fn parties(&self, scope: &Scope, page: &Page<PartyId>) -> Found<Vec<PartyView>> {
        self.list("parties", PARTIES, scope, page.after.as_ref().map(PartyId::as_str), page.rows()).await
    }

    pub async fn users(&self, scope: &Scope, page: &Page<UserId>) -> Found<Vec<UserView>> {
        self.list("users", USERS, scope, page.after.as_ref().map(UserId::as_str), page.rows()).await
    }

    pub async fn tokens(&self, scope: &Scope, page: &Page<String>) -> Found<Vec<TokenView>> {
        self.list("tokens", TOKENS, scope, page.after.as_deref(), page.rows()).await
    }

    pub async fn places(&self, scope: &Scope, page: &Page<PlaceId>) -> Found<Vec<PlaceView>> {
        self.list("places", PLACES, scope, page.after.as_ref().map(PlaceId::as_str), page.rows()).await
    }

    pub async fn place(&self, scope: &Scope, id: &PlaceId) -> Found<Option<PlaceView>> {
        self.one("places", PLACE, scope, id.as_str()).await
    }

    pub async fn corridors(&self, scope: &Scope, page: &Page<CorridorId>) -> Found<Vec<CorridorView>> {
        self.list("corridors", CORRIDORS, scope, page.after.as_ref().map(CorridorId::as_str), page.rows()).await
    }

    pub async fn corridor(&self, scope: &Scope, id: &CorridorId) -> Found<Option<CorridorView>> {
        self.one("corridors", CORRIDOR, scope, id.as_str()).await
    }

    /// Of a place or a corridor, the newest first, planned ones too; `page.after` is the oldest one of the page before.
    pub async fn versions(&self, scope: &Scope, subject: &Subject, page: &Page<Time>) -> Found<Vec<VersionView>> {
        let query = sqlx::query_scalar::<Sqlite, String>(VERSIONS).bind(scope.party()).bind(subject.kind()).bind(subject.id());
        parse("versions", query.bind(page.after.map(milliseconds)).bind(page.rows()).fetch_all(&self.pool).await?)
    }

    /// The feature of the version that is in force from `from` on, as it was put.
    pub async fn version(&self, scope: &Scope, subject: &Subject, from: Time) -> Found<Option<String>> {
        let query = sqlx::query_scalar::<Sqlite, String>(VERSION).bind(scope.party()).bind(subject.kind()).bind(subject.id());
        Ok(query.bind(milliseconds(from)).fetch_optional(&self.pool).await?)
    }

    /// What is not in force yet at `now`, the next first: whether a place or a corridor, its id, its version.
    pub async fn planned(&self, scope: &Scope, now: Time) -> Found<Vec<(String, String, VersionView)>> {
        let query = sqlx::query_as::<Sqlite, (String, String, String)>(PLANNED).bind(scope.party()).bind(milliseconds(now));
        let rows = query.fetch_all(&self.pool).await?.into_iter();
        let parsed = rows.map(|(kind, id, body)| Ok((kind, id, serde_json::from_str(&body)?)));
        parsed.collect::<Result<_, _>>().map_err(|source| RegistryError::Row { table: "versions", source })
    }

    async fn one<T: DeserializeOwned>(&self, table: &'static str, sql: &'static str, scope: &Scope, id: &str) -> Found<Option<T>> {
        let query = sqlx::query_scalar::<Sqlite, String>(sql).bind(scope.party()).bind(id);
        Ok(parse(table, query.fetch_all(&self.pool).await?)?.pop())
    }

    async fn list<T: DeserializeOwned>(
        &self,
        table: &'static str,
        sql: &'static str,
        scope: &Scope,
        after: Option<&str>,
        rows: i64,
    ) -> Found<Vec<T>> {
        let query = sqlx::query_scalar::<Sqlite, String>(sql).bind(scope.party()).bind(after).bind(rows);
        parse(table, query.fetch_all(&self.pool).await?)
    }
}

fn alert_key(id: AlertId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

fn parse<T: DeserializeOwned>(table: &'static str, bodies: Vec<String>) -> Found<Vec<T>> {
    let rows = bodies.iter().map(|body| serde_json::from_str(body));
    rows.collect::<Result<_, _>>().map_err(|source| RegistryError::Row { table, source })
}
