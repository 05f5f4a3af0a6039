//! The files on the disk: a folder for each day of device time, in it the files in the order in which they were written.
//!
//! `<series>/<day>/<sequence>-<level>.pts`. A new file has level 0; [`FAN`] files of a level are merged into one of the next, so that a
//! point is written a few times in its life and a day is read from few files. A file that a crash left beside the merged one holds the same
//! points once more, and does no harm.

use super::file::{PointFile, Writer};
use crate::series::query::Span;
use crate::series::{HOUR_MS, Point, SeriesError};
use sealway_schemas::{DeviceId, Time};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const DAY_MS: u64 = 24 * HOUR_MS;
/// Files of one level that become one of the next.
const FAN: usize = 8;

#[derive(Debug, Clone)]
pub(super) struct Written {
    sequence: u64,
    level: u8,
    pub(super) file: Arc<PointFile>,
}

/// By day, each in the order of writing.
#[derive(Debug, Clone, Default)]
pub(super) struct Days(BTreeMap<u64, Vec<Written>>);

/// Files of one day that are due to become one.
#[derive(Debug, Clone)]
pub(super) struct Merge {
    day: u64,
    sequence: u64,
    level: u8,
    inputs: Vec<Written>,
}

impl Days {
    /// What is on the disk, and the highest sequence number.
    pub(super) fn open(folder: &Path) -> Result<(Self, u64), SeriesError> {
        std::fs::create_dir_all(folder).map_err(SeriesError::io(folder))?;
        let mut days = Self::default();
        let mut highest = 0;
        for day in children(folder)? {
            let Some(number) = day.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()) else { continue };
            for path in children(&day)? {
                match name_of(&path) {
                    Some((sequence, level)) => {
                        highest = highest.max(sequence);
                        let file = Arc::new(PointFile::open(&path)?);
                        days.0.entry(number).or_default().push(Written { sequence, level, file });
                    }
                    None => std::fs::remove_file(&path).map_err(SeriesError::io(&path))?,
                }
            }
        }
        for files in days.0.values_mut() {
            files.sort_by_key(|written| (written.sequence, written.level));
        }
        Ok((days, highest))
    }

    pub(super) fn add(&mut self, day: u64, written: Written) {
        self.0.entry(day).or_default().push(written);
    }

    /// The days that a span touches.
    pub(super) fn touched(&self, span: Span) -> impl Iterator<Item = u64> {
        let last = span.to().as_ms().saturating_sub(1) / DAY_MS;
        self.0.range(span.from().as_ms() / DAY_MS..=last).map(|(day, _)| *day)
    }

    /// A device's points of one day, in the order of writing.
    pub(super) fn points(&self, day: u64, device: &DeviceId, span: Span) -> Result<Vec<Point>, SeriesError> {
        let mut points = Vec::new();
        for written in self.0.get(&day).into_iter().flatten() {
            written.file.points(device, span, &mut points)?;
        }
        Ok(points)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.values().flatten().map(|written| written.file.bytes).sum()
    }

    pub(super) fn files(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Takes the whole days out that end at `before` or earlier.
    pub(super) fn take_before(&mut self, before: Time) -> Vec<u64> {
        let kept = self.0.split_off(&(before.as_ms() / DAY_MS));
        std::mem::replace(&mut self.0, kept).into_keys().collect()
    }

    /// The next files that are due. Those of a level stand together in the order of writing, for a merged file takes the place of its newest.
    pub(super) fn due(&self) -> Option<Merge> {
        self.0.iter().rev().find_map(|(day, files)| {
            let greatest = files.iter().map(|written| written.level).max()?;
            let inputs = (0..=greatest).map(|level| run(files, level)).find(|inputs| inputs.len() >= FAN)?;
            let last = inputs.last()?;
            Some(Merge { day: *day, sequence: last.sequence, level: last.level.saturating_add(1), inputs: inputs.to_vec() })
        })
    }

    /// Everything of each day that is in more than one file.
    pub(super) fn unmerged(&self) -> Option<Merge> {
        let (day, files) = self.0.iter().find(|(_, files)| files.len() > 1)?;
        let last = files.last()?;
        let level = files.iter().map(|written| written.level).max()?;
        Some(Merge { day: *day, sequence: last.sequence, level: level.saturating_add(1), inputs: files.clone() })
    }

    /// Puts a merged file in the place of what it was made of, unless the day has gone meanwhile.
    pub(super) fn replace(&mut self, merge: &Merge, merged: Written) -> bool {
        let Some(files) = self.0.get_mut(&merge.day) else { return false };
        let before = files.len();
        files.retain(|written| !merge.inputs.iter().any(|input| Arc::ptr_eq(&input.file, &written.file)));
        let gone = before - files.len() == merge.inputs.len();
        files.push(merged);
        files.sort_by_key(|written| (written.sequence, written.level));
        gone
    }
}

/// The files of one level that stand together.
fn run(files: &[Written], level: u8) -> &[Written] {
    let first = files.iter().position(|written| written.level == level).unwrap_or(files.len());
    let tail = files.get(first..).unwrap_or_default();
    let len = tail.iter().position(|written| written.level != level).unwrap_or(tail.len());
    tail.get(..len).unwrap_or_default()
}

impl Merge {
    pub(super) fn run(&self, folder: &Path) -> Result<Written, SeriesError> {
        let mut writer = Writer::create(path_of(folder, self.day, self.sequence, self.level)?)?;
        let mut heads = Vec::new();
        for input in &self.inputs {
            heads.push((input.file.as_ref(), 0));
        }
        while let Some(device) = least(&heads)? {
            let mut points = Vec::new();
            for (file, next) in &mut heads {
                while *next < file.entries() {
                    let slot = file.slot(*next)?;
                    if slot.device != device {
                        break;
                    }
                    points.extend(file.block(&slot)?);
                    *next += 1;
                }
            }
            writer.put(&in_order(points))?;
        }
        Ok(Written { sequence: self.sequence, level: self.level, file: Arc::new(writer.finish()?) })
    }

    /// The files whose points are in the merged one now. Readers that have them open read on.
    pub(super) fn remove_inputs(&self) {
        for input in &self.inputs {
            if let Err(error) = std::fs::remove_file(input.file.path()) {
                tracing::warn!(file = %input.file.path().display(), %error, "a merged file was not removed; its points are there twice");
            }
        }
    }
}

fn least(heads: &[(&PointFile, u64)]) -> Result<Option<DeviceId>, SeriesError> {
    let mut least = None;
    for (file, next) in heads.iter().filter(|(file, next)| *next < file.entries()) {
        let device = file.slot(*next)?.device;
        least = Some(least.map_or(device, |least: DeviceId| least.min(device)));
    }
    Ok(least)
}

/// By time; of two points at one time the one that was written later.
pub(super) fn in_order(mut points: Vec<Point>) -> Vec<Point> {
    if !points.is_sorted_by(|one, other| one.at < other.at) {
        points.sort_by_key(|point| point.at);
        points.reverse();
        points.dedup_by_key(|point| point.at);
        points.reverse();
    }
    points
}

/// Writes a day's new points; the devices in order, each one's points in order.
pub(super) fn write(folder: &Path, day: u64, sequence: u64, devices: &[Vec<Point>]) -> Result<Written, SeriesError> {
    let mut writer = Writer::create(path_of(folder, day, sequence, 0)?)?;
    for points in devices {
        writer.put(points)?;
    }
    Ok(Written { sequence, level: 0, file: Arc::new(writer.finish()?) })
}

pub(super) fn folder_of(folder: &Path, day: u64) -> PathBuf {
    folder.join(day.to_string())
}

fn path_of(folder: &Path, day: u64, sequence: u64, level: u8) -> Result<PathBuf, SeriesError> {
    let folder = folder_of(folder, day);
    std::fs::create_dir_all(&folder).map_err(SeriesError::io(&folder))?;
    Ok(folder.join(format!("{sequence:012}-{level}.pts")))
}

fn name_of(path: &Path) -> Option<(u64, u8)> {
    let (sequence, level) = path.file_name()?.to_str()?.strip_suffix(".pts")?.split_once('-')?;
    Some((sequence.parse().ok()?, level.parse().ok()?))
}

fn children(folder: &Path) -> Result<Vec<PathBuf>, SeriesError> {
    let entries = std::fs::read_dir(folder).map_err(SeriesError::io(folder))?;
    entries.map(|entry| Ok(entry.map_err(SeriesError::io(folder))?.path())).collect()
}
