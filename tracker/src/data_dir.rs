//! The data folder: its version, its lock, its parts.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Version of the folder's layout that this program reads and writes.
pub const DATA_VERSION: u32 = 1;
const WORD: &str = "sealway-data";

#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("data folder {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("data folder {}: no permission to read and write it", path.display())]
    Rights { path: PathBuf },
    #[error("data folder {}: disk full", path.display())]
    Full { path: PathBuf },
    #[error("data folder {}: version {found}, expected at most {DATA_VERSION}: it was written by a newer sealway", path.display())]
    Newer { path: PathBuf, found: u32 },
    #[error("data folder {}: VERSION is {found:?}, expected \"{WORD} <number>\"", path.display())]
    NotOurs { path: PathBuf, found: String },
    #[error("data folder {}: another process writes to it", path.display())]
    Locked { path: PathBuf },
}

impl DataDirError {
    fn of(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::Rights { path },
            ErrorKind::StorageFull => Self::Full { path },
            _ => Self::Io { path, source },
        }
    }
}

/// A folder that this process alone writes to, until it is dropped.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl DataDir {
    pub fn open(root: &Path) -> Result<Self, DataDirError> {
        std::fs::create_dir_all(root).map_err(DataDirError::of(root))?;
        check_version(root)?;
        let lock_path = root.join("LOCK");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(DataDirError::of(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::Locked { path: root.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(DataDirError::of(&lock_path)(error)),
        }
        write_version(root)?;
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry.sqlite")
    }

    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.root.join("outbox.sqlite")
    }

    #[must_use]
    pub fn series(&self) -> PathBuf {
        self.root.join("series")
    }

    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    #[must_use]
    pub fn accounts(&self) -> PathBuf {
        self.root.join("accounts.json")
    }

    #[must_use]
    pub fn photos(&self) -> PathBuf {
        self.root.join("photos")
    }

    #[must_use]
    pub fn platform_key(&self) -> PathBuf {
        self.root.join("platform.key")
    }
}

fn check_version(root: &Path) -> Result<(), DataDirError> {
    let path = root.join("VERSION");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DataDirError::of(&path)(error)),
    };
    let found = text.trim().strip_prefix(WORD).and_then(|number| number.trim().parse::<u32>().ok());
    let Some(found) = found else {
        return Err(DataDirError::NotOurs { path: root.to_owned(), found: text.chars().take(64).collect() });
    };
    if found > DATA_VERSION { Err(DataDirError::Newer { path: root.to_owned(), found }) } else { Ok(()) }
}

fn write_version(root: &Path) -> Result<(), DataDirError> {
    let path = root.join("VERSION");
    if path.exists() {
        return Ok(());
    }
    write_durably(&path, format!("{WORD} {DATA_VERSION}\n").as_bytes(), 0o644).map_err(DataDirError::of(&path))
}

/// The mode of a file that holds a secret, where others than its owner can read it.
pub(crate) fn mode_for_others(path: &Path) -> std::io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// Writes a whole file so that after a crash it is either the old one or the new one.
pub(crate) fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let beside = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
