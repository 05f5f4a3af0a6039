//! What one gate is told so that it can decide alone for some hours.

use crate::command::Asking;
use crate::core::Core;
use crate::effect::CommandRefusal;
use sealway_schemas::gate::{GateSnapshot, HeldFacts, InspectionFacts, NoteFacts, Plate, SealAsked, TransferFacts};
use sealway_schemas::ledger::Reference;
use sealway_schemas::{DeviceId, GateId, Time};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

impl Core {
    pub(super) fn take_snapshot(
        &self,
        now: Time,
        asking: &Asking<'_>,
        gate: &GateId,
        nonce: [u8; 16],
    ) -> Result<Option<Value>, CommandRefusal> {
        let view = self.gate_of(asking, gate)?.view.clone();
        let feature = self.atlas.place(&view.place).map(|place| place.feature().to_owned()).unwrap_or_default();
        let notes: Vec<NoteFacts> = self.notes_for(now, &view).cloned().collect();
        let transfers = self.transfers_of(&notes);
        let seals = transfers.iter().filter_map(|transfer| self.asked_of(&transfer.seal, nonce)).collect();
        let later = now.plus_ms(self.policy.gate_alone_ms);
        let drawn = notes.iter().filter(|note| self.draws(note, now) || self.draws(note, later)).map(|note| note.note.clone());
        let snapshot = GateSnapshot {
            drawn: drawn.collect(),
            feature,
            at: now,
            not_after: later,
            numbers: self.gate_numbers(),
            notes,
            transfers,
            seals,
            revoked_cards: self.revoked_cards(),
            inspections: self.inspections(now),
            cleared: self
                .gates
                .drawn
                .iter()
                .filter(|(_, drawn)| now <= drawn.until && drawn.cleared.is_some())
                .map(|(truck, _)| truck.clone())
                .collect(),
            held: self.trucks_held(now),
            inspection_ms: self.policy.gate_inspection_ms,
            lane_ms: self.policy.gate_lane_ms,
            gate: view,
        };
        Ok(serde_json::to_value(snapshot).ok())
    }

    /// For gates of this place: good ones, and those used so lately that a truck may show them again.
    fn notes_for<'a>(&'a self, now: Time, gate: &'a sealway_schemas::gate::GateView) -> impl Iterator<Item = &'a NoteFacts> {
        let lately = self.policy.gate_alone_ms;
        let near = move |note: &&NoteFacts| {
            let used = note.used.as_ref().is_none_or(|used| now.since(used.at) <= lately);
            note.place == gate.place && used && note.not_after.is_none_or(|not_after| now <= not_after)
        };
        self.gates.notes.values().map(|note| &note.facts).filter(near)
    }

    fn transfers_of(&self, notes: &[NoteFacts]) -> Vec<TransferFacts> {
        let distinct: BTreeSet<_> = notes.iter().filter_map(|note| self.transfers.find(&note.transfer)).collect();
        distinct.into_iter().filter_map(|ix| self.transfer_facts(ix)).collect()
    }

    /// Each seal gets a question of its own, which nobody guesses who has not the snapshot.
    fn asked_of(&self, device: &DeviceId, nonce: [u8; 16]) -> Option<SealAsked> {
        let cursor = &self.active_device(device)?.cursor;
        let own: [u8; 32] = Sha256::new().chain_update(nonce).chain_update(device.as_str()).finalize().into();
        let (nonce, _) = own.split_at(16);
        Some(SealAsked {
            device: *device,
            identity: cursor.identity(),
            epochs: cursor.epoch_keys().to_vec(),
            nonce: hex::encode(nonce),
            message: String::new(),
        })
    }

    fn revoked_cards(&self) -> BTreeSet<Reference> {
        let revoked = self.gates.cards.iter().filter(|(_, card)| card.view.revoked_at.is_some());
        revoked.map(|(id, _)| id.clone()).collect()
    }

    fn inspections(&self, now: Time) -> BTreeMap<Plate, InspectionFacts> {
        let drawn = self.gates.drawn.iter().filter(|(_, drawn)| now <= drawn.until && drawn.cleared.is_none());
        drawn.map(|(truck, drawn)| (truck.clone(), InspectionFacts { since: drawn.since, until: drawn.until })).collect()
    }

    fn trucks_held(&self, now: Time) -> BTreeMap<Plate, HeldFacts> {
        self.gates.held.keys().filter_map(|truck| Some((truck.clone(), self.held_for(now, truck)?))).collect()
    }
}
