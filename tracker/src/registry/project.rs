//! From the sequencer's rows to the tables, and then its events to whoever listens: what an event told, the lists tell too. Rows wait in a
//! buffer that keeps only the newest state of each; when SQLite is slow the view lags, and the sequencer never waits.

use super::{Registry, RegistryError, schema, write};
use crate::config::Clock;
use crate::feed::{EventFeed, RING};
use sealway_core::Row;
use sealway_core::atlas::Subject;
use sealway_schemas::event::Event;
use sealway_schemas::{DeviceId, Time};
use sqlx::sqlite::SqlitePool;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

const PERIOD: Duration = Duration::from_secs(1);
const TRANSACTION_ROWS: usize = 5_000;

/// Key of a row among the few: parties, users, tokens, places, corridors, transfers, alerts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Named(u8, String),
    Alert(u64),
    Record(String, String),
    /// Of a place or a corridor, by the time from which it is in force.
    Version(Subject, Time),
}

#[derive(Debug, Default)]
struct Waiting {
    rows: BTreeMap<Key, Row>,
    devices: HashMap<DeviceId, Row>,
    /// To be told once the rows are in the tables: the newest, as many as the feed keeps.
    events: VecDeque<Event>,
    /// Some are told no more, so whoever listens has to read the lists.
    dropped: bool,
    /// All rows of entries below this number are in the tables or here.
    cursor: u64,
    /// The same of records, which nothing but the log can tell again.
    records: u64,
    /// Counts hand-overs, so that a command can wait for its own.
    ticket: u64,
    closing: bool,
}

impl Waiting {
    fn put(&mut self, row: Row) {
        let key = match &row {
            Row::Device(device) => {
                self.devices.insert(device.id, row);
                return;
            }
            Row::Party(party) => Key::Named(0, party.id.to_string()),
            Row::User(user) => Key::Named(1, user.id.to_string()),
            Row::Token(token) => Key::Named(2, token.id.clone()),
            Row::Place(place) => Key::Named(3, place.id.to_string()),
            Row::Corridor(corridor) => Key::Named(4, corridor.id.to_string()),
            Row::Version(version) => Key::Version(version.subject.clone(), version.view.effective_from),
            Row::Withdrawn(subject, from) => Key::Version(subject.clone(), *from),
            Row::Transfer(transfer) => Key::Named(5, transfer.id.to_string()),
            Row::Alert(alert) => Key::Alert(alert.id.0),
            Row::Record(record) => Key::Record(record.kind.clone(), record.id.clone()),
        };
        self.rows.insert(key, row);
    }

    fn tell(&mut self, events: Vec<Event>) {
        self.events.extend(events);
        let over = self.events.len().saturating_sub(RING);
        self.events.drain(..over);
        self.dropped |= over > 0;
    }

    fn len(&self) -> usize {
        self.rows.len() + self.devices.len()
    }
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Notify,
    done: watch::Sender<Done>,
    feed: EventFeed,
}

/// How far the tables that were found are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// All rows of entries below this number are there; `None` where the tables were made anew.
    pub(crate) rows: Option<u64>,
    /// All records of entries below this number are.
    pub(crate) records: u64,
}

/// How far the tables are.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    ticket: u64,
    records: u64,
    /// The last attempt failed.
    failing: bool,
}

/// The sequencer's end.
#[derive(Debug, Clone)]
pub(crate) struct Projector {
    shared: Arc<Shared>,
}

impl Projector {
    /// Opens the registry, and tells how far it is.
    pub(crate) async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<(Self, Registry, Reached), RegistryError> {
        let pool = schema::open(path).await?;
        let (seq, records): (i64, i64) = sqlx::query_as("SELECT seq, records FROM cursor").fetch_one(&pool).await?;
        let reached = Reached { rows: u64::try_from(seq).ok(), records: u64::try_from(records).unwrap_or_default() };
        let waiting = Waiting { cursor: reached.rows.unwrap_or_default(), records: reached.records, ..Waiting::default() };
        let done = watch::Sender::new(Done { records: reached.records, ..Done::default() });
        // Above every number that was given before a restart.
        let feed = EventFeed::new(clock.now().as_ms().saturating_mul(1024));
        let shared = Shared { waiting: Mutex::new(waiting), wake: Notify::new(), done, feed };
        Ok((Self { shared: Arc::new(shared) }, Registry { pool, clock }, reached))
    }

    pub(crate) fn remove(path: &Path) -> Result<(), RegistryError> {
        schema::remove(path)
    }

    /// What is told of the rows that are in the tables.
    pub(crate) fn feed(&self) -> &EventFeed {
        &self.shared.feed
    }

    /// Hands rows over, and what is to be told of them. `complete`: every row of entries below this number has been handed over. `urgent`: a
    /// person waits.
    pub(crate) fn put(&self, rows: impl IntoIterator<Item = Row>, events: Vec<Event>, complete: Option<u64>, urgent: bool) -> u64 {
        let urgent = urgent || !events.is_empty();
        let mut waiting = self.lock();
        rows.into_iter().for_each(|row| waiting.put(row));
        waiting.tell(events);
        waiting.cursor = complete.unwrap_or(waiting.cursor);
        waiting.ticket += 1;
        let ticket = waiting.ticket;
        drop(waiting);
        if urgent {
            self.shared.wake.notify_one();
        }
        ticket
    }

    /// Every record of entries below this number has been handed over.
    pub(crate) fn told_records(&self, below: u64) {
        self.lock().records = below;
    }

    /// Records of entries below this number are in the tables, so a start needs no older state than this.
    pub(crate) fn records(&self) -> u64 {
        self.shared.done.borrow().records
    }

    /// How many rows wait.
    pub(crate) fn backlog(&self) -> usize {
        self.lock().len()
    }

    /// Waits until the hand-over `ticket` can be read, or until it shows that the tables cannot be written now: they lag then, and what was
    /// handed over is durable in the log.
    pub(crate) async fn flushed(&self, ticket: u64) {
        let mut done = self.shared.done.subscribe();
        // An error means that the projection has ended: then nobody will ever see it, and waiting longer helps nobody.
        let _ended = done.wait_for(|done| done.ticket >= ticket || done.failing).await;
    }

    /// Ends [`Self::run`] after what waits is written.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.shared.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The projection task.
    pub(crate) async fn run(self, pool: SqlitePool) {
        loop {
            // Cancelling the wait loses nothing: the rows stay in the buffer.
            let _timed_out = tokio::time::timeout(PERIOD, self.shared.wake.notified()).await;
            let mut taken = self.take();
            let closing = taken.closing;
            let flushed = flush(&pool, &taken).await;
            // Where the tables cannot be written, people hear it nevertheless.
            self.shared.feed.publish(std::mem::take(&mut taken.events));
            match flushed {
                Ok(()) => {
                    if taken.dropped || self.shared.done.borrow().failing {
                        self.shared.feed.relist();
                    }
                    self.shared.done.send_replace(Done { ticket: taken.ticket, records: taken.records, failing: false });
                }
                Err(error) => {
                    tracing::warn!(%error, rows = taken.len(), "registry not written; it lags and is tried again");
                    self.shared.done.send_modify(|done| done.failing = true);
                    self.put_back(taken);
                }
            }
            if closing {
                pool.close().await;
                return;
            }
        }
    }

    fn take(&self) -> Waiting {
        let mut waiting = self.lock();
        let Waiting { cursor, records, ticket, closing, .. } = *waiting;
        std::mem::replace(&mut *waiting, Waiting { cursor, records, ticket, closing, ..Waiting::default() })
    }

    /// Rows that came meanwhile are newer and stay.
    fn put_back(&self, taken: Waiting) {
        let mut waiting = self.lock();
        for (key, row) in taken.rows {
            waiting.rows.entry(key).or_insert(row);
        }
        for (device, row) in taken.devices {
            waiting.devices.entry(device).or_insert(row);
        }
    }
}

async fn flush(pool: &SqlitePool, taken: &Waiting) -> Result<(), RegistryError> {
    let rows: Vec<&Row> = taken.rows.values().chain(taken.devices.values()).collect();
    for piece in rows.chunks(TRANSACTION_ROWS) {
        let mut transaction = pool.begin().await?;
        for row in piece {
            write::upsert(&mut transaction, row).await?;
        }
        transaction.commit().await?;
    }
    // The cursors go last: a crash between leaves them behind, and a start with them behind writes every row again.
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let sql = "UPDATE cursor SET seq = $1, records = $2 WHERE seq <> $1 OR records <> $2";
    sqlx::query(sql).bind(number(taken.cursor)).bind(number(taken.records)).execute(pool).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SystemClock;
    use sealway_schemas::event::{Change, PositionView};
    use sealway_schemas::terminal::Grade;

    fn position(ctr: u64) -> Event {
        let t = Time::from_ms(ctr);
        let (device, transfer, grade) = ("SW-1".parse().unwrap(), None, Grade::Signed);
        let (lat, lon, speed_cm_s, heading_ddeg, battery, progress_km) = (34.3, 108.9, 0, 0, None, None);
        let change =
            PositionView { device, grade, transfer, ctr, t, received_at: t, lat, lon, speed_cm_s, heading_ddeg, battery, progress_km };
        Event { at: t, visible_to: Vec::new(), change: Change::Position(change) }
    }

    #[tokio::test]
    async fn of_more_events_than_can_wait_the_newest_are_told_and_the_lists_are_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let (projector, registry, _) = Projector::open(&dir.path().join("registry.sqlite"), Arc::new(SystemClock)).await.unwrap();
        let (before, relisted) = (projector.feed().newest(), projector.feed().relisted());
        let most = RING as u64;
        projector.put(Vec::new(), (1..=most).map(position).collect(), None, false);
        projector.put(Vec::new(), (most + 1..=most + 10).map(position).collect(), None, false);
        projector.close();
        projector.clone().run(registry.pool).await;
        let told = projector.feed().subscribe(Some(before)).backlog;
        let ctr = |(_, event): &crate::feed::Numbered| match &event.change {
            Change::Position(position) => position.ctr,
            other => panic!("{other:?}"),
        };
        assert_eq!((told.len() as u64, told.first().map(ctr), told.last().map(ctr)), (most, Some(11), Some(most + 10)));
        assert!(relisted.has_changed().unwrap());
    }
}
