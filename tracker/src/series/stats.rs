//! How the series is, for `/metrics` and the interface.

use sealway_schemas::Time;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Stats {
    /// Entries below this number are settled.
    pub(super) cursor: AtomicU64,
    /// Entries below this number are given to the store.
    pub(super) looked: AtomicU64,
    pub(super) points: AtomicU64,
    pub(super) left_out: AtomicU64,
    failures: AtomicU64,
    keeping: Mutex<Option<(Time, String)>>,
    expiring: Mutex<Option<(Time, String)>>,
}

/// What can fail, each apart: that points are kept says nothing about old ones that cannot be forgotten.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Keeping,
    Expiring,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesState {
    /// `embedded` or `influxdb`.
    pub backend: &'static str,
    /// Entries of the log that the store has not been given yet.
    pub lag: u64,
    /// Entries below this number are settled.
    pub cursor: u64,
    /// Points written since the start.
    pub points: u64,
    /// Reports that no point could be made of.
    pub left_out: u64,
    /// Points that the server will never take.
    pub dead_letters: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Questions that could not be answered since the start.
    pub unanswered: u64,
    /// Since when it fails, and why; absent where it does not.
    pub failing_since: Option<Time>,
    pub failing: Option<String>,
    /// On the disk of this machine.
    pub bytes: u64,
}

impl Stats {
    fn failing(&self, work: Work) -> MutexGuard<'_, Option<(Time, String)>> {
        let failing = match work {
            Work::Keeping => &self.keeping,
            Work::Expiring => &self.expiring,
        };
        failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn well(&self, work: Work) {
        *self.failing(work) = None;
    }

    pub(super) fn failed(&self, work: Work, why: String, now: Time) {
        self.failures.fetch_add(1, Relaxed);
        let mut failing = self.failing(work);
        let since = failing.as_ref().map_or(now, |(since, _)| *since);
        *failing = Some((since, why));
    }

    /// `durable`: entries of the log that are.
    pub(super) fn state(&self, backend: &'static str, durable: u64) -> SeriesState {
        let keeping = self.failing(Work::Keeping).clone();
        let (failing_since, failing) = keeping.or_else(|| self.failing(Work::Expiring).clone()).unzip();
        SeriesState {
            backend,
            lag: durable.saturating_sub(self.looked.load(Relaxed)),
            cursor: self.cursor.load(Relaxed),
            points: self.points.load(Relaxed),
            left_out: self.left_out.load(Relaxed),
            dead_letters: 0,
            failures: self.failures.load(Relaxed),
            unanswered: 0,
            failing_since,
            failing,
            bytes: 0,
        }
    }
}
