//! The tree's files against the leaves that the log gives.

use super::store::Store;
use super::{TreeError, WIDTH, grow};
use crate::log::Position;
use crate::platform_key::NoteSigner;
use crate::verify::Found;
use sealway_core::proof::tile::HEIGHT;
use sealway_core::proof::{Frontier, Hash, Hashes as _};
use std::path::Path;

/// Grows a tree of its own and compares as far as the newest checkpoint reaches.
#[derive(Debug)]
pub(crate) struct Audit {
    store: Store,
    frontier: Frontier,
    checkpoint: Option<(u64, Hash)>,
    root: Option<Hash>,
    found: Vec<Found>,
}

impl Audit {
    pub(crate) fn open(dir: &Path, signer: &NoteSigner) -> Result<Self, TreeError> {
        let kept = grow::kept(dir, signer);
        let mut found = Vec::new();
        if kept.is_none() && dir.join("checkpoint").exists() {
            found.push(fault("tree/checkpoint", None, "not a checkpoint of this platform"));
        }
        let checkpoint = kept.map(|kept| (kept.checkpoint.size, kept.checkpoint.root));
        let store = Store::open(dir)?;
        let notes = store.cosigned()?;
        for (row, _) in (0..).zip(&notes.whole).filter(|(_, note)| grow::own(note, signer).is_none()) {
            found.push(fault("tree/cosigned", Some(row), "not a checkpoint of this platform"));
        }
        if notes.torn {
            found.push(fault("tree/cosigned", Some(notes.whole.len() as u64), "not a whole note"));
        }
        Ok(Self { store, frontier: Frontier::default(), checkpoint, root: None, found })
    }

    pub(crate) fn take(&mut self, leaf: Hash, position: Position) {
        let Some((size, _)) = self.checkpoint.filter(|(size, _)| self.frontier.size() < *size) else { return };
        let Self { store, frontier, found, .. } = self;
        let bundle = frontier.size() / WIDTH;
        if frontier.size().is_multiple_of(WIDTH) && store.position(bundle) != Some(position) {
            found.push(fault("tree/index", Some(bundle), "not where the entry stands in the log"));
        }
        frontier.push(leaf, |level, index, hash| {
            if level.is_multiple_of(HEIGHT) && store.hash(level, index) != Some(hash) {
                let file = format!("tree/{}.rows", level / HEIGHT);
                found.push(fault(&file, Some(index), "not the hash that the log gives"));
            }
        });
        if frontier.size() == size {
            self.root = Some(frontier.root());
        }
    }

    /// Size of the checkpoint, and what was found.
    pub(crate) fn finish(mut self) -> (Option<u64>, Vec<Found>) {
        match (self.checkpoint, self.root) {
            (Some((_, root)), Some(own)) if root != own => {
                self.found.push(fault("tree/checkpoint", None, "its root is not the log's: entries were changed"));
            }
            (Some((size, _)), None) if size > 0 => {
                self.found.push(fault("tree/checkpoint", None, "promises more entries than the log gives"));
            }
            _ => {}
        }
        (self.checkpoint.map(|(size, _)| size), self.found)
    }
}

fn fault(file: &str, row: Option<u64>, fault: &str) -> Found {
    Found {
        file: file.to_owned(),
        entry: row.filter(|_| file == "tree/0.rows"),
        row: row.map(|row| row.to_string()),
        fault: fault.to_owned(),
    }
}
