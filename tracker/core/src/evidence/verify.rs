//! The order of the checks: the checkpoint by the trust root, the entries by the checkpoint, then every signature in them.

use super::devices::{self, DeviceStatement};
use super::people::{self, Signed};
use super::trust::Witnessed;
use crate::proof::note::{Note, Verifier};
use crate::proof::{Checkpoint, Hash, consistency, many};
use sealway_schemas::bundle::{Bundle, OlderNote, OlderTree};
use sealway_schemas::command::{Command, TransferCommand};
use sealway_schemas::entry::Entry;
use sealway_schemas::{Time, TransferId};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Genuine,
    Incomplete,
    Forged,
}

/// Why the verdict is not better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub verdict: Verdict,
    /// The entry that it is about, if it is about one.
    pub entry: Option<u64>,
    pub text: String,
}

impl Reason {
    pub(super) fn forged(entry: Option<u64>, text: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Forged, entry, text: text.to_string() }
    }

    pub(super) fn incomplete(entry: Option<u64>, text: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Incomplete, entry, text: text.to_string() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "entry {entry}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// What a bundle was found to show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub transfer: TransferId,
    /// Name and size of the log that the trust root signed.
    pub log: String,
    pub size: u64,
    pub devices: Vec<DeviceStatement>,
    /// What people decided, in the log's order.
    pub decisions: Vec<Signed>,
    /// What the trusted witnesses are shown to have seen.
    pub witnessed: Vec<Witnessed>,
}

/// An entry whose place in the log is proved.
pub(super) struct Proved {
    pub(super) seq: u64,
    pub(super) entry: Entry,
}

/// Checks a bundle by the trust root alone.
#[must_use]
pub fn verify(bundle: &Bundle, trust: &Verifier) -> Checked {
    let mut checked = Checked {
        verdict: Verdict::Genuine,
        reasons: Vec::new(),
        transfer: bundle.transfer.clone(),
        log: trust.name().to_owned(),
        size: 0,
        devices: Vec::new(),
        decisions: Vec::new(),
        witnessed: Vec::new(),
    };
    match in_the_log(bundle, trust) {
        Ok((size, entries)) => {
            checked.size = size;
            let heard = heard(bundle, &entries);
            let commands = people::commands(&entries, &mut checked.reasons);
            checked.decisions = people::decisions(&commands, &mut checked.reasons);
            checked.devices = devices::statements(&entries, &commands, &heard, &mut checked.reasons);
            expect_declaration(bundle, &commands, &mut checked.reasons);
        }
        Err(reason) => checked.reasons.push(reason),
    }
    checked.conclude();
    checked
}

impl Checked {
    pub(super) fn conclude(&mut self) {
        self.verdict = self.reasons.iter().map(|reason| reason.verdict).max().unwrap_or(Verdict::Genuine);
    }
}

fn in_the_log(bundle: &Bundle, trust: &Verifier) -> Result<(u64, Vec<Proved>), Reason> {
    let checkpoint = signed_checkpoint(&bundle.checkpoint, trust)?;
    let mut leaves = Vec::with_capacity(bundle.entries.len());
    let mut entries = Vec::with_capacity(bundle.entries.len());
    for (seq, bytes) in &bundle.entries {
        let malformed = |fault| Reason::forged(Some(*seq), fault);
        leaves.push((*seq, Hash::leaf(&Entry::leaf(bytes).map_err(malformed)?)));
        entries.push(Proved { seq: *seq, entry: Entry::decode(bytes).map_err(malformed)? });
    }
    let proof: Vec<Hash> = bundle.proof.iter().copied().map(Hash::from_bytes).collect();
    let proved = many::verify(&leaves, (checkpoint.size, checkpoint.root), &proof);
    proved.map_err(|fault| Reason::forged(None, format!("the entries are not those of the checkpoint: {fault}")))?;
    check_growth(bundle, (checkpoint.size, checkpoint.root))?;
    if let Some(older) = &bundle.cosigned {
        check_cosigned(older, trust, (checkpoint.size, checkpoint.root))?;
    }
    Ok((checkpoint.size, entries))
}

/// A checkpoint of the trusted log.
pub(super) fn signed_checkpoint(note: &str, trust: &Verifier) -> Result<Checkpoint, Reason> {
    let note = Note::parse(note).map_err(|fault| Reason::forged(None, fault))?;
    trust.verify(&note).map_err(|fault| Reason::forged(None, format!("checkpoint: {fault}")))?;
    let checkpoint = Checkpoint::parse(note.text).map_err(|fault| Reason::forged(None, fault))?;
    if checkpoint.origin != trust.name() {
        return Err(Reason::forged(None, format!("checkpoint of {}, expected {}", checkpoint.origin, trust.name())));
    }
    Ok(checkpoint)
}

fn check_cosigned(older: &OlderNote, trust: &Verifier, tree: (u64, Hash)) -> Result<(), Reason> {
    let checkpoint = signed_checkpoint(&older.note, trust)?;
    grown((checkpoint.size, checkpoint.root), tree, &older.growth)
}

fn grown(older: (u64, Hash), tree: (u64, Hash), growth: &[[u8; 32]]) -> Result<(), Reason> {
    let growth: Vec<Hash> = growth.iter().copied().map(Hash::from_bytes).collect();
    consistency::verify(older, tree, &growth)
        .map_err(|fault| Reason::forged(None, format!("the tree of {} entries is not the checkpoint's beginning: {fault}", older.0)))
}

fn check_growth(bundle: &Bundle, tree: (u64, Hash)) -> Result<(), Reason> {
    for older in &bundle.heard {
        grown((older.size, Hash::from_bytes(older.root)), tree, &older.growth)?;
    }
    Ok(())
}

/// A report that names a tree was made after every entry of it arrived: the newest that the bundle shows is the bound, so that nobody
/// else's entries need to be shown. By the first 8 bytes of the root.
fn heard(bundle: &Bundle, entries: &[Proved]) -> BTreeMap<[u8; 8], Time> {
    let bound = |older: &OlderTree| {
        let below = entries.iter().filter(|entry| entry.seq < older.size);
        Some((*older.root.first_chunk::<8>()?, below.map(|entry| entry.entry.at()).max()?))
    };
    bundle.heard.iter().filter_map(bound).collect()
}

fn expect_declaration(bundle: &Bundle, commands: &[people::Given], reasons: &mut Vec<Reason>) {
    let declared = commands.iter().any(|given| match &given.command {
        Command::Transfer(TransferCommand::DeclareTransfer { transfer, .. } | TransferCommand::DraftTransfer { transfer, .. }) => {
            *transfer == bundle.transfer
        }
        _ => false,
    });
    if !declared {
        reasons.push(Reason::incomplete(None, format!("the declaration of transfer {} is missing", bundle.transfer)));
    }
}
