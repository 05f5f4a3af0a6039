//! A file of points of one day, written once: blocks, then an index sorted by device, then a footer. A device is found by halving the
//! index on the disk, so that an open file costs no memory.
//!
//! ```text
//! "SEALPTS1"  block*  index entry*  footer
//! block       crc32 u32, deflated columns (block.rs)
//! index entry device 32 (padded with 0), offset u64, bytes u32, points u32, first ns u64, last ns u64
//! footer      offset of the index u64, entries u64, crc32 of the index u32, "SEALPTS1"
//! ```
//! Numbers are little-endian.

use super::block::{self, BLOCK_POINTS};
use crate::series::query::Span;
use crate::series::{Point, PointTime, SeriesError};
use sealway_schemas::DeviceId;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const MAGIC: [u8; 8] = *b"SEALPTS1";
const ENTRY: usize = 64;
const FOOTER: usize = 28;
const DEVICE: usize = 32;

/// One block, as the index tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) device: DeviceId,
    offset: u64,
    bytes: u32,
    pub(super) points: u32,
    first: PointTime,
    last: PointTime,
}

impl Slot {
    fn write(&self, out: &mut Vec<u8>) {
        let text = self.device.as_str().as_bytes();
        out.extend_from_slice(text);
        out.resize(out.len() + DEVICE.saturating_sub(text.len()), 0);
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.points.to_le_bytes());
        out.extend_from_slice(&self.first.as_ns().to_le_bytes());
        out.extend_from_slice(&self.last.as_ns().to_le_bytes());
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (device, rest) = bytes.split_first_chunk::<DEVICE>()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (bytes, rest) = rest.split_first_chunk()?;
        let (points, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (last, _) = rest.split_first_chunk()?;
        Some(Self {
            device: std::str::from_utf8(device).ok()?.trim_end_matches('\0').parse().ok()?,
            offset: u64::from_le_bytes(*offset),
            bytes: u32::from_le_bytes(*bytes),
            points: u32::from_le_bytes(*points),
            first: PointTime::from_ns(u64::from_le_bytes(*first)),
            last: PointTime::from_ns(u64::from_le_bytes(*last)),
        })
    }

    fn touches(&self, span: Span) -> bool {
        self.last.t() >= span.from() && self.first.t() < span.to()
    }
}

#[derive(Debug)]
pub(super) struct PointFile {
    path: PathBuf,
    file: File,
    index: u64,
    entries: u64,
    pub(super) bytes: u64,
}

impl PointFile {
    pub(super) fn open(path: &Path) -> Result<Self, SeriesError> {
        let file = File::open(path).map_err(SeriesError::io(path))?;
        let bytes = file.metadata().map_err(SeriesError::io(path))?.len();
        let damaged = |what| SeriesError::damaged(path, what);
        let footer_at = bytes.checked_sub(FOOTER as u64).ok_or(damaged("too short"))?;
        let footer = read(&file, path, footer_at, FOOTER)?;
        let parsed = footer.split_first_chunk().and_then(|(index, rest)| {
            let (entries, rest) = rest.split_first_chunk()?;
            let (crc, magic) = rest.split_first_chunk()?;
            (magic == MAGIC).then(|| (u64::from_le_bytes(*index), u64::from_le_bytes(*entries), u32::from_le_bytes(*crc)))
        });
        let (index, entries, crc) = parsed.ok_or(damaged("no footer"))?;
        let index_bytes = entries.checked_mul(ENTRY as u64).filter(|len| index.checked_add(*len) == Some(footer_at));
        let index_bytes = index_bytes.and_then(|len| usize::try_from(len).ok()).ok_or(damaged("the index is not where the footer says"))?;
        if crc32fast::hash(&read(&file, path, index, index_bytes)?) != crc {
            return Err(damaged("the index's checksum does not match"));
        }
        Ok(Self { path: path.to_owned(), file, index, entries, bytes })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the device's points of the blocks that touch the span.
    pub(super) fn points(&self, device: &DeviceId, span: Span, out: &mut Vec<Point>) -> Result<(), SeriesError> {
        let mut n = self.first_of(device)?;
        while n < self.entries {
            let slot = self.slot(n)?;
            if slot.device != *device {
                break;
            }
            if slot.touches(span) {
                out.extend(self.block(&slot)?.into_iter().filter(|point| span.contains(point.at)));
            }
            n += 1;
        }
        Ok(())
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    pub(super) fn slot(&self, n: u64) -> Result<Slot, SeriesError> {
        let bytes = read(&self.file, &self.path, self.index + n * ENTRY as u64, ENTRY)?;
        Slot::parse(&bytes).ok_or(SeriesError::damaged(&self.path, "an index entry cannot be read"))
    }

    pub(super) fn block(&self, slot: &Slot) -> Result<Vec<Point>, SeriesError> {
        let damaged = |what| SeriesError::damaged(&self.path, what);
        let len = usize::try_from(slot.bytes).map_err(|_| damaged("a block is too large"))?;
        let bytes = read(&self.file, &self.path, slot.offset, len)?;
        let (crc, body) = bytes.split_first_chunk().ok_or(damaged("a block is too short"))?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err(damaged("a block's checksum does not match"));
        }
        block::decode(slot.device, body).ok_or(damaged("a block cannot be read"))
    }

    /// The number of the first entry that is not before the device.
    fn first_of(&self, device: &DeviceId) -> Result<u64, SeriesError> {
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low.midpoint(high);
            if self.slot(middle)?.device < *device { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

fn read(file: &File, path: &Path, offset: u64, len: usize) -> Result<Vec<u8>, SeriesError> {
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, offset).map_err(SeriesError::io(path))?;
    Ok(bytes)
}

/// Writes a file beside its name and gives it the name when all of it is on the disk.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    beside: PathBuf,
    out: BufWriter<File>,
    offset: u64,
    index: Vec<u8>,
    entries: u64,
}

impl Writer {
    pub(super) fn create(path: PathBuf) -> Result<Self, SeriesError> {
        let beside = path.with_extension("tmp");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside).map_err(SeriesError::io(&beside))?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        out.write_all(&MAGIC).map_err(SeriesError::io(&beside))?;
        Ok(Self { path, beside, out, offset: MAGIC.len() as u64, index: Vec::new(), entries: 0 })
    }

    /// Devices have to come in their order, the points of each oldest first.
    pub(super) fn put(&mut self, points: &[Point]) -> Result<(), SeriesError> {
        for points in points.chunks(BLOCK_POINTS) {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            let body = block::encode(points).map_err(SeriesError::io(&self.beside))?;
            let crc = crc32fast::hash(&body).to_le_bytes();
            self.out.write_all(&crc).and_then(|()| self.out.write_all(&body)).map_err(SeriesError::io(&self.beside))?;
            let bytes = u32::try_from(crc.len() + body.len()).map_err(|_| SeriesError::damaged(&self.beside, "a block is too large"))?;
            let count = u32::try_from(points.len()).map_err(|_| SeriesError::damaged(&self.beside, "a block is too large"))?;
            let slot = Slot { device: first.device, offset: self.offset, bytes, points: count, first: first.at, last: last.at };
            slot.write(&mut self.index);
            self.offset += u64::from(bytes);
            self.entries += 1;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<PointFile, SeriesError> {
        let written = self.end();
        if let Err(source) = written {
            // What is left of it is removed at the next start.
            let _still_there = std::fs::remove_file(&self.beside);
            return Err(SeriesError::Io { path: self.beside, source });
        }
        PointFile::open(&self.path)
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.out.write_all(&self.index)?;
        self.out.write_all(&self.offset.to_le_bytes())?;
        self.out.write_all(&self.entries.to_le_bytes())?;
        self.out.write_all(&crc32fast::hash(&self.index).to_le_bytes())?;
        self.out.write_all(&MAGIC)?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        std::fs::rename(&self.beside, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}
