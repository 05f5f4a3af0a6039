//! What strangers ask of the tree: the checkpoint, tiles, bundles of entries, proofs.

use super::store::Store;
use super::{TreeError, WIDTH, grow};
use crate::log::LogReader;
use crate::platform_key::{NoteSigner, note_signer};
use bytes::Bytes;
use sealway_core::proof::note::{Note, Verifier};
use sealway_core::proof::tile::Tile;
use sealway_core::proof::{Checkpoint, Hash, Hashes as _, consistency, inclusion, many, tree};
use sealway_schemas::Malformed;
use sealway_schemas::bundle::{OlderNote, OlderTree};
use sealway_schemas::down::TreeHead;
use sealway_schemas::entry::Entry;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Of the cosigned checkpoints one in so long is kept for good.
const KEPT_EVERY_S: u64 = 600;
/// So long a cosigned checkpoint is shown although newer ones are not cosigned yet.
const WITNESSES_WAIT: Duration = Duration::from_secs(30);

/// A checkpoint and the note that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub checkpoint: Checkpoint,
    pub note: String,
}

/// The newest checkpoints, for whoever asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published(Arc<RwLock<Newest>>);

#[derive(Debug, Default)]
struct Newest {
    signed: Option<Arc<SignedCheckpoint>>,
    /// With the cosignatures of witnesses in its note.
    cosigned: Option<Arc<SignedCheckpoint>>,
    /// When a witness answered last.
    cosigned_at: Option<Instant>,
    /// Size and second of the one that was kept last.
    kept: Option<(u64, u64)>,
}

impl Published {
    pub(crate) fn put(&self, signed: SignedCheckpoint) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).signed = Some(Arc::new(signed));
    }

    /// Whether it is to be kept for good. `seconds`: when the witness saw it.
    pub(crate) fn put_cosigned(&self, cosigned: SignedCheckpoint, seconds: u64) -> bool {
        let mut newest = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let size = cosigned.checkpoint.size;
        newest.cosigned = Some(Arc::new(cosigned));
        newest.cosigned_at = Some(Instant::now());
        let due = newest.kept.is_none_or(|(kept, at)| kept == size || seconds.saturating_sub(at) >= KEPT_EVERY_S);
        if due {
            newest.kept = Some((size, seconds));
        }
        due
    }

    /// What was cosigned before a start.
    pub(crate) fn recall(&self, cosigned: Option<SignedCheckpoint>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).cosigned = cosigned.map(Arc::new);
    }

    fn shown(&self) -> Option<Arc<SignedCheckpoint>> {
        let newest = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = newest.cosigned_at.is_some_and(|at| at.elapsed() < WITNESSES_WAIT);
        newest.cosigned.clone().filter(|_| fresh).or_else(|| newest.signed.clone())
    }

    fn cosigned(&self) -> Option<Arc<SignedCheckpoint>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).cosigned.clone()
    }

    pub(crate) fn get(&self) -> Option<Arc<SignedCheckpoint>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).signed.clone()
    }

    /// Size and root, as an ack tells them.
    pub(crate) fn head(&self) -> Option<TreeHead> {
        self.get().map(|signed| TreeHead { size: signed.checkpoint.size, root: *signed.checkpoint.root.as_bytes() })
    }
}

/// Reads the tree up to its newest checkpoint. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TreeReader {
    store: Store,
    log: LogReader,
    published: Published,
    signer: Arc<NoteSigner>,
}

impl TreeReader {
    pub(crate) fn new(store: Store, log: LogReader, published: Published, signer: Arc<NoteSigner>) -> Self {
        Self { store, log, published, signer }
    }

    /// `None` before the first.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.get()
    }

    /// What is shown to whoever asks: the cosigned one as long as witnesses answer, so that nobody meets a note without them.
    #[must_use]
    pub fn shown(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.shown()
    }

    /// The newest one that witnesses have cosigned, their lines in its note.
    #[must_use]
    pub fn cosigned(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.cosigned()
    }

    /// The oldest checkpoint over entry `seq` that witnesses cosigned after an older one, and that was kept; else the newest that they
    /// cosigned; else the oldest that was told, signed again: the same text, and the same signature as long as the key is the same.
    pub fn covering(&self, seq: u64) -> Result<Option<SignedCheckpoint>, TreeError> {
        let notes = self.cosigned_notes()?;
        let oldest = notes.iter().map(|kept| kept.checkpoint.size).min().unwrap_or_default();
        let covers = |size: u64| size > oldest && (seq + 1..=self.size()).contains(&size);
        let kept = notes.into_iter().find(|kept| covers(kept.checkpoint.size) && self.store.holds(&kept.checkpoint));
        let cosigned =
            kept.or_else(|| self.cosigned().filter(|cosigned| cosigned.checkpoint.size > seq).map(|cosigned| (*cosigned).clone()));
        if cosigned.is_some() {
            return Ok(cosigned);
        }
        match self.store.told_above(seq)?.into_iter().chain([self.size()]).filter(|size| (seq + 1..=self.size()).contains(size)).min() {
            Some(size) => self.sign_again(size).map(Some),
            None => Ok(None),
        }
    }

    /// What was kept of them, oldest first. A restored platform may have notes over entries that it lost: each is held against the tree
    /// before it is used.
    fn cosigned_notes(&self) -> Result<Vec<SignedCheckpoint>, TreeError> {
        let parsed = |note: String| {
            let checkpoint = Note::parse(&note).ok().and_then(|note| Checkpoint::parse(note.text).ok())?;
            Some(SignedCheckpoint { checkpoint, note })
        };
        Ok(self.store.cosigned()?.whole.into_iter().filter_map(parsed).collect())
    }

    fn sign_again(&self, size: u64) -> Result<SignedCheckpoint, TreeError> {
        if let Some(newest) = self.published.get().filter(|newest| newest.checkpoint.size == size) {
            return Ok((*newest).clone());
        }
        let checkpoint = Checkpoint { origin: self.signer.origin().to_owned(), size, root: self.root(size)? };
        let note = self.signer.sign(&checkpoint.text());
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Adds what a witness answered to the note of `signed`, after a look at the cosignature.
    pub fn cosign(&self, signed: &SignedCheckpoint, witness: &Verifier, line: &str) -> Result<(), TreeError> {
        let newest = self.published.cosigned().filter(|cosigned| cosigned.checkpoint == signed.checkpoint);
        let note = newest.map_or_else(|| signed.note.clone(), |cosigned| cosigned.note.clone());
        let note = note + line.trim_end_matches('\n') + "\n";
        let seconds = witness.verify(&Note::parse(&note)?)?;
        self.store.write_witnessed(&note)?;
        if self.published.put_cosigned(SignedCheckpoint { checkpoint: signed.checkpoint.clone(), note: note.clone() }, seconds) {
            self.store.keep_cosigned(&note)?;
        }
        Ok(())
    }

    fn size(&self) -> u64 {
        self.published.get().map_or(0, |signed| signed.checkpoint.size)
    }

    /// The lowest row of a tile, 32 bytes a hash. `None` where no checkpoint promises it.
    #[must_use]
    pub fn tile(&self, tile: Tile) -> Option<Vec<u8>> {
        let last = (tile.index.checked_mul(WIDTH)?).checked_add(u64::from(tile.width))?;
        let leaves = last.checked_mul(WIDTH.checked_pow(u32::from(tile.level))?)?;
        if leaves > self.size() {
            return None;
        }
        tile.read(&self.store)
    }

    /// A bundle of entries' leaves, each after its length in two bytes. `width`: how many. `None` where no checkpoint promises them.
    pub fn bundle(&self, index: u64, width: u16) -> Result<Option<Vec<u8>>, TreeError> {
        let first = index.saturating_mul(WIDTH);
        if first.saturating_add(u64::from(width)) > self.size() {
            return Ok(None);
        }
        let mut bundle = Vec::new();
        for (entry, seq) in self.entries(first, usize::from(width), usize::MAX)?.iter().zip(first..) {
            let leaf = Entry::leaf(entry).map_err(|fault| TreeError::Leaf { seq, fault })?;
            let too_long = |_| TreeError::Leaf { seq, fault: Malformed::TooLong { size: leaf.len(), limit: usize::from(u16::MAX) } };
            bundle.extend_from_slice(&u16::try_from(leaf.len()).map_err(too_long)?.to_be_bytes());
            bundle.extend_from_slice(&leaf);
        }
        Ok(Some(bundle))
    }

    /// The entry's bytes as they lie in the log, its leaf's hash, and the proof that it is in the tree of `size` entries.
    pub fn prove(&self, seq: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        self.expect(size)?;
        Ok(inclusion::prove(seq, size, &self.store)?)
    }

    /// What witnesses cosigned before entry `seq`, or the first that they did; with the proof that the tree of `size` entries grew from it.
    pub fn cosigned_before(&self, seq: u64, size: u64) -> Result<Option<OlderNote>, TreeError> {
        let notes = self.cosigned_notes()?;
        let fits = |kept: &&SignedCheckpoint| kept.checkpoint.size < size && self.store.holds(&kept.checkpoint);
        let before = notes.iter().rev().filter(|kept| kept.checkpoint.size <= seq).find(fits);
        let Some(SignedCheckpoint { checkpoint, note }) = before.or_else(|| notes.iter().find(fits)) else { return Ok(None) };
        let growth = self.prove_growth(checkpoint.size, size)?.iter().map(|hash| *hash.as_bytes()).collect();
        Ok(Some(OlderNote { note: note.clone(), growth }))
    }

    /// That the tree of `old` entries is the beginning of the tree of `size`.
    pub fn prove_growth(&self, old: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        self.expect(size)?;
        Ok(consistency::prove(old, size, &self.store)?)
    }

    /// The root of the first `size` entries.
    pub fn root(&self, size: u64) -> Result<Hash, TreeError> {
        self.expect(size)?;
        Ok(tree::root(size, &self.store)?)
    }

    /// At most `count` entries from `seq` on as they lie in the log, as far as a checkpoint covers them and until they are `bytes` long
    /// together.
    pub fn entries(&self, seq: u64, count: usize, bytes: usize) -> Result<Vec<Bytes>, TreeError> {
        let (size, mut taken, mut entries) = (self.size(), 0, Vec::new());
        let mut next = self.store.position(seq / WIDTH).filter(|_| seq < size);
        while let Some(position) = next {
            let frame = self.log.read(position)?;
            if frame.seq >= size || entries.len() >= count || taken >= bytes {
                break;
            }
            next = self.log.following(&frame);
            if frame.seq >= seq {
                taken += frame.entry.len();
                entries.push(frame.entry);
            }
        }
        Ok(entries)
    }

    /// What proves these entries, which ascend, in the tree of `size` entries.
    pub fn prove_many(&self, entries: &[u64], size: u64) -> Result<Vec<Hash>, TreeError> {
        self.expect(size)?;
        Ok(many::prove(entries, size, &self.store)?)
    }

    /// The trees of at most `size` entries whose roots begin so: size, root and proof of growth.
    pub fn heard(&self, roots: &BTreeSet<[u8; 8]>, size: u64) -> Result<Vec<OlderTree>, TreeError> {
        let mut heard = Vec::new();
        for (begins, older) in self.store.told(roots)?.into_iter().filter(|(_, older)| *older <= size) {
            let root = tree::root(older, &self.store)?;
            if root.as_bytes().starts_with(&begins) {
                let growth = consistency::prove(older, size, &self.store)?.iter().map(|hash| *hash.as_bytes()).collect();
                heard.push(OlderTree { size: older, root: *root.as_bytes(), growth });
            }
        }
        Ok(heard)
    }

    /// Of a data folder that a platform may be running on. Reads only.
    pub fn open(data: &Path) -> Result<Self, TreeError> {
        let log = LogReader::open(&data.join("log"))?;
        let published = Published::default();
        let (dir, signer) = (data.join("tree"), note_signer(data)?);
        let (store, kept) = (Store::open(&dir)?, grow::kept(&dir, &signer).ok_or_else(|| TreeError::NoCheckpoint(dir.clone()))?);
        published.recall(grow::cosigned(&dir, &signer, (&store, kept.checkpoint.size)));
        published.put(kept);
        Ok(Self { store, log, published, signer: Arc::new(signer) })
    }

    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.log
    }

    /// The hash of leaf `seq`.
    #[must_use]
    pub fn leaf(&self, seq: u64) -> Option<Hash> {
        self.store.hash(0, seq).filter(|_| seq < self.size())
    }

    /// The entry as it lies in the log.
    pub fn entry(&self, seq: u64) -> Result<Option<Bytes>, TreeError> {
        Ok(self.entries(seq, 1, usize::MAX)?.into_iter().next())
    }

    fn expect(&self, asked: u64) -> Result<(), TreeError> {
        let size = self.size();
        if asked <= size { Ok(()) } else { Err(TreeError::Younger { size, asked }) }
    }
}
