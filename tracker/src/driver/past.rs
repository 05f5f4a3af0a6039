//! What the judge may ask of the log: which versions of an old counter were kept. The answer is a walk along the device's chain; the
//! few devices that ask again and again (a ring sent twice, a replayed recording) are answered from memory.

use crate::log::{EvidenceLog, Position};
use sealway_core::order::Past;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Report;
use sealway_schemas::{DeviceId, Digest};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// Counters remembered over all devices; beyond it everything is forgotten and walked anew.
const REMEMBERED: usize = 1_000_000;

/// Each device's newest frame.
#[derive(Debug, Default)]
pub(crate) struct Heads(hashbrown::HashMap<DeviceId, Position>);

impl Heads {
    pub(crate) fn get(&self, device: &DeviceId) -> Option<Position> {
        self.0.get(device).copied()
    }

    pub(crate) fn set(&mut self, device: DeviceId, position: Position) {
        self.0.insert(device, position);
    }

    pub(crate) fn to_vec(&self) -> Vec<(DeviceId, Position)> {
        self.0.iter().map(|(device, position)| (*device, *position)).collect()
    }
}

impl FromIterator<(DeviceId, Position)> for Heads {
    fn from_iter<I: IntoIterator<Item = (DeviceId, Position)>>(heads: I) -> Self {
        Self(heads.into_iter().collect())
    }
}

#[derive(Debug, Default)]
struct Walked {
    /// The walk went back from here.
    newest: Option<Position>,
    versions: BTreeMap<u64, Vec<Digest>>,
}

/// Walks that were made.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    devices: HashMap<DeviceId, Walked>,
    counters: usize,
}

pub(crate) struct LogPast<'a> {
    pub(crate) log: &'a EvidenceLog,
    pub(crate) heads: &'a Heads,
    pub(crate) memory: &'a RefCell<Memory>,
}

impl Past for LogPast<'_> {
    fn versions(&self, device: &DeviceId, ctr: u64) -> Vec<Digest> {
        let mut memory = self.memory.borrow_mut();
        if memory.counters > REMEMBERED {
            *memory = Memory::default();
        }
        let walked = memory.devices.entry(*device).or_default();
        let added = self.catch_up(walked, self.heads.get(device));
        let versions = walked.versions.get(&ctr).cloned().unwrap_or_default();
        memory.counters += added;
        versions
    }
}

impl LogPast<'_> {
    /// Walks from the newest frame back to where the last walk began.
    fn catch_up(&self, walked: &mut Walked, newest: Option<Position>) -> usize {
        let mut added = 0;
        let mut next = newest;
        while let Some(position) = next.filter(|position| Some(*position) > walked.newest) {
            let frame = match self.log.read(position) {
                Ok(frame) => frame,
                Err(error) => {
                    tracing::error!(%error, "a device's chain cannot be walked");
                    break;
                }
            };
            next = frame.back;
            let Ok(Entry::Report { bytes, .. }) = frame.decode() else { continue };
            let Ok((_, report)) = Report::parse(&bytes) else { continue };
            walked.versions.entry(report.ctr()).or_default().push(Digest::of(&bytes));
            added += 1;
        }
        walked.newest = newest.max(walked.newest);
        added
    }
}
