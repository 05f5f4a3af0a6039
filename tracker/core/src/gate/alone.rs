//! A gate without the platform: the snapshot that it carries, what it decided since, and the same decision function.

use super::card::UnverifiedCard;
use super::decide::{decide, truck_of};
use super::facts::{only_fitting, transfer_of};
use crate::device::PackedFix;
use crate::place::Place;
use crate::verify::verify_claimed;
use sealway_schemas::cose::Sign1;
use sealway_schemas::gate::{
    AnswerFacts, CardSeen, Facts, GateLine, GateQuestion, GateSnapshot, GateVerdict, HeldFacts, InspectionFacts, NoteSeen, NoteUse, Plate,
    Reason, SealAsked, SignedText,
};
use sealway_schemas::ledger::Reference;
use sealway_schemas::movement::MovementState;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, PublicKey, Time, TransferId, aad};
use std::collections::BTreeMap;

/// Why a snapshot is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotRefusal {
    #[error("snapshot: signed by {found}, expected the platform's key {expected}")]
    OtherKey { found: PublicKey, expected: PublicKey },
    #[error("snapshot: the signature does not fit its text")]
    BadSignature,
    #[error("snapshot: {0}")]
    Malformed(String),
}

/// What a gate carries and what it did since. Without a snapshot there is nothing to decide by.
#[derive(Debug)]
pub struct Alone {
    platform: PublicKey,
    snapshot: GateSnapshot,
    place: Option<Place>,
    /// By this gate itself, alone.
    used: BTreeMap<Reference, NoteUse>,
    released: BTreeMap<TransferId, Time>,
    held: BTreeMap<Plate, HeldFacts>,
    drawn: BTreeMap<Plate, InspectionFacts>,
}

impl Alone {
    /// Opens a snapshot that the platform signed. What the gate did alone before stays known: see [`Alone::take`].
    pub fn open(signed: &SignedText, platform: &PublicKey) -> Result<Self, SnapshotRefusal> {
        if signed.key != *platform {
            return Err(SnapshotRefusal::OtherKey { found: signed.key, expected: *platform });
        }
        let mut signature = [0; 64];
        hex::decode_to_slice(&signed.signature, &mut signature).map_err(|_| SnapshotRefusal::BadSignature)?;
        if !verify_claimed(platform, &SignedText::message(GateSnapshot::PURPOSE, &signed.text), &signature) {
            return Err(SnapshotRefusal::BadSignature);
        }
        let snapshot: GateSnapshot = serde_json::from_str(&signed.text).map_err(|error| SnapshotRefusal::Malformed(error.to_string()))?;
        Ok(Self {
            platform: *platform,
            place: Place::parse(&snapshot.feature).ok(),
            snapshot,
            used: BTreeMap::new(),
            released: BTreeMap::new(),
            held: BTreeMap::new(),
            drawn: BTreeMap::new(),
        })
    }

    #[must_use]
    pub fn snapshot(&self) -> &GateSnapshot {
        &self.snapshot
    }

    /// The reasons to hold; none is GO. `answer`: what the gate's own reader heard from the seal, COSE.
    #[must_use]
    pub fn decide(&self, now: Time, question: &GateQuestion, answer: Option<&[u8]>) -> Vec<Reason> {
        decide(now, question, &self.facts(now, question, answer), &self.snapshot.numbers)
    }

    /// A line that this gate wrote: what it did is known from here on, also after a new start or a new snapshot.
    pub fn take(&mut self, line: &GateLine) {
        self.remember(line.at, &line.question, line.verdict);
    }

    /// A decision, whoever made it.
    pub fn remember(&mut self, at: Time, question: &GateQuestion, verdict: GateVerdict) {
        let facts = self.facts(at, question, None);
        let Some(truck) = truck_of(question, &facts.card) else { return };
        if let Some(drawn) = facts.inspection {
            self.drawn.entry(truck.clone()).or_insert(drawn);
        }
        match verdict {
            GateVerdict::Go => {
                self.held.remove(&truck);
                if let NoteSeen::Known(note) = facts.note {
                    let used = NoteUse { gate: question.gate.clone(), decision: question.decision.clone(), at };
                    self.used.insert(note.note, used);
                    self.released.insert(note.transfer, at);
                }
            }
            GateVerdict::Hold => {
                if self.held_for(at, &truck).is_none() {
                    let held = HeldFacts { gate: question.gate.clone(), lane: question.lane, at };
                    self.held.insert(truck, held);
                }
            }
        }
    }

    fn facts(&self, now: Time, question: &GateQuestion, answer: Option<&[u8]>) -> Facts {
        let snapshot = &self.snapshot;
        let card = self.card_seen(question.card.as_deref());
        let truck = truck_of(question, &card);
        let note = self.note_seen(question, truck.as_ref());
        let transfer = transfer_of(&note).and_then(|id| snapshot.transfers.iter().find(|transfer| transfer.transfer == *id)).cloned();
        let transfer = transfer.map(|mut transfer| {
            if self.released.contains_key(&transfer.transfer) && transfer.state == MovementState::Sealed {
                transfer.state = MovementState::Released;
            }
            transfer
        });
        let answer = transfer.as_ref().and_then(|transfer| self.heard(now, &transfer.seal, answer?));
        Facts {
            inspection: truck.as_ref().and_then(|truck| self.drawn_for(now, truck, &note)),
            held: truck.as_ref().and_then(|truck| self.held_for(now, truck)),
            gate: snapshot.gate.clone(),
            note,
            transfer,
            answer,
            card,
            alone_until: Some(snapshot.not_after),
        }
    }

    /// A card that was issued since is good too: the platform's signature says so.
    fn card_seen(&self, text: Option<&str>) -> CardSeen {
        let Some(text) = text else { return CardSeen::Absent };
        let card = UnverifiedCard::read(text).and_then(|card| card.verify(&self.platform));
        card.map_or(CardSeen::Forged, |card| CardSeen::Known { revoked: self.snapshot.revoked_cards.contains(&card.card), card })
    }

    fn note_seen(&self, question: &GateQuestion, truck: Option<&Plate>) -> NoteSeen {
        let with_use = |note: &sealway_schemas::gate::NoteFacts| {
            let mut note = note.clone();
            note.used = note.used.or_else(|| self.used.get(&note.note).cloned());
            note
        };
        let notes: Vec<_> = match (&question.note, truck) {
            (Some(id), _) => self.snapshot.notes.iter().filter(|note| note.note == *id).map(with_use).collect(),
            (None, Some(truck)) => self.snapshot.notes.iter().filter(|note| note.truck == *truck).map(with_use).collect(),
            (None, None) => Vec::new(),
        };
        match &question.note {
            Some(id) => notes.into_iter().next().map_or_else(|| NoteSeen::Unknown(id.clone()), |note| NoteSeen::Known(Box::new(note))),
            None => only_fitting(notes.iter(), question, &self.snapshot.gate),
        }
    }

    fn drawn_for(&self, now: Time, truck: &Plate, note: &NoteSeen) -> Option<InspectionFacts> {
        let known = self.snapshot.inspections.get(truck).or_else(|| self.drawn.get(truck)).filter(|drawn| now <= drawn.until);
        if let Some(known) = known {
            return Some(known.clone());
        }
        let NoteSeen::Known(note) = note else { return None };
        let draws = self.snapshot.drawn.contains(&note.note) && !self.snapshot.cleared.contains(truck);
        draws.then(|| InspectionFacts { since: now, until: now.plus_ms(self.snapshot.inspection_ms) })
    }

    fn held_for(&self, now: Time, truck: &Plate) -> Option<HeldFacts> {
        let held = self.held.get(truck).into_iter().chain(self.snapshot.held.get(truck)).max_by_key(|held| held.at)?;
        (now.since(held.at) <= self.snapshot.lane_ms).then(|| held.clone())
    }

    /// The seal's answer to the question that the snapshot has for it: signed by its own key, and just now by its own clock, so that an
    /// answer of an earlier hour is not played again.
    fn heard(&self, now: Time, seal: &DeviceId, bytes: &[u8]) -> Option<AnswerFacts> {
        let asked = self.snapshot.seals.iter().find(|asked| asked.device == *seal)?;
        let report = verified(asked, bytes)?;
        let fresh = report.t().since(now).max(now.since(report.t())) <= self.snapshot.numbers.answer_fresh_ms;
        let answers = report.event() == Event::ChallengeAnswer && report.reference().map(hex::encode).as_ref() == Some(&asked.nonce);
        if !fresh || !answers {
            return None;
        }
        let fix = report.fix().and_then(|fix| PackedFix::pack(&fix, report.t()));
        let beyond_m = fix.and_then(|fix| Some(self.place.as_ref()?.metres_beyond(&fix)));
        Some(AnswerFacts { at: now, epoch: report.epoch(), closed: report.status().closed(), beyond_m })
    }
}

fn verified(asked: &SealAsked, bytes: &[u8]) -> Option<Report> {
    let (message, report) = (Sign1::parse(bytes).ok()?, Report::parse(bytes).ok()?.1);
    let mut to_be_signed = Vec::new();
    message.to_be_signed(&aad::up(&asked.device), &mut to_be_signed);
    let key = asked.epochs.iter().chain([&asked.identity]).find(|key| key.key_id() == message.key_id())?;
    verify_claimed(key, &to_be_signed, message.signature()).then_some(report)
}
