//! Evidence of a transfer as a file: gathered from the log, written, read and checked without anything else.

mod file;
mod gather;

pub use file::{FileError, read, write};
pub use gather::{EvidenceError, declared, gather};
