//! What people do with a transfer on its way to arrival.

use super::declare::Draft;
use super::order::StandingOrder;
use super::{Bond, TransferIx};
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::movement::{Approach, Movement, Sealing};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::command::{MechanicalSeal, Role, TransferCommand};
use sealway_schemas::movement::{Arrow, By, HoldReason, MovementState};
use sealway_schemas::{DeviceId, Time, TransferId};

const TEXT_LIMIT: usize = 1_000;
const MECHANICAL_LIMIT: usize = 8;

impl Core {
    pub(crate) fn transfer_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: TransferCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        use TransferCommand as C;
        let by = By::User(asking.by.user.clone());
        match command {
            C::DraftTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor } => {
                self.draft(now, asking, Draft { id, carrier, unit, seal, origin, destination, corridor }, effects)
            }
            C::DeclareTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor } => {
                self.declare(now, asking, Draft { id, carrier, unit, seal, origin, destination, corridor }, effects)
            }
            C::SubmitTransfer { transfer } => self.step(now, self.asked(asking, &transfer)?, Arrow::Declare, by, effects),
            C::AcceptTransfer { transfer } => self.step(now, self.asked(asking, &transfer)?, Arrow::Accept, by, effects),
            C::HoldTransfer { transfer, reason } => {
                let ix = self.asked(asking, &transfer)?;
                text("reason", &reason)?;
                self.hold(now, ix, (HoldReason::Officer, reason), by, effects);
                Ok(())
            }
            C::LiftHold { transfer, reason } => self.lift(now, self.asked(asking, &transfer)?, &reason, effects),
            C::BindSeal { transfer, unit, seal, mechanical } => self.bind_seal(now, asking, (&transfer, &unit, seal, mechanical), effects),
            C::UnbindSeal { transfer, seal, reason } => {
                text("reason", &reason)?;
                self.unbind(now, self.asked(asking, &transfer)?, seal, effects)
            }
            C::CountersignSeal { transfer, seal, epoch } => {
                let ix = self.asked(asking, &transfer)?;
                self.check_countersigned(ix, seal, epoch)?;
                self.step(now, ix, Arrow::Seal, by, effects)
            }
            C::ReleaseTransfer { transfer, reason } => {
                text("reason", &reason)?;
                self.step(now, self.asked(asking, &transfer)?, Arrow::Release, by, effects)
            }
            C::ReportIncident { transfer, kind: _, note } => {
                text("note", &note)?;
                let ix = self.asked(asking, &transfer)?;
                self.step(now, ix, Arrow::ReportIncident, by, effects)?;
                self.raise_on_transfer(now, ix, Finding::at(AlertKind::IncidentReported, now), effects);
                Ok(())
            }
            C::ResumeTransfer { transfer, note } => {
                text("note", &note)?;
                self.resume(now, self.asked(asking, &transfer)?, by, effects)
            }
            C::CancelTransfer { transfer, reason } => {
                text("reason", &reason)?;
                let ix = self.asked(asking, &transfer)?;
                self.check_cancel(asking, ix)?;
                self.step(now, ix, Arrow::Cancel, by, effects)
            }
            C::ReplyEnquiry { transfer, reply } => {
                text("reply", &reply)?;
                self.reply_enquiry(now, self.asked(asking, &transfer)?, effects)
            }
            C::PutStandingOrder { order, carrier, origin, arrows } => {
                let officer = asking.by.user.clone();
                self.put_order(order, StandingOrder { officer, carrier, origin, arrows })
            }
            C::RemoveStandingOrder { order } => {
                let unknown = || CommandRefusal::new("unknown-order", format!("standing order {order:?}: expected one that was put"));
                self.orders.remove(&order).map(|_| ()).ok_or_else(unknown)
            }
        }
    }

    /// The transfer, if it is within the asker's reach.
    fn asked(&self, asking: &Asking<'_>, id: &TransferId) -> Result<TransferIx, CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-transfer", format!("transfer {id}: expected one that was drafted or declared"));
        let ix = self.transfers.find(id).ok_or_else(unknown)?;
        asking.check(&format!("transfer {id}"), self.transfers.get(ix).map(|transfer| &transfer.carrier))?;
        Ok(ix)
    }

    fn lift(&mut self, now: Time, ix: TransferIx, reason: &str, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        text("reason", reason)?;
        if self.holds(ix).is_empty() {
            return Err(CommandRefusal::new("not-held", "transfer: nothing holds it, expected one that is held"));
        }
        self.lift_hold(now, ix, None, effects);
        Ok(())
    }

    fn bind_seal(
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
        let resealed = transfer.state == MovementState::Incident;
        let open = match transfer.state {
            MovementState::Draft | MovementState::Declared | MovementState::Accepted => transfer.bond != Bond::Active,
            MovementState::Incident => transfer.seal != seal,
            MovementState::Sealed
            | MovementState::Released
            | MovementState::InTransit
            | MovementState::Arrived
            | MovementState::HandedOver
            | MovementState::UnsealingGranted
            | MovementState::Unsealed
            | MovementState::Verified
            | MovementState::WrittenOff
            | MovementState::Cancelled => false,
        };
        if !open {
            let detail =
                format!("transfer {id}: is {:?}, expected one that is not sealed yet, or an incident and another seal", transfer.state);
            return Err(CommandRefusal::new("not-bindable", detail));
        }
        if transfer.unit != unit {
            let detail = format!("unit {unit} of transfer {id}: expected {}", transfer.unit);
            return Err(CommandRefusal::new("unit-elsewhere", detail));
        }
        if mechanical.len() > MECHANICAL_LIMIT {
            let detail = format!("{} mechanical seals, expected at most {MECHANICAL_LIMIT}", mechanical.len());
            return Err(CommandRefusal::new("too-many-seals", detail));
        }
        self.check_seal(asking, id, &seal, &transfer.carrier)?;
        let old = transfer.seal;
        if resealed {
            self.free_seal(now, ix, &old, effects);
        } else {
            self.check_unit_free(unit)?;
        }
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.seal = seal;
            transfer.mechanical = mechanical;
            transfer.movement = Movement::Declared;
        }
        self.bind(now, &seal, Some(ix), effects);
        Ok(())
    }

    fn unbind(&mut self, now: Time, ix: TransferIx, seal: DeviceId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return Ok(());
        };
        let before_sealing = match transfer.state {
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
        };
        if !before_sealing || transfer.seal != seal || transfer.bond != Bond::Active {
            let detail = format!("seal {seal} of transfer {}: expected the bound one, before it is sealed", transfer.id);
            return Err(CommandRefusal::new("not-unbindable", detail));
        }
        transfer.bond = Bond::Planned;
        transfer.movement = Movement::Declared;
        self.free_seal(now, ix, &seal, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    /// The officer countersigns what the seal itself reported: this seal, this epoch.
    fn check_countersigned(&self, ix: TransferIx, seal: DeviceId, epoch: u64) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get(ix) else {
            return Ok(());
        };
        match transfer.movement.sealing() {
            Some(sealing) if transfer.seal != seal || sealing.epoch != epoch => {
                let detail = format!("seal {seal}, epoch {epoch}: expected {}, epoch {}", transfer.seal, sealing.epoch);
                Err(CommandRefusal::new("another-sealing", detail))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// On with the seal as it is closed now: the same epoch, or a new one that the officer hereby accepts.
    fn resume(&mut self, now: Time, ix: TransferIx, by: By, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        self.step(now, ix, Arrow::Resume, by, effects)?;
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
        }
        if let Some(device) = device {
            self.watch_silence(now, device);
        }
        Ok(())
    }

    /// The carrier before release, customs later.
    fn check_cancel(&self, asking: &Asking<'_>, ix: TransferIx) -> Result<(), CommandRefusal> {
        let released = self.transfers.get(ix).is_some_and(|transfer| transfer.state >= MovementState::Released);
        if released && asking.by.role != Role::Customs {
            let detail = format!("user {}: the transfer is released, expected an officer to cancel it", asking.by.user);
            return Err(CommandRefusal::new("role-forbids", detail));
        }
        Ok(())
    }

    fn put_order(&mut self, id: String, order: StandingOrder) -> Result<(), CommandRefusal> {
        if !(1..=64).contains(&id.len()) {
            return Err(CommandRefusal::new("order-id", format!("standing order id of {} bytes, expected 1 to 64", id.len())));
        }
        let orderable = |arrow: &Arrow| [Arrow::Accept, Arrow::Seal, Arrow::Release].contains(arrow);
        if let Some(arrow) = order.arrows.iter().find(|arrow| !orderable(arrow)) {
            let detail = format!("standing order {id:?}: arrow {arrow:?}, expected accept, seal or release");
            return Err(CommandRefusal::new("order-arrow", detail));
        }
        self.orders.put(id, order);
        Ok(())
    }
}

fn text(what: &'static str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if (1..=TEXT_LIMIT).contains(&count) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("text", format!("{what} of {count} characters, expected 1 to {TEXT_LIMIT}")))
}
