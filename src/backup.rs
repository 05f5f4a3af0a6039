//! `sealway backup` and `sealway restore`.

use crate::cli::Copy;
use crate::config::{Log, LogFormat};
use crate::logging;
use crate::say::say;
use sealway_tracker::{TrackerConfig, log::Copied};

pub(crate) fn backup(arguments: &Copy) -> anyhow::Result<()> {
    let copied = sealway_tracker::backup(&arguments.from, &arguments.to, &progress)?;
    say!("{}", said(copied));
    Ok(())
}

pub(crate) fn restore(arguments: &Copy) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "info".to_owned() });
    let restored = sealway_tracker::restore(&arguments.from, &TrackerConfig::new(&arguments.to), &progress)?;
    say!("{}, generation {}", said(restored.copied), restored.generation);
    say!("seals send again what came after the backup, as far as they still hold it");
    say!("a witness that saw more than the backup holds answers 409 and signs this log no more: see README, what officers do");
    Ok(())
}

fn progress(entries: u64) {
    eprintln!("{entries} entries");
}

fn said(copied: Copied) -> String {
    format!("{} entries, {} bytes in {} segments", copied.entries, copied.bytes, copied.segments)
}
