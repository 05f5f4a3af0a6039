//! Days that are forgotten, as hours: one file for each day, `<series>/hours/<day>-<sequence>.hrs`. The sequence is that of the newest file
//! of points that went into it, so that after a crash nothing is counted twice and nothing is missing.

use super::days::{Days, children};
use super::file::{Row, RowFile, Sources, Writer};
use crate::series::hour::{Figures, joined};
use crate::series::query::{DAY_MS, Field, Span};
use crate::series::{Hour, PointTime, SeriesError};
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const HOURS_OF_DAY: usize = 24;
const BLOCK_BYTES_LIMIT: u64 = 64 << 10;

#[derive(Serialize, Deserialize)]
struct Packed {
    start: Time,
    reports: u64,
    figures: [Option<Figures>; Field::ALL.len()],
}

impl Row for Hour {
    const MAGIC: [u8; 8] = *b"SEALHRS1";
    const BLOCK: usize = HOURS_OF_DAY;

    fn device(&self) -> DeviceId {
        self.device
    }

    fn at(&self) -> PointTime {
        PointTime::from_ns(self.start.as_ms().saturating_mul(1_000_000))
    }

    fn encode(rows: &[Self]) -> std::io::Result<Vec<u8>> {
        let packed = rows.iter().map(|hour| Packed { start: hour.start, reports: hour.reports, figures: hour.figures });
        let bytes = postcard::to_allocvec(&packed.collect::<Vec<_>>()).map_err(std::io::Error::other)?;
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&bytes)?;
        deflate.finish()
    }

    fn decode(device: DeviceId, body: &[u8]) -> Option<Vec<Self>> {
        let mut bytes = Vec::new();
        DeflateDecoder::new(body).take(BLOCK_BYTES_LIMIT).read_to_end(&mut bytes).ok()?;
        let packed: Vec<Packed> = postcard::from_bytes(&bytes).ok()?;
        Some(packed.into_iter().map(|Packed { start, reports, figures }| Self { device, start, reports, figures }).collect())
    }
}

#[derive(Debug, Clone)]
struct Kept {
    through: u64,
    file: Arc<RowFile<Hour>>,
}

/// By day.
#[derive(Debug, Clone, Default)]
pub(super) struct Hours(BTreeMap<u64, Kept>);

impl Hours {
    /// What is on the disk. Files that a crash left beside newer ones go.
    pub(super) fn open(folder: &Path) -> Result<Self, SeriesError> {
        let folder = folder_of(folder);
        std::fs::create_dir_all(&folder).map_err(SeriesError::io(&folder))?;
        let mut hours = Self::default();
        let mut paths = children(&folder)?;
        paths.sort();
        for path in paths {
            let Some((day, through)) = name_of(&path) else {
                std::fs::remove_file(&path).map_err(SeriesError::io(&path))?;
                continue;
            };
            let file = Arc::new(RowFile::open(&path)?);
            hours.replace(day, Kept { through, file })?;
        }
        Ok(hours)
    }

    fn replace(&mut self, day: u64, kept: Kept) -> Result<(), SeriesError> {
        match self.0.insert(day, kept) {
            Some(older) => std::fs::remove_file(older.file.path()).map_err(SeriesError::io(older.file.path())),
            None => Ok(()),
        }
    }

    /// The files of points of a day up to this one are in its hours.
    pub(super) fn through(&self, day: u64) -> Option<u64> {
        self.0.get(&day).map(|kept| kept.through)
    }

    /// The highest sequence number in any of them.
    pub(super) fn newest(&self) -> u64 {
        self.0.values().map(|kept| kept.through).max().unwrap_or(0)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.values().map(|kept| kept.file.bytes).sum()
    }

    /// A device's hours that begin in the span, oldest first.
    pub(super) fn of(&self, device: &DeviceId, span: Span) -> Result<Vec<Hour>, SeriesError> {
        let last = span.to().as_ms().saturating_sub(1) / DAY_MS;
        let mut hours = Vec::new();
        for kept in self.0.range(span.from().as_ms() / DAY_MS..=last).map(|(_, kept)| kept) {
            kept.file.rows(device, span, &mut hours)?;
        }
        Ok(hours)
    }

    /// Writes the hours of a day: those that were made before, and those of its points.
    pub(super) fn make(&self, folder: &Path, days: &Days, day: u64) -> Result<Option<Made>, SeriesError> {
        let points = days.files_of(day);
        let Some(newest) = points.last() else { return Ok(None) };
        let through = newest.sequence();
        let before = self.0.get(&day).map(|kept| kept.file.clone());
        let path = folder_of(folder).join(format!("{day:06}-{through:012}.hrs"));
        let mut writer = Writer::create::<Hour>(path)?;
        let mut points = Sources::new(points.iter().map(|written| written.file.as_ref()));
        let mut hours = Sources::new(before.iter().map(AsRef::as_ref));
        while let Some(device) = [points.least()?, hours.least()?].into_iter().flatten().min() {
            let fresh = Hour::of(&super::in_order(points.take(device)?));
            writer.put(&joined(hours.take(device)?, fresh))?;
        }
        Ok(Some(Made { day, kept: Kept { through, file: Arc::new(writer.finish()?) } }))
    }

    pub(super) fn put(&mut self, made: Made) -> Result<(), SeriesError> {
        self.replace(made.day, made.kept)
    }

    /// Forgets the hours too.
    pub(super) fn clear(&mut self) -> Result<(), SeriesError> {
        for kept in std::mem::take(&mut self.0).into_values() {
            std::fs::remove_file(kept.file.path()).map_err(SeriesError::io(kept.file.path()))?;
        }
        Ok(())
    }
}

/// The hours of a day on the disk, not yet told.
pub(super) struct Made {
    day: u64,
    kept: Kept,
}

fn folder_of(folder: &Path) -> PathBuf {
    folder.join("hours")
}

fn name_of(path: &Path) -> Option<(u64, u64)> {
    let (day, through) = path.file_name()?.to_str()?.strip_suffix(".hrs")?.split_once('-')?;
    Some((day.parse().ok()?, through.parse().ok()?))
}
