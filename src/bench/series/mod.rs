//! `sealway bench series`: what the time series cost to keep and to ask; with `--influx`, the same of an InfluxDB beside it.

mod fleet;
mod influx;
mod questions;

use super::platform::process_cpu_us;
use crate::cli::BenchSeries;
use anyhow::Context as _;
use fleet::Fleet;
use questions::{Asking, Milliseconds, Questions};
use sealway_tracker::series::{Backend, Batch, Embedded, Newest, encode};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As the platform gives them.
const BATCH: usize = 5_000;
const SETTLE: u64 = 250_000;
const ENCODED: usize = 500_000;
const ROUNDS: usize = 9;
const LATEST: u32 = 100_000;
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize)]
struct Figures {
    cores: usize,
    points: u64,
    seals: u32,
    /// A point as line protocol.
    encode_ns: f64,
    latest_of_100000_ms: f64,
    embedded: Store,
    /// The same, as many points as InfluxDB got.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
}

#[derive(Debug, Serialize)]
struct Beside {
    embedded: Store,
    influxdb: Store,
}

#[derive(Debug, Serialize)]
struct Store {
    points: u64,
    /// From the first point to the last one safe on the disk, by the clock: making the points and merges on the way are in it.
    points_per_s: f64,
    /// Of the store; InfluxDB's is that of its process and ours together.
    cpu_us_per_point: f64,
    /// On the disk; of the embedded store once it is compacted, of InfluxDB with what it has in its write-ahead log.
    bytes_per_point: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compacted_s: Option<f64>,
    questions_ms: Questions,
}

pub(crate) fn run(arguments: &BenchSeries) -> anyhow::Result<()> {
    super::report(arguments.report, measure(arguments))
}

async fn measure(arguments: &BenchSeries) -> anyhow::Result<Figures> {
    let BenchSeries { points, seals, .. } = *arguments;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let encode_ns = encode_ns()?;
    let latest_of_100000_ms = latest_ms()?;
    let embedded = embedded(points, seals).await?;
    let beside = match &arguments.influx {
        Some(influx) => {
            let points = arguments.influx_points;
            Some(Beside { embedded: self::embedded(points, seals).await?, influxdb: influx::store(influx, points, seals).await? })
        }
        None => None,
    };
    Ok(Figures { cores, points, seals, encode_ns, latest_of_100000_ms, embedded, beside })
}

fn encode_ns() -> anyhow::Result<f64> {
    let points = Fleet::new(1_000)?.points(ENCODED)?;
    let mut lines = Vec::new();
    median(|| {
        let begun = Instant::now();
        for batch in points.chunks(BATCH) {
            lines.clear();
            batch.iter().for_each(|point| encode(point, &mut lines));
        }
        Ok(begun.elapsed().as_secs_f64() * 1e9 / ENCODED as f64)
    })
}

/// Of a few rounds.
fn median(round: impl FnMut() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let mut taken = std::iter::repeat_with(round).take(ROUNDS).collect::<anyhow::Result<Vec<f64>>>()?;
    taken.sort_by(f64::total_cmp);
    taken.get(ROUNDS / 2).copied().context("rounds")
}

fn latest_ms() -> anyhow::Result<f64> {
    let points = Fleet::new(LATEST)?.points(LATEST as usize)?;
    let mut newest = Newest::default();
    newest.follow(&mut Batch { points, commands: Vec::new(), cursor: 0, tip: None, left_out: 0 });
    median(|| {
        let begun = Instant::now();
        let all: Vec<_> = newest.devices().cloned().collect();
        anyhow::ensure!(all.len() == LATEST as usize, "{} seals have a newest report, expected {LATEST}", all.len());
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    })
}

async fn embedded(points: u64, seals: u32) -> anyhow::Result<Store> {
    let folder = tempfile::Builder::new().prefix("sealway-bench-").tempdir().context("temporary folder")?;
    let embedded = Arc::new(Embedded::open(folder.path())?);
    let backend = Backend::Embedded(embedded.clone());
    let (fleet, appended) = append(&backend, points, seals).await?;
    let begun = Instant::now();
    tokio::task::spawn_blocking(move || embedded.compact()).await??;
    let compacted_s = Some(begun.elapsed().as_secs_f64());
    let questions_ms = Asking { backend: &backend, fleet: &fleet, seals, points }.run().await?;
    Ok(Store { compacted_s, ..appended.store(points, bytes_of(folder.path())?, questions_ms) })
}

struct Appended {
    seconds: f64,
    cpu_us: u64,
}

impl Appended {
    fn store(&self, points: u64, bytes: u64, questions_ms: Questions) -> Store {
        let each = |sum: f64| sum / points as f64;
        let (points_per_s, cpu_us_per_point) = (points as f64 / self.seconds, each(self.cpu_us as f64));
        Store { points, points_per_s, cpu_us_per_point, bytes_per_point: each(bytes as f64), compacted_s: None, questions_ms }
    }
}

/// The CPU is that of the store alone. The time is that of the whole, since a store works on while the next points are made.
async fn append(backend: &Backend, points: u64, seals: u32) -> anyhow::Result<(Fleet, Appended)> {
    let mut fleet = Fleet::new(seals)?;
    let (begun, mut making_us, mut told) = (Instant::now(), 0, Instant::now());
    let cpu = process_cpu_us();
    let mut done = 0;
    while done < points {
        let making = thread_cpu_us();
        let batch = fleet.points(BATCH.min(usize::try_from(points - done)?))?;
        making_us += thread_cpu_us() - making;
        let count = batch.len() as u64;
        backend.append(batch).await?;
        if done / SETTLE != (done + count) / SETTLE || done + count == points {
            backend.settle().await?;
        }
        done += count;
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            eprintln!("{done} of {points} points");
        }
    }
    let (seconds, cpu_us) = (begun.elapsed().as_secs_f64(), (process_cpu_us() - cpu).saturating_sub(making_us));
    Ok((fleet, Appended { seconds, cpu_us }))
}

fn thread_cpu_us() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1_000
}

fn bytes_of(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { bytes_of(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cores                {:>10}", self.cores)?;
        writeln!(f, "line protocol        {:>10.0} ns a point", self.encode_ns)?;
        writeln!(f, "latest of {LATEST}     {:>10.1} ms", self.latest_of_100000_ms)?;
        write!(f, "{}", self.embedded.table("embedded"))?;
        if let Some(Beside { embedded, influxdb }) = &self.beside {
            write!(f, "\n{}\n{}", embedded.table("embedded"), influxdb.table("influxdb"))?;
        }
        Ok(())
    }
}

impl Store {
    fn table(&self, name: &str) -> String {
        let Questions { day, thinned, chart, counts, crossings } = &self.questions_ms;
        let compacted =
            self.compacted_s.map_or(", its write-ahead log included".to_owned(), |seconds| format!(", compacted in {seconds:.1} s"));
        let line = |what: &str, Milliseconds { p50, p99 }: &Milliseconds| format!("\n  {what:<18} p50 {p50:>8.2} ms, p99 {p99:>8.2} ms");
        format!(
            "{name}: {} points, {:.0} points/s, {:.2} us CPU and {:.1} bytes a point{compacted}{}{}{}{}{}",
            self.points,
            self.points_per_s,
            self.cpu_us_per_point,
            self.bytes_per_point,
            line("a day", day),
            line("a day, thinned", thinned),
            line("speed of all days", chart),
            line("reports by hour", counts),
            line("places of all days", crossings),
        )
    }
}
