//! The thread that grows the tree behind the writer. It holds nobody up: an ack names the newest checkpoint there is.

use super::reader::{Published, SignedCheckpoint};
use super::store::Store;
use super::{TreeError, TreeReader};
use crate::data_dir::{DataDir, write_durably};
use crate::log::{Fault, Frame, LogReader, Position};
use crate::metrics::{Counters, charge, thread_cpu_ns};
use crate::platform_key::NoteSigner;
use sealway_core::proof::note::Note;
use sealway_core::proof::{Checkpoint, Frontier, Hash};
use sealway_schemas::entry::Entry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Entries hashed in one go.
const PIECE: usize = 1_000;
const EVERY: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Grower {
    /// Held for its lock too.
    data_dir: Arc<DataDir>,
    store: Store,
    frontier: Frontier,
    log: LogReader,
    signer: Arc<NoteSigner>,
    published: Published,
    /// Entries below this number are under the newest checkpoint.
    signed: u64,
    signed_at: Instant,
    /// Size of a checkpoint that was told before. A tree that is made again signs no smaller one, for bundles name the first that covers.
    floor: u64,
}

impl Grower {
    /// Takes up the tree where its checkpoint left it, or from the first entry on where that cannot be believed.
    pub(crate) fn open(data_dir: Arc<DataDir>, log: LogReader, signer: NoteSigner) -> Result<Self, TreeError> {
        let dir = data_dir.tree();
        let store = Store::open(&dir)?;
        let published = Published::default();
        let kept = kept(&dir, &signer).filter(|kept| kept.checkpoint.size <= log.durable());
        let resumed = kept.and_then(|kept| store.resume(kept.checkpoint.size, kept.checkpoint.root).map(|frontier| (kept, frontier)));
        let frontier = match resumed {
            Some((kept, frontier)) => {
                let size = kept.checkpoint.size;
                published.put(kept);
                published.recall(cosigned(&dir, &signer, (&store, size)));
                frontier
            }
            None => {
                if log.durable() > 0 {
                    tracing::info!(entries = log.durable(), "the tree of the log is made again");
                }
                Frontier::default()
            }
        };
        let (signed, floor) = (frontier.size(), store.told_upto(log.durable())?.max(frontier.size()));
        Ok(Self { data_dir, store, frontier, log, signer: Arc::new(signer), published, signed, signed_at: Instant::now(), floor })
    }

    pub(crate) fn reader(&self) -> TreeReader {
        TreeReader::new(self.store.clone(), self.log.clone(), self.published.clone(), self.signer.clone())
    }

    pub(crate) fn published(&self) -> Published {
        self.published.clone()
    }

    pub(crate) fn run(mut self, counters: &Arc<Counters>, stop: &Arc<AtomicBool>) {
        while let Err(error) = self.grow(counters, stop) {
            tracing::error!(%error, "the tree of the log waits");
            std::thread::park_timeout(EVERY);
            if stop.load(Relaxed) {
                return;
            }
        }
    }

    /// Until `stop`, and then up to what is durable.
    fn grow(&mut self, counters: &Arc<Counters>, stop: &Arc<AtomicBool>) -> Result<(), TreeError> {
        let mut frames = self.log.frames_from(self.frontier.size());
        loop {
            let stopping = stop.load(Relaxed);
            let began = thread_cpu_ns();
            let piece: Vec<Frame> = frames.by_ref().take(PIECE).collect::<Result<_, _>>()?;
            self.append(&piece)?;
            let grown = self.frontier.size() - self.signed;
            if self.frontier.size() >= self.floor && grown > 0 && (grown >= PIECE as u64 || stopping || self.signed_at.elapsed() >= EVERY) {
                self.sign()?;
            }
            charge(&counters.cpu_tree_ns, began);
            counters.tree_size.store(self.signed, Relaxed);
            if piece.is_empty() {
                if stopping {
                    return Ok(());
                }
                std::thread::park_timeout(PAUSE);
            }
        }
    }

    fn append(&mut self, piece: &[Frame]) -> Result<(), TreeError> {
        let leaf = |frame: &Frame| -> Result<(Hash, Position), TreeError> {
            let leaf = Entry::leaf(&frame.entry).map_err(|_| self.log.corrupt(frame, Fault::Entry))?;
            Ok((Hash::leaf(&leaf), frame.position))
        };
        let leaves = piece.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
        self.store.append(&mut self.frontier, &leaves)
    }

    fn sign(&mut self) -> Result<(), TreeError> {
        self.store.sync()?;
        let checkpoint = Checkpoint { origin: self.signer.origin().to_owned(), size: self.frontier.size(), root: self.frontier.root() };
        let note = self.signer.sign(&checkpoint.text());
        let path = self.data_dir.tree().join("checkpoint");
        write_durably(&path, note.as_bytes(), 0o644).map_err(|source| TreeError::Io { path, source })?;
        self.store.tell(checkpoint.size, checkpoint.root)?;
        if self.signed < self.floor {
            self.published.recall(cosigned(&self.data_dir.tree(), &self.signer, (&self.store, checkpoint.size)));
        }
        self.signed = checkpoint.size;
        self.signed_at = Instant::now();
        self.published.put(SignedCheckpoint { checkpoint, note });
        Ok(())
    }
}

/// The checkpoint that the folder keeps, if it is this platform's own.
pub(super) fn kept(dir: &Path, signer: &NoteSigner) -> Option<SignedCheckpoint> {
    signed(&dir.join("checkpoint"), signer)
}

/// The newest one that witnesses cosigned, where the tree of `size` entries holds it. A copy of a platform may lack what they saw.
pub(super) fn cosigned(dir: &Path, signer: &NoteSigner, (store, size): (&Store, u64)) -> Option<SignedCheckpoint> {
    signed(&dir.join("witnessed"), signer).filter(|signed| signed.checkpoint.size <= size && store.holds(&signed.checkpoint))
}

fn signed(path: &Path, signer: &NoteSigner) -> Option<SignedCheckpoint> {
    let note = std::fs::read_to_string(path).ok()?;
    let parsed = Note::parse(&note).ok()?;
    signer.keys().verify(&parsed).ok()?;
    let checkpoint = Checkpoint::parse(parsed.text).ok().filter(|checkpoint| checkpoint.origin == signer.origin())?;
    Some(SignedCheckpoint { checkpoint, note })
}
