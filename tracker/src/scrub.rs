//! Looks through log and tree again and again, slowly, so that bits that turn over on the disk are found while the other copy still has
//! them. A fault is told and counted; nothing is repaired behind anybody's back.

use crate::log::{Fault, LogReader};
use crate::metrics::Counters;
use crate::tree::TreeReader;
use sealway_core::proof::Hash;
use sealway_schemas::entry::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Entries between two pauses.
const PIECE: usize = 256;
/// About 5,000 entries a second: a day's work of a large fleet in an hour, next to nothing of a core.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two rounds.
const REST: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Scrub {
    pub(crate) log: LogReader,
    pub(crate) tree: TreeReader,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Scrub {
    pub(crate) fn run(self) {
        while !self.stop.load(Relaxed) {
            self.round();
            std::thread::park_timeout(REST);
        }
    }

    /// Once from the first entry to the last. Behind a broken frame of the log nothing can be read on.
    fn round(&self) {
        let mut looked = 0_usize;
        for frame in self.log.frames_from(0) {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    self.found(&error);
                    break;
                }
            };
            self.counters.scrubbed.store(frame.seq + 1, Relaxed);
            if let Err(fault) = self.look(&frame.entry, frame.seq) {
                self.found(&fault);
            }
            looked += 1;
            if looked.is_multiple_of(PIECE) {
                if self.stop.load(Relaxed) {
                    return;
                }
                std::thread::park_timeout(PAUSE);
            }
        }
        self.counters.scrub_rounds.fetch_add(1, Relaxed);
    }

    fn found(&self, fault: &impl std::fmt::Display) {
        self.counters.scrub_faults.fetch_add(1, Relaxed);
        tracing::error!(%fault, "the scrub found a fault: stop the platform, and run sealway verify");
    }

    fn look(&self, entry: &[u8], seq: u64) -> Result<(), Fault> {
        let leaf = Entry::leaf(entry).map_err(|_| Fault::Entry)?;
        match self.tree.leaf(seq) {
            Some(kept) if kept != Hash::leaf(&leaf) => Err(Fault::Tree { seq }),
            _ => Ok(()),
        }
    }
}
