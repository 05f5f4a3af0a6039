//! The only door to change a transfer's state, and what holds it.

use super::life::{after, stopped_by_hold};
use super::{Bond, Transfer, TransferIx};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::movement::{Approach, Custody, Movement};
use sealway_schemas::Time;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::binding::BoundSeal;
use sealway_schemas::movement::{Arrow, By, MovementState, StepView};
use sealway_schemas::record::Record;

impl Core {
    /// Goes one arrow. Refused with the state, the arrow and what is missing; then nothing changed.
    pub(crate) fn step(
        &mut self,
        now: Time,
        ix: TransferIx,
        arrow: Arrow,
        by: By,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.step_at(now, ix, (arrow, by, now), effects)?;
        self.go_on(now, ix, effects);
        Ok(())
    }

    /// The same for what happened at another time, in a seal's own words; nothing follows by itself.
    pub(crate) fn step_at(
        &mut self,
        now: Time,
        ix: TransferIx,
        (arrow, by, at): (Arrow, By, Time),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-transfer", "transfer: expected one that was drafted or declared");
        let transfer = self.transfers.get(ix).ok_or_else(unknown)?;
        let from = transfer.state;
        let Some(to) = after(from, arrow) else {
            return Err(CommandRefusal::step("arrow-illegal", &transfer.id, RefusedStep { state: from, arrow, missing: Vec::new() }));
        };
        let missing = self.missing(now, transfer, arrow);
        if !missing.is_empty() {
            return Err(CommandRefusal::step("arrow-needs", &transfer.id, RefusedStep { state: from, arrow, missing }));
        }
        let planned = self.planned(transfer, arrow);
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return Err(unknown());
        };
        transfer.state = to;
        transfer.state_since = at;
        transfer.changed_by = by.clone();
        transfer.steps += 1;
        if let (Arrow::Unseal, By::Seal { ctr, .. }) = (arrow, &by) {
            transfer.unsealed_by = Some(*ctr);
        }
        let view = StepView { transfer: transfer.id.clone(), number: transfer.steps, arrow, from, to, at, by, planned };
        self.tell_step(now, ix, &view, effects);
        self.count_step(now, ix, &view, effects);
        if arrow == Arrow::Seal {
            self.note_countersign(now, ix, view.by, effects);
        }
        self.after_step(now, ix, arrow, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    fn tell_step(&self, now: Time, ix: TransferIx, view: &StepView, effects: &mut Vec<Effect>) {
        let parties = self.parties_of(self.transfers.get(ix), None);
        self.tell_record(now, Record::of(view, parties), effects);
    }

    fn after_step(&mut self, now: Time, ix: TransferIx, arrow: Arrow, effects: &mut Vec<Effect>) {
        match arrow {
            Arrow::Declare => self.set_limit(ix),
            Arrow::Release => self.start_clock(now, ix),
            Arrow::Arrive => self.stop_clock(now, ix, effects),
            Arrow::Unseal => {
                self.end_bond(now, ix, effects);
                self.await_results(now, ix);
            }
            Arrow::Verify => self.end_results(now, ix, effects),
            // Its arrival is reported anew.
            Arrow::ReportIncident => self.forget_arrival(ix),
            Arrow::Cancel => {
                self.end_bond(now, ix, effects);
                self.end_enquiry(now, ix, effects);
                self.give_back_cancelled(now, ix, effects);
            }
            Arrow::Accept
            | Arrow::Seal
            | Arrow::Depart
            | Arrow::Resume
            | Arrow::HandOver
            | Arrow::GrantUnsealing
            | Arrow::RevokeGrant
            | Arrow::WriteOff
            | Arrow::ReverseWriteOff => {}
        }
    }

    /// What the arrow still needs, in words that the interface translates.
    pub(crate) fn missing(&self, now: Time, transfer: &Transfer, arrow: Arrow) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if stopped_by_hold(arrow) && !transfer.holds.is_empty() {
            missing.push("no-hold");
        }
        if arrow == Arrow::Release && !transfer.chain.is_countersigned() {
            missing.push("countersigned-epoch");
        }
        match arrow {
            Arrow::Seal => missing.extend(self.missing_to_seal(now, transfer)),
            Arrow::Arrive => match transfer.movement {
                Movement::Arrived(_) | Movement::InTransit { approach: Approach::SeenAtDestination, .. } => {}
                Movement::Declared | Movement::Sealed(_) | Movement::InTransit { approach: Approach::UnderWay, .. } => {
                    missing.push("seal-inside-destination");
                }
            },
            Arrow::Release | Arrow::HandOver if self.custody(transfer) == Custody::Held => missing.push("whole-custody"),
            Arrow::WriteOff if self.custody_to_the_end(transfer) == Custody::Held => missing.push("whole-custody"),
            Arrow::Declare if !self.ledger_has_lines(&transfer.id) => missing.push("ledger-lines"),
            Arrow::Resume => missing.extend(self.missing_to_resume(transfer)),
            Arrow::Declare
            | Arrow::Accept
            | Arrow::Release
            | Arrow::Depart
            | Arrow::ReportIncident
            | Arrow::HandOver
            | Arrow::GrantUnsealing
            | Arrow::RevokeGrant
            | Arrow::Unseal
            | Arrow::Verify
            | Arrow::WriteOff
            | Arrow::ReverseWriteOff
            | Arrow::Cancel => {}
        }
        missing
    }

    fn missing_to_seal(&self, now: Time, transfer: &Transfer) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if transfer.bond != Bond::Active {
            missing.push("bound-seal");
        }
        if transfer.movement.sealing().is_none() {
            missing.push("sealed-inside-origin");
        } else if !self.is_closed_as_sealed(transfer) {
            missing.push("closed-seal");
        }
        let Some(device) = self.devices.by_id(&transfer.seal) else {
            return missing;
        };
        if now.since(device.heard_at) >= self.policy.seal_fresh_ms {
            missing.push("fresh-report");
        }
        if device.open.get(AlertKind::DeviceFault).is_some() {
            missing.push("no-device-fault");
        }
        missing
    }

    /// A sealing that follows begins to count anew, so that what came before it is decided on first.
    fn missing_to_resume(&self, transfer: &Transfer) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if !self.closed_now(transfer) {
            missing.push("closed-seal");
        }
        if transfer.chain.seals().iter().any(|link| self.is_holed_since(link)) {
            missing.push("whole-custody");
        }
        missing
    }

    /// Quarantined, or a hole since it first closed the unit.
    fn is_holed_since(&self, link: &BoundSeal) -> bool {
        let sealed = link.epochs.first().map(|epoch| epoch.ctr);
        sealed.zip(self.devices.by_id(&link.seal)).is_some_and(|(sealed, device)| !device.cursor.whole_at(Some(sealed), u64::MAX))
    }

    fn closed_now(&self, transfer: &Transfer) -> bool {
        let last = self.devices.by_id(&transfer.seal).and_then(|device| device.last);
        transfer.bond == Bond::Active && last.is_some_and(|last| last.closed())
    }

    /// Goes the arrows that need nobody's further word: by standing orders, and by what the seal showed before people caught up.
    pub(crate) fn go_on(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        while let Some((arrow, by)) = self.next_by_itself(now, ix) {
            if self.step_at(now, ix, (arrow, by, now), effects).is_err() {
                return;
            }
        }
    }

    fn next_by_itself(&self, now: Time, ix: TransferIx) -> Option<(Arrow, By)> {
        let transfer = self.transfers.get(ix)?;
        match transfer.state {
            MovementState::Declared => Some((Arrow::Accept, self.orders.for_arrow(transfer, Arrow::Accept)?)),
            MovementState::Accepted => Some((Arrow::Seal, self.order_countersigns(ix)?)),
            MovementState::Sealed => Some((Arrow::Release, self.orders.for_arrow(transfer, Arrow::Release)?)),
            MovementState::Released => match transfer.movement {
                Movement::InTransit { .. } | Movement::Arrived(_) => {
                    let ctr = self.devices.by_id(&transfer.seal)?.last?.ctr;
                    Some((Arrow::Depart, By::Seal { device: transfer.seal, ctr }))
                }
                Movement::Declared | Movement::Sealed(_) => None,
            },
            MovementState::InTransit => Some((Arrow::Arrive, transfer.arrival.clone()?)),
            // Two officers may have given it under way.
            MovementState::HandedOver => {
                let officer = self.grants.given_by(&transfer.seal, transfer.movement.sealing()?.epoch, now)?;
                Some((Arrow::GrantUnsealing, By::User(officer.clone())))
            }
            MovementState::Draft
            | MovementState::Incident
            | MovementState::Arrived
            | MovementState::UnsealingGranted
            | MovementState::Unsealed
            | MovementState::Verified
            | MovementState::WrittenOff
            | MovementState::Cancelled => None,
        }
    }

    fn forget_arrival(&mut self, ix: TransferIx) {
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.arrival = None;
        }
    }
}
