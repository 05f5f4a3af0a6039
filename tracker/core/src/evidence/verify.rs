//! The order of the checks: the checkpoint by the trust root, the entries by the checkpoint, then every signature in them.

use super::custody;
use super::devices::{self, DeviceStatement};
use super::people::{self, Signed};
use super::route::{self, CorridorVersion, Declared};
use super::trust::{LogKeys, Witnessed};
use crate::proof::note::Note;
use crate::proof::{Checkpoint, Hash, consistency, many};
use sealway_schemas::bundle::{Bundle, OlderNote, OlderTree};
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
    /// The same in Chinese.
    pub zh: String,
}

impl Reason {
    pub(super) fn forged(entry: Option<u64>, text: impl fmt::Display, zh: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Forged, entry, text: text.to_string(), zh: zh.to_string() }
    }

    pub(super) fn incomplete(entry: Option<u64>, text: impl fmt::Display, zh: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Incomplete, entry, text: text.to_string(), zh: zh.to_string() }
    }

    /// Something of the file that does not belong to it.
    #[must_use]
    pub fn of_file(part: &str) -> Self {
        Self::forged(None, format!("{part} does not show what the bundle shows"), format!("{part} 与证据内容不符"))
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
    /// Entries of the log that the bundle shows, each proved to be in it.
    pub entries: usize,
    /// Entries under the older checkpoint of the bundle, which witnesses cosigned: the log is proved to have only grown since.
    pub grown_from: Option<u64>,
    /// What was declared.
    pub declared: Option<Declared>,
    /// The corridor's versions, oldest first: of several the last one before a report judged it.
    pub corridors: Vec<CorridorVersion>,
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
pub fn verify(bundle: &Bundle, trust: &LogKeys) -> Checked {
    let mut checked = Checked {
        verdict: Verdict::Genuine,
        reasons: Vec::new(),
        transfer: bundle.transfer.clone(),
        log: trust.name().to_owned(),
        size: 0,
        entries: 0,
        grown_from: None,
        declared: None,
        corridors: Vec::new(),
        devices: Vec::new(),
        decisions: Vec::new(),
        witnessed: Vec::new(),
    };
    let log = trust.with_successors(bundle);
    match in_the_log(bundle, &log) {
        Ok((size, entries)) => {
            checked.size = size;
            checked.entries = entries.len();
            checked.grown_from =
                bundle.cosigned.as_ref().and_then(|older| signed_checkpoint(&older.note, &log).ok()).map(|older| older.size);
            let heard = heard(bundle, &entries);
            let commands = people::commands(&entries, &mut checked.reasons);
            checked.decisions = people::decisions(&commands, &mut checked.reasons);
            checked.devices = devices::statements(&entries, &commands, &heard, &mut checked.reasons);
            checked.declared = route::declared(&bundle.transfer, &commands);
            checked.corridors = checked.declared.as_ref().map_or_else(Vec::new, |declared| route::corridors(declared, &commands));
            expect_declaration(&checked.transfer, checked.declared.as_ref(), &mut checked.reasons);
            custody::check(&checked.transfer, &commands, &checked.devices, &mut checked.reasons);
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

fn in_the_log(bundle: &Bundle, trust: &LogKeys) -> Result<(u64, Vec<Proved>), Reason> {
    let checkpoint = signed_checkpoint(&bundle.checkpoint, trust)?;
    let mut leaves = Vec::with_capacity(bundle.entries.len());
    let mut entries = Vec::with_capacity(bundle.entries.len());
    for (seq, bytes) in &bundle.entries {
        let malformed = |fault| Reason::forged(Some(*seq), fault, "条目格式无效");
        leaves.push((*seq, Hash::leaf(&Entry::leaf(bytes).map_err(malformed)?)));
        entries.push(Proved { seq: *seq, entry: Entry::decode(bytes).map_err(malformed)? });
    }
    let proof: Vec<Hash> = bundle.proof.iter().copied().map(Hash::from_bytes).collect();
    let proved = many::verify(&leaves, (checkpoint.size, checkpoint.root), &proof);
    proved.map_err(|fault| {
        Reason::forged(None, format!("the entries are not those of the checkpoint: {fault}"), "条目与日志检查点不符：内容被增删或改动")
    })?;
    check_growth(bundle, (checkpoint.size, checkpoint.root))?;
    if let Some(older) = &bundle.cosigned {
        check_cosigned(older, trust, (checkpoint.size, checkpoint.root))?;
    }
    Ok((checkpoint.size, entries))
}

/// A checkpoint of the trusted log.
pub(super) fn signed_checkpoint(note: &str, trust: &LogKeys) -> Result<Checkpoint, Reason> {
    let note = Note::parse(note).map_err(|fault| Reason::forged(None, fault, "检查点格式无效"))?;
    trust.verify(&note).map_err(|fault| Reason::forged(None, format!("checkpoint: {fault}"), "检查点并非由信任根的密钥签名"))?;
    let checkpoint = Checkpoint::parse(note.text).map_err(|fault| Reason::forged(None, fault, "检查点格式无效"))?;
    if checkpoint.origin != trust.name() {
        let text = format!("checkpoint of {}, expected {}", checkpoint.origin, trust.name());
        return Err(Reason::forged(None, text, "检查点属于另一份日志"));
    }
    Ok(checkpoint)
}

fn check_cosigned(older: &OlderNote, trust: &LogKeys, tree: (u64, Hash)) -> Result<(), Reason> {
    let checkpoint = signed_checkpoint(&older.note, trust)?;
    grown((checkpoint.size, checkpoint.root), tree, &older.growth)
}

fn grown(older: (u64, Hash), tree: (u64, Hash), growth: &[[u8; 32]]) -> Result<(), Reason> {
    let growth: Vec<Hash> = growth.iter().copied().map(Hash::from_bytes).collect();
    consistency::verify(older, tree, &growth).map_err(|fault| {
        let text = format!("the tree of {} entries is not the checkpoint's beginning: {fault}", older.0);
        Reason::forged(None, text, format!("含 {} 条的较早日志不是当前日志的开头：日志被改写", older.0))
    })
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

fn expect_declaration(transfer: &TransferId, declared: Option<&Declared>, reasons: &mut Vec<Reason>) {
    if declared.is_none() {
        let text = format!("the declaration of transfer {transfer} is missing");
        reasons.push(Reason::incomplete(None, text, format!("缺少转关 {transfer} 的申报")));
    }
}
