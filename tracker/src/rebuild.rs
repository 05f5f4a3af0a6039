//! `sealway rebuild`: the views are thrown away and made again from the log alone.

use crate::config::TrackerConfig;
use crate::data_dir::{DataDir, DataDirError};
use crate::driver::replay::State;
use crate::log::LogReader;
use crate::open::{self, OpenError, Viewed};
use crate::registry::Projector;
use crate::series::{FeedError, Series, SeriesProgress, SeriesState};
use crate::tree::Store;
use sealway_core::{Input, order::Past};
use sealway_schemas::{DeviceId, Digest, Time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Entries that the log holds.
    pub entries: u64,
    /// SHA-256 of the state as snapshot and tail gave it.
    pub before: [u8; 32],
    /// SHA-256 of the state as the whole log gave it.
    pub after: [u8; 32],
    /// Rows of the registry, all written again.
    pub rows: usize,
}

impl Rebuilt {
    /// Whether the rebuilt state is the one that was there.
    #[must_use]
    pub fn equal(&self) -> bool {
        self.before == self.after
    }
}

/// Throws the time series away and makes it again from the log. Needs the data folder for itself; blocks, within a tokio runtime.
pub fn rebuild_series(config: &TrackerConfig, progress: impl FnMut(SeriesProgress)) -> Result<SeriesState, RebuildSeriesError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let reader = LogReader::open(&data_dir.log()).map_err(FeedError::Log)?;
    Ok(Series::rebuild((&data_dir.series(), &config.series), reader, config.clock.clone(), progress)?)
}

#[derive(Debug, thiserror::Error)]
pub enum RebuildSeriesError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Feed(#[from] FeedError),
}

/// Needs the data folder for itself.
pub async fn rebuild(config: TrackerConfig) -> Result<Rebuilt, OpenError> {
    let for_load = config.clone();
    let (before, mut loaded) = tokio::task::spawn_blocking(move || load_twice(&for_load)).await.map_err(|_| OpenError::Interrupted)??;
    let path = loaded.data_dir.registry();
    Projector::remove(&path)?;
    let (projector, registry, _) = Projector::open(&path, config.clock.clone()).await?;
    let rows = open::rows(&mut loaded.state);
    let count = rows.len();
    projector.put(rows, Vec::new(), Some(loaded.log.next_seq()), true);
    projector.told_records(loaded.log.next_seq());
    projector.close();
    projector.run(registry.pool).await;
    let after = loaded.state.core.fingerprint();
    Ok(Rebuilt { entries: loaded.log.next_seq(), before, after, rows: count })
}

fn load_twice(config: &TrackerConfig) -> Result<([u8; 32], open::Loaded), OpenError> {
    let first = open::load(config, DataDir::open(&config.data_dir)?, Viewed::upto(u64::MAX))?;
    let now = first.state.now;
    let before = first.state.core.fingerprint();
    remove_snapshots(&first.data_dir);
    Store::remove(&first.data_dir.tree())?;
    drop(first);
    let mut second = open::load(config, DataDir::open(&config.data_dir)?, Viewed::upto(u64::MAX))?;
    until(&mut second.state, now);
    Ok((before, second))
}

/// Lets the deadlines fire that had fired in the other state.
fn until(state: &mut State, now: Time) {
    struct NoPast;
    impl Past for NoPast {
        fn versions(&self, _device: &DeviceId, _ctr: u64) -> Vec<Digest> {
            Vec::new()
        }
    }
    state.now = state.now.max(now);
    let mut effects = Vec::new();
    state.core.handle(state.now, Input::Tick, &NoPast, &mut effects);
}

fn remove_snapshots(data_dir: &DataDir) {
    let dir = data_dir.snapshots();
    match std::fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(file = %dir.display(), %error, "snapshots not removed");
        }
        _ => {}
    }
}
