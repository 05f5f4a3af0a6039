//! `sealway rebuild`: the views are made again from the log, and compared with what they were.

use crate::config::{Log, LogFormat};
use crate::logging;
use anyhow::{Context as _, bail};
use sealway_tracker::TrackerConfig;
use std::path::Path;

pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "info".to_owned() });
    if !data.join("VERSION").exists() {
        bail!("{}: expected a data folder of this program", data.display());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    let rebuilt =
        runtime.block_on(sealway_tracker::rebuild(TrackerConfig::new(data))).with_context(|| format!("data folder {}", data.display()))?;
    println!("{} entries, {} rows, state {}", rebuilt.entries, rebuilt.rows, hex::encode(rebuilt.after));
    if !rebuilt.equal() {
        bail!("the rebuilt views differ from the former ones");
    }
    Ok(())
}
