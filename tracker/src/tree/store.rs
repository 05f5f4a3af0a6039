//! The tree's files: rows of hashes, addressed by number.

use super::{TreeError, WIDTH};
use crate::data_dir::write_durably;
use crate::log::{DiskFaults, NoFaults, Position};
use sealway_core::proof::tile::HEIGHT;
use sealway_core::proof::{Checkpoint, Frontier, Hash, Hashes, tree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Levels of tiles: enough for 2^64 entries.
const LEVELS: u8 = 8;
const HASH: u64 = 32;
const POSITION: u64 = 8;
const TOLD: u64 = 16;
/// Of a note, before it.
const LENGTH: u64 = 4;

/// Cheap to clone; reads need no lock, for written hashes never change.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    rows: Arc<[Row]>,
    index: Arc<Row>,
    /// First 8 bytes of the root, and the size, of every checkpoint that was told: 16 bytes each.
    told: Arc<Row>,
    cosigned: Arc<Row>,
}

#[derive(Debug)]
struct Row {
    path: PathBuf,
    file: File,
    faults: Arc<dyn DiskFaults>,
}

impl Row {
    fn open(path: PathBuf, faults: Arc<dyn DiskFaults>) -> Result<Self, TreeError> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        match file {
            Ok(file) => Ok(Self { path, file, faults }),
            Err(source) => Err(TreeError::Io { path, source }),
        }
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> TreeError {
        let path = self.path.clone();
        move |source| TreeError::Io { path, source }
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<(), TreeError> {
        self.faults.before_write(bytes.len()).and_then(|()| self.file.write_all_at(bytes, offset)).map_err(self.failed())
    }

    /// `None` where the file ends before.
    fn read<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
    }

    fn sync(&self) -> Result<(), TreeError> {
        self.faults.before_sync().and_then(|()| self.file.sync_data()).map_err(self.failed())
    }
}

impl Store {
    pub(crate) fn open(dir: &Path) -> Result<Self, TreeError> {
        Self::with(dir, Arc::new(NoFaults))
    }

    /// On a disk that may fail where a test says.
    pub(crate) fn with(dir: &Path, faults: Arc<dyn DiskFaults>) -> Result<Self, TreeError> {
        let row = |name: &str| Row::open(dir.join(name), faults.clone());
        std::fs::create_dir_all(dir).map_err(|source| TreeError::Io { path: dir.to_owned(), source })?;
        let rows = (0..LEVELS).map(|level| row(&row_name(level))).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { rows: rows.into(), index: Arc::new(row("index")?), told: Arc::new(row("told")?), cosigned: Arc::new(row("cosigned")?) })
    }

    /// Throws away what the log can make again. What was told, and what witnesses signed, stays: nobody can make that twice.
    pub(crate) fn remove(dir: &Path) -> Result<(), TreeError> {
        let rows = (0..LEVELS).map(row_name);
        for path in rows.chain(["index", "checkpoint"].map(str::to_owned)).map(|name| dir.join(name)) {
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => return Err(TreeError::Io { path, source }),
                _ => {}
            }
        }
        Ok(())
    }

    /// The edge of the tree of this size, if its hashes lead to this root.
    pub(crate) fn resume(&self, size: u64, root: Hash) -> Option<Frontier> {
        Frontier::load(size, self).ok().filter(|frontier| frontier.root() == root)
    }

    /// Whether the tree here begins with the one that a checkpoint names.
    pub(crate) fn holds(&self, checkpoint: &Checkpoint) -> bool {
        tree::root(checkpoint.size, self).is_ok_and(|root| root == checkpoint.root)
    }

    /// Appends leaves, and the nodes that become full by them. `first`: where the first of them stands in the log, one position each.
    pub(crate) fn append(&self, frontier: &mut Frontier, leaves: &[(Hash, Position)]) -> Result<(), TreeError> {
        let mut runs: Vec<Run> = Vec::with_capacity(usize::from(LEVELS));
        for (leaf, position) in leaves {
            if frontier.size().is_multiple_of(WIDTH) {
                self.index.write(&position.as_u64().to_le_bytes(), frontier.size() / WIDTH * POSITION)?;
            }
            frontier.push(*leaf, |level, index, hash| {
                if level.is_multiple_of(HEIGHT) {
                    Run::put(&mut runs, level / HEIGHT, index, hash);
                }
            });
        }
        for run in runs {
            if let Some(row) = self.rows.get(usize::from(run.level)) {
                row.write(&run.bytes, run.first * HASH)?;
            }
        }
        Ok(())
    }

    /// After this what was appended survives a crash.
    pub(crate) fn sync(&self) -> Result<(), TreeError> {
        self.rows.iter().chain([self.index.as_ref(), self.told.as_ref()]).try_for_each(Row::sync)
    }

    /// Remembers a checkpoint, so that whoever heard of its root can be told its size.
    pub(crate) fn tell(&self, size: u64, root: Hash) -> Result<(), TreeError> {
        let end = self.told.file.metadata().map_err(self.told.failed())?.len() / TOLD * TOLD;
        let mut record = [0; 16];
        record.iter_mut().zip(root.as_bytes().iter().take(8).copied().chain(size.to_le_bytes())).for_each(|(to, from)| *to = from);
        self.told.write(&record, end)
    }

    /// Remembers the newest note that was cosigned, for whoever reads the folder.
    pub(crate) fn write_witnessed(&self, note: &str) -> Result<(), TreeError> {
        let path = self.cosigned.path.with_file_name("witnessed");
        write_durably(&path, note.as_bytes(), 0o644).map_err(|source| TreeError::Io { path, source })
    }

    /// Keeps a note with its cosignatures for good.
    pub(crate) fn keep_cosigned(&self, note: &str) -> Result<(), TreeError> {
        // A torn record at the end is written over.
        let end: u64 = self.cosigned()?.whole.iter().map(|kept| kept.len() as u64 + LENGTH).sum();
        let length = u32::try_from(note.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.cosigned.write(&[length.as_slice(), note.as_bytes()].concat(), end)?;
        self.cosigned.sync()
    }

    /// Notes that were kept, oldest first.
    pub(crate) fn cosigned(&self) -> Result<Cosigned, TreeError> {
        let bytes = std::fs::read(&self.cosigned.path).map_err(self.cosigned.failed())?;
        let (mut rest, mut whole) = (bytes.as_slice(), Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let Some((note, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize) else { break };
            let Ok(note) = std::str::from_utf8(note) else { break };
            whole.push(note.to_owned());
            rest = after;
        }
        Ok(Cosigned { whole, torn: !rest.is_empty() })
    }

    /// The sizes of the checkpoints whose roots begin so.
    pub(crate) fn told(&self, roots: &BTreeSet<[u8; 8]>) -> Result<BTreeMap<[u8; 8], u64>, TreeError> {
        let bytes = std::fs::read(&self.told.path).map_err(self.told.failed())?;
        let records = bytes.as_chunks::<16>().0.iter().filter_map(|record| {
            let (root, size) = record.split_first_chunk::<8>()?;
            Some((*root, u64::from_le_bytes(size.try_into().ok()?)))
        });
        Ok(records.filter(|(root, _)| roots.contains(root)).collect())
    }

    /// The size of the first checkpoint over entry `seq` that was told.
    pub(crate) fn told_above(&self, seq: u64) -> Result<Option<u64>, TreeError> {
        Ok(self.told_sizes()?.into_iter().filter(|size| *size > seq).min())
    }

    /// The size of the newest checkpoint of at most `size` entries that was told.
    pub(crate) fn told_upto(&self, size: u64) -> Result<u64, TreeError> {
        Ok(self.told_sizes()?.into_iter().filter(|told| *told <= size).max().unwrap_or_default())
    }

    fn told_sizes(&self) -> Result<Vec<u64>, TreeError> {
        let bytes = std::fs::read(&self.told.path).map_err(self.told.failed())?;
        let sizes = bytes.as_chunks::<16>().0.iter().filter_map(|record| record.last_chunk::<8>());
        Ok(sizes.map(|size| u64::from_le_bytes(*size)).collect())
    }

    /// Where entry `bundle * 256` stands in the log.
    pub(crate) fn position(&self, bundle: u64) -> Option<Position> {
        self.index.read::<8>(bundle.checked_mul(POSITION)?).and_then(|bytes| Position::from_stored(u64::from_le_bytes(bytes)))
    }
}

/// Notes that witnesses cosigned.
pub(crate) struct Cosigned {
    pub(crate) whole: Vec<String>,
    /// Something stands behind them that is none.
    pub(crate) torn: bool,
}

fn row_name(level: u8) -> String {
    format!("{level}.rows")
}

/// Hashes of one level that lie beside each other.
struct Run {
    level: u8,
    first: u64,
    bytes: Vec<u8>,
}

impl Run {
    fn put(runs: &mut Vec<Run>, level: u8, index: u64, hash: Hash) {
        match runs.iter_mut().find(|run| run.level == level) {
            Some(run) => run.bytes.extend_from_slice(hash.as_bytes()),
            None => runs.push(Run { level, first: index, bytes: hash.as_bytes().to_vec() }),
        }
    }
}

impl Hashes for Store {
    /// Levels between two rows are made of the row below.
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let row = self.rows.get(usize::from(level / HEIGHT))?;
        let above = level % HEIGHT;
        if above == 0 {
            return row.read::<32>(index.checked_mul(HASH)?).map(Hash::from_bytes);
        }
        let below = level - 1;
        Some(Hash::node(self.hash(below, index.checked_mul(2)?)?, self.hash(below, index.checked_mul(2)?.checked_add(1)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(from: u64, to: u64) -> Vec<(Hash, Position)> {
        let position = |n: u64| Position::new(1, u32::try_from(64 + n).unwrap());
        (from..to).map(|n| (Hash::leaf(&n.to_be_bytes()), position(n))).collect()
    }

    #[test]
    fn a_tree_grown_in_pieces_on_disk_has_the_root_of_one_grown_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let (mut on_disk, mut in_memory) = (Frontier::default(), Frontier::default());
        for (from, to) in [(0, 1), (1, 255), (255, 256), (256, 700), (700, 70_000)] {
            let store = Store::open(dir.path()).unwrap();
            store.append(&mut on_disk, &leaves(from, to)).unwrap();
            leaves(from, to).iter().for_each(|(leaf, _)| in_memory.push(*leaf, |_, _, _| {}));
            assert_eq!(on_disk.root(), in_memory.root());
            assert_eq!(store.resume(to, in_memory.root()), Some(in_memory.clone()));
            assert!(tree::root(from, &store).is_ok());
        }
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.position(2), Some(Position::new(1, 64 + 512)));
        assert_eq!(store.position(274), None);
    }

    #[test]
    fn cosigned_notes_come_back_also_after_a_torn_one() {
        let dir = tempfile::tempdir().unwrap();
        Store::open(dir.path()).unwrap().keep_cosigned("first\n").unwrap();
        let mut file = OpenOptions::new().append(true).open(dir.path().join("cosigned")).unwrap();
        std::io::Write::write_all(&mut file, &[0, 0, 1, 0, b'h', b'a', b'l', b'f']).unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.keep_cosigned("second, which is longer than the torn one\n").unwrap();
        assert_eq!(store.cosigned().unwrap().whole, ["first\n", "second, which is longer than the torn one\n"]);
    }

    #[test]
    fn a_changed_hash_is_not_believed_at_a_start() {
        let dir = tempfile::tempdir().unwrap();
        let mut frontier = Frontier::default();
        let store = Store::open(dir.path()).unwrap();
        store.append(&mut frontier, &leaves(0, 300)).unwrap();
        let row = OpenOptions::new().write(true).open(dir.path().join("0.rows")).unwrap();
        row.write_all_at(&[7], 299 * 32).unwrap();
        assert_eq!(Store::open(dir.path()).unwrap().resume(300, frontier.root()), None);
    }
}
