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
            self.fall_back();
            std::thread::park_timeout(EVERY);
            if stop.load(Relaxed) {
                return;
            }
        }
    }

    /// What lies behind the newest checkpoint is written once more. Also where only the sync failed: the kernel may have dropped the pages
    /// and call them clean, so a second sync would promise what is on no disk.
    fn fall_back(&mut self) {
        let kept = self.published.get();
        let resumed = kept.and_then(|kept| self.store.resume(kept.checkpoint.size, kept.checkpoint.root));
        self.floor = self.floor.max(self.signed);
        self.frontier = resumed.unwrap_or_default();
        self.signed = self.frontier.size();
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
            if self.frontier.size() >= self.floor && due(grown, self.signed_at.elapsed(), stopping) {
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
        let checkpoint = Checkpoint { origin: self.signer.origin().to_owned(), size: self.frontier.size(), root: self.frontier.root() };
        // Whoever hears of this root may ask for its size after a crash.
        self.store.tell(checkpoint.size, checkpoint.root)?;
        self.store.sync()?;
        let note = self.signer.sign(&checkpoint.text());
        let path = self.data_dir.tree().join("checkpoint");
        write_durably(&path, note.as_bytes(), 0o644).map_err(|source| TreeError::Io { path, source })?;
        if self.signed < self.floor {
            self.published.recall(cosigned(&self.data_dir.tree(), &self.signer, (&self.store, checkpoint.size)));
        }
        self.signed = checkpoint.size;
        self.signed_at = Instant::now();
        self.published.put(SignedCheckpoint { checkpoint, note });
        Ok(())
    }
}

/// Whether so many leaves are signed now: each second, each 1,000 leaves, and at the end.
fn due(grown: u64, elapsed: Duration, stopping: bool) -> bool {
    grown > 0 && (grown >= PIECE as u64 || elapsed >= EVERY || stopping)
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
    own(&note, signer).map(|checkpoint| SignedCheckpoint { checkpoint, note })
}

/// The checkpoint of a note, if this platform signed it.
pub(super) fn own(note: &str, signer: &NoteSigner) -> Option<Checkpoint> {
    let parsed = Note::parse(note).ok()?;
    signer.keys().verify(&parsed).ok()?;
    Checkpoint::parse(parsed.text).ok().filter(|checkpoint| checkpoint.origin == signer.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{DiskFaults, EvidenceLog, LogConfig};
    use crate::platform_key::PlatformKey;
    use crate::tree::Audit;
    use sealway_schemas::Time;
    use std::io;
    use std::sync::atomic::AtomicU64;

    const ENTRIES: u64 = 1_000;

    #[test]
    fn a_checkpoint_is_due_each_second_each_thousand_leaves_and_at_the_end() {
        let (short, second) = (Duration::from_millis(999), Duration::from_secs(1));
        for (grown, elapsed, stopping, expected) in [
            (0, second, true, false),
            (1, short, false, false),
            (999, short, false, false),
            (1_000, Duration::ZERO, false, true),
            (1, second, false, true),
            (1, Duration::ZERO, true, true),
        ] {
            assert_eq!(due(grown, elapsed, stopping), expected, "{grown} leaves, {elapsed:?}, stopping {stopping}");
        }
    }

    /// Fails one write or one sync, and counts bytes.
    #[derive(Debug)]
    struct Failing {
        write: u64,
        sync: u64,
        writes: AtomicU64,
        syncs: AtomicU64,
        bytes: AtomicU64,
    }

    impl DiskFaults for Failing {
        fn before_write(&self, bytes: usize) -> io::Result<()> {
            self.bytes.fetch_add(bytes as u64, Relaxed);
            if self.writes.fetch_add(1, Relaxed) == self.write { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn before_sync(&self) -> io::Result<()> {
            if self.syncs.fetch_add(1, Relaxed) == self.sync { Err(io::Error::other("EIO")) } else { Ok(()) }
        }

        fn before_preallocate(&self, _bytes: u64) -> io::Result<()> {
            Ok(())
        }
    }

    /// Grows a tree on a disk that fails once; gives what an audit finds, and the bytes that were written.
    fn grown(write: u64, sync: u64) -> (Vec<crate::verify::Found>, u64) {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = Arc::new(DataDir::open(dir.path()).unwrap());
        let mut log = EvidenceLog::open(&data_dir.log(), LogConfig::default(), 0).unwrap();
        let signer = || PlatformKey::load_or_make(&data_dir.platform_key()).unwrap().note_signer().unwrap();
        for number in 0..ENTRIES {
            log.append(&Entry::Generation { at: Time::ZERO, number: number + 1 }, None).unwrap();
        }
        log.commit().unwrap();
        let mut grower = Grower::open(data_dir.clone(), log.reader(), signer()).unwrap();
        let [writes, syncs, bytes] = [0; 3].map(AtomicU64::new);
        let faults = Arc::new(Failing { write, sync, writes, syncs, bytes });
        grower.store = Store::with(&data_dir.tree(), faults.clone()).unwrap();
        let (published, stop) = (grower.published(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || grower.run(&Arc::default(), &stopped));
        while published.get().is_none_or(|signed| signed.checkpoint.size < ENTRIES) {
            thread.thread().unpark();
            std::thread::yield_now();
        }
        stop.store(true, Relaxed);
        thread.join().unwrap();
        let mut audit = Audit::open(&data_dir.tree(), &signer()).unwrap();
        for frame in log.reader().frames_from(0) {
            let frame = frame.unwrap();
            audit.take(Hash::leaf(&Entry::leaf(&frame.entry).unwrap()), frame.position);
        }
        let (size, found) = audit.finish();
        assert_eq!(size, Some(ENTRIES));
        (found, faults.bytes.load(Relaxed))
    }

    #[test]
    fn a_disk_that_was_full_for_a_moment_leaves_no_hole_in_the_tree() {
        const NEVER: u64 = u64::MAX;
        let whole = grown(NEVER, NEVER).1;
        for (write, sync) in [(0, NEVER), (3, NEVER), (4, NEVER), (NEVER, 0)] {
            let (found, bytes) = grown(write, sync);
            assert_eq!(found, [], "write {write}, sync {sync}");
            assert!(sync == NEVER || bytes >= 2 * whole, "{bytes} bytes: what was not synced is written again");
        }
    }
}
