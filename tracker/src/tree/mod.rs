//! The log as a Merkle tree: a view that a thread grows behind the writer, and the one that lets a stranger check the log.
//!
//! Leaf `n` is entry `n`. Once a second, or every 1,000 entries, the newest durable size gets a checkpoint, signed as a note by the
//! platform key. Rows, index and checkpoint can be made again from the log, a checkpoint of the same size to the same byte. What was told
//! and what witnesses signed cannot: `sealway rebuild` leaves it, and a backup takes it along.
//!
//! ```text
//! tree/0.rows     hashes of the leaves, 32 bytes each
//! tree/1.rows     hashes of the full nodes over 256 of them; and so on, as the tiles of C2SP tlog-tiles lie
//! tree/index      position in the log of every 256th entry, 8 bytes each
//! tree/told       roots and sizes of all checkpoints, so that a report's `heard` leads to a time
//! tree/cosigned   checkpoints that witnesses cosigned, one in ten minutes, each note after its length in four bytes
//! tree/witnessed  the newest of them
//! tree/checkpoint the newest signed checkpoint; what lies behind its size in the files is not believed at a start
//! ```

mod audit;
mod grow;
mod reader;
mod store;

pub(crate) use audit::Audit;
pub(crate) use grow::Grower;
pub(crate) use reader::Published;
pub use reader::{SignedCheckpoint, TreeReader};
pub(crate) use store::Store;

use crate::log::LogError;
use crate::platform_key::PlatformKeyError;
use sealway_core::proof::note::NoteFault;
use sealway_core::proof::{Hash, ProofFault};
use sealway_schemas::Malformed;
use std::path::PathBuf;

/// Files that the log cannot make again.
pub(crate) const KEPT: [&str; 3] = ["told", "cosigned", "witnessed"];

/// Entries in a bundle and hashes in a row of a tile.
pub(crate) const WIDTH: u64 = sealway_core::proof::tile::WIDTH;

#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("tree {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("tree: {0}")]
    Proof(#[from] ProofFault),
    #[error("tree: {0}")]
    Note(#[from] NoteFault),
    #[error("tree of {size} entries, expected one of at least {asked}: its checkpoint comes within a second")]
    Younger { size: u64, asked: u64 },
    #[error("{}: no checkpoint of this platform", .0.display())]
    NoCheckpoint(PathBuf),
    #[error(transparent)]
    Key(#[from] PlatformKeyError),
    #[error("entry {seq}: {fault}")]
    Leaf { seq: u64, fault: Malformed },
    #[error("tree of {size} entries with root {root}: expected root {own}, as the log here has it")]
    Other { size: u64, own: Hash, root: Hash },
}
