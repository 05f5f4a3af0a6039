//! Segment files: their head, their name, the list of them that writer and readers share.

use super::frame::Chain;
use super::{Fault, LogError, Position};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

pub(super) const SEGMENT_HEAD: usize = 64;
/// [`SEGMENT_HEAD`] as an offset.
pub(super) const FIRST_FRAME: u32 = 64;
const MAGIC: [u8; 8] = *b"SEALWAYL";
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHead {
    pub(super) number: u32,
    pub(super) first_seq: u64,
    pub(super) chain: Chain,
}

impl SegmentHead {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEAD);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.chain);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes.resize(SEGMENT_HEAD, 0);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (format, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (first_seq, rest) = rest.split_first_chunk()?;
        let (chain, _) = rest.split_first_chunk()?;
        let head = Self { number: u32::from_le_bytes(*number), first_seq: u64::from_le_bytes(*first_seq), chain: *chain };
        let known = *magic == MAGIC && u32::from_le_bytes(*format) == FORMAT && head.encode() == bytes;
        known.then_some(head)
    }
}

/// An open segment. Frames are read by position, never through a shared cursor.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) head: SegmentHead,
    pub(super) path: PathBuf,
    pub(super) file: File,
}

impl Segment {
    pub(super) fn open(path: &Path) -> Result<Self, LogError> {
        Self::of(path, OpenOptions::new().read(true).write(true).open(path).map_err(LogError::io("open", path))?)
    }

    /// For those who only look.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, LogError> {
        Self::of(path, File::open(path).map_err(LogError::io("open", path))?)
    }

    fn of(path: &Path, file: File) -> Result<Self, LogError> {
        let mut bytes = [0; SEGMENT_HEAD];
        let corrupt = |fault| LogError::Corrupt { path: path.to_owned(), offset: 0, seq: seq_of(path).unwrap_or_default(), fault };
        file.read_exact_at(&mut bytes, 0).map_err(|_| corrupt(Fault::Torn))?;
        let head = SegmentHead::decode(&bytes).filter(|head| seq_of(path) == Some(head.first_seq)).ok_or_else(|| corrupt(Fault::Head))?;
        Ok(Self { head, path: path.to_owned(), file })
    }

    pub(super) fn len(&self) -> Result<u64, LogError> {
        Ok(self.file.metadata().map_err(LogError::io("stat", &self.path))?.len())
    }

    /// Up to `len` bytes from `offset`; fewer at the file's end.
    pub(super) fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(LogError::io("read", &self.path)(error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    pub(super) fn corrupt(&self, offset: u64, seq: u64, fault: Fault) -> LogError {
        LogError::Corrupt { path: self.path.clone(), offset, seq, fault }
    }
}

pub(super) fn path_of(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("{first_seq:020}.seg"))
}

fn seq_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".seg")?.parse().ok()
}

/// The segment files of a folder, in order.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, LogError> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir).map_err(LogError::io("list", dir))? {
        let path = item.map_err(LogError::io("list", dir))?.path();
        if seq_of(&path).is_some() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// All segments, the newest last. Number n stands at index n - 1.
#[derive(Debug, Clone, Default)]
pub(super) struct Segments(Arc<RwLock<Vec<Arc<Segment>>>>);

impl Segments {
    pub(super) fn push(&self, segment: Arc<Segment>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(segment);
    }

    pub(super) fn at(&self, position: Position) -> Result<Arc<Segment>, LogError> {
        self.numbered(position.segment()).ok_or(LogError::NoSegment(position.as_u64()))
    }

    pub(super) fn numbered(&self, number: u32) -> Option<Arc<Segment>> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(index).cloned()
    }

    /// The segment that holds entry `seq`, if it is there at all.
    pub(super) fn holding(&self, seq: u64) -> Option<Arc<Segment>> {
        let segments = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let after = segments.partition_point(|segment| segment.head.first_seq <= seq);
        segments.get(after.checked_sub(1)?).cloned()
    }
}
