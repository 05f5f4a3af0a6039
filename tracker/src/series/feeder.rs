//! From the log to the backend, in the log's order. What is not settled there is read from the log again after a start; a backend that
//! fails is tried again, and nothing waits for it but the series.

use super::kept::Kept;
use super::latest::Newest;
use super::query::DAY_MS;
use super::stats::{Stats, Work};
use super::tail::{self, Tail};
use super::{Backend, SeriesError};
use crate::config::Clock;
use crate::log::{LogError, LogReader};
use sealway_schemas::{Digest, Time};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Entries of one step.
const STEP: usize = 5_000;
/// Points in memory at most, and how long they stay there.
const SETTLE_POINTS: u64 = 250_000;
const SETTLE_AFTER: Duration = Duration::from_secs(60);
/// Where nothing new is in the log.
const PAUSE: Duration = Duration::from_millis(200);
/// After a failure.
const RETRY: Duration = Duration::from_secs(1);
const EXPIRE_EVERY: Duration = Duration::from_secs(3_600);

#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error(transparent)]
    Series(#[from] SeriesError),
    #[error(transparent)]
    Log(#[from] LogError),
}

pub(super) struct Feeder {
    pub(super) reader: LogReader,
    pub(super) backend: Backend,
    pub(super) newest: Arc<RwLock<Newest>>,
    pub(super) kept: PathBuf,
    pub(super) keep_days: Option<u32>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stats: Arc<Stats>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) runtime: Handle,
}

/// What has been appended and not settled.
struct Open {
    tail: Tail,
    tip: Option<Digest>,
    unsettled: u64,
    settled_at: Instant,
    expire_at: Instant,
    /// How long it waits after an expiry that failed.
    expire_pause: Duration,
    /// The log's end was reached: from there on points come as they are received.
    level: bool,
}

impl Feeder {
    pub(super) fn run(self) {
        while !self.stop.load(Relaxed) {
            if let Err(error) = self.follow(true) {
                self.failed(Work::Keeping, &error);
                std::thread::park_timeout(RETRY);
            }
        }
    }

    /// Follows the log to its present end and settles.
    pub(super) fn run_to_end(&self) -> Result<(), FeedError> {
        self.follow(false)
    }

    fn follow(&self, on: bool) -> Result<(), FeedError> {
        let mut open = self.begin()?;
        while !self.stop.load(Relaxed) {
            let mut batch = match open.tail.next_batch(STEP) {
                Ok(batch) => batch,
                Err(error) => {
                    // What the store has been given is not given to it again with every try.
                    self.settle_if_any(&mut open)?;
                    return Err(error.into());
                }
            };
            if batch.tip.is_none() {
                if !on {
                    break;
                }
                self.settle_when_due(&mut open)?;
                open.level = true;
                std::thread::park_timeout(PAUSE);
                continue;
            }
            self.lock().follow(&mut batch);
            open.tip = batch.tip;
            let count = batch.points.len() as u64;
            self.runtime.block_on(self.backend.append(batch.points))?;
            self.stats.looked.store(open.tail.cursor(), Relaxed);
            open.unsettled += count;
            self.stats.points.fetch_add(count, Relaxed);
            self.stats.left_out.fetch_add(batch.left_out, Relaxed);
            self.settle_when_due(&mut open)?;
        }
        self.settle(&mut open)
    }

    fn begin(&self) -> Result<Open, FeedError> {
        let mut kept = Kept::load(&self.kept).unwrap_or_default();
        if kept.cursor == 0 || tail::tip(&self.reader, kept.cursor)? != kept.tip {
            if kept.cursor > 0 {
                tracing::warn!(cursor = kept.cursor, "the series is of another log than this; it is made again");
            }
            self.runtime.block_on(self.backend.clear())?;
            kept = Kept::default();
        }
        let (cursor, tip) = (kept.cursor, kept.tip);
        *self.lock() = kept.newest();
        self.stats.cursor.store(cursor, Relaxed);
        self.stats.looked.store(cursor, Relaxed);
        let tail = Tail::new(self.reader.clone(), cursor);
        let now = Instant::now();
        Ok(Open { tail, tip, unsettled: 0, settled_at: now, expire_at: now, expire_pause: RETRY, level: false })
    }

    fn settle_when_due(&self, open: &mut Open) -> Result<(), FeedError> {
        // What was caught up with is not read again at the next start.
        let caught_up = !open.level && open.tail.lag() == 0;
        let expiring = self.keep_days.filter(|_| Instant::now() >= open.expire_at);
        let full = open.unsettled >= SETTLE_POINTS || open.settled_at.elapsed() >= SETTLE_AFTER;
        if full || caught_up || expiring.is_some() {
            self.settle_if_any(open)?;
        }
        if let Some(days) = expiring {
            self.expire(open, days);
        }
        Ok(())
    }

    fn settle_if_any(&self, open: &mut Open) -> Result<(), FeedError> {
        if open.tail.cursor() > self.stats.cursor.load(Relaxed) { self.settle(open) } else { Ok(()) }
    }

    /// Tries until it is done: the points are in memory, and reading them again would not help.
    fn settle(&self, open: &mut Open) -> Result<(), FeedError> {
        while let Err(error) = self.keep(open) {
            self.failed(Work::Keeping, &error);
            if self.stop.load(Relaxed) {
                return Err(error);
            }
            std::thread::park_timeout(RETRY);
        }
        self.stats.well(Work::Keeping);
        open.unsettled = 0;
        open.settled_at = Instant::now();
        Ok(())
    }

    fn keep(&self, open: &Open) -> Result<(), FeedError> {
        self.runtime.block_on(self.backend.settle())?;
        let cursor = open.tail.cursor();
        let kept = Kept::new(cursor, open.tip, &self.newest.read().unwrap_or_else(PoisonError::into_inner));
        kept.save(&self.kept)?;
        self.stats.cursor.store(cursor, Relaxed);
        Ok(())
    }

    /// Old points that cannot be forgotten hold no new ones up.
    fn expire(&self, open: &mut Open, days: u32) {
        let before = self.clock.now().minus_ms(u64::from(days) * DAY_MS);
        let expired = self.runtime.block_on(self.backend.expire(Time::from_ms(before.as_ms() - before.as_ms() % DAY_MS)));
        let wait = match expired {
            Ok(()) => {
                self.stats.well(Work::Expiring);
                open.expire_pause = RETRY;
                EXPIRE_EVERY
            }
            Err(error) => {
                self.failed(Work::Expiring, &error.into());
                let pause = open.expire_pause;
                open.expire_pause = (pause * 2).min(EXPIRE_EVERY);
                pause
            }
        };
        open.expire_at = Instant::now() + wait;
    }

    fn failed(&self, work: Work, error: &FeedError) {
        let lag = self.reader.durable().saturating_sub(self.stats.looked.load(Relaxed));
        tracing::warn!(%error, ?work, lag, "the series is behind; the log has everything, and it is tried again");
        self.stats.failed(work, error.to_string(), self.clock.now());
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Newest> {
        self.newest.write().unwrap_or_else(PoisonError::into_inner)
    }
}
