//! A gate asks, the judge answers: the decision is in the log as the command, in its receipt as the answer, and a record.

use super::decide::{Passage, decide, truck_of};
use super::facts::{is_known, transfer_of};
use super::lane::Held;
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::TransferIx;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::gate::{
    Direction, Facts, GateDecision, GateQuestion, GateVerdict, GateView, NoteSeen, NoteUse, Plate, Reason, ReasonView,
};
use sealway_schemas::ledger::{Quantity, Reference};
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::record::Record;
use sealway_schemas::{DeviceId, Digest, GateId, PlaceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is kept of a decision, so that the same question gets the same answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) at: Time,
    pub(super) filed_at: Option<Time>,
    place: PlaceId,
    lane: u8,
    direction: Direction,
    truck: Option<Plate>,
    unit: Option<String>,
    seal: Option<DeviceId>,
    weight_kg: Option<Quantity>,
    note: Option<Reference>,
    pub(super) transfer: Option<TransferId>,
    pub(super) verdict: GateVerdict,
    pub(super) reasons: Vec<Reason>,
    pub(super) conflicts: Vec<Reason>,
    by: UserId,
    /// Of the question.
    asked: Digest,
    /// Of the line that a gate wrote which was alone.
    pub(super) line: Option<Digest>,
}

impl Kept {
    fn view(&self, gate: &GateId, decision: &Reference) -> GateDecision {
        GateDecision {
            gate: gate.clone(),
            decision: decision.clone(),
            place: self.place.clone(),
            lane: self.lane,
            direction: self.direction,
            at: self.at,
            filed_at: self.filed_at,
            truck: self.truck.clone(),
            unit: self.unit.clone(),
            seal: self.seal,
            weight_kg: self.weight_kg,
            note: self.note.clone(),
            transfer: self.transfer.clone(),
            verdict: self.verdict,
            reasons: self.reasons.iter().map(ReasonView::from).collect(),
            conflicts: self.conflicts.iter().map(ReasonView::from).collect(),
            by: self.by.clone(),
        }
    }
}

/// How a question was decided.
pub(super) struct Decided {
    pub(super) at: Time,
    pub(super) verdict: GateVerdict,
    pub(super) reasons: Vec<Reason>,
    pub(super) conflicts: Vec<Reason>,
    /// Only where the gate was alone.
    pub(super) line: Option<Digest>,
}

impl Core {
    pub(super) fn ask_gate(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        question: GateQuestion,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Value>, CommandRefusal> {
        let gate = self.gate_asked(asking, &question)?;
        if let Some(kept) = self.gates.decisions.get(&(question.gate.clone(), question.decision.clone())) {
            return self.again(&question, kept);
        }
        self.sweep_gates(now);
        let facts = self.gate_facts(now, &question, &gate);
        let mut reasons = decide(now, &question, &facts, &self.gate_numbers());
        if reasons.is_empty() {
            reasons.extend(self.let_through(now, &question, &facts, effects));
        }
        let verdict = if reasons.is_empty() { GateVerdict::Go } else { GateVerdict::Hold };
        let decided = Decided { at: now, verdict, reasons, conflicts: Vec::new(), line: None };
        Ok(self.keep_decision(now, asking, (question, facts), decided, effects))
    }

    /// The gate of a question, where lane and direction are its own.
    pub(super) fn gate_asked(&self, asking: &Asking<'_>, question: &GateQuestion) -> Result<GateView, CommandRefusal> {
        let gate = &self.lane_of(asking, &question.gate, question.lane)?.view;
        if gate.directions.contains(&question.direction) {
            return Ok(gate.clone());
        }
        let detail = format!("gate {}: asked for {:?}, expected one of {:?}", gate.gate, question.direction, gate.directions);
        Err(CommandRefusal::new("gate-direction", detail))
    }

    fn again(&self, question: &GateQuestion, kept: &Kept) -> Result<Option<Value>, CommandRefusal> {
        if kept.asked == asked(question) {
            return Ok(self.kept_answer(&question.gate, &question.decision));
        }
        let detail = format!(
            "decision {} of gate {}: made at {} for another question, expected a new number",
            question.decision, question.gate, kept.at
        );
        Err(CommandRefusal::new("decision-exists", detail))
    }

    pub(super) fn kept_answer(&self, gate: &GateId, decision: &Reference) -> Option<Value> {
        let kept = self.gates.decisions.get(&(gate.clone(), decision.clone()))?;
        serde_json::to_value(kept.view(gate, decision)).ok()
    }

    /// What a GO does: it consumes the note, and releases the transfer where it leaves its origin. Empty-handed where it may not.
    pub(super) fn let_through(&mut self, now: Time, question: &GateQuestion, facts: &Facts, effects: &mut Vec<Effect>) -> Option<Reason> {
        let (NoteSeen::Known(note), Some(transfer)) = (&facts.note, &facts.transfer) else {
            return Some(Reason::NoteMissing {});
        };
        let leaving = Passage::of(&facts.gate, question.direction, transfer) == Passage::Leaving;
        if leaving && transfer.state == MovementState::Sealed {
            let ix = self.transfers.find(&transfer.transfer)?;
            if self.step(now, ix, Arrow::Release, By::Gate(question.gate.clone()), effects).is_err() {
                let expected = Passage::Leaving.states().to_vec();
                return Some(Reason::TransferState { transfer: transfer.transfer.clone(), state: transfer.state, expected });
            }
        }
        self.consume(now, &note.note, NoteUse { gate: question.gate.clone(), decision: question.decision.clone(), at: now }, effects);
        None
    }

    pub(super) fn consume(&mut self, now: Time, id: &Reference, by: NoteUse, effects: &mut Vec<Effect>) {
        self.spend_note(id);
        if let Some(note) = self.gates.notes.get_mut(id).filter(|note| note.facts.used.is_none()) {
            note.facts.used = Some(by);
        }
        self.tell_note(now, id, effects);
    }

    /// Keeps the decision, remembers the truck, raises what was found, and tells it.
    pub(super) fn keep_decision(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (question, facts): (GateQuestion, Facts),
        decided: Decided,
        effects: &mut Vec<Effect>,
    ) -> Option<Value> {
        let truck = truck_of(&question, &facts.card);
        let transfer = transfer_of(&facts.note).cloned();
        self.raise_at_gate(now, (truck.as_ref(), transfer.as_ref()), &decided.reasons, effects);
        if let (Some(truck), Some(drawn)) = (&truck, &facts.inspection) {
            self.draw(now, (truck, transfer.as_ref(), &By::Gate(question.gate.clone())), drawn, effects);
        }
        if let Some(truck) = &truck {
            self.remember_truck(decided.at, &question, (truck, transfer.as_ref()), decided.verdict);
        }
        if is_known(&facts.card) {
            self.file_reading(now, (&question.gate, question.decision.clone(), question.lane), &facts.card, effects);
        }
        self.count_passage(now, (&facts.gate, truck.as_ref()), (decided.at, decided.verdict), effects);
        let kept = Kept {
            at: decided.at,
            filed_at: decided.line.map(|_| now),
            place: facts.gate.place.clone(),
            lane: question.lane,
            direction: question.direction,
            truck,
            unit: GateDecision::unit_of(&question),
            seal: question.seal,
            weight_kg: question.weight_kg,
            note: question.note.clone().or_else(|| note_of(&facts.note)),
            transfer,
            verdict: decided.verdict,
            reasons: decided.reasons,
            conflicts: decided.conflicts,
            by: asking.by.user.clone(),
            asked: asked(&question),
            line: decided.line,
        };
        let view = kept.view(&question.gate, &question.decision);
        let parties = self.gate_parties(&facts.gate, kept.transfer.as_ref());
        self.tell_record(now, Record::of(&view, parties), effects);
        self.gates.decisions.insert((question.gate, question.decision), kept);
        serde_json::to_value(view).ok()
    }

    /// A truck that was held belongs to the lane where that was; one that passed to none.
    fn remember_truck(
        &mut self,
        at: Time,
        question: &GateQuestion,
        (truck, transfer): (&Plate, Option<&TransferId>),
        verdict: GateVerdict,
    ) {
        let known = self.held_for(at, truck).is_some();
        match verdict {
            GateVerdict::Go => drop(self.gates.held.remove(truck)),
            GateVerdict::Hold if known => {}
            GateVerdict::Hold => {
                let held = Held { gate: question.gate.clone(), lane: question.lane, at, transfer: transfer.cloned() };
                self.gates.held.insert(truck.clone(), held);
            }
        }
    }

    /// What is more than a reason to hold is an alert about the transfer, or about the one that the truck was held with before.
    fn raise_at_gate(
        &mut self,
        now: Time,
        (truck, transfer): (Option<&Plate>, Option<&TransferId>),
        reasons: &[Reason],
        effects: &mut Vec<Effect>,
    ) {
        let before = truck.and_then(|truck| self.gates.held.get(truck)).and_then(|held| held.transfer.as_ref());
        let Some(ix) = transfer.or(before).and_then(|id| self.transfers.find(id)) else { return };
        for kind in reasons.iter().filter_map(alert_of) {
            self.raise_on_transfer(now, ix, Finding::at(kind, now), effects);
        }
    }

    pub(super) fn alarm(&mut self, now: Time, ix: TransferIx, kind: AlertKind, effects: &mut Vec<Effect>) {
        self.raise_on_transfer(now, ix, Finding::at(kind, now), effects);
    }
}

/// The alert that a reason is evidence of.
fn alert_of(reason: &Reason) -> Option<AlertKind> {
    match reason {
        Reason::NoteReused { .. } => Some(AlertKind::NoteReused),
        Reason::WrongUnit { .. } => Some(AlertKind::WrongUnit),
        Reason::WrongSeal { .. } => Some(AlertKind::WrongSeal),
        Reason::Tailgating { .. } => Some(AlertKind::Tailgating),
        Reason::LaneChanged { .. } => Some(AlertKind::LaneChange),
        _ => None,
    }
}

fn note_of(note: &NoteSeen) -> Option<Reference> {
    match note {
        NoteSeen::Known(note) => Some(note.note.clone()),
        NoteSeen::Unknown(note) => Some(note.clone()),
        NoteSeen::Missing => None,
    }
}

fn asked(question: &GateQuestion) -> Digest {
    Digest::of(&serde_json::to_vec(question).unwrap_or_default())
}
