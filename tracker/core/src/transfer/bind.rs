//! Binding 施封: the carrier binds a seal to a unit, the device proves that it closed it, customs countersigns. Resealing after an incident
//! adds to the chain.

use super::declare::check_unit;
use super::{Bond, Transfer, TransferIx};
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::device::DeviceIx;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::movement::{Approach, Movement, Sealing};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::command::{IncidentKind, MechanicalSeal};
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::{DeviceId, Time, TransferId};
use std::collections::BTreeSet;

const MECHANICAL_LIMIT: usize = 8;
const NUMBER_LIMIT: usize = 32;

impl Core {
    pub(super) fn bind_seal(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, unit, seal, mechanical): (&TransferId, &str, DeviceId, Vec<MechanicalSeal>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.asked(asking, id)?;
        let Some(transfer) = self.transfers.get(ix) else {
            return Ok(());
        };
        check_bindable(transfer, unit, seal)?;
        check_mechanical(&mechanical)?;
        self.check_seal(asking, id, &seal, &transfer.carrier)?;
        let (old, left) = (transfer.seal, transfer.unit.clone());
        for inner in self.units_of(ix).iter().map(|inner| if *inner == left { unit } else { inner.as_str() }) {
            self.check_unit_free(inner, Some(ix))?;
        }
        if self.transfers.get(ix).is_some_and(|transfer| transfer.state == MovementState::Incident) {
            self.free_seal((now, now), ix, &old, effects);
        }
        self.transfers.leave_unit(&left, ix);
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.seal = seal;
            unit.clone_into(&mut transfer.unit);
            transfer.movement = Movement::Declared;
        }
        self.bind(now, ix, (asking.signer(), mechanical), effects);
        Ok(())
    }

    pub(super) fn unbind(&mut self, now: Time, ix: TransferIx, seal: DeviceId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return Ok(());
        };
        if !is_before_sealing(transfer.state) || transfer.seal != seal || transfer.bond != Bond::Active {
            let detail = format!("seal {seal} of transfer {}: expected the bound one, before it is sealed", transfer.id);
            return Err(CommandRefusal::new("not-unbindable", detail));
        }
        transfer.bond = Bond::Planned;
        transfer.movement = Movement::Declared;
        self.free_seal((now, now), ix, &seal, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    /// The officer countersigns what the seal itself reported: this seal, this epoch. A seal that was opened and closed again before its
    /// release needs a new word, which moves nothing.
    pub(super) fn countersign(
        &mut self,
        now: Time,
        ix: TransferIx,
        (seal, epoch, by): (DeviceId, u64, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get(ix) else {
            return Ok(());
        };
        if let Some(sealing) = transfer.movement.sealing().filter(|sealing| transfer.seal != seal || sealing.epoch != epoch) {
            let detail = format!("seal {seal}, epoch {epoch}: expected {}, epoch {}", transfer.seal, sealing.epoch);
            let step = RefusedStep { state: transfer.state, arrow: Arrow::Seal, missing: vec!["sealing-as-reported"] };
            return Err(CommandRefusal::new("another-sealing", detail).at(step));
        }
        if transfer.state != MovementState::Sealed || transfer.chain.is_countersigned() {
            return self.step(now, ix, Arrow::Seal, by, effects);
        }
        let missing = self.missing(now, transfer, Arrow::Seal);
        if !missing.is_empty() {
            let step = RefusedStep { state: transfer.state, arrow: Arrow::Seal, missing };
            return Err(CommandRefusal::step("arrow-needs", &transfer.id, step));
        }
        self.note_countersign(now, ix, by, effects);
        self.go_on(now, ix, effects);
        Ok(())
    }

    /// Who signed for the epoch that holds.
    pub(super) fn note_countersign(&mut self, now: Time, ix: TransferIx, by: By, effects: &mut Vec<Effect>) {
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.chain.countersign(by);
        }
        self.tell_binding(now, ix, effects);
    }

    /// On with the seal as it is closed now: the same epoch, or a new one that the officer hereby accepts.
    pub(super) fn resume(
        &mut self,
        now: Time,
        ix: TransferIx,
        (note, by): (String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.step(now, ix, Arrow::Resume, by.clone(), effects)?;
        self.end_incident(now, ix, (note, by.clone()), effects);
        let Some(transfer) = self.transfers.get(ix) else {
            return Ok(());
        };
        let Some(last) = self.devices.by_id(&transfer.seal).and_then(|device| device.last) else {
            return Ok(());
        };
        let sealing = transfer.movement.sealing().filter(|sealing| sealing.epoch == last.epoch);
        let sealing = sealing.unwrap_or(Sealing { epoch: last.epoch, ctr: last.ctr });
        let device = self.devices.find(&transfer.seal);
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.movement = Movement::InTransit { sealing, approach: Approach::UnderWay };
            if transfer.chain.holding().is_none_or(|holding| holding.epoch != sealing.epoch) {
                transfer.chain.close(sealing, now);
                transfer.chain.countersign(by);
            }
        }
        self.tell_binding(now, ix, effects);
        if let Some(device) = device {
            self.watch_silence(now, device);
        }
        Ok(())
    }

    /// What a report that stands in its order shows of the seal: the chain follows it, whatever people make of it.
    pub(crate) fn follow_chain(
        &mut self,
        now: Time,
        (device, ix): (DeviceIx, TransferIx),
        shown: Shown,
        (t, ctr): (Time, u64),
        effects: &mut Vec<Effect>,
    ) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let changed = match shown {
            Shown::Same => false,
            Shown::Open => transfer.chain.open(t),
            Shown::Closed(sealing) => {
                transfer.chain.close(sealing, t);
                true
            }
        };
        let again = matches!(shown, Shown::Closed(_)) && transfer.chain.was_countersigned();
        if changed {
            self.tell_binding(now, ix, effects);
        }
        if !again {
            return;
        }
        match self.order_countersigns(ix) {
            Some(by) => self.note_countersign(now, ix, by, effects),
            None => self.raise(now, device, Finding::of_report(AlertKind::EpochChanged, t, ctr), effects),
        }
    }

    /// The officer's word given beforehand, for a seal that is closed inside the origin.
    pub(super) fn order_countersigns(&self, ix: TransferIx) -> Option<By> {
        let transfer = self.transfers.get(ix).filter(|transfer| self.is_sealed_inside_origin(transfer))?;
        self.orders.for_arrow(transfer, Arrow::Seal)
    }

    /// Sealed and not seen to leave, and now inside the place where it was sealed: what a standing order needs to countersign.
    fn is_sealed_inside_origin(&self, transfer: &Transfer) -> bool {
        let Movement::Sealed(_) = transfer.movement else {
            return false;
        };
        let fix = self.devices.by_id(&transfer.seal).and_then(|device| device.last?.fix);
        fix.is_some_and(|fix| self.atlas.place_at(&transfer.origin, fix.t).is_some_and(|origin| origin.contains(fix.position())))
    }

    /// Closed, and in the epoch that the transfer travels under.
    pub(super) fn is_closed_as_sealed(&self, transfer: &Transfer) -> bool {
        let last = self.devices.by_id(&transfer.seal).and_then(|device| device.last);
        last.zip(transfer.movement.sealing()).is_some_and(|(last, sealing)| last.closed() && last.epoch == sealing.epoch)
    }
}

/// What a report says of the seal on its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Same,
    Open,
    /// In an epoch that the transfer travels under from here.
    Closed(Sealing),
}

fn check_bindable(transfer: &Transfer, unit: &str, seal: DeviceId) -> Result<(), CommandRefusal> {
    let id = &transfer.id;
    let resealing = transfer.state == MovementState::Incident;
    let open = if resealing { transfer.seal != seal } else { is_before_sealing(transfer.state) && transfer.bond != Bond::Active };
    if !open {
        let detail =
            format!("transfer {id}: is {:?}, expected one that is not sealed yet, or an incident and another seal", transfer.state);
        return Err(CommandRefusal::new("not-bindable", detail));
    }
    if transfer.unit == unit {
        return Ok(());
    }
    let incident = transfer.incident.as_ref().map(|incident| incident.kind);
    if resealing && incident == Some(IncidentKind::GoodsTransferred) {
        return check_unit(unit).map(drop);
    }
    let detail = format!("unit {unit} of transfer {id}: expected {}, or goods that were reported as transferred", transfer.unit);
    Err(CommandRefusal::new("unit-elsewhere", detail))
}

fn check_mechanical(seals: &[MechanicalSeal]) -> Result<(), CommandRefusal> {
    if seals.len() > MECHANICAL_LIMIT {
        let detail = format!("{} mechanical seals, expected at most {MECHANICAL_LIMIT}", seals.len());
        return Err(CommandRefusal::new("too-many-seals", detail));
    }
    let distinct: BTreeSet<&str> = seals.iter().map(|seal| seal.number.as_str()).collect();
    let named = |number: &str| {
        let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && (1..=NUMBER_LIMIT).contains(&number.len())
    };
    if distinct.len() == seals.len() && distinct.iter().all(|number| named(number)) {
        return Ok(());
    }
    let shown: Vec<&str> = distinct.into_iter().collect();
    let detail = format!("mechanical seals {shown:?}: expected each once, 1 to {NUMBER_LIMIT} of A-Z, a-z, 0-9 and '-'");
    Err(CommandRefusal::new("mechanical-seal", detail))
}

fn is_before_sealing(state: MovementState) -> bool {
    match state {
        MovementState::Draft | MovementState::Declared | MovementState::Accepted => true,
        MovementState::Sealed
        | MovementState::Released
        | MovementState::InTransit
        | MovementState::Incident
        | MovementState::Arrived
        | MovementState::HandedOver
        | MovementState::UnsealingGranted
        | MovementState::Unsealed
        | MovementState::Verified
        | MovementState::WrittenOff
        | MovementState::Cancelled => false,
    }
}
