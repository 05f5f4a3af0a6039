//! The files on the disk: a folder for each day of device time, in it the files in the order in which they were written.
//!
//! `<series>/<day>/<sequence>-<level>.pts`. A new file has level 0; [`FAN`] files of a level are merged into one of the next, so that a
//! point is written a few times in its life and a day is read from few files. A file that a crash left beside the merged one holds the same
//! points once more, and does no harm.

use super::file::{RowFile, Sources, Writer};
use super::hours::Hours;
use crate::series::query::{DAY_MS, Span};
use crate::series::{Point, SeriesError};
use sealway_schemas::{DeviceId, Time};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) type PointFile = RowFile<Point>;

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
    /// What is on the disk, and the highest sequence number. Files whose points are in the hours of their day go.
    pub(super) fn open(folder: &Path, hours: &Hours) -> Result<(Self, u64), SeriesError> {
        std::fs::create_dir_all(folder).map_err(SeriesError::io(folder))?;
        let mut days = Self::default();
        let mut highest = hours.newest();
        for day in children(folder)? {
            let Some(number) = day.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()) else { continue };
            for path in children(&day)? {
                match name_of(&path) {
                    Some((sequence, level)) if hours.through(number).is_none_or(|through| sequence > through) => {
                        highest = highest.max(sequence);
                        let file = Arc::new(PointFile::open(&path)?);
                        days.0.entry(number).or_default().push(Written { sequence, level, file });
                    }
                    _ => std::fs::remove_file(&path).map_err(SeriesError::io(&path))?,
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

    /// A day's files, in the order of writing.
    pub(super) fn files_of(&self, day: u64) -> &[Written] {
        self.0.get(&day).map_or(&[], Vec::as_slice)
    }

    /// A device's points of one day, in the order of writing.
    pub(super) fn points(&self, day: u64, device: &DeviceId, span: Span) -> Result<Vec<Point>, SeriesError> {
        let mut points = Vec::new();
        for written in self.files_of(day) {
            written.file.rows(device, span, &mut points)?;
        }
        Ok(points)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.values().flatten().map(|written| written.file.bytes).sum()
    }

    pub(super) fn files(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// The whole days that end at `before` or earlier.
    pub(super) fn before(&self, before: Time) -> Vec<u64> {
        self.0.range(..before.as_ms() / DAY_MS).map(|(day, _)| *day).collect()
    }

    pub(super) fn remove(&mut self, day: u64) {
        self.0.remove(&day);
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

    /// Puts a merged file in the place of what it was made of.
    pub(super) fn replace(&mut self, merge: &Merge, merged: Written) {
        let files = self.0.entry(merge.day).or_default();
        files.retain(|written| !merge.inputs.iter().any(|input| Arc::ptr_eq(&input.file, &written.file)));
        files.push(merged);
        files.sort_by_key(|written| (written.sequence, written.level));
    }
}

/// The files of one level that stand together.
fn run(files: &[Written], level: u8) -> &[Written] {
    let first = files.iter().position(|written| written.level == level).unwrap_or(files.len());
    let tail = files.get(first..).unwrap_or_default();
    let len = tail.iter().position(|written| written.level != level).unwrap_or(tail.len());
    tail.get(..len).unwrap_or_default()
}

impl Written {
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Merge {
    pub(super) fn run(&self, folder: &Path) -> Result<Written, SeriesError> {
        let mut writer = Writer::create::<Point>(path_of(folder, self.day, self.sequence, self.level)?)?;
        let mut sources = Sources::new(self.inputs.iter().map(|input| input.file.as_ref()));
        while let Some(device) = sources.least()? {
            writer.put(&in_order(sources.take(device)?))?;
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
    let mut writer = Writer::create::<Point>(path_of(folder, day, sequence, 0)?)?;
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

pub(super) fn children(folder: &Path) -> Result<Vec<PathBuf>, SeriesError> {
    let entries = std::fs::read_dir(folder).map_err(SeriesError::io(folder))?;
    entries.map(|entry| Ok(entry.map_err(SeriesError::io(folder))?.path())).collect()
}
