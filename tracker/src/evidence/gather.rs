//! What a stranger needs to check one transfer. Two looks through the log: the first finds whom and what the transfer's own entries
//! name, the second takes what concerns these. Nothing of another carrier's goes along.

use crate::log::{Frame, LogError};
use crate::tree::{TreeError, TreeReader};
use sealway_core::proof::Hash;
use sealway_schemas::bundle::Bundle;
use sealway_schemas::command::{Command, CustodyCommand, DeviceCommand, RegistryCommand, WorldCommand};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, TransferId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PROGRESS: u64 = 100_000;
/// Fields of commands whose texts name parties, people, places, corridors.
const NAMES: [&str; 9] = ["carrier", "owner", "party", "user", "origin", "destination", "corridor", "place", "operator"];
const SEALS: [&str; 2] = ["seal", "device"];

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

/// What the transfer's own entries name.
#[derive(Debug, Default)]
struct Named {
    names: BTreeSet<String>,
    devices: BTreeSet<DeviceId>,
    /// The first of the transfer's own entries.
    first: Option<u64>,
    /// The newest sealing of each device, before and after the transfer's first entry.
    sealed: BTreeMap<DeviceId, (Option<u64>, Option<u64>)>,
}

/// The bundle of a transfer, under the newest checkpoint. `progress` is told how many entries were looked at.
pub fn gather(tree: &TreeReader, transfer: &TransferId, progress: &dyn Fn(u64)) -> Result<Bundle, EvidenceError> {
    let newest = tree.checkpoint().ok_or(EvidenceError::NoCheckpoint)?;
    let named = look(tree, transfer, newest.checkpoint.size, progress)?;
    let entries = take(tree, transfer, &named, (newest.checkpoint.size, progress))?;
    let last = entries.last().map_or(0, |(seq, _)| *seq);
    let signed = tree.cosigned().filter(|cosigned| cosigned.checkpoint.size > last).unwrap_or(newest);
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
    let mut found = Vec::new();
    for frame in tree.log().frames_from(0) {
        let frame = frame?;
        if frame.seq >= size {
            break;
        }
        let body = command(&frame).and_then(|body| serde_json::from_slice::<Value>(&body).ok());
        let id = body.as_ref().and_then(|body| body.get("transfer")?.as_str()?.parse::<TransferId>().ok());
        found.extend(id.filter(|id| !found.contains(id)));
    }
    Ok(found)
}

fn look(tree: &TreeReader, transfer: &TransferId, size: u64, progress: &dyn Fn(u64)) -> Result<Named, EvidenceError> {
    let mut named = Named::default();
    for frame in tree.log().frames_from(0) {
        let frame = frame?;
        if frame.seq >= size {
            break;
        }
        if frame.seq.is_multiple_of(PROGRESS) && frame.seq > 0 {
            progress(frame.seq);
        }
        match frame.decode().map_err(|fault| tree.log().corrupt(&frame, fault))? {
            Entry::Command { by, body, .. } => {
                let Ok(body) = serde_json::from_slice::<Value>(&body) else { continue };
                if body.get("transfer").and_then(Value::as_str) != Some(transfer.as_str()) {
                    continue;
                }
                named.first.get_or_insert(frame.seq);
                named.names.extend([by.user.to_string(), by.party.to_string()]);
                named.read(&body);
            }
            Entry::Report { device, bytes, .. } if Report::parse(&bytes).is_ok_and(|(_, report)| report.event() == Event::Sealed) => {
                let (before, after) = named.sealed.entry(device).or_default();
                match named.first {
                    None => *before = Some(frame.seq),
                    Some(_) => *after = after.or(Some(frame.seq)),
                }
            }
            Entry::Report { .. }
            | Entry::Login { .. }
            | Entry::StrictFailed { .. }
            | Entry::Generation { .. }
            | Entry::StateLost { .. }
            | Entry::Refusals { .. }
            | Entry::Policy { .. } => {}
        }
    }
    if named.first.is_none() { Err(EvidenceError::UnknownTransfer(transfer.clone())) } else { Ok(named) }
}

impl Named {
    /// Names of parties, people, places and seals, wherever in the command they stand.
    fn read(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if NAMES.contains(&name.as_str()) => drop(self.names.insert(text.to_owned())),
                        Some(text) if SEALS.contains(&name.as_str()) => self.devices.extend(text.parse::<DeviceId>()),
                        _ => self.read(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            _ => {}
        }
    }

    /// The first report of a device that belongs to the transfer: its sealing, which may lie before the declaration.
    fn begin(&self, device: &DeviceId) -> u64 {
        let first = self.first.unwrap_or_default();
        match self.sealed.get(device) {
            Some((_, Some(after))) => *after,
            Some((Some(before), None)) => *before,
            _ => first,
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn concerns(&self, command: &Command, body: &Value, transfer: &TransferId, seq: u64) -> bool {
        if let Some(named) = body.get("transfer").and_then(Value::as_str) {
            return named == transfer.as_str();
        }
        match command {
            Command::Registry(RegistryCommand::RegisterParty { party, .. }) => self.knows(party.as_str()),
            Command::Registry(RegistryCommand::RegisterUser { user, .. })
            | Command::Registry(RegistryCommand::EnrolSigningKey { user, .. } | RegistryCommand::RevokeSigningKey { user, .. }) => {
                self.knows(user.as_str())
            }
            Command::World(WorldCommand::PutPlace { .. } | WorldCommand::PutCorridor { .. }) => self.knows(&command.subject()),
            Command::Device(
                DeviceCommand::EnrolDevice { device, .. }
                | DeviceCommand::RevokeDevice { device, .. }
                | DeviceCommand::ResetLogin { device, .. }
                | DeviceCommand::LiftQuarantine { device, .. },
            ) => self.devices.contains(device),
            Command::Custody(
                CustodyCommand::IssueGrant { device, .. }
                | CustodyCommand::CountersignGrant { device, .. }
                | CustodyCommand::RevokeGrant { device, .. }
                | CustodyCommand::IssueChallenge { device, .. },
            ) => self.devices.contains(device) && seq >= self.begin(device),
            _ => false,
        }
    }
}

fn take(
    tree: &TreeReader,
    transfer: &TransferId,
    named: &Named,
    (size, progress): (u64, &dyn Fn(u64)),
) -> Result<Vec<(u64, bytes::Bytes)>, EvidenceError> {
    let mut entries = Vec::new();
    for frame in tree.log().frames_from(0) {
        let frame = frame?;
        if frame.seq >= size {
            break;
        }
        if frame.seq.is_multiple_of(PROGRESS) && frame.seq > 0 {
            progress(frame.seq);
        }
        let wanted = match frame.decode().map_err(|fault| tree.log().corrupt(&frame, fault))? {
            Entry::Command { body, .. } => match (Command::parse(&body), serde_json::from_slice::<Value>(&body)) {
                (Ok(command), Ok(body)) => named.concerns(&command, &body, transfer, frame.seq),
                _ => false,
            },
            Entry::Report { device, .. } | Entry::StrictFailed { device, .. } | Entry::StateLost { device, .. } => {
                named.devices.contains(&device) && frame.seq >= named.begin(&device)
            }
            // What the transfer was judged by.
            Entry::Generation { .. } | Entry::Policy { .. } => true,
            Entry::Login { .. } | Entry::Refusals { .. } => false,
        };
        if wanted {
            entries.push((frame.seq, frame.entry));
        }
    }
    Ok(entries)
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
