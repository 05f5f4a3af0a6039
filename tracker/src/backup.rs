//! Backup and restore: the evidence log, the platform key, what people sign in with, the photos that they showed and what witnesses signed
//! are copied, everything else is a view of them. A standby follows with the log alone: photos and what witnesses sign after the backup that
//! it began as, it does not have.
//!
//! A restored platform has lost what came after the copy. It says so by a higher generation, and each seal sends again from its ring what
//! the copy lacks; a login recorded before the copy's end is worthless.

use crate::config::TrackerConfig;
use crate::data_dir::{DataDir, DataDirError, write_durably};
use crate::log::{self, Copied, LogError};
use crate::open::{self, OpenError, Viewed};
use crate::photos;
use crate::tree::KEPT;
use sealway_schemas::entry::Entry;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Open(#[from] Box<OpenError>),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: expected a data folder of this program or a backup of one", .0.display())]
    NotOurs(PathBuf),
    #[error("{}: not empty, expected a new folder", .0.display())]
    NotEmpty(PathBuf),
}

/// A platform that stands on a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    pub copied: Copied,
    pub generation: u64,
}

/// Copies what is durable at this moment. The platform may be running.
pub fn backup(data: &Path, to: &Path, progress: &dyn Fn(u64)) -> Result<Copied, BackupError> {
    let from = parts(data)?;
    expect_empty(to)?;
    let into = DataDir::open(to)?;
    let copied = log::copy(&from.log, &into.log(), progress)?;
    let key = std::fs::read(&from.key).map_err(|source| BackupError::Io { path: from.key, source })?;
    let path = into.platform_key();
    write_durably(&path, &key, 0o600).map_err(|source| BackupError::Io { path, source })?;
    copy_file(&from.accounts, &into.accounts(), 0o600)?;
    copy_photos(&from.photos, &into.photos())?;
    let tree = into.tree();
    std::fs::create_dir_all(&tree).map_err(|source| BackupError::Io { path: tree.clone(), source })?;
    KEPT.iter().try_for_each(|name| copy_file(&from.tree.join(name), &tree.join(name), 0o644))?;
    Ok(copied)
}

/// The file only grows by whole records, or is replaced as a whole, so what is read is of one moment. It need not be there. It may be newer
/// than the copied log: who reads it looks at sizes and roots.
fn copy_file(from: &Path, to: &Path, mode: u32) -> Result<(), BackupError> {
    let bytes = match std::fs::read(from) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(BackupError::Io { path: from.to_owned(), source }),
    };
    write_durably(to, &bytes, mode).map_err(|source| BackupError::Io { path: to.to_owned(), source })
}

fn copy_photos(from: &Path, to: &Path) -> Result<(), BackupError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::Io { path, source }
    };
    std::fs::create_dir_all(to).map_err(io(to))?;
    let named = photos::files(from).map_err(io(from))?;
    named
        .iter()
        .filter_map(|path| path.file_name().map(|name| (path, to.join(name))))
        .try_for_each(|(path, to)| copy_file(path, &to, 0o600))
}

/// Makes a data folder out of a backup, under a generation of its own.
pub fn restore(backup_dir: &Path, config: &TrackerConfig, progress: &dyn Fn(u64)) -> Result<Restored, BackupError> {
    let copied = backup(backup_dir, &config.data_dir, progress)?;
    let data_dir = DataDir::open(&config.data_dir)?;
    let mut loaded = open::load(config, data_dir, Viewed::default()).map_err(Box::new)?;
    let generation = loaded.state.core.generation_after(config.clock.now());
    loaded.log.append(&Entry::Generation { at: loaded.state.now, number: generation }, None)?;
    loaded.log.commit()?;
    Ok(Restored { copied, generation })
}

struct Parts {
    log: PathBuf,
    key: PathBuf,
    accounts: PathBuf,
    photos: PathBuf,
    tree: PathBuf,
}

fn parts(data: &Path) -> Result<Parts, BackupError> {
    let [log, key, accounts, photos, tree] = ["log", "platform.key", "accounts.json", "photos", "tree"].map(|name| data.join(name));
    let found = Parts { log, key, accounts, photos, tree };
    if found.log.is_dir() && found.key.is_file() { Ok(found) } else { Err(BackupError::NotOurs(data.to_owned())) }
}

fn expect_empty(to: &Path) -> Result<(), BackupError> {
    let empty = std::fs::read_dir(to).map_or(true, |mut items| items.next().is_none());
    if empty { Ok(()) } else { Err(BackupError::NotEmpty(to.to_owned())) }
}
