//! How the series is, for `/metrics` and the interface.

use sealway_schemas::Time;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Stats {
    /// Entries below this number are settled.
    pub(super) cursor: AtomicU64,
    pub(super) lag: AtomicU64,
    pub(super) points: AtomicU64,
    pub(super) left_out: AtomicU64,
    failures: AtomicU64,
    failing: Mutex<Option<(Time, String)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesState {
    /// `embedded` or `influxdb`.
    pub backend: &'static str,
    /// Entries of the log that are not looked at yet.
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
    /// Since when it fails, and why; absent where it does not.
    pub failing_since: Option<Time>,
    pub failing: Option<String>,
    /// On the disk of this machine.
    pub bytes: u64,
}

impl Stats {
    pub(super) fn well(&self) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn failed(&self, why: String, now: Time) {
        self.failures.fetch_add(1, Relaxed);
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let since = failing.as_ref().map_or(now, |(since, _)| *since);
        *failing = Some((since, why));
    }

    pub(super) fn state(&self, backend: &'static str, bytes: u64) -> SeriesState {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (failing_since, failing) = failing.unzip();
        SeriesState {
            backend,
            lag: self.lag.load(Relaxed),
            cursor: self.cursor.load(Relaxed),
            points: self.points.load(Relaxed),
            left_out: self.left_out.load(Relaxed),
            dead_letters: 0,
            failures: self.failures.load(Relaxed),
            failing_since,
            failing,
            bytes,
        }
    }
}
