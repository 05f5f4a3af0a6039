//! The embedded store: points wait in memory, come to the disk as sorted, compressed files of one day, and are merged there.
//!
//! It needs no journal of its own. The evidence log has every report, so what was in memory at a crash is read from it again, and a folder
//! that is gone is made again. A file is written once and takes its name when all of it is on the disk.
//!
//! An LSM tree such as fjall journals each point once more, gives it a key of its own and compresses whole points beside each other; here
//! the columns of a device's reports are kept as differences, and a day goes with its folder. `cargo bench --bench stores` measures both.

mod block;
mod days;
mod file;
mod hours;
mod merger;
mod varint;

use super::hour::{self, Figures, Hour};
use super::query::{Bucket, Count, Crossing, DAY_MS, Field, Span, Track, bucket_of, fold};
use super::{Point, SeriesError};
use days::{Days, in_order};
use hours::Hours;
use merger::Merger;
use sealway_schemas::{DeviceId, Time};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

type Waiting = HashMap<DeviceId, Vec<Point>>;

#[derive(Debug, Default)]
struct State {
    days: Days,
    /// Of the days that are forgotten.
    hours: Hours,
    /// Appended and not on the disk.
    waiting: Waiting,
    /// On its way to the disk.
    leaving: Arc<Waiting>,
    sequence: u64,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
pub struct Embedded {
    shared: Arc<Shared>,
    /// One settles at a time.
    settling: Mutex<()>,
    merger: Merger,
    pub(super) unanswered: AtomicU64,
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Embedded {
    pub fn open(folder: &Path) -> Result<Self, SeriesError> {
        let hours = Hours::open(folder)?;
        let (days, sequence) = Days::open(folder, &hours)?;
        let state = State { days, hours, sequence, ..State::default() };
        let shared = Arc::new(Shared { folder: folder.to_owned(), state: RwLock::new(state) });
        let merger = Merger::start(shared.clone()).map_err(SeriesError::io(folder))?;
        Ok(Self { shared, settling: Mutex::default(), merger, unanswered: AtomicU64::new(0) })
    }

    pub(super) fn append(&self, points: Vec<Point>) -> Result<(), SeriesError> {
        let mut state = self.shared.write();
        for point in points {
            state.waiting.entry(point.device).or_default().push(point);
        }
        Ok(())
    }

    pub(super) fn settle(&self) -> Result<(), SeriesError> {
        let _alone = lock(&self.settling);
        let (leaving, first) = {
            let mut state = self.shared.write();
            state.leaving = Arc::new(std::mem::take(&mut state.waiting));
            (state.leaving.clone(), state.sequence + 1)
        };
        if leaving.is_empty() {
            return Ok(());
        }
        let mut written = BTreeMap::new();
        let mut failed = None;
        for ((day, devices), sequence) in by_day(&leaving).into_iter().zip(first..) {
            match days::write(&self.shared.folder, day, sequence, &devices) {
                Ok(file) => drop(written.insert(day, file)),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let mut state = self.shared.write();
        state.leaving = Arc::default();
        if failed.is_some() {
            put_back(&mut state.waiting, leaving, |point| !written.contains_key(&day_of(point)));
        }
        for (day, file) in written {
            state.sequence = state.sequence.max(file.sequence());
            state.days.add(day, file);
        }
        if let Some(error) = failed {
            return Err(error);
        }
        drop(state);
        self.merger.wake();
        Ok(())
    }

    pub(super) async fn track(self: &Arc<Self>, device: &DeviceId, span: Span, at_most: usize) -> Result<Track, SeriesError> {
        let width = span.bucket_ms(at_most);
        let track = Track { points: Vec::new(), reports: 0 };
        let take = move |(track, thinned): &mut (Track, bool), mut point: Point| {
            track.reports += 1;
            point.entered = Vec::new();
            point.left = Vec::new();
            if !*thinned && track.points.len() == at_most {
                *thinned = true;
                for point in std::mem::take(&mut track.points) {
                    into_bucket(&mut track.points, point, width);
                }
            }
            if *thinned { into_bucket(&mut track.points, point, width) } else { track.points.push(point) }
        };
        let ((track, _), _) = self.each(device, span, (track, false), take).await?;
        Ok(track)
    }

    pub(super) async fn downsample(
        self: &Arc<Self>,
        device: &DeviceId,
        field: Field,
        span: Span,
        at_most: usize,
    ) -> Result<Vec<Bucket>, SeriesError> {
        let width = span.bucket_ms(at_most);
        let reports = self.each(device, span, Vec::new(), move |curve: &mut Vec<(Time, Figures)>, point| {
            let Some(value) = field.of(&point) else { return };
            into_curve(curve, bucket_of(point.at.t(), width), Figures::of(value));
        });
        let (reports, hours) = reports.await?;
        let mut older = Vec::new();
        for (start, figures) in hours.iter().filter_map(|hour| Some((hour.start, hour.figures(field)?))) {
            into_curve(&mut older, bucket_of(start, width), figures);
        }
        Ok(hour::curve(older, reports))
    }

    pub(super) async fn counts(self: &Arc<Self>, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Count>, SeriesError> {
        let width = span.bucket_hours_ms(at_most);
        let reports = self.each(device, span, Vec::new(), move |counts: &mut Vec<Count>, point| {
            let start = bucket_of(point.at.t(), width);
            match counts.last_mut().filter(|count| count.start == start) {
                Some(count) => count.reports += 1,
                None => counts.push(Count { start, reports: 1 }),
            }
        });
        let (reports, hours) = reports.await?;
        let older = hours.into_iter().map(|hour| Count { start: bucket_of(hour.start, width), reports: hour.reports });
        Ok(hour::counts(older.collect(), reports))
    }

    pub(super) async fn crossings(self: &Arc<Self>, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Crossing>, SeriesError> {
        let all = self.each(device, span, Vec::new(), |crossings: &mut Vec<Crossing>, point| {
            if !point.entered.is_empty() || !point.left.is_empty() {
                crossings.push(Crossing { at: point.at, ctr: point.ctr, entered: point.entered, left: point.left });
            }
        });
        let (mut crossings, _) = all.await?;
        Ok(crossings.split_off(crossings.len().saturating_sub(at_most)))
    }

    /// Whole days become hours, one after the other.
    pub(super) fn expire(&self, before: Time) -> Result<(), SeriesError> {
        let _alone = lock(&self.settling);
        let _unmerged = self.merger.pause();
        let (days, mut hours) = {
            let state = self.shared.read();
            (state.days.clone(), state.hours.clone())
        };
        for day in days.before(before) {
            if let Some(made) = hours.make(&self.shared.folder, &days, day)? {
                hours.put(made)?;
            }
            {
                let mut state = self.shared.write();
                state.hours = hours.clone();
                state.days.remove(day);
            }
            self.remove(day)?;
        }
        Ok(())
    }

    pub(super) fn clear(&self) -> Result<(), SeriesError> {
        let _alone = lock(&self.settling);
        let _unmerged = self.merger.pause();
        let mut state = self.shared.write();
        state.waiting.clear();
        state.hours.clear()?;
        for day in std::mem::take(&mut state.days).before(Time::from_ms(u64::MAX)) {
            self.remove(day)?;
        }
        Ok(())
    }

    fn remove(&self, day: u64) -> Result<(), SeriesError> {
        let folder = days::folder_of(&self.shared.folder, day);
        std::fs::remove_dir_all(&folder).map_err(SeriesError::io(&folder))
    }

    /// Bytes on the disk, and files.
    #[must_use]
    pub fn size(&self) -> (u64, usize) {
        let state = self.shared.read();
        (state.days.bytes() + state.hours.bytes(), state.days.files())
    }

    /// Merges every day into one file, for as long as that takes.
    pub fn compact(&self) -> Result<(), SeriesError> {
        let _alone = lock(&self.settling);
        self.merger.compact(&self.shared)
    }

    /// Goes over a device's points, oldest first, a day at a time, away from the threads that serve. Tells its hours of forgotten days too.
    async fn each<T: Send + 'static>(
        self: &Arc<Self>,
        device: &DeviceId,
        span: Span,
        begin: T,
        take: impl FnMut(&mut T, Point) + Send + 'static,
    ) -> Result<(T, Vec<Hour>), SeriesError> {
        let (shared, device) = (self.shared.clone(), *device);
        let walk = move || walk(&shared, &device, span, begin, take);
        tokio::task::spawn_blocking(walk).await.map_err(|_| SeriesError::Stopped)?
    }
}

fn walk<T>(
    shared: &Shared,
    device: &DeviceId,
    span: Span,
    mut made: T,
    mut take: impl FnMut(&mut T, Point),
) -> Result<(T, Vec<Hour>), SeriesError> {
    // Copies of the lists, not of the files: nothing is held up, and files that are merged or forgotten meanwhile stay readable.
    let (days, hours, fresh) = {
        let state = shared.read();
        let fresh = [state.leaving.get(device), state.waiting.get(device)].into_iter().flatten().flatten();
        (state.days.clone(), state.hours.clone(), fresh.filter(|point| span.contains(point.at)).cloned().collect::<Vec<_>>())
    };
    let mut fresh_days: BTreeMap<u64, Vec<Point>> = BTreeMap::new();
    for point in fresh {
        fresh_days.entry(day_of(&point)).or_default().push(point);
    }
    let mut numbers: Vec<u64> = days.touched(span).chain(fresh_days.keys().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for day in numbers {
        let mut points = days.points(day, device, span)?;
        points.extend(fresh_days.remove(&day).unwrap_or_default());
        in_order(points).into_iter().for_each(|point| take(&mut made, point));
    }
    Ok((made, hours.of(device, span)?))
}

fn into_bucket(points: &mut Vec<Point>, point: Point, width_ms: u64) {
    let bucket = bucket_of(point.at.t(), width_ms);
    match points.last_mut().filter(|last| bucket_of(last.at.t(), width_ms) == bucket) {
        Some(last) => fold(last, &point),
        None => points.push(point),
    }
}

fn into_curve(curve: &mut Vec<(Time, Figures)>, start: Time, figures: Figures) {
    match curve.last_mut().filter(|(last, _)| *last == start) {
        Some((_, last)) => last.take(&figures),
        None => curve.push((start, figures)),
    }
}

fn day_of(point: &Point) -> u64 {
    point.at.t().as_ms() / DAY_MS
}

/// The devices of each day in their order, each one's points in theirs.
fn by_day(waiting: &Waiting) -> BTreeMap<u64, Vec<Vec<Point>>> {
    let mut devices: Vec<(&DeviceId, &Vec<Point>)> = waiting.iter().collect();
    devices.sort_unstable_by_key(|(device, _)| **device);
    let mut days: BTreeMap<u64, Vec<Vec<Point>>> = BTreeMap::new();
    for (_, points) in devices {
        let mut own: BTreeMap<u64, Vec<Point>> = BTreeMap::new();
        for point in points {
            own.entry(day_of(point)).or_default().push(point.clone());
        }
        for (day, points) in own {
            days.entry(day).or_default().push(in_order(points));
        }
    }
    days
}

/// What did not reach the disk waits again, before what came meanwhile.
fn put_back(waiting: &mut Waiting, leaving: Arc<Waiting>, lacks: impl Fn(&Point) -> bool) {
    let leaving = Arc::try_unwrap(leaving).unwrap_or_else(|shared| Waiting::clone(&shared));
    for (device, mut points) in leaving {
        points.retain(&lacks);
        if points.is_empty() {
            continue;
        }
        let later = waiting.entry(device).or_default();
        points.append(later);
        *later = points;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
