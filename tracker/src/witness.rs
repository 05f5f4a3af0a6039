//! A witness with its own key and its own memory: what it saw is on disk before it signs.

use crate::data_dir::{DataDir, DataDirError, write_durably};
use crate::platform_key::{NoteSigner, PlatformKey, PlatformKeyError};
use sealway_core::proof::note::Verifier;
use sealway_core::proof::witness::{NotCosigned, Witness};
use sealway_core::proof::{Checkpoint, Hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FILE: &str = "seen.json";

#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Key(#[from] PlatformKeyError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}; what was cosigned is not known, so nothing is", path.display())]
    Seen { path: PathBuf, source: serde_json::Error },
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum AddFailure {
    #[error(transparent)]
    Refused(#[from] NotCosigned),
    #[error(transparent)]
    Kept(#[from] WitnessError),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    log: String,
    size: u64,
    root: Hash,
}

/// The one witness of a folder.
#[derive(Debug)]
pub struct WitnessKeeper {
    data_dir: DataDir,
    signer: NoteSigner,
    witness: Mutex<(Witness, BTreeMap<String, Seen>)>,
}

impl WitnessKeeper {
    /// Makes key and folder at the first start.
    pub fn open(dir: &Path, name: &str, logs: Vec<Verifier>) -> Result<Self, WitnessError> {
        let data_dir = DataDir::open(dir)?;
        let signer = PlatformKey::load_or_make(&dir.join("witness.key"))?.cosigner(name)?;
        let seen = load(&dir.join(FILE))?;
        let known = seen.values().map(|seen| (seen.log.clone(), (seen.size, seen.root))).collect();
        Ok(Self { data_dir, signer, witness: Mutex::new((Witness::new(logs, known), seen)) })
    }

    /// Its verifier key, for those who rely on it: `<name>+<hash>+<key>`.
    #[must_use]
    pub fn key(&self) -> String {
        self.signer.verifier().text()
    }

    /// The line of the cosignature. `seconds`: unix time.
    pub fn add(&self, body: &str, seconds: u64) -> Result<String, AddFailure> {
        // One at a time: two checkpoints of one log must not both be looked at against the same memory.
        let mut held = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        let (witness, seen) = &mut *held;
        let grown = witness.look(body)?;
        self.keep(seen, &grown.checkpoint)?;
        witness.remember(&grown.checkpoint);
        Ok(self.signer.line(&grown.text, seconds))
    }

    fn keep(&self, seen: &mut BTreeMap<String, Seen>, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        let Checkpoint { origin, size, root } = checkpoint;
        seen.insert(origin.clone(), Seen { log: origin.clone(), size: *size, root: *root });
        let path = self.data_dir.root().join(FILE);
        let list: Vec<&Seen> = seen.values().collect();
        let written = serde_json::to_vec_pretty(&list).map_err(std::io::Error::other).and_then(|json| write_durably(&path, &json, 0o644));
        written.map_err(|source| WitnessError::Io { path, source })
    }
}

fn load(path: &Path) -> Result<BTreeMap<String, Seen>, WitnessError> {
    let json = match std::fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(WitnessError::Io { path: path.to_owned(), source }),
    };
    let list: Vec<Seen> = serde_json::from_slice(&json).map_err(|source| WitnessError::Seen { path: path.to_owned(), source })?;
    Ok(list.into_iter().map(|seen| (seen.log.clone(), seen)).collect())
}
