//! `sealway bench evidence`: what keeping and proving costs. Seals sign, the real tracker takes it in without a network between.

mod fill;

use crate::cli::BenchEvidence;
use anyhow::Context as _;
use sealway_schemas::link::{CloseReason, Downlink, SessionId, Settlement, UpMessage, Upload};
use sealway_schemas::{DeviceId, TransferId};
use sealway_seal_sim::device::Device;
use sealway_tracker::checking::Verdict;
use sealway_tracker::{Tracker, TrackerConfig, TreeReader, evidence};
use serde::Serialize;
use std::fmt;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

pub(crate) use fill::run as fill;

pub(crate) fn run(arguments: &BenchEvidence) -> anyhow::Result<()> {
    super::report(arguments.report, measure(arguments))
}

#[derive(Debug, Serialize)]
struct Figures {
    entries: u64,
    /// Hashing, writing and signing of the tree, by the CPU of its thread.
    leaves_per_s_and_core: f64,
    bundle_reports: usize,
    bundle_bytes: usize,
    /// Two looks through the whole log.
    export_s: f64,
    /// Reading the file and checking all of it.
    verify_s: f64,
    /// From opening the folder to the first signed ack, after an orderly end.
    start_s: f64,
    /// The same after `kill -9` under load, and how many entries no snapshot held.
    start_after_crash_s: f64,
    replayed: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "log of {} entries", self.entries)?;
        writeln!(f, "tree            {:>10.0} leaves/s on one core", self.leaves_per_s_and_core)?;
        writeln!(f, "bundle          {} reports, {} bytes, exported in {:.2} s", self.bundle_reports, self.bundle_bytes, self.export_s)?;
        writeln!(f, "verify          {:>10.3} s", self.verify_s)?;
        writeln!(f, "start           {:>10.3} s to the first ack", self.start_s)?;
        write!(f, "after a crash   {:>10.3} s, {} entries replayed", self.start_after_crash_s, self.replayed)
    }
}

/// Counts what the platform says to seals.
#[derive(Default)]
struct Listening {
    settled: AtomicU64,
    acks: AtomicU64,
}

impl Downlink for Listening {
    fn settle(&self, settlements: Vec<Settlement>) {
        for settlement in settlements {
            self.settled.fetch_add(settlement.settled.len() as u64, Relaxed);
            self.acks.fetch_add(settlement.down.len() as u64, Relaxed);
        }
    }

    fn publish(&self, _: &DeviceId, _: bytes::Bytes) -> bool {
        true
    }

    fn close(&self, _: &DeviceId, _: CloseReason) {}
}

async fn measure(arguments: &BenchEvidence) -> anyhow::Result<Figures> {
    let folder = tempfile::Builder::new().prefix("sealway-bench-").tempdir().context("temporary folder")?;
    let data = folder.path().join("data");
    let leaves_per_s_and_core = fill::and_kill(&data, arguments)?;
    let snapshot = newest_snapshot(&data)?;
    let mut waiting = fill::waiting()?;
    let (start_after_crash_s, entries) = first_ack(&data, &mut waiting).await?;
    let (start_s, _) = first_ack(&data, &mut waiting).await?;
    let tree = TreeReader::open(&data)?;
    let ((bundle_reports, bundle_bytes), export_s, verify_s) = bundle(&data, &tree, &fill::transfer()?)?;
    let replayed = entries.saturating_sub(snapshot);
    Ok(Figures { entries, leaves_per_s_and_core, bundle_reports, bundle_bytes, export_s, verify_s, start_s, start_after_crash_s, replayed })
}

type Bundle = (usize, usize);

fn bundle(data: &Path, tree: &TreeReader, transfer: &TransferId) -> anyhow::Result<(Bundle, f64, f64)> {
    let trust = sealway_tracker::trust_root(data)?;
    let began = Instant::now();
    let gathered = evidence::gather(tree, transfer, &|_| {})?;
    let file = evidence::write(&gathered, &trust.log)?;
    let export_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let checked = evidence::read(Cursor::new(&file), &trust)?;
    let verify_s = began.elapsed().as_secs_f64();
    anyhow::ensure!(checked.verdict == Verdict::Genuine, "the bundle is not genuine: {:?}", checked.reasons.first());
    let reports = checked.devices.iter().map(|device| device.reports.len()).sum();
    Ok(((reports, file.len()), export_s, verify_s))
}

/// The entries that the newest snapshot holds.
fn newest_snapshot(data: &Path) -> anyhow::Result<u64> {
    let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let list = std::fs::read_dir(data.join("snapshots"))?.map(|item| Ok(item?.path())).collect::<std::io::Result<Vec<_>>>()?;
    Ok(list.iter().filter_map(|path| number(path)).max().unwrap_or(0))
}

/// From opening the folder to the first signed ack, and how many entries were there.
async fn first_ack(data: &Path, seal: &mut Device) -> anyhow::Result<(f64, u64)> {
    let listening = Arc::new(Listening::default());
    let began = Instant::now();
    let tracker = Tracker::open(TrackerConfig::new(data), listening.clone()).await?;
    let message = UpMessage { ticket: 1, payload: seal.connected().into() };
    tracker.upload(Upload { session: SessionId(2), device: seal.id(), messages: vec![message] }).await;
    while listening.acks.load(Relaxed) == 0 {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let entries = tracker.log().durable();
    tracker.drain().await;
    Ok((took, entries))
}
