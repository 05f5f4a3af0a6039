//! `sealway verify`: whether a data folder is as it was written.

use crate::cli::{Report, Verify};
use crate::config::{Log, LogFormat};
use crate::logging;
use crate::say::say;
use anyhow::{Context as _, bail};
use sealway_tracker::{TrackerConfig, Verified};

pub(crate) fn run(arguments: &Verify) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn".to_owned() });
    let data = &arguments.data;
    if !data.join("VERSION").exists() {
        bail!("{}: expected a data folder of this program", data.display());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    let progress = |entries| eprintln!("{entries} entries looked at");
    let verified = runtime.block_on(sealway_tracker::verify(TrackerConfig::new(data), progress));
    let verified = verified.with_context(|| format!("data folder {}", data.display()))?;
    match arguments.report {
        Some(Report::Json) => say!("{}", serde_json::to_string(&verified)?),
        None => print(&verified),
    }
    match verified.found.len() {
        0 => Ok(()),
        count => bail!("{count} faults found"),
    }
}

fn print(verified: &Verified) {
    verified.found.iter().for_each(|found| say!("{found}"));
    let checkpoint = verified.checkpoint.map_or_else(|| "none".to_owned(), |size| format!("of {size} entries"));
    let rows = verified.registry_rows.map_or_else(|| "not compared".to_owned(), |rows| format!("{rows} rows compared"));
    say!("{} entries, checkpoint {checkpoint}, registry {rows}", verified.entries);
}
