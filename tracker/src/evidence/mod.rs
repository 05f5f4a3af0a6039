//! Evidence of a transfer as a file: gathered from the log, written, read and checked without anything else.

mod file;
mod gather;
mod named;
mod points;

pub use file::{FileError, read, write};
pub use gather::{EvidenceError, declared, gather};
pub use points::TransferPoints;
