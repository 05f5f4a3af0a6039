//! How far the log was durable, written after each fdatasync and not synced itself. The last commit has no later one behind it that
//! would show that it was promised: with the mark, its damage too is told apart from a torn write. The mark can only be behind
//! the truth, never ahead of it: what is not there, or not readable, protects less and refuses nothing.

use super::LogError;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const NAME: &str = "durable.mark";
const SIZE: usize = 12;

#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
    file: File,
}

impl Mark {
    pub(super) fn open(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join(NAME);
        let options = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        Ok(Self { file: options.map_err(LogError::io("open", &path))?, path })
    }

    /// Entries below this number were durable once.
    pub(super) fn read(dir: &Path) -> u64 {
        let bytes = std::fs::read(dir.join(NAME)).unwrap_or_default();
        let Some((seq, crc)) = bytes.split_first_chunk::<8>() else { return 0 };
        if crc == crc32fast::hash(seq).to_le_bytes() { u64::from_le_bytes(*seq) } else { 0 }
    }

    pub(super) fn write(&self, durable: u64) {
        let seq = durable.to_le_bytes();
        let mut bytes = [0; SIZE];
        bytes.iter_mut().zip(seq.iter().chain(&crc32fast::hash(&seq).to_le_bytes())).for_each(|(to, from)| *to = *from);
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::debug!(file = %self.path.display(), %error, "mark not written");
        }
    }
}
