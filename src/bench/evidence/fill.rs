//! The other process of the bench: it fills a folder, says how fast its tree grew, and goes on until it is killed.

use super::Listening;
use crate::access;
use crate::cli::{BenchEvidence, FillEvidence};
use crate::demo;
use crate::say::say;
use anyhow::Context as _;
use sealway_schemas::command::{DeviceCommand, Role, Signer, TransferCommand};
use sealway_schemas::link::{SessionId, UpMessage, Upload};
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, Time, TransferId};
use sealway_seal_sim::device::{Device, Observation};
use sealway_tracker::{Tracker, TrackerConfig};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

const SEALS: usize = 256;
/// Reports of one message.
const MESSAGE: usize = 24;
const UPLOAD: usize = 8;
const CARRIER: &str = "qinling-road";
const PROGRESS: Duration = Duration::from_secs(5);
/// So long it goes on before it is killed.
const UNDER_LOAD: Duration = Duration::from_millis(700);

/// Leaves of the tree a second and core. The folder is left as the kill left it.
pub(super) fn and_kill(data: &Path, BenchEvidence { entries, reports, .. }: &BenchEvidence) -> anyhow::Result<f64> {
    let mut child = Command::new(std::env::current_exe().context("own program")?)
        .args(["bench", "fill", "--entries", &entries.to_string(), "--reports", &reports.to_string(), "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the process that fills")?;
    let said = BufReader::new(child.stdout.take().context("its output")?).lines().next().context("it ended before its time")??;
    std::thread::sleep(UNDER_LOAD);
    child.kill()?;
    child.wait()?;
    Ok(serde_json::from_str(&said)?)
}

/// `sealway bench fill`.
pub(crate) fn run(arguments: &FillEvidence) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(fill(arguments))
}

pub(super) fn transfer() -> anyhow::Result<TransferId> {
    Ok(TransferId::new(26, "CN", "XA99999999999")?)
}

/// A seal that is enrolled and says nothing while the folder is filled.
pub(super) fn waiting() -> anyhow::Result<Device> {
    seal(SEALS)
}

fn seal(number: usize) -> anyhow::Result<Device> {
    let mut secret = [9; 32];
    secret.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    let mut seal = Device::new(format!("BENCH-{number:04}").parse()?, secret, 4 * MESSAGE);
    seal.observe(0, Observation { gnss_time: Some(now()), ..Observation::default() });
    Ok(seal)
}

fn now() -> Time {
    sealway_tracker::Clock::now(&sealway_tracker::SystemClock)
}

/// Never ends by itself.
async fn fill(arguments: &FillEvidence) -> anyhow::Result<()> {
    let listening = Arc::new(Listening::default());
    let tracker = Tracker::open(TrackerConfig::new(&arguments.data), listening.clone()).await?;
    demo::furnish(&tracker).await?;
    let mut seals = (0..SEALS).map(seal).collect::<anyhow::Result<Vec<_>>>()?;
    for seal in seals.iter().chain([&waiting()?]) {
        enrol(&tracker, seal).await?;
    }
    let own = seals.first_mut().context("a seal")?;
    declare(&tracker, &transfer()?, own.id()).await?;
    let mut feeder = Feeder { tracker: &tracker, listening: &listening, sent: 0, began: Instant::now(), told: Instant::now() };
    own.seal(1_000, [5; 32]).context("seal")?;
    feeder.send(own, usize::try_from(arguments.reports)?).await?;
    let mut said = false;
    loop {
        for seal in seals.iter_mut().skip(1) {
            feeder.send(seal, MESSAGE * UPLOAD).await?;
        }
        feeder.tell(arguments.entries);
        if !said && tracker.metrics().log_entries >= arguments.entries {
            feeder.wait().await;
            say!("{}", serde_json::to_string(&grown(&tracker))?);
            said = true;
        }
    }
}

/// Leaves a second and core so far.
fn grown(tracker: &Tracker) -> f64 {
    let metrics = tracker.metrics();
    crate::bench::platform::ratio(metrics.tree_size, 1) / (crate::bench::platform::ratio(metrics.cpu_tree_ns, 1) / 1e9)
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
