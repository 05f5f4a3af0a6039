//! Lanes: trucks that were held come back to theirs, trucks that were drawn stay drawn, and a barrier lets one vehicle through.

use super::check_text;
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::Lifting;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::gate::{BarrierCycle, HeldFacts, InspectionDraw, InspectionFacts, NoteFacts, NoteSeen, Plate};
use sealway_schemas::ledger::Reference;
use sealway_schemas::movement::{By, HoldFinding, HoldReason};
use sealway_schemas::record::{InspectionRuleView, Record};
use sealway_schemas::{GateId, Time, TransferId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const DAY_MS: u64 = 86_400_000;
const PLATES_LIMIT: usize = 16;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) gate: GateId,
    pub(super) lane: u8,
    pub(super) at: Time,
    /// Whose alert it is when the truck turns up in another lane.
    pub(super) transfer: Option<TransferId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Drawn {
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) cleared: Option<Time>,
    pub(super) transfer: Option<TransferId>,
}

/// How many trucks are drawn; the salt is in the log, so a replay draws the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct InspectionRule {
    permille: u16,
    salt: [u8; 32],
}

impl InspectionRule {
    /// One draw for a truck, its note and a day: asking again, at another gate or by another number, changes nothing.
    fn draws(&self, note: &NoteFacts, day: u64) -> bool {
        let hash = Sha256::new().chain_update(self.salt).chain_update(note.note.as_str()).chain_update([0]);
        let hash: [u8; 32] = hash.chain_update(note.truck.as_str()).chain_update([0]).chain_update(day.to_be_bytes()).finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1000 < u64::from(self.permille)
    }
}

impl Core {
    pub(super) fn put_rule(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (permille, salt): (u16, [u8; 32]),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        if permille > 1000 {
            return Err(CommandRefusal::new("inspection-rule", format!("{permille} of a thousand trucks, expected at most 1000")));
        }
        self.gates.rule = Some(InspectionRule { permille, salt });
        // Drivers and carriers do not see how likely a draw is.
        let view = InspectionRuleView { permille, put_at: now, put_by: asking.by.user.clone() };
        self.tell_record(now, Record::of(&view, self.registry.customs().cloned().collect()), effects);
        Ok(())
    }

    /// A draw that stands, or the one that this passage makes.
    pub(super) fn drawn_for(&self, now: Time, truck: &Plate, note: &NoteSeen) -> Option<InspectionFacts> {
        if let Some(drawn) = self.gates.drawn.get(truck).filter(|drawn| drawn.since <= now && now <= drawn.until) {
            return drawn.cleared.is_none().then_some(InspectionFacts { since: drawn.since, until: drawn.until });
        }
        let NoteSeen::Known(note) = note else { return None };
        self.draws(note, now).then(|| InspectionFacts { since: now, until: now.plus_ms(self.policy.gate_inspection_ms) })
    }

    /// Whether the note's truck would be drawn.
    #[cfg(test)]
    pub(crate) fn draws_note(&self, at: Time, note: &Reference) -> bool {
        self.gates.notes.get(note).is_some_and(|note| self.draws(&note.facts, at))
    }

    pub(super) fn draws(&self, note: &NoteFacts, at: Time) -> bool {
        self.gates.rule.as_ref().is_some_and(|rule| rule.draws(note, at.as_ms() / DAY_MS))
    }

    /// From here on the truck is drawn at every gate, and its transfer waits for an officer.
    pub(super) fn draw(
        &mut self,
        now: Time,
        (truck, transfer, by): (&Plate, Option<&TransferId>, &By),
        drawn: &InspectionFacts,
        effects: &mut Vec<Effect>,
    ) {
        if self.gates.drawn.get(truck).is_some_and(|known| now <= known.until) {
            return;
        }
        let entry = Drawn { since: drawn.since, until: drawn.until, cleared: None, transfer: transfer.cloned() };
        self.gates.drawn.insert(truck.clone(), entry);
        self.tell_draw(now, truck, effects);
        if let Some(ix) = transfer.and_then(|id| self.transfers.find(id)) {
            self.hold(now, ix, (HoldReason::Inspection, HoldFinding::TruckDrawn { truck: truck.clone() }), by.clone(), effects);
        }
    }

    pub(super) fn clear_inspection(
        &mut self,
        now: Time,
        (truck, note, by): (&Plate, &str, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_text("note", note)?;
        let drawn = self.gates.drawn.get_mut(truck).filter(|drawn| now <= drawn.until && drawn.cleared.is_none());
        let not_drawn = || CommandRefusal::new("not-drawn", format!("truck {truck}: not drawn for inspection, expected one that is"));
        let drawn = drawn.ok_or_else(not_drawn)?;
        drawn.cleared = Some(now);
        let transfer = drawn.transfer.clone();
        self.tell_draw(now, truck, effects);
        if let Some(ix) = transfer.and_then(|id| self.transfers.find(&id)) {
            self.lift_hold(now, ix, Lifting::of(HoldReason::Inspection, by, note.to_owned()), effects);
        }
        Ok(())
    }

    fn tell_draw(&self, now: Time, truck: &Plate, effects: &mut Vec<Effect>) {
        let Some(Drawn { since, until, cleared, transfer }) = self.gates.drawn.get(truck).cloned() else { return };
        let of = transfer.as_ref().and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix));
        let parties = self.parties_of(of, None);
        let view = InspectionDraw { truck: truck.clone(), transfer, since, until, cleared };
        self.tell_record(now, Record::of(&view, parties), effects);
    }

    pub(super) fn held_for(&self, now: Time, truck: &Plate) -> Option<HeldFacts> {
        let held = self.gates.held.get(truck).filter(|held| now.since(held.at) <= self.policy.gate_lane_ms)?;
        Some(HeldFacts { gate: held.gate.clone(), lane: held.lane, at: held.at })
    }

    /// An officer's word: from now on the truck belongs to that lane.
    pub(super) fn direct_truck(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        truck: Plate,
        (gate, lane): (GateId, u8),
    ) -> Result<(), CommandRefusal> {
        self.lane_of(asking, &gate, lane)?;
        let not_held = || CommandRefusal::new("truck-not-held", format!("truck {truck}: not held at a gate, expected one that is"));
        let held = self.gates.held.get_mut(&truck).ok_or_else(not_held)?;
        (held.gate, held.lane, held.at) = (gate, lane, now);
        Ok(())
    }

    /// More than one vehicle in one cycle: the one that had leave, and those behind it that are known.
    pub(super) fn report_barrier(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (gate, lane, cycle): (&GateId, u8, Reference),
        (decision, vehicles, plates): (Option<Reference>, u8, Vec<Plate>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let view = self.lane_of(asking, gate, lane)?.view.clone();
        if plates.len() > PLATES_LIMIT {
            let detail = format!("{} plates in one cycle, expected at most {PLATES_LIMIT}", plates.len());
            return Err(CommandRefusal::new("barrier-plates", detail));
        }
        let kept = decision.as_ref().map(|decision| (gate.clone(), decision.clone()));
        let kept = kept.map(|key| {
            let unknown =
                || CommandRefusal::new("unknown-decision", format!("decision {} of gate {gate}: expected one that was made", key.1));
            self.gates.decisions.get(&key).ok_or_else(unknown)
        });
        let transfer = kept.transpose()?.and_then(|kept| kept.transfer.clone());
        if vehicles > 1 {
            let behind = plates.iter().filter_map(|plate| self.transfer_behind(plate));
            let mut found: Vec<TransferId> = transfer.iter().cloned().chain(behind).collect();
            found.sort();
            found.dedup();
            for id in found {
                if let Some(ix) = self.transfers.find(&id) {
                    let finding = Finding::at(AlertKind::Tailgating, now).with("vehicles", f64::from(vehicles));
                    self.raise_on_transfer(now, ix, finding, effects);
                }
            }
        }
        let parties = self.gate_parties(&view, transfer.as_ref());
        let told = BarrierCycle { gate: gate.clone(), cycle, lane, at: now, decision, transfer, vehicles, plates };
        self.tell_record(now, Record::of(&told, parties), effects);
        Ok(())
    }

    /// The transfer that a truck still has a note for.
    fn transfer_behind(&self, truck: &Plate) -> Option<TransferId> {
        let note = self.gates.unused.get(truck)?.first()?;
        self.gates.notes.get(note).map(|note| note.facts.transfer.clone())
    }
}
