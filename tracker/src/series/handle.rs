//! The series as the rest of the tracker sees it: opened, fed, asked, stopped.

use super::feeder::{FeedError, Feeder};
use super::latest::{Latest, Newest};
use super::stats::{SeriesState, Stats};
use super::{Backend, Embedded, Influx, InfluxConfig, InfluxHealth, SeriesError};
use crate::config::Clock;
use crate::log::LogReader;
use sealway_schemas::{DeviceId, Digest};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// A store that does not settle for so long is left as it is.
const STOP_WITHIN: Duration = Duration::from_secs(5);
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeriesConfig {
    pub store: StoreConfig,
    /// Whole days that are kept; without it all.
    pub keep_days: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreConfig {
    /// In the data folder.
    #[default]
    Embedded,
    Influx(InfluxConfig),
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesProgress {
    pub done: u64,
    pub entries: u64,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Series {
    reader: LogReader,
    backend: Backend,
    newest: Arc<RwLock<Newest>>,
    stats: Arc<Stats>,
    stop: Arc<AtomicBool>,
    feeding: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Series {
    /// Opens the store in `folder` and follows the log from where it was. Needs a tokio runtime.
    pub(crate) fn start(folder: &Path, config: &SeriesConfig, reader: LogReader, clock: Arc<dyn Clock>) -> Result<Self, SeriesError> {
        let (series, feeder) = Self::open(folder, config, reader, clock)?;
        let thread = std::thread::Builder::new().name("series".to_owned()).spawn(move || feeder.run());
        *series.feeding.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread.map_err(SeriesError::io(folder))?);
        Ok(series)
    }

    /// Throws the store away and makes it again from the log, as far as the log is now. Blocks; call it outside of the runtime's threads.
    pub(crate) fn rebuild(
        (folder, config): (&Path, &SeriesConfig),
        reader: LogReader,
        clock: Arc<dyn Clock>,
        mut progress: impl FnMut(SeriesProgress),
    ) -> Result<SeriesState, FeedError> {
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(SeriesError::io(folder))?;
        }
        let entries = reader.durable();
        let (series, feeder) = Self::open(folder, config, reader, clock)?;
        if let Backend::Influx(influx) = &series.backend {
            feeder.runtime.block_on(influx.clear())?;
        }
        std::thread::scope(|scope| {
            let feeding = scope.spawn(|| feeder.run_to_end());
            while !feeding.is_finished() {
                progress(SeriesProgress { done: series.stats.looked.load(Relaxed).min(entries), entries });
                std::thread::park_timeout(PROGRESS_EVERY);
            }
            feeding.join().unwrap_or(Err(FeedError::Series(SeriesError::Stopped)))
        })?;
        Ok(series.state())
    }

    pub(super) fn open(
        folder: &Path,
        config: &SeriesConfig,
        reader: LogReader,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Feeder), SeriesError> {
        std::fs::create_dir_all(folder).map_err(SeriesError::io(folder))?;
        let points = folder.join("points");
        let backend = match &config.store {
            StoreConfig::Embedded => Backend::Embedded(Arc::new(open_embedded(&points, &kept(folder, config))?)),
            StoreConfig::Influx(influx) => Backend::Influx(Arc::new(Influx::open(influx, clock.clone())?)),
        };
        let newest = Arc::default();
        let stats = Arc::new(Stats::default());
        let stop = Arc::new(AtomicBool::new(false));
        let feeder = Feeder {
            reader: reader.clone(),
            backend: backend.clone(),
            newest: Arc::clone(&newest),
            kept: kept(folder, config),
            keep_days: config.keep_days,
            clock,
            stats: stats.clone(),
            stop: stop.clone(),
            runtime: Handle::current(),
        };
        Ok((Self { reader, backend, newest, stats, stop, feeding: Arc::default() }, feeder))
    }

    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The newest report of a device, and where it is.
    #[must_use]
    pub fn latest(&self, device: &DeviceId) -> Option<Latest> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).get(device).cloned()
    }

    /// Of every device that has reported.
    #[must_use]
    pub fn latest_of_all(&self) -> Vec<Latest> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).devices().cloned().collect()
    }

    #[must_use]
    pub fn state(&self) -> SeriesState {
        let unanswered = self.backend.unanswered();
        let own = |backend| SeriesState { unanswered, ..self.stats.state(backend, self.reader.durable()) };
        match &self.backend {
            Backend::Embedded(embedded) => SeriesState { bytes: embedded.size().0, ..own("embedded") },
            Backend::Influx(influx) => {
                let InfluxHealth { retries, dead_letters, failing, .. } = influx.health();
                let own = own("influxdb");
                let (since, failing) = failing.unzip();
                let failures = own.failures + retries;
                SeriesState { failures, dead_letters, failing_since: own.failing_since.or(since), failing: own.failing.or(failing), ..own }
            }
        }
    }

    /// Lets it end by itself.
    pub(crate) fn end(&self) {
        self.stop.store(true, Relaxed);
        if let Backend::Influx(influx) = &self.backend {
            influx.end();
        }
    }

    /// Settles what was read and stops.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Relaxed);
        let feeding = self.feeding.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(feeding) = feeding {
            feeding.thread().unpark();
            let begun = Instant::now();
            while !feeding.is_finished() && begun.elapsed() < STOP_WITHIN {
                std::thread::park_timeout(STOP_WITHIN / 500);
            }
            // A server that is away is not waited for: what it lacks is read from the log again.
            self.end();
            if feeding.join().is_err() {
                tracing::warn!("the series ended before its time");
            }
        }
    }
}

/// How far each store is, apart: whoever goes from one to another finds everything there.
fn kept(folder: &Path, config: &SeriesConfig) -> PathBuf {
    match &config.store {
        StoreConfig::Embedded => folder.join("kept"),
        StoreConfig::Influx(InfluxConfig { url, org, bucket, .. }) => {
            let server = Digest::of(format!("{url}\n{org}\n{bucket}").as_bytes());
            folder.join(format!("kept-{server}"))
        }
    }
}

/// A store that cannot be read is thrown away: the log has everything.
fn open_embedded(points: &Path, kept: &Path) -> Result<Embedded, SeriesError> {
    match Embedded::open(points) {
        Err(error @ SeriesError::Damaged { .. }) => {
            tracing::warn!(%error, "the series is made again from the log");
            std::fs::remove_dir_all(points).map_err(SeriesError::io(points))?;
            if kept.exists() {
                std::fs::remove_file(kept).map_err(SeriesError::io(kept))?;
            }
            Embedded::open(points)
        }
        opened => opened,
    }
}
