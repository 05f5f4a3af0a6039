//! `sealway rebuild`: the views are made again from the log, and compared with what they were.

use crate::config::{Config, Log, LogFormat};
use crate::logging;
use crate::say::say;
use anyhow::{Context as _, bail};
use sealway_tracker::TrackerConfig;
use sealway_tracker::series::SeriesProgress;
use std::path::Path;

pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    let runtime = begin(data)?;
    let rebuilt =
        runtime.block_on(sealway_tracker::rebuild(TrackerConfig::new(data))).with_context(|| format!("data folder {}", data.display()))?;
    say!("{} entries, {} rows, state {}", rebuilt.entries, rebuilt.rows, hex::encode(rebuilt.after));
    if !rebuilt.equal() {
        bail!("the rebuilt views differ from the former ones");
    }
    Ok(())
}

/// The time series alone, with its progress.
pub(crate) fn series(data: &Path, config: Option<&Path>) -> anyhow::Result<()> {
    let runtime = begin(data)?;
    let mut tracker = TrackerConfig::new(data);
    if let Some(path) = config {
        let config = Config::read(path)?;
        tracker.series = config.series.config(config.authority.as_deref())?;
    }
    let progress = |SeriesProgress { done, entries }| eprintln!("{done} of {entries} entries");
    let _entered = runtime.enter();
    let state = sealway_tracker::rebuild_series(&tracker, progress).with_context(|| format!("data folder {}", data.display()))?;
    say!("{} points of {} entries, {} reports left out, {} bytes", state.points, state.cursor, state.left_out, state.bytes);
    if let Some(failing) = state.failing {
        bail!("everything is there, and old days could not be forgotten: {failing}");
    }
    Ok(())
}

fn begin(data: &Path) -> anyhow::Result<tokio::runtime::Runtime> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "info".to_owned() });
    if !data.join("VERSION").exists() {
        bail!("{}: expected a data folder of this program", data.display());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")
}
