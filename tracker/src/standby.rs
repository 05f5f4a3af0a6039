//! A second failure domain: a log that follows a primary's, entry by entry, and grows the same tree over it.
//!
//! It begins as a backup of the primary, so it has the platform key too: after the primary's loss `sealway restore` makes a platform
//! of it. It holds what witnesses signed as far as that backup did; a bundle that it gives later has the platform's signature alone.

use crate::data_dir::{DataDir, DataDirError};
use crate::driver::past::Heads;
use crate::log::{self, EvidenceLog, LogConfig, LogError};
use sealway_core::proof::{Frontier, Hash};
use sealway_schemas::Malformed;
use sealway_schemas::entry::Entry;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub enum StandbyError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("entry {seq} of the primary: {fault}")]
    Entry { seq: u64, fault: Malformed },
}

/// The follower's log.
#[derive(Debug)]
pub struct Standby {
    log: EvidenceLog,
    heads: Heads,
    frontier: Frontier,
    /// Held for its lock.
    _data_dir: DataDir,
}

impl Standby {
    /// Looks through everything that is there.
    pub fn open(root: &Path) -> Result<Self, StandbyError> {
        let data_dir = DataDir::open(root)?;
        let log = EvidenceLog::open(&data_dir.log(), LogConfig::default(), 0)?;
        let (mut heads, mut frontier) = (Heads::default(), Frontier::default());
        for frame in log::scan(&data_dir.log())? {
            let frame = frame?;
            let leaf = leaf(frame.seq, &frame.entry)?;
            frontier.push(leaf, |_, _, _| {});
            if let Some(device) = device(frame.seq, &frame.entry)? {
                heads.set(device, frame.position);
            }
        }
        Ok(Self { log, heads, frontier, _data_dir: data_dir })
    }

    /// The number of the entry that comes next.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.log.next_seq()
    }

    /// Takes the primary's next entries. When this returns they are durable here; size and root of the tree over all of them is what the
    /// primary has to have too.
    pub fn take(&mut self, entries: &[Vec<u8>]) -> Result<(u64, Hash), StandbyError> {
        for bytes in entries {
            let seq = self.log.next_seq();
            let entry = Entry::decode(bytes).map_err(|fault| StandbyError::Entry { seq, fault })?;
            let device = entry.device().copied();
            let back = device.and_then(|device| self.heads.get(&device));
            let appended = self.log.append(&entry, back)?;
            self.frontier.push(leaf(seq, bytes)?, |_, _, _| {});
            if let Some(device) = device {
                self.heads.set(device, appended.position);
            }
        }
        self.log.commit()?;
        Ok((self.frontier.size(), self.frontier.root()))
    }
}

fn leaf(seq: u64, entry: &[u8]) -> Result<Hash, StandbyError> {
    Entry::leaf(entry).map(|leaf| Hash::leaf(&leaf)).map_err(|fault| StandbyError::Entry { seq, fault })
}

fn device(seq: u64, entry: &[u8]) -> Result<Option<sealway_schemas::DeviceId>, StandbyError> {
    Entry::decode(entry).map(|entry| entry.device().copied()).map_err(|fault| StandbyError::Entry { seq, fault })
}
