//! The flash ring: whole signed reports, a bounded number of them.
//!
//! When it is full it overwrites released reports, then stored ones (those that bring a key last), then periodic ones, oldest first, and
//! never another event. What was overwritten before the platform had it is lost, and the device owns up to it in a `gap` report.

use crate::acked::Acked;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::VecDeque;

/// One whole signed report, written before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub ctr: u64,
    /// Made by the clock alone: the only kind that may be lost.
    pub periodic: bool,
    /// A `sealed` report: without it nobody can verify the reports of its epoch.
    #[serde(default)]
    pub brings_key: bool,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub bytes: Vec<u8>,
}

/// Records in ascending counter order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    capacity: usize,
    records: VecDeque<Record>,
}

/// What a further record would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    /// Overwrites a report that the platform has.
    Overwrites(u64),
    /// Overwrites a periodic report that the platform does not have.
    Loses(u64),
    /// Every record is an event that the platform does not have.
    None,
}

/// The ring holds nothing that may be overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("flash ring of {0} records is full of events that the platform does not have")]
pub struct RingFull(pub usize);

impl Ring {
    /// A ring of at least one record.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), records: VecDeque::new() }
    }

    #[must_use]
    pub fn room(&self, acked: &Acked) -> Room {
        if self.records.len() < self.capacity {
            return Room::Free;
        }
        let oldest = |may: &dyn Fn(&Record) -> bool| self.records.iter().find(|record| may(record)).map(|record| record.ctr);
        oldest(&|record| acked.is_released(record.ctr))
            // A platform that is restored from a copy needs the key again, for what it is sent again.
            .or_else(|| oldest(&|record| acked.is_stored(record.ctr) && !record.brings_key))
            .or_else(|| oldest(&|record| acked.is_stored(record.ctr)))
            .map(Room::Overwrites)
            .or_else(|| oldest(&|record| record.periodic).map(Room::Loses))
            .unwrap_or(Room::None)
    }

    /// Writes a record, and returns the counter that was lost for it.
    pub fn push(&mut self, record: Record, acked: &Acked) -> Result<Option<u64>, RingFull> {
        let lost = match self.room(acked) {
            Room::Free => None,
            Room::Overwrites(ctr) => {
                self.erase(ctr);
                None
            }
            Room::Loses(ctr) => {
                self.erase(ctr);
                Some(ctr)
            }
            Room::None => return Err(RingFull(self.capacity)),
        };
        self.records.push_back(record);
        Ok(lost)
    }

    #[must_use]
    pub fn get(&self, ctr: u64) -> Option<&Record> {
        let at = self.records.binary_search_by_key(&ctr, |record| record.ctr).ok()?;
        self.records.get(at)
    }

    /// Records with counters of `ctr` and above, oldest first.
    pub fn from(&self, ctr: u64) -> impl Iterator<Item = &Record> {
        let start = self.records.partition_point(|record| record.ctr < ctr);
        self.records.iter().skip(start)
    }

    /// Lowest counter that it still holds.
    #[must_use]
    pub fn lowest(&self) -> Option<u64> {
        self.records.front().map(|record| record.ctr)
    }

    /// Highest counter that it holds.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        self.records.back().map(|record| record.ctr)
    }

    /// Erases everything: what a copy of the keys alone begins with.
    pub fn erase_all(&mut self) {
        self.records.clear();
    }

    /// Erases some whatever they are: no honest device does.
    pub fn erase_between(&mut self, from: u64, to: u64) {
        self.records.retain(|record| !(from..=to).contains(&record.ctr));
    }

    fn erase(&mut self, ctr: u64) {
        if let Ok(at) = self.records.binary_search_by_key(&ctr, |record| record.ctr) {
            self.records.remove(at);
        }
    }
}

fn to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    hex::decode(text).map_err(|_| D::Error::custom("expected bytes in hex"))
}
