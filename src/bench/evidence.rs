//! `sealway bench evidence`: what keeping and proving costs. Seals sign, the real tracker takes it in without a network between.

use crate::access;
use crate::cli::{BenchEvidence, Report};
use crate::config::{Log, LogFormat};
use crate::demo;
use crate::logging;
use crate::say::say;
use anyhow::Context as _;
use sealway_schemas::command::{DeviceCommand, Role, Signer, TransferCommand};
use sealway_schemas::link::{CloseReason, Downlink, SessionId, Settlement, UpMessage, Upload};
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, Time, TransferId};
use sealway_seal_sim::device::{Device, Observation};
use sealway_tracker::checking::Verdict;
use sealway_tracker::{Tracker, TrackerConfig, TreeReader, evidence};
use serde::Serialize;
use std::fmt;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

const SEALS: usize = 256;
/// Reports of one message.
const MESSAGE: usize = 24;
const UPLOAD: usize = 8;
const CARRIER: &str = "qinling-road";
const PROGRESS: Duration = Duration::from_secs(5);

pub(crate) fn run(arguments: &BenchEvidence) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn".to_owned() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    let figures = runtime.block_on(measure(arguments))?;
    match arguments.report {
        Some(Report::Json) => say!("{}", serde_json::to_string(&figures)?),
        None => say!("{figures}"),
    }
    Ok(())
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
    /// The same where the last snapshot is missing, as a crash leaves it, and how many entries were replayed.
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
    let transfer = TransferId::new(26, "CN", "XA99999999999")?;
    let mut seals = seals()?;
    let leaves_per_s_and_core = fill(&data, &transfer, &mut seals, arguments).await?;
    let tree = TreeReader::open(&data)?;
    let entries = tree.checkpoint().map_or(0, |signed| signed.checkpoint.size);
    let (bundle, export_s, verify_s) = bundle(&data, &tree, &transfer)?;
    let start_s = first_ack(&data, &mut seals).await?;
    let replayed = entries - crash(&data)?;
    let start_after_crash_s = first_ack(&data, &mut seals).await?;
    let (bundle_reports, bundle_bytes) = bundle;
    Ok(Figures { entries, leaves_per_s_and_core, bundle_reports, bundle_bytes, export_s, verify_s, start_s, start_after_crash_s, replayed })
}

fn seals() -> anyhow::Result<Vec<Device>> {
    let one = |number: usize| -> anyhow::Result<Device> {
        let mut secret = [9; 32];
        secret.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let mut seal = Device::new(format!("BENCH-{number:04}").parse()?, secret, 4 * MESSAGE);
        seal.observe(0, Observation { gnss_time: Some(now()), ..Observation::default() });
        Ok(seal)
    };
    (0..SEALS).map(one).collect()
}

fn now() -> Time {
    sealway_tracker::Clock::now(&sealway_tracker::SystemClock)
}

/// Fills a new folder up to so many entries; how fast the tree grew.
async fn fill(data: &Path, transfer: &TransferId, seals: &mut [Device], arguments: &BenchEvidence) -> anyhow::Result<f64> {
    let listening = Arc::new(Listening::default());
    let tracker = Tracker::open(TrackerConfig::new(data), listening.clone()).await?;
    demo::furnish(&tracker).await?;
    for seal in seals.iter() {
        enrol(&tracker, seal).await?;
    }
    let own = seals.first_mut().context("a seal")?;
    declare(&tracker, transfer, own.id()).await?;
    let mut feeder = Feeder { tracker: &tracker, listening: &listening, sent: 0, began: Instant::now(), told: Instant::now() };
    own.seal(1_000, [5; 32]).context("seal")?;
    feeder.send(own, usize::try_from(arguments.reports)?).await?;
    while tracker.metrics().log_entries < arguments.entries {
        for seal in seals.iter_mut().skip(1) {
            feeder.send(seal, MESSAGE * UPLOAD).await?;
        }
        feeder.tell(arguments.entries);
    }
    feeder.wait().await;
    tracker.drain().await;
    let metrics = tracker.metrics();
    Ok(super::platform::ratio(metrics.tree_size, 1) / (super::platform::ratio(metrics.cpu_tree_ns, 1) / 1e9))
}

async fn enrol(tracker: &Tracker, seal: &Device) -> anyhow::Result<()> {
    let challenge = [7; 32];
    let enrol = DeviceCommand::EnrolDevice {
        device: seal.id(),
        owner: CARRIER.parse()?,
        public_key: seal.public_key(),
        challenge: hex::encode(challenge),
        proof: hex::encode(seal.enrolment(challenge)),
    };
    access::command(tracker, seal.id().as_str(), enrol).await
}

async fn declare(tracker: &Tracker, transfer: &TransferId, seal: DeviceId) -> anyhow::Result<()> {
    let declare = serde_json::json!({"type": "declare-transfer", "transfer": transfer, "carrier": CARRIER, "unit": "CSQU3054383", "seal": seal,
        "origin": "port-yantian", "destination": "airport-can", "corridor": "road-yantian-can"});
    let command: TransferCommand = serde_json::from_value(declare)?;
    let by = Signer { user: "bench-desk".parse()?, party: CARRIER.parse()?, role: Role::Carrier };
    access::command_by(tracker, by, "bench-transfer", command).await
}

struct Feeder<'a> {
    tracker: &'a Tracker,
    listening: &'a Listening,
    sent: u64,
    began: Instant,
    told: Instant,
}

impl Feeder<'_> {
    /// Lets a seal make so many reports and sends them, a ring full at a time.
    async fn send(&mut self, seal: &mut Device, reports: usize) -> anyhow::Result<()> {
        let mut next = seal.highest().max(1);
        let last = seal.highest() + reports as u64;
        while seal.highest() < last {
            let first = next;
            let mut payload = Vec::new();
            while seal.highest() < last && seal.highest() < first + MESSAGE as u64 - 1 {
                let uptime_ms = seal.highest() * 30_000;
                seal.report(uptime_ms, Event::Periodic).context("report")?;
            }
            while let Some(record) = seal.ring().get(next) {
                payload.extend_from_slice(&record.bytes);
                next += 1;
            }
            self.upload(seal.id(), payload).await;
        }
        Ok(())
    }

    async fn upload(&mut self, device: DeviceId, payload: Vec<u8>) {
        let message = UpMessage { ticket: 1, payload: payload.into() };
        self.tracker.upload(Upload { session: SessionId(1), device, messages: vec![message] }).await;
        self.sent += 1;
    }

    async fn wait(&self) {
        while self.listening.settled.load(Relaxed) < self.sent {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn tell(&mut self, of: u64) {
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            eprintln!("{} of {of} entries after {} s", self.tracker.metrics().log_entries, self.began.elapsed().as_secs());
        }
    }
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

/// Takes the newest snapshot away; the entries that the one before holds.
fn crash(data: &Path) -> anyhow::Result<u64> {
    let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let list = std::fs::read_dir(data.join("snapshots"))?.map(|item| Ok(item?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let mut snapshots: Vec<_> = list.into_iter().filter_map(|path| Some((number(&path)?, path))).collect();
    snapshots.sort();
    let (_, newest) = snapshots.pop().context("no snapshot")?;
    std::fs::remove_file(newest)?;
    Ok(snapshots.last().map_or(0, |(seq, _)| *seq))
}

async fn first_ack(data: &Path, seals: &mut [Device]) -> anyhow::Result<f64> {
    let listening = Arc::new(Listening::default());
    let seal = seals.last_mut().context("a seal")?;
    let began = Instant::now();
    let tracker = Tracker::open(TrackerConfig::new(data), listening.clone()).await?;
    let message = UpMessage { ticket: 1, payload: seal.connected().into() };
    tracker.upload(Upload { session: SessionId(2), device: seal.id(), messages: vec![message] }).await;
    while listening.acks.load(Relaxed) == 0 {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let took = began.elapsed().as_secs_f64();
    tracker.drain().await;
    Ok(took)
}
