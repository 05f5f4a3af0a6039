//! `sealway verify`: log, tree, photos and registry of a data folder, looked at while nobody writes to it. A fault is named by file, entry
//! and row; what can be checked behind it is checked. Not looked at: which roots were told (a restored platform has those of a lost log
//! too), the signatures of witnesses, whose keys are not here, and the views that a start makes again (snapshots, series, outbox).

mod rows;

use crate::config::TrackerConfig;
use crate::data_dir::DataDir;
use crate::log::{self, LogError};
use crate::open::{self, OpenError, Viewed};
use crate::photos::{self, PhotoError};
use crate::platform_key::note_signer;
use crate::tree::{Audit, TreeError};
use sealway_core::proof::Hash;
use sealway_schemas::entry::Entry;
use serde::Serialize;
use std::path::Path;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Relative to the data folder.
    pub file: String,
    /// Sequence number, where an entry is meant.
    pub entry: Option<u64>,
    /// A row of a file of hashes, or the key of a row of the registry.
    pub row: Option<String>,
    pub fault: String,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        if let Some(row) = &self.row {
            write!(f, ", row {row}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// What a look at the whole folder came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub entries: u64,
    /// Size of the newest checkpoint, whose signature was checked.
    pub checkpoint: Option<u64>,
    /// Rows of the registry that were compared; `None` where it was not: it lags, or the log has faults.
    pub registry_rows: Option<u64>,
    pub found: Vec<Found>,
}

/// Needs the data folder for itself. `progress` is told how many entries have been looked at.
pub async fn verify(config: TrackerConfig, progress: impl Fn(u64) + Send + 'static) -> Result<Verified, OpenError> {
    let root = config.data_dir.clone();
    let looked = tokio::task::spawn_blocking(move || look(&root, &progress)).await.map_err(|_| OpenError::Interrupted)??;
    let mut verified = looked;
    if verified.found.iter().all(|found| !found.file.starts_with("log/")) {
        rows::compare(config, &mut verified).await?;
    }
    Ok(verified)
}

fn look(root: &Path, progress: &dyn Fn(u64)) -> Result<Verified, OpenError> {
    let data_dir = DataDir::open(root)?;
    let signer = note_signer(root)?;
    let mut verified = Verified { entries: 0, checkpoint: None, registry_rows: None, found: Vec::new() };
    let mut audit = Some(Audit::open(&data_dir.tree(), &signer)?);
    for frame in log::scan(&data_dir.log())? {
        match frame {
            Ok(frame) => {
                verified.entries += 1;
                match Entry::decode(&frame.entry).and_then(|_| Entry::leaf(&frame.entry).map(|leaf| Hash::leaf(&leaf))) {
                    Ok(leaf) => audit.iter_mut().for_each(|audit| audit.take(leaf, frame.position)),
                    Err(fault) => verified.found.push(at_entry(root, frame.seq, fault.to_string())),
                }
                if verified.entries.is_multiple_of(100_000) {
                    progress(verified.entries);
                }
            }
            Err(error) => {
                verified.found.push(of_log(root, error)?);
                // Which leaves are missing is not known: the tree cannot be compared any further.
                audit.take().into_iter().for_each(|audit| finish(audit, &mut verified));
            }
        }
    }
    audit.take().into_iter().for_each(|audit| finish(audit, &mut verified));
    let photos = data_dir.photos();
    let broken = photos::faults(&photos).map_err(|source| PhotoError::Io { path: photos, source })?;
    let found = broken.into_iter().map(|(path, fault)| Found { file: within(root, &path), entry: None, row: None, fault });
    verified.found.extend(found);
    Ok(verified)
}

fn finish(audit: Audit, verified: &mut Verified) {
    let (checkpoint, found) = audit.finish();
    verified.checkpoint = checkpoint;
    verified.found.extend(found);
}

fn of_log(root: &Path, error: LogError) -> Result<Found, LogError> {
    match error {
        LogError::Corrupt { path, offset, seq, fault } => {
            let fault = format!("{fault} (offset {offset})");
            Ok(Found { file: within(root, &path), entry: Some(seq), row: None, fault })
        }
        other => Err(other),
    }
}

fn at_entry(root: &Path, seq: u64, fault: String) -> Found {
    Found { file: within(root, &root.join("log")), entry: Some(seq), row: None, fault }
}

fn within(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

impl From<TreeError> for Found {
    fn from(error: TreeError) -> Self {
        Self { file: "tree".to_owned(), entry: None, row: None, fault: error.to_string() }
    }
}

/// The state as the whole log gives it, every signature checked strictly again.
pub(crate) fn replayed(config: &TrackerConfig) -> Result<open::Loaded, OpenError> {
    open::load(config, DataDir::open(&config.data_dir)?, Viewed::default())
}
