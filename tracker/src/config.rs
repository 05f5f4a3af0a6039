//! What a tracker is opened with.

use crate::log::{LogConfig, LogError};
use crate::outbox::Courier;
use crate::series::SeriesConfig;
use sealway_core::Policy;
use sealway_schemas::Time;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the tracker gets its time from; tests bring their own.
pub trait Clock: fmt::Debug + Send + Sync {
    fn now(&self) -> Time;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What happens when the disk breaks the log's promise. The product's answer does not return.
pub trait Fatal: fmt::Debug + Send + Sync {
    fn fatal(&self, error: &LogError);
}

/// Ends the process: a restart replays what is durable, and nothing else was promised.
#[derive(Debug, Clone, Copy, Default)]
pub struct Abort;

impl Fatal for Abort {
    fn fatal(&self, _error: &LogError) {
        std::process::abort();
    }
}

#[derive(Debug, Clone)]
pub struct TrackerConfig {
    pub data_dir: PathBuf,
    /// Verify workers; 0 takes one per core.
    pub workers: usize,
    /// Uploads that may wait at each worker before the socket has to.
    pub queue_uploads: usize,
    /// A snapshot is made after this many entries ...
    pub snapshot_entries: u64,
    /// ... and not sooner than this after the one before, nor than ten times as long as that one took.
    pub snapshot_interval_ms: u64,
    /// Signed acks of one session come no closer than this, unless a hello or a hole asks.
    pub ack_interval_ms: u64,
    /// The numbers to judge by. A change is an entry of the log.
    pub policy: Policy,
    pub log: LogConfig,
    pub series: SeriesConfig,
    /// Who carries what webhooks are told; without one it waits in the outbox.
    pub courier: Option<Arc<dyn Courier>>,
    /// So many tries, then a letter to a webhook is dead.
    pub courier_tries: u32,
    pub clock: Arc<dyn Clock>,
    pub fatal: Arc<dyn Fatal>,
}

impl TrackerConfig {
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            workers: 0,
            queue_uploads: 1024,
            snapshot_entries: 50_000,
            snapshot_interval_ms: 1_000,
            ack_interval_ms: 500,
            policy: Policy::default(),
            log: LogConfig::default(),
            series: SeriesConfig::default(),
            courier: None,
            courier_tries: 12,
            clock: Arc::new(SystemClock),
            fatal: Arc::new(Abort),
        }
    }
}
