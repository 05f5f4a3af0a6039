//! What a transfer's own entries name, and from which entry to which a seal's reports belong to it.

use super::gather::EvidenceError;
use crate::log::LogError;
use crate::tree::TreeReader;
use bytes::Bytes;
use sealway_schemas::command::{Command, CustodyCommand, DeviceCommand, RegistryCommand, Signer, TransferCommand, WorldCommand};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, PartyId, PlaceId, TransferId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

const PROGRESS: u64 = 100_000;
/// Fields of commands whose texts name parties, people, places, corridors.
const NAMES: [&str; 9] = ["carrier", "owner", "party", "user", "origin", "destination", "corridor", "place", "operator"];
const SEALS: [&str; 2] = ["seal", "device"];

/// What the transfer's own entries name.
#[derive(Debug, Default)]
pub(super) struct Named {
    names: BTreeSet<String>,
    /// The first of the transfer's own entries.
    pub(super) first: Option<u64>,
    /// The seals that it names.
    seals: BTreeMap<DeviceId, Seal>,
    /// The sealings of every seal in the log.
    sealings: BTreeMap<DeviceId, Vec<u64>>,
    /// Standing orders of every officer: what one let through has him for its signer, and nobody else.
    orders: Vec<Order>,
}

/// A standing order, as it was put.
#[derive(Debug)]
struct Order {
    id: String,
    /// Whom and from where it lets through, where it says so.
    names: Vec<String>,
    by: [String; 2],
}

/// Where one seal meets the transfer.
#[derive(Debug)]
struct Seal {
    /// The newest of the transfer's own entries, before another transfer names the seal.
    own: u64,
    /// The first entry of another transfer that names it afterwards.
    other: Option<u64>,
}

/// The first look through the log, as far as `size`.
pub(super) fn look(tree: &TreeReader, transfer: &TransferId, size: u64, progress: &dyn Fn(u64)) -> Result<Named, EvidenceError> {
    let mut named = Named::default();
    each_entry(tree, size, progress, |seq, entry, _| -> Result<(), LogError> {
        match entry {
            Entry::Command { by, body, .. } => {
                let Ok(body) = serde_json::from_slice::<Value>(&body) else { return Ok(()) };
                let of = transfers_in(&body);
                if of.contains(transfer) {
                    named.names.extend([by.user.to_string(), by.party.to_string()]);
                    named.take_own(seq, &body);
                } else if !of.is_empty() {
                    named.take_other(seq, &body);
                } else {
                    named.orders.extend(Order::of(&by, &body));
                }
            }
            Entry::Report { device, bytes, .. } if Report::parse(&bytes).is_ok_and(|(_, report)| report.event() == Event::Sealed) => {
                named.sealings.entry(device).or_default().push(seq);
            }
            Entry::Report { .. }
            | Entry::Login { .. }
            | Entry::StrictFailed { .. }
            | Entry::Generation { .. }
            | Entry::StateLost { .. }
            | Entry::Refusals { .. }
            | Entry::Policy { .. }
            | Entry::Rekey { .. }
            | Entry::Unsigned { .. } => {}
        }
        Ok(())
    })?;
    named.settle_orders();
    if named.first.is_none() { Err(EvidenceError::UnknownTransfer(transfer.clone())) } else { Ok(named) }
}

/// Goes over the log's entries below `size`. `progress` is told how many were looked at.
pub(super) fn each_entry<E: From<LogError>>(
    tree: &TreeReader,
    size: u64,
    progress: &dyn Fn(u64),
    mut take: impl FnMut(u64, Entry, Bytes) -> Result<(), E>,
) -> Result<(), E> {
    for frame in tree.log().frames_from(0) {
        let frame = frame?;
        if frame.seq >= size {
            break;
        }
        if frame.seq.is_multiple_of(PROGRESS) && frame.seq > 0 {
            progress(frame.seq);
        }
        let entry = frame.decode().map_err(|fault| tree.log().corrupt(&frame, fault))?;
        take(frame.seq, entry, frame.entry)?;
    }
    Ok(())
}

impl Order {
    fn of(by: &Signer, body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        text("type").filter(|kind| kind == "put-standing-order")?;
        let names = ["carrier", "origin"].into_iter().filter_map(text).collect();
        Some(Self { id: text("order")?, names, by: [by.user.to_string(), by.party.to_string()] })
    }
}

impl Named {
    fn take_own(&mut self, seq: u64, body: &Value) {
        self.first.get_or_insert(seq);
        let seals = self.read(body);
        for device in seals {
            self.seals.entry(device).or_insert(Seal { own: seq, other: None });
        }
        for seal in self.seals.values_mut().filter(|seal| seal.other.is_none()) {
            seal.own = seq;
        }
    }

    fn take_other(&mut self, seq: u64, body: &Value) {
        if self.seals.is_empty() {
            return;
        }
        for device in seals_in(body) {
            if let Some(seal) = self.seals.get_mut(&device) {
                seal.other.get_or_insert(seq);
            }
        }
    }

    /// Names of parties, people and places, wherever in the command they stand; tells the seals.
    fn read(&mut self, value: &Value) -> Vec<DeviceId> {
        each_text(value, &mut |name, text| {
            if NAMES.contains(&name) {
                self.names.insert(text.to_owned());
            }
        });
        seals_in(value)
    }

    /// Lets go of the orders that are for others, and names who gave the rest.
    fn settle_orders(&mut self) {
        let mut orders = std::mem::take(&mut self.orders);
        orders.retain(|order| order.names.iter().all(|name| self.knows(name)));
        self.names.extend(orders.iter().flat_map(|order| order.by.clone()));
        self.orders = orders;
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.seals.keys()
    }

    /// Whether an entry of that number that concerns the seal belongs to the transfer.
    pub(super) fn has(&self, device: &DeviceId, seq: u64) -> bool {
        self.seals.get(device).is_some_and(|seal| self.within(device, seal).contains(&seq))
    }

    /// From its sealing, which may lie before the declaration, to where another transfer begins to use the seal.
    fn within(&self, device: &DeviceId, seal: &Seal) -> Range<u64> {
        let sealings = self.sealings.get(device).map_or(&[][..], Vec::as_slice);
        let first = self.first.unwrap_or_default();
        let next = |other: u64| sealings.iter().copied().rfind(|at| (seal.own..other).contains(at)).unwrap_or(other);
        let end = seal.other.map_or(u64::MAX, next);
        let after = sealings.iter().copied().find(|at| (first..end).contains(at));
        let begin = after.or_else(|| sealings.iter().copied().rfind(|at| *at < first)).unwrap_or(first);
        begin..end
    }

    fn knows_order(&self, id: &str) -> bool {
        self.orders.iter().any(|order| order.id == id)
    }

    fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// What a command is to the transfer. One that names transfers is of these and of no other.
    pub(super) fn concerns(&self, command: &Command, body: &Value, transfer: &TransferId, seq: u64) -> Option<Part> {
        let of = transfers_in(body);
        if !of.is_empty() {
            return of.contains(transfer).then_some(Part::Own);
        }
        let part = if matches!(command, Command::Device(_) | Command::Custody(_)) { Part::Own } else { Part::Context };
        self.bears_on(command, seq).then_some(part)
    }

    fn bears_on(&self, command: &Command, seq: u64) -> bool {
        match command {
            Command::Registry(RegistryCommand::RegisterParty { party, .. }) => self.knows(party.as_str()),
            Command::Registry(RegistryCommand::RegisterUser { user, .. })
            | Command::Registry(RegistryCommand::EnrolSigningKey { user, .. } | RegistryCommand::RevokeSigningKey { user, .. }) => {
                self.knows(user.as_str())
            }
            Command::World(
                WorldCommand::PutPlace { .. }
                | WorldCommand::PutCorridor { .. }
                | WorldCommand::WithdrawPlaceVersion { .. }
                | WorldCommand::WithdrawCorridorVersion { .. },
            ) => self.knows(&command.subject()),
            Command::Device(
                DeviceCommand::EnrolDevice { device, .. }
                | DeviceCommand::RevokeDevice { device, .. }
                | DeviceCommand::ResetLogin { device, .. }
                | DeviceCommand::LiftQuarantine { device, .. },
            ) => self.seals.contains_key(device),
            Command::Custody(
                CustodyCommand::IssueGrant { device, .. }
                | CustodyCommand::CountersignGrant { device, .. }
                | CustodyCommand::RevokeGrant { device, .. }
                | CustodyCommand::IssueChallenge { device, .. },
            ) => self.has(device, seq),
            Command::Transfer(TransferCommand::PutStandingOrder { order, carrier, origin, .. }) => {
                let names = carrier.iter().map(PartyId::as_str).chain(origin.iter().map(PlaceId::as_str));
                self.knows_order(order) && names.into_iter().all(|name| self.knows(name))
            }
            Command::Transfer(TransferCommand::RemoveStandingOrder { order }) => self.knows_order(order),
            _ => false,
        }
    }
}

/// What an entry is to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Said of it, or by its seal.
    Own,
    /// What it was judged by.
    Context,
    /// How the log's signature is known.
    Key,
}

/// The transfers that a command names, wherever: a reference has a check digit, so nothing else looks like one.
pub(super) fn transfers_in(value: &Value) -> Vec<TransferId> {
    let mut named = Vec::new();
    each_text(value, &mut |_, text| named.extend(text.parse::<TransferId>()));
    named
}

fn seals_in(value: &Value) -> Vec<DeviceId> {
    let mut seals = Vec::new();
    each_text(value, &mut |name, text| {
        if SEALS.contains(&name) {
            seals.extend(text.parse::<DeviceId>());
        }
    });
    seals
}

/// Texts of the command, each with the name of its field; of a list's with the list's.
fn each_text(value: &Value, take: &mut dyn FnMut(&str, &str)) {
    fn go(name: &str, value: &Value, take: &mut dyn FnMut(&str, &str)) {
        match value {
            Value::String(text) => take(name, text),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| go(name, value, take)),
            Value::Array(items) => items.iter().for_each(|item| go(name, item, take)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    go("", value, take);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What belongs to a transfer whose own entries with the seal have these numbers, where others name it at those.
    fn within(own: &[u64], others: &[u64], sealings: &[u64]) -> Range<u64> {
        let device: DeviceId = "XA-00001".parse().unwrap();
        let mut named = Named { sealings: BTreeMap::from([(device, sealings.to_vec())]), ..Named::default() };
        let mut commands: Vec<(u64, bool)> = own.iter().map(|seq| (*seq, true)).chain(others.iter().map(|seq| (*seq, false))).collect();
        commands.sort_unstable();
        for (seq, own) in commands {
            let body = json!({"command": "bind", "binding": [{"seal": "XA-00001"}]});
            if own { named.take_own(seq, &body) } else { named.take_other(seq, &body) }
        }
        named.within(&device, &named.seals[&device])
    }

    #[test]
    fn a_seal_is_the_transfers_until_another_one_begins_with_it() {
        assert_eq!(within(&[10, 20], &[], &[12]), 12..u64::MAX);
        assert_eq!(within(&[10, 20], &[], &[5]), 5..u64::MAX, "sealed before it was declared");
        assert_eq!(within(&[10, 20], &[], &[]), 10..u64::MAX);
        assert_eq!(within(&[10, 20], &[40], &[12]), 12..40);
        assert_eq!(within(&[10, 20], &[40], &[12, 30]), 12..30, "sealed for the other one");
        assert_eq!(within(&[10, 20], &[40], &[5, 30]), 5..30);
        assert_eq!(within(&[10, 35], &[40], &[12, 30]), 12..40, "sealed again under way");
        assert_eq!(within(&[10, 20, 50], &[40, 60], &[12, 30]), 12..30, "written off after the seal went on");
        assert_eq!(within(&[10, 20], &[4], &[3, 12]), 12..u64::MAX, "used by another one before");
    }
}
