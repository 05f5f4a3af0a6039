//! The evidence log: every accepted entry in order of arrival, the one truth that all views are made of.
//!
//! ```text
//! log/00000000000000000000.seg     named by the sequence number of its first entry
//!   segment head, 64 bytes         magic, format, number, first sequence number, chain so far, crc32
//!   frame, frame, frame ...        head of 44 bytes + entry (canonical CBOR)
//!   zeros                          up to the preallocated size
//! frame head, little endian:
//!   0  len    u32   bytes of the entry, never 0
//!   4  crc    u32   crc32 of len, bytes 8..44 and the entry
//!   8  seq    u64   sequence number, the first entry of all is 0
//!   16 back   u64   position of the device's previous frame, 0 none
//!   24 lead   u32   frames of the same commit that stand before this one
//!   28 chain  16    first half of SHA-256(chain of the frame before, entry)
//! position: segment number << 32 | offset; segment numbers begin with 1
//! ```
//! A commit is one write and one fdatasync, always within one segment. `lead` tells after a crash whether a bad frame had
//! been promised to anybody: a frame that a *later* commit follows was durable, so its loss is corruption and the log refuses to open;
//! bad bytes that only frames of the same commit follow are the torn tail of a commit that nobody was told of, and are cut. For the
//! last commit `durable.mark` says the same.
//! There is deliberately no index and no deletion: a device's history is the walk along `back`.

mod copy;
mod fault;
mod frame;
mod mark;
mod reader;
mod recover;
mod scan;
mod segment;
mod spare;
mod writer;

pub use copy::{Copied, copy};
pub use fault::{DiskFaults, NoFaults};
pub use reader::{Frame, Frames, LogReader, Walk};
pub use scan::{Scan, scan};
pub use writer::{Appended, EvidenceLog, LogConfig};

use std::path::PathBuf;

/// Where a frame stands: segment number and offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Position(u64);

impl Position {
    pub(crate) fn new(segment: u32, offset: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(offset))
    }

    fn segment(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)
    }

    fn offset(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }

    pub(crate) fn from_stored(stored: u64) -> Option<Self> {
        (stored != 0).then_some(Self(stored))
    }

    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{}: disk full: no room for a log segment of {bytes} bytes", path.display())]
    Full { path: PathBuf, bytes: u64 },
    #[error("{}: offset {offset}, entry {seq}: {fault}; entries that were promised stand here, so nothing is cut", path.display())]
    Corrupt { path: PathBuf, offset: u64, seq: u64, fault: Fault },
    #[error("entry of {size} bytes, expected 1 to {limit}")]
    EntrySize { size: usize, limit: usize },
    #[error("position {0}: no such segment")]
    NoSegment(u64),
}

/// What is wrong with a frame or a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the frame is not whole")]
    Torn,
    #[error("the checksum does not match")]
    Checksum,
    #[error("the sequence number is not the expected one")]
    Sequence,
    #[error("the chain does not match: an entry was changed, removed or swapped")]
    Chain,
    #[error("the segment head is not one of this log")]
    Head,
    #[error("the entry is not canonical CBOR of a known kind")]
    Entry,
    #[error("entry {seq}: the tree has another hash of it")]
    Tree { seq: u64 },
}

impl LogError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether more room on the disk would have helped.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Corrupt { .. } | Self::EntrySize { .. } | Self::NoSegment(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
