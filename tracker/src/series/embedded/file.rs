//! A file of rows of one day, written once: blocks, then an index sorted by device, then a footer. A device is found by halving the
//! index on the disk, so that an open file costs no memory. Rows are points ("SEALPTS1") or hours ("SEALHRS1").
//!
//! ```text
//! magic       block*  index entry*  footer
//! block       crc32 u32, deflated rows (block.rs, hours.rs)
//! index entry device 32 (padded with 0), offset u64, bytes u32, rows u32, first ns u64, last ns u64
//! footer      offset of the index u64, entries u64, crc32 of the index u32, magic
//! ```
//! Numbers are little-endian.

use crate::series::query::Span;
use crate::series::{PointTime, SeriesError};
use sealway_schemas::DeviceId;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const ENTRY: usize = 64;
const FOOTER: usize = 28;
const DEVICE: usize = 32;

/// What is kept in blocks.
pub(super) trait Row: Sized {
    const MAGIC: [u8; 8];
    /// Rows of one block at most.
    const BLOCK: usize;

    fn device(&self) -> DeviceId;
    fn at(&self) -> PointTime;
    /// Of one device, oldest first.
    fn encode(rows: &[Self]) -> std::io::Result<Vec<u8>>;
    fn decode(device: DeviceId, body: &[u8]) -> Option<Vec<Self>>;
}

/// One block, as the index tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    device: DeviceId,
    offset: u64,
    bytes: u32,
    rows: u32,
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
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.first.as_ns().to_le_bytes());
        out.extend_from_slice(&self.last.as_ns().to_le_bytes());
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (device, rest) = bytes.split_first_chunk::<DEVICE>()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (bytes, rest) = rest.split_first_chunk()?;
        let (rows, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (last, _) = rest.split_first_chunk()?;
        Some(Self {
            device: std::str::from_utf8(device).ok()?.trim_end_matches('\0').parse().ok()?,
            offset: u64::from_le_bytes(*offset),
            bytes: u32::from_le_bytes(*bytes),
            rows: u32::from_le_bytes(*rows),
            first: PointTime::from_ns(u64::from_le_bytes(*first)),
            last: PointTime::from_ns(u64::from_le_bytes(*last)),
        })
    }

    fn touches(&self, span: Span) -> bool {
        self.last.t() >= span.from() && self.first.t() < span.to()
    }
}

#[derive(Debug)]
pub(super) struct RowFile<R> {
    path: PathBuf,
    file: File,
    index: u64,
    entries: u64,
    pub(super) bytes: u64,
    rows: PhantomData<fn() -> R>,
}

impl<R: Row> RowFile<R> {
    pub(super) fn open(path: &Path) -> Result<Self, SeriesError> {
        let file = File::open(path).map_err(SeriesError::io(path))?;
        let bytes = file.metadata().map_err(SeriesError::io(path))?.len();
        let damaged = |what| SeriesError::damaged(path, what);
        let footer_at = bytes.checked_sub(FOOTER as u64).ok_or(damaged("too short"))?;
        let footer = read(&file, path, footer_at, FOOTER)?;
        let parsed = footer.split_first_chunk().and_then(|(index, rest)| {
            let (entries, rest) = rest.split_first_chunk()?;
            let (crc, magic) = rest.split_first_chunk()?;
            (magic == R::MAGIC).then(|| (u64::from_le_bytes(*index), u64::from_le_bytes(*entries), u32::from_le_bytes(*crc)))
        });
        let (index, entries, crc) = parsed.ok_or(damaged("no footer"))?;
        let index_bytes = entries.checked_mul(ENTRY as u64).filter(|len| index.checked_add(*len) == Some(footer_at));
        let index_bytes = index_bytes.and_then(|len| usize::try_from(len).ok()).ok_or(damaged("the index is not where the footer says"))?;
        if crc32fast::hash(&read(&file, path, index, index_bytes)?) != crc {
            return Err(damaged("the index's checksum does not match"));
        }
        Ok(Self { path: path.to_owned(), file, index, entries, bytes, rows: PhantomData })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the device's rows in the span.
    pub(super) fn rows(&self, device: &DeviceId, span: Span, out: &mut Vec<R>) -> Result<(), SeriesError> {
        let mut n = self.first_of(device)?;
        while n < self.entries {
            let slot = self.slot(n)?;
            if slot.device != *device {
                break;
            }
            if slot.touches(span) {
                out.extend(self.block(&slot)?.into_iter().filter(|row| span.contains(row.at())));
            }
            n += 1;
        }
        Ok(())
    }

    fn slot(&self, n: u64) -> Result<Slot, SeriesError> {
        let bytes = read(&self.file, &self.path, self.index + n * ENTRY as u64, ENTRY)?;
        Slot::parse(&bytes).ok_or(SeriesError::damaged(&self.path, "an index entry cannot be read"))
    }

    fn block(&self, slot: &Slot) -> Result<Vec<R>, SeriesError> {
        let damaged = |what| SeriesError::damaged(&self.path, what);
        let len = usize::try_from(slot.bytes).map_err(|_| damaged("a block is too large"))?;
        let bytes = read(&self.file, &self.path, slot.offset, len)?;
        let (crc, body) = bytes.split_first_chunk().ok_or(damaged("a block is too short"))?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err(damaged("a block's checksum does not match"));
        }
        R::decode(slot.device, body).ok_or(damaged("a block cannot be read"))
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

/// Files side by side, device by device in their order.
pub(super) struct Sources<'a, R> {
    /// Each with the number of its next entry.
    heads: Vec<(&'a RowFile<R>, u64)>,
}

impl<'a, R: Row> Sources<'a, R> {
    pub(super) fn new(files: impl Iterator<Item = &'a RowFile<R>>) -> Self {
        Self { heads: files.map(|file| (file, 0)).collect() }
    }

    /// The device that is next in any of them.
    pub(super) fn least(&self) -> Result<Option<DeviceId>, SeriesError> {
        let mut least = None;
        for (file, next) in self.heads.iter().filter(|(file, next)| *next < file.entries) {
            let device = file.slot(*next)?.device;
            least = Some(least.map_or(device, |least: DeviceId| least.min(device)));
        }
        Ok(least)
    }

    /// The device's rows, file by file. It has to be the least, or before it.
    pub(super) fn take(&mut self, device: DeviceId) -> Result<Vec<R>, SeriesError> {
        let mut rows = Vec::new();
        for (file, next) in &mut self.heads {
            while *next < file.entries {
                let slot = file.slot(*next)?;
                if slot.device != device {
                    break;
                }
                rows.extend(file.block(&slot)?);
                *next += 1;
            }
        }
        Ok(rows)
    }
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
    pub(super) fn create<R: Row>(path: PathBuf) -> Result<Self, SeriesError> {
        let beside = path.with_extension("tmp");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside).map_err(SeriesError::io(&beside))?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        out.write_all(&R::MAGIC).map_err(SeriesError::io(&beside))?;
        Ok(Self { path, beside, out, offset: R::MAGIC.len() as u64, index: Vec::new(), entries: 0 })
    }

    /// Devices have to come in their order, the rows of each oldest first.
    pub(super) fn put<R: Row>(&mut self, rows: &[R]) -> Result<(), SeriesError> {
        for rows in rows.chunks(R::BLOCK) {
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
            let body = R::encode(rows).map_err(SeriesError::io(&self.beside))?;
            let crc = crc32fast::hash(&body).to_le_bytes();
            self.out.write_all(&crc).and_then(|()| self.out.write_all(&body)).map_err(SeriesError::io(&self.beside))?;
            let bytes = u32::try_from(crc.len() + body.len()).map_err(|_| SeriesError::damaged(&self.beside, "a block is too large"))?;
            let count = u32::try_from(rows.len()).map_err(|_| SeriesError::damaged(&self.beside, "a block is too large"))?;
            let slot = Slot { device: first.device(), offset: self.offset, bytes, rows: count, first: first.at(), last: last.at() };
            slot.write(&mut self.index);
            self.offset += u64::from(bytes);
            self.entries += 1;
        }
        Ok(())
    }

    pub(super) fn finish<R: Row>(mut self) -> Result<RowFile<R>, SeriesError> {
        let written = self.end(&R::MAGIC);
        if let Err(source) = written {
            // What is left of it is removed at the next start.
            let _still_there = std::fs::remove_file(&self.beside);
            return Err(SeriesError::Io { path: self.beside, source });
        }
        RowFile::open(&self.path)
    }

    fn end(&mut self, magic: &[u8]) -> std::io::Result<()> {
        self.out.write_all(&self.index)?;
        self.out.write_all(&self.offset.to_le_bytes())?;
        self.out.write_all(&self.entries.to_le_bytes())?;
        self.out.write_all(&crc32fast::hash(&self.index).to_le_bytes())?;
        self.out.write_all(magic)?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        std::fs::rename(&self.beside, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}
