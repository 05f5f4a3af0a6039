//! The epoch keys that a device announced, so that its reports can be verified and a key is not taken twice.

use crate::verify::check_key;
use sealway_schemas::PublicKey;
use serde::{Deserialize, Serialize};

/// Keys remembered for a device. An older one can sign nothing any more; it is still refused by whoever asks the whole platform.
const LIMIT: usize = 4096;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EpochKeys {
    /// In the order of the counters that announced them.
    keys: Vec<PublicKey>,
    announced: Vec<u64>,
}

impl EpochKeys {
    pub(super) fn all(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Newest first: nearly every report is signed by the newest.
    pub(super) fn holds(&self, key: &PublicKey) -> bool {
        self.keys.iter().rev().any(|known| known == key)
    }

    /// Whether a report below `ctr` announced the key, or another one of its key id.
    pub(super) fn announced_below(&self, ctr: u64, key: &PublicKey) -> bool {
        let id = key.key_id();
        let below = self.announced.partition_point(|announced| *announced < ctr);
        self.keys.iter().take(below).any(|known| known.key_id() == id)
    }

    /// Remembers a key by the lowest counter that announced it. A weak one, or one whose key id is another's, stays unknown.
    pub(super) fn announce(&mut self, ctr: u64, key: PublicKey) {
        let known = self.keys.iter().position(|known| *known == key);
        if known.and_then(|at| self.announced.get(at)).is_some_and(|announced| *announced <= ctr) {
            return;
        }
        if let Some(at) = known {
            self.keys.remove(at);
            self.announced.remove(at);
        } else if check_key(&key).is_err() || self.announced_below(u64::MAX, &key) {
            return;
        }
        let place = self.announced.partition_point(|announced| *announced <= ctr);
        self.keys.insert(place, key);
        self.announced.insert(place, ctr);
        if self.keys.len() > LIMIT {
            self.keys.remove(0);
            self.announced.remove(0);
        }
    }
}
