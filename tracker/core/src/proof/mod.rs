//! What makes the log provable to someone who trusts nobody: a Merkle tree over its entries (RFC 6962), and notes that sign the tree's
//! size and root (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Pure: hashes are read through [`Hashes`], signatures are made
//! by whoever holds a key.

pub mod checkpoint;
pub mod consistency;
pub mod inclusion;
pub mod many;
pub mod note;
pub mod tile;
pub mod tree;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use tree::{Frontier, Hash, Hashes};

/// A proof that does not prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    #[error("leaf {index} of a tree of {size}: expected a leaf below the size")]
    Outside { index: u64, size: u64 },
    #[error("tree of {old} in a tree of {size}: expected an older tree that is no larger")]
    Older { old: u64, size: u64 },
    #[error("proof of {given} hashes, expected {expected}")]
    Length { given: usize, expected: usize },
    #[error("the proof leads to another root")]
    Root,
    /// The tree's own store lacks a hash that its size promises.
    #[error("hash {index} of level {level} is missing")]
    Missing { level: u8, index: u64 },
}
