//! The outbox's file.

use super::{DEAD, PENDING};
use crate::sqlite;
use sealway_core::{Outbound, Told, event_id};
use sealway_schemas::{Time, WebhookId};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool, SqliteRow};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const VERSION: i64 = 1;
/// `told`: the highest number that was put in. A webhook that was removed stays as its numbers, without a URL. `whole`: also what the clock alone
/// told after the cursor's last entry is in it.
const TABLES: &str = "
CREATE TABLE webhooks (id TEXT PRIMARY KEY, url TEXT, told INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,
    missed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE letters (webhook TEXT NOT NULL, number INTEGER NOT NULL, dead INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL,
    at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, error TEXT, body TEXT NOT NULL,
    PRIMARY KEY (webhook, number)) WITHOUT ROWID;
CREATE INDEX letters_dead ON letters (webhook, dead, number);
CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, whole INTEGER NOT NULL);
INSERT INTO cursor VALUES (1, 0, 1);
PRAGMA user_version = 1;
";
const HEADS: &str = "SELECT w.id, w.url, l.number, l.tries, l.due, l.body FROM webhooks w JOIN letters l ON l.webhook = w.id
    AND l.number = (SELECT min(number) FROM letters WHERE webhook = w.id AND dead = 0) WHERE w.url IS NOT NULL";

#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    #[error("outbox {}: {source}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("outbox: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("outbox: {0}")]
    Webhook(#[from] sealway_schemas::ids::NotAnId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LetterState {
    Pending,
    /// Given up after the last try.
    Dead,
}

/// An event that is not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Header `webhook-id`.
    pub id: String,
    pub number: u64,
    pub state: LetterState,
    pub kind: String,
    pub at: Time,
    pub tries: u32,
    /// When it is tried again.
    pub due: Time,
    /// Of the last try.
    pub error: Option<String>,
}

/// How a webhook's deliveries stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub pending: u64,
    pub dead: u64,
    pub delivered: u64,
    /// Gone because too many waited.
    pub missed: u64,
}

/// The next letter of a webhook.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) webhook: WebhookId,
    pub(super) url: String,
    pub(super) number: u64,
    pub(super) tries: u32,
    pub(super) due: Time,
    pub(super) body: String,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store(SqlitePool);

impl Store {
    pub(crate) async fn open(path: &Path) -> Result<Self, OutboxError> {
        let opened = sqlite::open(path, (VERSION, TABLES)).await;
        opened.map(Self).map_err(|source| OutboxError::Open { path: path.to_owned(), source })
    }

    /// All that was told before this entry is in it. A snapshot of this very entry holds what the clock told after the one before: without
    /// `whole` the file may lack that.
    pub(crate) async fn cursor(&self) -> Result<u64, OutboxError> {
        let (seq, whole): (i64, bool) = sqlx::query_as("SELECT seq, whole FROM cursor").fetch_one(&self.0).await?;
        Ok(if whole { number(seq) } else { number(seq).saturating_sub(1) })
    }

    pub(crate) async fn marks(&self) -> Result<BTreeMap<WebhookId, u64>, OutboxError> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id, told FROM webhooks").fetch_all(&self.0).await?;
        rows.into_iter().map(|(id, told)| Ok((id.parse()?, number(told)))).collect()
    }

    pub(super) async fn put(&self, outbound: &[Outbound], (cursor, whole): (u64, bool)) -> Result<(), OutboxError> {
        let mut transaction = self.0.begin().await?;
        let mut told = BTreeSet::new();
        for outbound in outbound {
            match outbound {
                Outbound::Webhook { webhook, url } => {
                    let sql = "INSERT INTO webhooks (id, url) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET url = excluded.url";
                    sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).bind(url.as_str()).execute(&mut *transaction).await?;
                }
                Outbound::Removed { webhook, upto } => remove(&mut transaction, webhook, *upto).await?,
                Outbound::Event(event) => {
                    put_event(&mut transaction, event).await?;
                    told.insert(&event.webhook);
                }
            }
        }
        for webhook in told {
            trim(&mut transaction, webhook, Trim::Pending).await?;
        }
        let query = sqlx::query::<Sqlite>("UPDATE cursor SET seq = $1, whole = $2").bind(integer(cursor)).bind(whole);
        query.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn heads(&self) -> Result<Vec<Head>, OutboxError> {
        sqlx::query::<Sqlite>(HEADS).fetch_all(&self.0).await?.iter().map(head).collect()
    }

    pub(super) async fn delivered(&self, head: &Head) -> Result<(), OutboxError> {
        let mut transaction = self.0.begin().await?;
        let sql = "DELETE FROM letters WHERE webhook = $1 AND number = $2";
        sqlx::query::<Sqlite>(sql).bind(head.webhook.as_str()).bind(integer(head.number)).execute(&mut *transaction).await?;
        let sql = "UPDATE webhooks SET delivered = delivered + 1 WHERE id = $1";
        sqlx::query::<Sqlite>(sql).bind(head.webhook.as_str()).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// `due`: when it is tried again; `None` gives it up.
    pub(super) async fn failed(&self, head: &Head, error: &str, due: Option<Time>) -> Result<(), OutboxError> {
        let mut transaction = self.0.begin().await?;
        let sql = "UPDATE letters SET tries = tries + 1, error = $3, due = $4, dead = $5 WHERE webhook = $1 AND number = $2";
        let query = sqlx::query::<Sqlite>(sql).bind(head.webhook.as_str()).bind(integer(head.number)).bind(error);
        query.bind(integer(due.unwrap_or(Time::ZERO).as_ms())).bind(due.is_none()).execute(&mut *transaction).await?;
        if due.is_none() {
            trim(&mut transaction, &head.webhook, Trim::Dead).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Dead letters wait again, by their numbers before what came after them. How many there were.
    pub(crate) async fn retry(&self, webhook: &WebhookId) -> Result<u64, OutboxError> {
        let sql = "UPDATE letters SET dead = 0, tries = 0, due = 0 WHERE webhook = $1 AND dead = 1";
        Ok(sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).execute(&self.0).await?.rows_affected())
    }

    /// In the order of their numbers, after `after`.
    pub(crate) async fn letters(&self, webhook: &WebhookId, after: Option<u64>, limit: u32) -> Result<Vec<Letter>, OutboxError> {
        let sql =
            "SELECT number, dead, kind, at, tries, due, error FROM letters WHERE webhook = $1 AND number > $2 ORDER BY number LIMIT $3";
        let query = sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).bind(integer(after.unwrap_or_default())).bind(limit);
        query.fetch_all(&self.0).await?.iter().map(|row| letter(webhook, row)).collect()
    }

    pub(crate) async fn standing(&self, webhook: Option<&WebhookId>) -> Result<Standing, OutboxError> {
        let sql = "SELECT (SELECT count(*) FROM letters WHERE dead = 0 AND ($1 IS NULL OR webhook = $1)),
            (SELECT count(*) FROM letters WHERE dead = 1 AND ($1 IS NULL OR webhook = $1)),
            coalesce(sum(delivered), 0), coalesce(sum(missed), 0) FROM webhooks WHERE $1 IS NULL OR id = $1";
        let query = sqlx::query_as::<Sqlite, (i64, i64, i64, i64)>(sql).bind(webhook.map(WebhookId::as_str));
        let (pending, dead, delivered, missed) = query.fetch_one(&self.0).await?;
        Ok(Standing { pending: number(pending), dead: number(dead), delivered: number(delivered), missed: number(missed) })
    }
}

async fn remove(connection: &mut SqliteConnection, webhook: &WebhookId, upto: u64) -> Result<(), OutboxError> {
    sqlx::query::<Sqlite>("UPDATE webhooks SET url = NULL WHERE id = $1").bind(webhook.as_str()).execute(&mut *connection).await?;
    let sql = "DELETE FROM letters WHERE webhook = $1 AND number <= $2";
    sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).bind(integer(upto)).execute(connection).await?;
    Ok(())
}

/// What was put in before is not put in again, also where it is delivered already.
async fn put_event(connection: &mut SqliteConnection, event: &Told) -> Result<(), OutboxError> {
    let sql = "INSERT INTO letters (webhook, number, kind, at, body) SELECT id, $2, $3, $4, $5 FROM webhooks WHERE id = $1 AND told < $2";
    let query = sqlx::query::<Sqlite>(sql).bind(event.webhook.as_str()).bind(integer(event.number)).bind(event.kind);
    query.bind(integer(event.at.as_ms())).bind(event.body.as_str()).execute(&mut *connection).await?;
    let sql = "UPDATE webhooks SET told = max(told, $2) WHERE id = $1";
    sqlx::query::<Sqlite>(sql).bind(event.webhook.as_str()).bind(integer(event.number)).execute(connection).await?;
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Trim {
    Pending,
    Dead,
}

/// The oldest beyond the bound go, and are counted.
async fn trim(connection: &mut SqliteConnection, webhook: &WebhookId, trim: Trim) -> Result<(), OutboxError> {
    let (dead, bound) = match trim {
        Trim::Pending => (false, PENDING),
        Trim::Dead => (true, DEAD),
    };
    let sql = "DELETE FROM letters WHERE webhook = $1 AND dead = $2 AND number <=
        (SELECT number FROM letters WHERE webhook = $1 AND dead = $2 ORDER BY number DESC LIMIT 1 OFFSET $3)";
    let gone = sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).bind(dead).bind(bound).execute(&mut *connection).await?.rows_affected();
    if gone > 0 {
        let sql = "UPDATE webhooks SET missed = missed + $2 WHERE id = $1";
        sqlx::query::<Sqlite>(sql).bind(webhook.as_str()).bind(integer(gone)).execute(connection).await?;
        tracing::warn!(%webhook, gone, "too many letters of a webhook wait: the oldest are given up");
    }
    Ok(())
}

fn head(row: &SqliteRow) -> Result<Head, OutboxError> {
    Ok(Head {
        webhook: row.try_get::<String, _>(0)?.parse()?,
        url: row.try_get(1)?,
        number: number(row.try_get(2)?),
        tries: row.try_get(3)?,
        due: Time::from_ms(number(row.try_get(4)?)),
        body: row.try_get(5)?,
    })
}

fn letter(webhook: &WebhookId, row: &SqliteRow) -> Result<Letter, OutboxError> {
    let number = number(row.try_get(0)?);
    Ok(Letter {
        id: event_id(webhook, number),
        number,
        state: if row.try_get(1)? { LetterState::Dead } else { LetterState::Pending },
        kind: row.try_get(2)?,
        at: Time::from_ms(self::number(row.try_get(3)?)),
        tries: row.try_get(4)?,
        due: Time::from_ms(self::number(row.try_get(5)?)),
        error: row.try_get(6)?,
    })
}

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
