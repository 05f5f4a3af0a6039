//! A device's memory in a file, so that it survives the end of the program.

use crate::device::Device;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What went wrong with a device's memory.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("device state {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("device state {}: not a device's state: {source}", path.display())]
    NotAState { path: PathBuf, source: serde_json::Error },
}

/// Reads a device, or `None` where there is no such file yet.
pub fn load(path: &Path) -> Result<Option<Device>, StateError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StateError::Io { path: path.to_owned(), source }),
    };
    let device = serde_json::from_slice(&text).map_err(|source| StateError::NotAState { path: path.to_owned(), source })?;
    Ok(Some(device))
}

/// Writes a device whole or not at all: a new file beside the old one takes its place. Readable by its owner alone.
pub fn save(path: &Path, device: &Device) -> Result<(), StateError> {
    let failed = |source| StateError::Io { path: path.to_owned(), source };
    let text = serde_json::to_vec(device).map_err(|source| StateError::NotAState { path: path.to_owned(), source })?;
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}
