//! The platform under load, and what it used.

use super::generator::SEED;
use crate::access;
use crate::config::{Config, Http, Mqtt, Tls};
use crate::platform::Platform;
use anyhow::Context as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use sealway_schemas::command::{DeviceCommand, RegistryCommand, Role};
use sealway_seal_sim::load::enrolment;
use sealway_tracker::TrackerMetrics;
use std::net::SocketAddr;

const OWNER: &str = "load-carrier";
/// Enrolments under way at once.
const AT_ONCE: usize = 2048;

pub(super) struct Bench {
    platform: Platform,
    _folder: tempfile::TempDir,
}

/// How memory grew with the devices: measured over the last nine tenths of them, so that what the platform needs once, whatever the
/// fleet, is not counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) bytes_per_device: f64,
}

/// Counters at one moment.
pub(super) struct Meter {
    tracker: TrackerMetrics,
    process_cpu_us: u64,
}

/// What the platform used between two moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) verify_us: f64,
    pub(super) sequence_us: f64,
    pub(super) commit_us: f64,
    pub(super) strict_us: f64,
    pub(super) process_us: f64,
    pub(super) fsyncs: u64,
    pub(super) strict_backlog: u64,
}

/// A platform on free ports, in a folder that goes when it is dropped.
pub(super) async fn start(in_flight: Option<u16>, tls: Option<Tls>) -> anyhow::Result<(Platform, tempfile::TempDir)> {
    let folder = tempfile::Builder::new().prefix("sealway-bench-").tempdir().context("temporary folder")?;
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let base = Config::default();
    let in_flight = in_flight.unwrap_or_default().max(base.mqtt.in_flight);
    let mqtt = Mqtt { tls, ..Mqtt::on_one_machine(free, in_flight) };
    let config = Config { data: folder.path().join("data"), mqtt, http: Http { listen: free, ..base.http }, ..base };
    Ok((Platform::start(&config).await?, folder))
}

impl Bench {
    pub(super) async fn start(in_flight: u16, tls: Option<Tls>) -> anyhow::Result<Self> {
        let (platform, folder) = start(Some(in_flight), tls).await?;
        Ok(Self { platform, _folder: folder })
    }

    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.platform.front().addresses().plain.context("no plain listener")
    }

    pub(super) fn secure_address(&self) -> anyhow::Result<SocketAddr> {
        self.platform.front().addresses().tls.context("no listener for TLS")
    }

    /// Makes all devices known, each by its own proof.
    pub(super) async fn enrol(&self, devices: u32) -> anyhow::Result<Memory> {
        let name = OWNER.to_owned();
        let register = RegistryCommand::RegisterParty {
            party: OWNER.parse()?,
            role: Role::Carrier,
            name_zh: name.clone(),
            name_en: name,
            district: None,
        };
        access::command(&self.platform.tracker, "load-carrier", register).await?;
        let tenth = devices / 10;
        self.enrol_all(0..tenth).await?;
        let before = resident_bytes()?;
        self.enrol_all(tenth..devices).await?;
        let grown = resident_bytes()?.saturating_sub(before);
        Ok(Memory { bytes_per_device: ratio(grown, u64::from(devices - tenth)) })
    }

    async fn enrol_all(&self, indices: std::ops::Range<u32>) -> anyhow::Result<()> {
        let enrolments = indices.map(|index| self.enrol_one(index as usize));
        stream::iter(enrolments).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn enrol_one(&self, index: usize) -> anyhow::Result<()> {
        let challenge = [7; 32];
        let enrolled = enrolment(SEED, index, challenge)?;
        let enrol = DeviceCommand::EnrolDevice {
            device: enrolled.device,
            owner: OWNER.parse()?,
            public_key: enrolled.public_key,
            challenge: hex::encode(challenge),
            proof: hex::encode(&enrolled.proof),
        };
        access::command(&self.platform.tracker, enrolled.device.as_str(), enrol).await
    }

    pub(super) fn meter(&self) -> Meter {
        Meter { tracker: self.platform.tracker.metrics(), process_cpu_us: process_cpu_us() }
    }

    pub(super) async fn stop(self) {
        if let Err(error) = self.platform.drain().await {
            tracing::warn!(%error, "the platform did not end in order");
        }
    }
}

impl Meter {
    pub(super) fn since(&self, before: &Self) -> Used {
        let (now, then) = (&self.tracker, &before.tracker);
        let accepted = now.accepted - then.accepted;
        let per_report = |now_ns: u64, then_ns: u64| ratio(now_ns - then_ns, accepted) / 1000.0;
        let refused = |m: &TrackerMetrics| m.refused.malformed + m.refused.unknown_device + m.refused.unknown_key + m.refused.bad_signature;
        Used {
            accepted,
            refused: refused(now) - refused(then),
            verify_us: per_report(now.cpu_verify_ns, then.cpu_verify_ns),
            sequence_us: per_report(now.cpu_sequence_ns, then.cpu_sequence_ns),
            commit_us: per_report(now.cpu_commit_ns, then.cpu_commit_ns),
            strict_us: per_report(now.cpu_strict_ns, then.cpu_strict_ns),
            process_us: ratio(self.process_cpu_us - before.process_cpu_us, accepted),
            fsyncs: now.fsyncs - then.fsyncs,
            strict_backlog: now.strict_backlog,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Resident memory of this process, from the kernel.
pub(super) fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().context("VmRSS")?;
    Ok(kib * 1024)
}

/// CPU time of this process, user and kernel.
pub(super) fn process_cpu_us() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1000
}
