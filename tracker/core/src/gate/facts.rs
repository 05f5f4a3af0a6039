//! What the platform knows when a gate asks, put together from its own state.

use super::truck_of;
use crate::core::Core;
use crate::transfer::TransferIx;
use sealway_schemas::alert::Severity;
use sealway_schemas::gate::{
    AnswerFacts, CardSeen, Facts, GateNumbers, GateQuestion, GateView, NoteFacts, NoteSeen, Papers, Plate, RedAlert, TransferFacts,
};
use sealway_schemas::{PlaceId, Time};

impl Core {
    /// `gate` is the question's own.
    pub(super) fn gate_facts(&self, now: Time, question: &GateQuestion, gate: &GateView) -> Facts {
        let card = self.card_seen(question.card.as_deref());
        let truck = truck_of(question, &card);
        let note = self.note_seen(question, gate, truck.as_ref());
        let bound = match &note {
            NoteSeen::Known(note) => self.transfers.find(&note.transfer),
            NoteSeen::Missing | NoteSeen::Unknown(_) => None,
        };
        let inspection = truck.as_ref().and_then(|truck| self.drawn_for(now, truck, &note));
        Facts {
            transfer: bound.and_then(|ix| self.transfer_facts(ix)),
            answer: bound.and_then(|ix| self.answer_facts(now, ix, &gate.place)),
            held: truck.as_ref().and_then(|truck| self.held_for(now, truck)),
            gate: gate.clone(),
            note,
            card,
            inspection,
            alone_until: None,
        }
    }

    fn note_seen(&self, question: &GateQuestion, gate: &GateView, truck: Option<&Plate>) -> NoteSeen {
        if let Some(id) = &question.note {
            let known = self.gates.notes.get(id);
            return known.map_or_else(|| NoteSeen::Unknown(id.clone()), |note| NoteSeen::Known(Box::new(note.facts.clone())));
        }
        let unused = truck.and_then(|truck| self.gates.unused.get(truck));
        let notes = unused.into_iter().flatten().filter_map(|id| self.gates.notes.get(id)).map(|note| &note.facts);
        only_fitting(notes, question, gate)
    }

    pub(super) fn transfer_facts(&self, ix: TransferIx) -> Option<TransferFacts> {
        let transfer = self.transfers.get(ix)?;
        let device = self.devices.by_id(&transfer.seal);
        let red = transfer.open_alerts.iter().filter_map(|id| self.alerts.get(*id)).filter(|alert| alert.severity == Severity::Red);
        Some(TransferFacts {
            transfer: transfer.id.clone(),
            state: transfer.state,
            unit: transfer.unit.clone(),
            seal: transfer.seal,
            bound: transfer.binds() && device.is_some_and(|device| device.transfer == Some(ix) && device.revoked_at.is_none()),
            epoch: transfer.movement.sealing().map(|sealing| sealing.epoch),
            origin: transfer.origin.clone(),
            destination: transfer.destination.clone(),
            holds: transfer.holds.iter().map(|hold| hold.reason).collect(),
            whole: self.custody(transfer) == crate::movement::Custody::Whole,
            red: red.map(|alert| RedAlert { alert: alert.id, kind: alert.kind }).collect(),
            papers: self.papers_of(&transfer.id),
        })
    }

    fn papers_of(&self, id: &sealway_schemas::TransferId) -> Papers {
        match self.ledger_noted(id) {
            None => Papers::Undeclared,
            Some(_) if !self.ledger_difference(id).is_empty() => Papers::Differ,
            Some(false) => Papers::Undeclared,
            Some(true) => Papers::Agree,
        }
    }

    fn answer_facts(&self, now: Time, ix: TransferIx, place: &PlaceId) -> Option<AnswerFacts> {
        let answer = self.fresh_answer(now, &self.transfers.get(ix)?.seal)?;
        let beyond_m = answer.fix.and_then(|fix| Some(self.atlas.place(place)?.metres_beyond(&fix)));
        Some(AnswerFacts { at: answer.at, epoch: answer.epoch, closed: answer.closed, beyond_m })
    }

    pub(super) fn gate_numbers(&self) -> GateNumbers {
        GateNumbers {
            answer_fresh_ms: self.policy.answer_fresh_ms,
            border_weight_permille: self.policy.gate_border_weight_permille,
            hinterland_weight_permille: self.policy.gate_hinterland_weight_permille,
            place_slack_m: self.policy.gate_slack_m,
        }
    }
}

/// The one note among `notes` that fits the gate and the way that the truck goes.
pub(super) fn only_fitting<'a>(notes: impl Iterator<Item = &'a NoteFacts>, question: &GateQuestion, gate: &GateView) -> NoteSeen {
    let fits = |note: &&NoteFacts| {
        let here = note.place == gate.place && note.gate.as_ref().is_none_or(|named| *named == gate.gate);
        here && note.direction == question.direction && note.used.is_none() && !note.revoked
    };
    let mut fitting = notes.filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(note), None) => NoteSeen::Known(Box::new(note.clone())),
        (None, _) | (Some(_), Some(_)) => NoteSeen::Missing,
    }
}

/// The same for both: where a note or a card names no truck, nobody is looked up.
pub(super) fn transfer_of(note: &NoteSeen) -> Option<&sealway_schemas::TransferId> {
    match note {
        NoteSeen::Known(note) => Some(&note.transfer),
        NoteSeen::Missing | NoteSeen::Unknown(_) => None,
    }
}

/// The card's own reference, for those who file its reading.
pub(super) fn is_known(card: &CardSeen) -> bool {
    match card {
        CardSeen::Known { .. } => true,
        CardSeen::Absent | CardSeen::Forged => false,
    }
}
