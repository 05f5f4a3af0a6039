//! Release notes and pass cards: issued once, revoked by customs, told as records.

use super::card::UnverifiedCard;
use super::check_text;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::command::GateCommand;
use sealway_schemas::gate::{CardGoods, CardSeen, Direction, NoteFacts, PassCard, PassCardReading, PassCardView, ReleaseNoteView};
use sealway_schemas::ledger::Reference;
use sealway_schemas::record::Record;
use sealway_schemas::{GateId, Time, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// More would not fit a QR code that a hand scanner reads.
const CARD_GOODS_LIMIT: usize = 8;
const SPECIFICATION_LIMIT: usize = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) facts: NoteFacts,
    issued_at: Time,
    issued_by: UserId,
    revoked_at: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Card {
    pub(super) view: PassCardView,
}

impl Note {
    fn view(&self) -> ReleaseNoteView {
        let facts = self.facts.clone();
        ReleaseNoteView {
            note: facts.note,
            transfer: facts.transfer,
            truck: facts.truck,
            unit: facts.unit,
            direction: facts.direction,
            place: facts.place,
            gate: facts.gate,
            gross_kg: facts.gross_kg,
            not_after: facts.not_after,
            issued_at: self.issued_at,
            issued_by: self.issued_by.clone(),
            revoked_at: self.revoked_at,
            used: facts.used,
        }
    }
}

impl Core {
    pub(super) fn issue_note(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: GateCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let GateCommand::IssueReleaseNote { note, transfer, truck, unit, direction, place, gate, gross_kg, not_after, goods } = command
        else {
            return Ok(());
        };
        if self.gates.notes.contains_key(&note) {
            return Err(CommandRefusal::new("note-exists", format!("release note {note}: exists, expected a new reference")));
        }
        let goods_noted = goods.iter().map(|line| CardGoods {
            goods: line.goods.clone(),
            quantity: line.quantity,
            unit: line.unit.clone(),
            specification: String::new(),
        });
        let facts = NoteFacts {
            note: note.clone(),
            transfer: transfer.clone(),
            truck,
            unit,
            direction,
            place,
            gate,
            gross_kg,
            goods: goods_noted.collect(),
            not_after,
            revoked: false,
            used: None,
        };
        let ix = self.check_note(now, &facts)?;
        if !goods.is_empty() {
            let by = asking.signer();
            self.put_note(now, (ix, &transfer, by), (note.clone(), goods), effects)?;
        }
        self.gates.unused.entry(facts.truck.clone()).or_default().insert(note.clone());
        self.gates.notes_of.entry(transfer).or_default().insert(note.clone());
        self.gates.notes.insert(note.clone(), Note { facts, issued_at: now, issued_by: asking.by.user.clone(), revoked_at: None });
        self.tell_note(now, &note, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    /// It fits its transfer and a gate that is there.
    fn check_note(&self, now: Time, facts: &NoteFacts) -> Result<TransferIx, CommandRefusal> {
        let NoteFacts { note, unit, direction, place, gate, gross_kg, not_after, .. } = facts;
        let (ix, transfer) = self.known_transfer(&facts.transfer)?;
        if transfer.unit != *unit {
            let detail = format!("unit {unit} of release note {note}: expected {}, the unit of transfer {}", transfer.unit, transfer.id);
            return Err(CommandRefusal::new("unit-elsewhere", detail));
        }
        let fits = |view: &sealway_schemas::gate::GateView| {
            view.place == *place && view.directions.contains(direction) && gate.as_ref().is_none_or(|gate| view.gate == *gate)
        };
        if !self.gates.gates.values().any(|gate| fits(&gate.view)) {
            let detail =
                format!("release note {note}: no gate of {place} goes this way, expected a gate, a place and a direction that fit");
            return Err(CommandRefusal::new("note-without-gate", detail));
        }
        let backwards = match direction {
            Direction::Inbound => *place == transfer.origin,
            Direction::Outbound => *place == transfer.destination,
        };
        if backwards {
            let detail = format!("release note {note}: transfer {} does not pass {place} that way", transfer.id);
            return Err(CommandRefusal::new("note-direction", detail));
        }
        if gross_kg.is_zero() || not_after.is_some_and(|not_after| not_after <= now) {
            let detail =
                format!("release note {note}: {gross_kg} kg, good until {not_after:?}, expected more than 0 kg and a time to come");
            return Err(CommandRefusal::new("note-malformed", detail));
        }
        Ok(ix)
    }

    pub(super) fn revoke_note(
        &mut self,
        now: Time,
        (id, reason): (&Reference, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_text("reason", reason)?;
        let unknown = || CommandRefusal::new("unknown-note", format!("release note {id}: expected one that was issued"));
        let note = self.gates.notes.get_mut(id).ok_or_else(unknown)?;
        if note.facts.used.is_some() || note.revoked_at.is_some() {
            let detail = format!("release note {id}: used or revoked before, expected one that is good");
            return Err(CommandRefusal::new("note-spent", detail));
        }
        note.revoked_at = Some(now);
        note.facts.revoked = true;
        let transfer = self.transfers.find(&note.facts.transfer);
        self.spend_note(id);
        self.tell_note(now, id, effects);
        if let Some(ix) = transfer {
            self.tell_transfer(now, ix, effects);
        }
        Ok(())
    }

    /// When the last of the notes ends by which a transfer may leave its origin; `None` where there is none, or one that does not end.
    pub(crate) fn leaving_until(&self, transfer: &Transfer) -> Option<Time> {
        let notes = self.gates.notes_of.get(&transfer.id)?.iter().filter_map(|id| self.gates.notes.get(id));
        let leaving = notes
            .map(|note| &note.facts)
            .filter(|facts| facts.direction == Direction::Outbound && facts.place == transfer.origin && !facts.revoked);
        leaving
            .map(|facts| facts.not_after)
            .try_fold(Time::ZERO, |latest, until| Some(latest.max(until?)))
            .filter(|latest| *latest > Time::ZERO)
    }

    /// It is no longer among the notes that a truck may be looked up by.
    pub(super) fn spend_note(&mut self, id: &Reference) {
        let Some(truck) = self.gates.notes.get(id).map(|note| note.facts.truck.clone()) else { return };
        if let Some(unused) = self.gates.unused.get_mut(&truck) {
            unused.remove(id);
            if unused.is_empty() {
                self.gates.unused.remove(&truck);
            }
        }
    }

    pub(super) fn tell_note(&self, now: Time, id: &Reference, effects: &mut Vec<Effect>) {
        let Some(note) = self.gates.notes.get(id) else { return };
        let transfer = self.transfers.find(&note.facts.transfer).and_then(|ix| self.transfers.get(ix));
        let operator = self.atlas.place(&note.facts.place).and_then(|place| place.operator()).cloned();
        let parties = self.parties_of(transfer, operator);
        self.tell_record(now, Record::of(&note.view(), parties), effects);
    }

    pub(super) fn issue_card(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        content: PassCard,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let PassCard { card, enterprise, goods, not_before, not_after, .. } = &content;
        if self.gates.cards.contains_key(card) {
            return Err(CommandRefusal::new("card-exists", format!("pass card {card}: exists, expected a new reference")));
        }
        if self.registry.find_party(enterprise).is_none() {
            return Err(CommandRefusal::new("unknown-party", format!("party {enterprise}: expected one that is registered")));
        }
        let told = |line: &CardGoods| line.specification.chars().count() <= SPECIFICATION_LIMIT && !line.quantity.is_zero();
        if !(1..=CARD_GOODS_LIMIT).contains(&goods.len()) || !goods.iter().all(told) {
            let detail = format!(
                "pass card {card}: {} kinds of goods, expected 1 to {CARD_GOODS_LIMIT}, each with a quantity and at most {SPECIFICATION_LIMIT} characters",
                goods.len()
            );
            return Err(CommandRefusal::new("card-goods", detail));
        }
        if not_before >= not_after || *not_after <= now {
            let detail = format!("pass card {card}: good from {not_before} to {not_after}, expected a time to come");
            return Err(CommandRefusal::new("card-time", detail));
        }
        let view = PassCardView { content, issued_at: now, issued_by: asking.by.user.clone(), revoked_at: None };
        self.tell_card(now, &view, effects);
        self.gates.cards.insert(view.content.card.clone(), Card { view });
        Ok(())
    }

    pub(super) fn revoke_card(
        &mut self,
        now: Time,
        (id, reason): (&Reference, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_text("reason", reason)?;
        let unknown = || CommandRefusal::new("unknown-card", format!("pass card {id}: expected one that was issued"));
        let card = self.gates.cards.get_mut(id).ok_or_else(unknown)?;
        if card.view.revoked_at.is_some() {
            return Err(CommandRefusal::new("card-revoked", format!("pass card {id}: revoked before, expected one that is good")));
        }
        card.view.revoked_at = Some(now);
        let view = card.view.clone();
        self.tell_card(now, &view, effects);
        Ok(())
    }

    fn tell_card(&self, now: Time, view: &PassCardView, effects: &mut Vec<Effect>) {
        self.tell_record(now, Record::of(view, vec![view.content.enterprise.clone()]), effects);
    }

    /// A card is what this platform issued, word for word, or none of its cards.
    pub(super) fn card_seen(&self, text: Option<&str>) -> CardSeen {
        let Some(text) = text else { return CardSeen::Absent };
        let Some(unverified) = UnverifiedCard::read(text) else { return CardSeen::Forged };
        let issued = self.gates.cards.get(&unverified.claimed().card).filter(|card| card.view.content == *unverified.claimed());
        issued.map_or(CardSeen::Forged, |card| CardSeen::Known { card: card.view.content.clone(), revoked: card.view.revoked_at.is_some() })
    }

    /// The reading files itself.
    pub(super) fn read_card(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (gate, reading, lane, text): (&GateId, Reference, u8, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Value>, CommandRefusal> {
        self.lane_of(asking, gate, lane)?;
        let seen = self.card_seen(Some(text));
        let Some(filed) = self.file_reading(now, (gate, reading, lane), &seen, effects) else {
            return Err(CommandRefusal::new("card-forged", "pass card: this platform did not issue what it says, expected one of its own"));
        };
        Ok(serde_json::to_value(filed).ok())
    }

    pub(super) fn file_reading(
        &self,
        now: Time,
        (gate, reading, lane): (&GateId, Reference, u8),
        seen: &CardSeen,
        effects: &mut Vec<Effect>,
    ) -> Option<PassCardReading> {
        let CardSeen::Known { card, revoked } = seen else { return None };
        let valid = !revoked && (card.not_before..=card.not_after).contains(&now);
        let filed = PassCardReading { gate: gate.clone(), reading, lane, at: now, content: card.clone(), valid };
        let operator = self.gates.gates.get(gate).and_then(|gate| self.atlas.place(&gate.view.place)?.operator()).cloned();
        let parties = operator.into_iter().chain([card.enterprise.clone()]).collect();
        self.tell_record(now, Record::of(&filed, parties), effects);
        Some(filed)
    }
}
