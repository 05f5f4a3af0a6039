//! Snapshots: the state at one sequence number, so that a start replays only what came after. A view like the others: a snapshot
//! that is missing or damaged costs time, never truth.
//!
//! File `snapshots/<seq>.snap`: magic, the rules that made it, SHA-256 of what follows, postcard of [`Snapshot`].

use crate::data_dir::write_durably;
use crate::log::Position;
use sealway_core::{Core, RULES};
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 8] = *b"SEALSNP2";
const KEPT: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// Entries below this number are in the state.
    pub(crate) seq: u64,
    pub(crate) now: Time,
    /// Entries below this number have passed the strict check.
    pub(crate) strict_cursor: u64,
    /// Each device's newest frame.
    pub(crate) heads: Vec<(DeviceId, Position)>,
    pub(crate) core: Core,
}

/// What the sequencer gives without copying its state.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotRef<'a> {
    pub(crate) seq: u64,
    pub(crate) now: Time,
    pub(crate) strict_cursor: u64,
    pub(crate) heads: Vec<(DeviceId, Position)>,
    pub(crate) core: &'a Core,
}

impl SnapshotRef<'_> {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }
}

/// Writes a snapshot and drops all but the newest, and the newest that is not past `records`: a start may need that one.
pub(crate) fn write(dir: &Path, (seq, records): (u64, u64), body: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut bytes = Vec::with_capacity(body.len() + MAGIC.len() + RULES.len() + 32);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(RULES.as_bytes());
    bytes.extend_from_slice(&Sha256::digest(body));
    bytes.extend_from_slice(body);
    write_durably(&dir.join(format!("{seq:020}.snap")), &bytes, 0o644)?;
    let found = list(dir)?;
    let needed = found.iter().find(|(_, seq)| *seq <= records).map(|(_, seq)| *seq);
    for (path, _) in found.iter().skip(KEPT).filter(|(_, seq)| Some(*seq) != needed) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// The newest snapshot that can be read and is not past `upto`; older ones where it cannot.
pub(crate) fn load(dir: &Path, upto: u64) -> Option<Snapshot> {
    let found = list(dir).unwrap_or_default().into_iter().filter(|(_, seq)| *seq <= upto);
    found.into_iter().find_map(|(path, seq)| match read(&path) {
        Ok(snapshot) if snapshot.seq == seq => Some(snapshot),
        Ok(_) => {
            tracing::warn!(file = %path.display(), "snapshot is of another position than its name says; an older one is tried");
            None
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "snapshot is not read; an older one is tried, or the whole log replayed");
            None
        }
    })
}

#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it was made by other rules")]
    Rules,
    #[error("the checksum does not match")]
    Checksum,
    #[error("{0}")]
    Content(#[from] postcard::Error),
}

fn read(path: &Path) -> Result<Snapshot, Unread> {
    let bytes = std::fs::read(path)?;
    let made = bytes.strip_prefix(&MAGIC).and_then(|made| made.strip_prefix(RULES.as_bytes())).ok_or(Unread::Rules)?;
    let (digest, body) = made.split_first_chunk::<32>().ok_or(Unread::Checksum)?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(Unread::Checksum);
    }
    Ok(postcard::from_bytes(body)?)
}

/// Newest first.
fn list(dir: &Path) -> std::io::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let path = item?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".snap"));
        if let Some(seq) = name.and_then(|name| name.parse().ok()) {
            found.push((path, seq));
        }
    }
    found.sort_by_key(|(_, seq)| std::cmp::Reverse(*seq));
    Ok(found)
}
