//! What a stranger needs to check one transfer. Two looks through the log: the first finds whom and what the transfer's own entries
//! name, the second takes what concerns these. Nothing of another carrier's goes along.

use super::named::{Named, Part, each_entry, look, transfers_in};
use crate::log::{Frame, LogError};
use crate::tree::{TreeError, TreeReader};
use sealway_core::proof::Hash;
use sealway_schemas::TransferId;
use sealway_schemas::bundle::Bundle;
use sealway_schemas::command::Command;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Report;
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("transfer {0}: expected one that was declared, and is under a checkpoint")]
    UnknownTransfer(TransferId),
    #[error("no checkpoint yet: the first comes a second after the first entry")]
    NoCheckpoint,
}

/// The bundle of a transfer, under the oldest checkpoint that covers it, or the oldest that witnesses cosigned: a transfer that is over gives
/// the same bytes also when the log has grown. `progress` is told how many entries were looked at.
pub fn gather(tree: &TreeReader, transfer: &TransferId, progress: &dyn Fn(u64)) -> Result<Bundle, EvidenceError> {
    let newest = tree.checkpoint().ok_or(EvidenceError::NoCheckpoint)?;
    let named = look(tree, transfer, newest.checkpoint.size, progress)?;
    let entries = take(tree, transfer, &named, (newest.checkpoint.size, progress))?;
    let last = entries.last().map_or(0, |(seq, _)| *seq);
    let signed = tree.covering(last)?.ok_or(EvidenceError::NoCheckpoint)?;
    let size = signed.checkpoint.size;
    let numbers: Vec<u64> = entries.iter().map(|(seq, _)| *seq).collect();
    let proof = tree.prove_many(&numbers, size)?.iter().map(|hash: &Hash| *hash.as_bytes()).collect();
    let heard = tree.heard(&heard_in(&entries), size)?;
    let cosigned = tree.cosigned_before(named.first.unwrap_or_default(), size)?;
    Ok(Bundle { transfer: transfer.clone(), checkpoint: signed.note.clone(), entries, proof, heard, cosigned })
}

/// Every transfer that was declared, in the log's order.
pub fn declared(tree: &TreeReader) -> Result<Vec<TransferId>, EvidenceError> {
    let size = tree.checkpoint().ok_or(EvidenceError::NoCheckpoint)?.checkpoint.size;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for frame in tree.log().frames_from(0) {
        let frame = frame?;
        if frame.seq >= size {
            break;
        }
        let body = command(&frame).and_then(|body| serde_json::from_slice::<Value>(&body).ok());
        for id in body.as_ref().map(transfers_in).unwrap_or_default() {
            if seen.insert(id.clone()) {
                found.push(id);
            }
        }
    }
    Ok(found)
}

fn take(
    tree: &TreeReader,
    transfer: &TransferId,
    named: &Named,
    (size, progress): (u64, &dyn Fn(u64)),
) -> Result<Vec<(u64, bytes::Bytes)>, EvidenceError> {
    let mut taken = Vec::new();
    each_entry(tree, size, progress, |seq, entry, bytes| {
        let part = match entry {
            Entry::Command { body, .. } => match (Command::parse(&body), serde_json::from_slice::<Value>(&body)) {
                (Ok(command), Ok(body)) => named.concerns(&command, &body, transfer, seq),
                _ => None,
            },
            Entry::Report { device, .. } | Entry::StrictFailed { device, .. } | Entry::StateLost { device, .. } => {
                named.has(&device, seq).then_some(Part::Own)
            }
            // What the transfer was judged by.
            Entry::Generation { .. } | Entry::Policy { .. } => Some(Part::Context),
            Entry::Rekey { .. } => Some(Part::Key),
            // Nobody signed what a terminal says: it proves nothing of a transfer.
            Entry::Login { .. } | Entry::Refusals { .. } | Entry::Unsigned { .. } => None,
        };
        taken.extend(part.map(|part| (part, seq, bytes)));
        Ok::<_, LogError>(())
    })?;
    // What was changed after the transfer's last word says nothing of it.
    let end = taken.iter().rev().find(|(part, ..)| *part == Part::Own).map_or(0, |(_, seq, _)| *seq);
    taken.retain(|(part, seq, _)| *seq <= end || *part == Part::Key);
    Ok(taken.into_iter().map(|(_, seq, bytes)| (seq, bytes)).collect())
}

fn command(frame: &Frame) -> Option<bytes::Bytes> {
    let Entry::Command { body, .. } = frame.decode().ok()? else { return None };
    Some(body)
}

/// The roots that the reports name.
fn heard_in(entries: &[(u64, bytes::Bytes)]) -> BTreeSet<[u8; 8]> {
    let reports = entries.iter().filter_map(|(_, entry)| {
        let Entry::Report { bytes, .. } = Entry::decode(entry).ok()? else { return None };
        Report::parse(&bytes).ok().and_then(|(_, report)| report.heard())
    });
    reports.collect()
}
