//! The next segment's file, made ready beside the commit path: zeros are written and synced ahead, so that a commit
//! changes no metadata and its fdatasync stays one flush.

use super::LogError;
use super::fault::DiskFaults;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

const PIECE: usize = 1 << 20;
pub(super) const SPARE_NAME: &str = "next.spare";

/// A file of zeros in the making.
#[derive(Debug)]
pub(super) struct Spare {
    path: PathBuf,
    bytes: u64,
    faults: Arc<dyn DiskFaults>,
    making: Option<JoinHandle<Result<File, LogError>>>,
}

impl Spare {
    pub(super) fn new(dir: &Path, bytes: u64, faults: Arc<dyn DiskFaults>) -> Self {
        Self { path: dir.join(SPARE_NAME), bytes, faults, making: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to make the file in the background.
    pub(super) fn begin(&mut self) {
        let (path, bytes, faults) = (self.path.clone(), self.bytes, self.faults.clone());
        let made = std::thread::Builder::new().name("log-spare".into()).spawn(move || make(&path, bytes, faults.as_ref()));
        self.making = made.ok();
    }

    /// The finished file; made now where the background did not succeed.
    pub(super) fn take(&mut self) -> Result<File, LogError> {
        if let Some(Ok(Ok(file))) = self.making.take().map(JoinHandle::join) {
            return Ok(file);
        }
        make(&self.path, self.bytes, self.faults.as_ref())
    }
}

fn make(path: &Path, bytes: u64, faults: &dyn DiskFaults) -> Result<File, LogError> {
    write_zeros(path, bytes, faults).map_err(|error| {
        if error.kind() == ErrorKind::StorageFull {
            LogError::Full { path: path.to_owned(), bytes }
        } else {
            LogError::io("preallocate", path)(error)
        }
    })
}

fn write_zeros(path: &Path, bytes: u64, faults: &dyn DiskFaults) -> std::io::Result<File> {
    faults.before_preallocate(bytes)?;
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        file.write_all(zeros.get(..piece).unwrap_or_default())?;
        file.sync_data()?;
        left -= piece as u64;
    }
    file.sync_all()?;
    Ok(file)
}
