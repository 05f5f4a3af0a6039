//! Why the embedded store is our own: beside it, in the same run, the same points in fjall, a well-kept LSM tree, with a keyspace for each
//! day, keys of device and time, values as compact as postcard makes them. `cargo bench --bench stores`.

#[allow(dead_code, reason = "the bench of the program uses all of it")]
mod fleet;

use fleet::{Fleet, START_MS};
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::series::{Backend, Embedded, Point, Span};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const SEALS: u32 = 200;
const POINTS: usize = 2_000_000;
const BATCH: usize = 5_000;
/// Batches between two durable ends, as the platform makes them.
const SETTLE: usize = 50;
const DAY_MS: u64 = 86_400_000;
const ASKED: usize = 100;

type Failed = Box<dyn std::error::Error>;

trait Store {
    fn append(&mut self, points: Vec<Point>) -> Result<(), Failed>;
    fn settle(&mut self) -> Result<(), Failed>;
    fn compact(&mut self) -> Result<(), Failed>;
    /// The points of the first day.
    fn day(&mut self, device: DeviceId) -> Result<usize, Failed>;
}

struct Ours(Backend, Arc<Embedded>, tokio::runtime::Runtime);

impl Ours {
    fn open(folder: &Path) -> Result<Self, Failed> {
        let embedded = Arc::new(Embedded::open(folder)?);
        Ok(Self(Backend::Embedded(embedded.clone()), embedded, tokio::runtime::Runtime::new()?))
    }
}

impl Store for Ours {
    fn append(&mut self, points: Vec<Point>) -> Result<(), Failed> {
        Ok(self.2.block_on(self.0.append(points))?)
    }

    fn settle(&mut self) -> Result<(), Failed> {
        Ok(self.2.block_on(self.0.settle())?)
    }

    fn compact(&mut self) -> Result<(), Failed> {
        Ok(self.1.compact()?)
    }

    fn day(&mut self, device: DeviceId) -> Result<usize, Failed> {
        let day = Span::new(Time::from_ms(START_MS), Time::from_ms(START_MS + DAY_MS))?;
        Ok(self.2.block_on(self.0.track(&device, day, usize::MAX))?.points.len())
    }
}

struct Fjall {
    database: fjall::Database,
    days: HashMap<u64, fjall::Keyspace>,
}

impl Fjall {
    fn open(folder: &Path) -> Result<Self, Failed> {
        Ok(Self { database: fjall::Database::builder(folder).open()?, days: HashMap::new() })
    }

    fn of_day(&mut self, day: u64) -> Result<&fjall::Keyspace, Failed> {
        if !self.days.contains_key(&day) {
            let keyspace = self.database.keyspace(&format!("day-{day}"), fjall::KeyspaceCreateOptions::default)?;
            self.days.insert(day, keyspace);
        }
        self.days.get(&day).ok_or_else(|| "a day that was just opened".into())
    }
}

fn key(device: &DeviceId, ns: u64) -> Vec<u8> {
    let mut key = device.as_str().as_bytes().to_vec();
    key.push(0);
    key.extend_from_slice(&ns.to_be_bytes());
    key
}

impl Store for Fjall {
    fn append(&mut self, points: Vec<Point>) -> Result<(), Failed> {
        let mut batch = self.database.batch();
        for point in points {
            let key = key(&point.device, point.at.as_ns());
            let value = (
                (point.received_at.as_ms() - point.at.t().as_ms(), point.ctr, point.epoch, point.event, point.status),
                (point.fix, point.battery, point.temperature, point.entered, point.left),
            );
            let day = self.of_day(point.at.t().as_ms() / DAY_MS)?;
            batch.insert(day, key, postcard::to_allocvec(&value)?);
        }
        Ok(batch.commit()?)
    }

    fn settle(&mut self) -> Result<(), Failed> {
        Ok(self.database.persist(fjall::PersistMode::SyncAll)?)
    }

    fn compact(&mut self) -> Result<(), Failed> {
        for day in self.days.values() {
            day.rotate_memtable_and_wait()?;
            day.major_compact()?;
        }
        Ok(())
    }

    fn day(&mut self, device: DeviceId) -> Result<usize, Failed> {
        use sealway_schemas::report::{Event, Fix, Status};
        type Head = (u64, u64, u64, Event, Status);
        type Rest = (Option<Fix>, Option<u8>, Option<f64>, Vec<sealway_schemas::PlaceId>, Vec<sealway_schemas::PlaceId>);
        let day = self.of_day(START_MS / DAY_MS)?;
        let mut read = Vec::new();
        for item in day.range(key(&device, 0)..key(&device, u64::MAX)) {
            let (_, value) = item.into_inner()?;
            read.push(postcard::from_bytes::<(Head, Rest)>(&value)?);
        }
        Ok(read.len())
    }
}

fn measure(name: &str, mut store: impl Store, folder: &Path) -> Result<(), Failed> {
    let mut fleet = Fleet::new(SEALS)?;
    // By the clock, making the points included: a store works on while the next ones are made.
    let begun = Instant::now();
    for batch in 1..=POINTS / BATCH {
        store.append(fleet.points(BATCH)?)?;
        if batch.is_multiple_of(SETTLE) {
            store.settle()?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    store.compact()?;
    let compacted = begun.elapsed().as_secs_f64();
    let mut taken = Vec::new();
    let mut read = 0;
    for number in 0..ASKED {
        let device = fleet.id(number).ok_or("a seal of the fleet")?;
        let begun = Instant::now();
        read += store.day(device)?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    taken.sort_by(f64::total_cmp);
    let at = |share: usize| taken.get(ASKED * share / 100).copied().unwrap_or_default();
    println!(
        "{name:<9} {:>9.0} points/s, compacted in {compacted:.1} s, {:.1} bytes a point, a day of {} points p50 {:.2} ms p99 {:.2} ms",
        POINTS as f64 / seconds,
        bytes_of(folder)? as f64 / POINTS as f64,
        read / ASKED,
        at(50),
        at(99),
    );
    Ok(())
}

fn bytes_of(folder: &Path) -> Result<u64, Failed> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let (entry, meta) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        bytes += if meta.is_dir() { bytes_of(&entry)? } else { meta.len() };
    }
    Ok(bytes)
}

fn main() -> Result<(), Failed> {
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let (ours, fjall) = (tempfile::tempdir()?, tempfile::tempdir()?);
    measure("ours", Ours::open(ours.path())?, ours.path())?;
    measure("fjall", Fjall::open(fjall.path())?, fjall.path())
}
