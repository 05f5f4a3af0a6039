//! Gates 卡口: release notes, pass cards, decisions, and what a gate needs that is alone.

mod alone;
mod ask;
pub mod card;
mod decide;
mod facts;
mod figures;
mod file;
mod lane;
mod papers;
mod snapshot;
#[cfg(test)]
mod tests;

pub use alone::{Alone, SnapshotRefusal};
pub use decide::{Passage, decide, truck_of};
pub(crate) use figures::Figures;

use crate::command::{Asking, hex_bytes};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use ask::Kept;
use lane::{Drawn, Held, InspectionRule};
use papers::{Card, Note};
use sealway_schemas::command::GateCommand;
use sealway_schemas::gate::{Direction, GateView, Plate};
use sealway_schemas::ledger::Reference;
use sealway_schemas::record::Record;
use sealway_schemas::{GateId, PartyId, PlaceId, PublicKey, Time, TransferId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const LANES: std::ops::RangeInclusive<u8> = 1..=64;
const TEXT_LIMIT: usize = 1_000;
/// What is only for a while is looked through so often.
const SWEEP_MS: u64 = 3_600_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gates {
    gates: BTreeMap<GateId, Gate>,
    notes: BTreeMap<Reference, Note>,
    notes_of: BTreeMap<TransferId, BTreeSet<Reference>>,
    /// Notes that are good for a passage, by truck.
    unused: BTreeMap<Plate, BTreeSet<Reference>>,
    cards: BTreeMap<Reference, Card>,
    decisions: BTreeMap<(GateId, Reference), Kept>,
    held: BTreeMap<Plate, Held>,
    drawn: BTreeMap<Plate, Drawn>,
    rule: Option<InspectionRule>,
    /// Since when a truck asks at a gate.
    waiting: BTreeMap<(GateId, Plate), Time>,
    swept_at: Time,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Gate {
    view: GateView,
    chain: Chain,
}

/// How far the lines of a gate that was alone are filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Chain {
    number: u64,
    digest: [u8; 32],
}

impl Core {
    /// What the command answers beside its receipt.
    pub(crate) fn gate_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: GateCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Value>, CommandRefusal> {
        use GateCommand as C;
        match command {
            C::PutGate { gate, place, name_zh, name_en, line, lanes, directions, public_key } => {
                let view = GateView { gate, place, name_zh, name_en, line, lanes, directions, public_key, put_at: now };
                self.put_gate(now, view, effects)?;
            }
            C::IssueReleaseNote { .. } => self.issue_note(now, asking, command, effects)?,
            C::RevokeReleaseNote { note, reason } => self.revoke_note(now, (&note, &reason), effects)?,
            C::IssuePassCard { card, enterprise, truck, goods, not_before, not_after } => {
                let content = sealway_schemas::gate::PassCard { card, enterprise, truck, goods, not_before, not_after };
                self.issue_card(now, asking, content, effects)?;
            }
            C::RevokePassCard { card, reason } => self.revoke_card(now, (&card, &reason), effects)?,
            C::ReadPassCard { gate, reading, lane, text } => return self.read_card(now, asking, (&gate, reading, lane, &text), effects),
            C::PutInspectionRule { permille, salt } => {
                self.put_rule(now, asking, (permille, hex_bytes::<32>("salt", &salt)?), effects)?;
            }
            C::ClearInspection { truck, note } => self.clear_inspection(now, (&truck, &note, asking.signer()), effects)?,
            C::DirectTruck { truck, gate, lane } => self.direct_truck(now, asking, truck, (gate, lane))?,
            C::AskGate { question } => return self.ask_gate(now, asking, question, effects),
            C::ReportBarrier { gate, cycle, lane, decision, vehicles, plates } => {
                self.report_barrier(now, asking, (&gate, lane, cycle), (decision, vehicles, plates), effects)?;
            }
            C::TakeGateSnapshot { gate, nonce } => return self.take_snapshot(now, asking, &gate, hex_bytes::<16>("nonce", &nonce)?),
            C::FileGateDecision { gate, line, signature } => {
                return self.file_decision(now, asking, &gate, (&line, hex_bytes::<64>("signature", &signature)?), effects);
            }
        }
        Ok(None)
    }

    /// The same again for a command that was taken before.
    pub(crate) fn gate_answer(&self, command: &GateCommand) -> Option<Value> {
        match command {
            GateCommand::AskGate { question } => self.kept_answer(&question.gate, &question.decision),
            GateCommand::FileGateDecision { gate, line, .. } => self.filed_answer(gate, line),
            // A snapshot is of its own moment.
            GateCommand::TakeGateSnapshot { .. }
            | GateCommand::ReadPassCard { .. }
            | GateCommand::PutGate { .. }
            | GateCommand::IssueReleaseNote { .. }
            | GateCommand::RevokeReleaseNote { .. }
            | GateCommand::IssuePassCard { .. }
            | GateCommand::RevokePassCard { .. }
            | GateCommand::PutInspectionRule { .. }
            | GateCommand::ClearInspection { .. }
            | GateCommand::DirectTruck { .. }
            | GateCommand::ReportBarrier { .. } => None,
        }
    }

    fn put_gate(&mut self, now: Time, view: GateView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let place = self.atlas.place(&view.place);
        let unknown = || CommandRefusal::new("unknown-place", format!("place {}: expected one that was put before", view.place));
        let operator = place.ok_or_else(unknown)?.operator().cloned();
        check_text("name_zh", &view.name_zh)?;
        check_text("name_en", &view.name_en)?;
        let ways: BTreeSet<Direction> = view.directions.iter().copied().collect();
        if !LANES.contains(&view.lanes) || ways.is_empty() || ways.len() != view.directions.len() {
            let detail = format!(
                "gate {}: {} lanes and {} directions, expected {} to {} lanes and each direction once",
                view.gate,
                view.lanes,
                view.directions.len(),
                LANES.start(),
                LANES.end()
            );
            return Err(CommandRefusal::new("gate-malformed", detail));
        }
        self.tell_record(now, Record::of(&view, operator.into_iter().collect()), effects);
        let chain = self.gates.gates.get(&view.gate).filter(|gate| gate.view.public_key == view.public_key);
        let chain = chain.map_or_else(Chain::default, |gate| gate.chain);
        self.gates.gates.insert(view.gate.clone(), Gate { view, chain });
        Ok(())
    }

    /// A gate, where the one who asks runs its place; the lane is one of its lanes.
    fn lane_of(&self, asking: &Asking<'_>, id: &GateId, lane: u8) -> Result<&Gate, CommandRefusal> {
        let gate = self.gate_of(asking, id)?;
        if (1..=gate.view.lanes).contains(&lane) {
            return Ok(gate);
        }
        Err(CommandRefusal::new("gate-lane", format!("lane {lane} of gate {id}: expected 1 to {}", gate.view.lanes)))
    }

    fn gate_of(&self, asking: &Asking<'_>, id: &GateId) -> Result<&Gate, CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-gate", format!("gate {id}: expected one that was put before"));
        let gate = self.gates.gates.get(id).ok_or_else(unknown)?;
        asking.check(&format!("gate {id}"), self.atlas.place(&gate.view.place).and_then(|place| place.operator()))?;
        Ok(gate)
    }

    pub(crate) fn gate_place(&self, id: &GateId) -> Option<&PlaceId> {
        self.gates.gates.get(id).map(|gate| &gate.view.place)
    }

    pub(crate) fn note_place(&self, id: &Reference) -> Option<&PlaceId> {
        self.gates.notes.get(id).map(|note| &note.facts.place)
    }

    pub(crate) fn card_enterprise(&self, id: &Reference) -> Option<&PartyId> {
        self.gates.cards.get(id).map(|card| &card.view.content.enterprise)
    }

    pub(crate) fn drawn_transfer(&self, truck: &Plate) -> Option<&TransferId> {
        self.gates.drawn.get(truck)?.transfer.as_ref()
    }

    /// The gate's operator, and those who see the transfer.
    fn gate_parties(&self, gate: &GateView, transfer: Option<&TransferId>) -> Vec<PartyId> {
        let transfer = transfer.and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix));
        let operator = self.atlas.place(&gate.place).and_then(|place| place.operator()).cloned();
        self.parties_of(transfer, operator)
    }

    /// The key of a gate that may decide alone.
    fn gate_key(&self, id: &GateId) -> Option<PublicKey> {
        self.gates.gates.get(id)?.view.public_key
    }

    /// Drops what was only for a while. Only beside an entry of the log, so that a replay does the same.
    fn sweep_gates(&mut self, now: Time) {
        if now.since(self.gates.swept_at) < SWEEP_MS {
            return;
        }
        let policy = self.policy;
        let gates = &mut self.gates;
        gates.swept_at = now;
        gates.decisions.retain(|_, kept| now.since(kept.at) <= policy.gate_decision_ms);
        gates.held.retain(|_, held| now.since(held.at) <= policy.gate_lane_ms);
        gates.drawn.retain(|_, drawn| now <= drawn.until);
        gates.waiting.retain(|_, since| now.since(*since) <= policy.gate_inspection_ms);
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if count <= TEXT_LIMIT && !text.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("text", format!("{what} of {count} characters, expected 1 to {TEXT_LIMIT}")))
}
