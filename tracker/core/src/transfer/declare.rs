//! Drafting and declaring a transfer, and binding its seal and its unit.

use super::{Bond, Transfer, TransferIx};
use crate::command::Asking;
use crate::core::Core;
use crate::detect::Signs;
use crate::device::Period;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::movement::{Custody, Movement};
use crate::watch::RouteWatch;
use sealway_schemas::ids::iso6346_sum;
use sealway_schemas::movement::{Arrow, By, MovementState, Punctuality};
use sealway_schemas::{CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId};

const UNIT_LIMIT: usize = 32;

/// What a carrier says of a transfer.
pub(super) struct Draft {
    pub(super) id: TransferId,
    pub(super) carrier: PartyId,
    pub(super) unit: String,
    pub(super) seal: DeviceId,
    pub(super) origin: PlaceId,
    pub(super) destination: PlaceId,
    pub(super) corridor: CorridorId,
}

impl Core {
    pub(super) fn draft(&mut self, now: Time, asking: &Asking<'_>, draft: Draft, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        self.check_draft(asking, &draft)?;
        let transfer = draft.transfer(now, asking);
        if let Some(ix) = self.transfers.add(transfer) {
            self.tell_transfer(now, ix, effects);
        }
        Ok(())
    }

    /// Drafts, declares and binds at once.
    pub(super) fn declare(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        draft: Draft,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.check_draft(asking, &draft)?;
        self.check_seal(asking, &draft.id, &draft.seal, &draft.carrier)?;
        self.check_unit_free(&draft.unit)?;
        let seal = draft.seal;
        let drafted = draft.transfer(now, asking);
        let missing = self.missing(now, &drafted, Arrow::Declare);
        if !missing.is_empty() {
            let step = RefusedStep { state: drafted.state, arrow: Arrow::Declare, missing };
            return Err(CommandRefusal::step("arrow-needs", &drafted.id, step));
        }
        let Some(ix) = self.transfers.add(drafted) else {
            return Ok(());
        };
        self.step(now, ix, Arrow::Declare, By::User(asking.by.user.clone()), effects)?;
        self.bind(now, &seal, Some(ix), effects);
        Ok(())
    }

    fn check_draft(&self, asking: &Asking<'_>, draft: &Draft) -> Result<(), CommandRefusal> {
        let Draft { id, carrier, unit, origin, destination, corridor, .. } = draft;
        asking.check(&format!("transfer {id}"), Some(carrier))?;
        if self.transfers.find(id).is_some() {
            return Err(CommandRefusal::new("transfer-exists", format!("transfer {id}: exists, expected a new reference")));
        }
        check_unit(unit)?;
        self.check_route(corridor, origin, destination)
    }

    pub(super) fn check_unit_free(&self, unit: &str) -> Result<(), CommandRefusal> {
        let Some(other) = self.transfers.of_unit(unit) else {
            return Ok(());
        };
        let detail = format!("unit {unit}: bound to transfer {}, expected a unit without an active transfer", other.id);
        Err(CommandRefusal::new("unit-bound", detail))
    }

    pub(super) fn bind(&mut self, now: Time, seal: &DeviceId, transfer: Option<TransferIx>, effects: &mut Vec<Effect>) {
        let (Some(ix), Some(bound)) = (self.device_ix(seal), transfer) else {
            return;
        };
        if let Some(transfer) = self.transfers.get_mut(bound) {
            transfer.bond = Bond::Active;
            let unit = transfer.unit.clone();
            self.transfers.take_unit(unit, bound);
        }
        if let Some(device) = self.devices.get_mut(ix) {
            device.transfer = Some(bound);
            device.bond_since = now;
            // How long it lay in a drawer says nothing about how often it speaks under way.
            device.heard_at = now;
            device.period = Period::default();
        }
        self.tell_transfer(now, bound, effects);
        self.tell_device(now, ix, effects);
    }

    fn check_route(&self, corridor: &CorridorId, origin: &PlaceId, destination: &PlaceId) -> Result<(), CommandRefusal> {
        for place in [origin, destination] {
            if self.atlas.place(place).is_none() {
                return Err(CommandRefusal::new("unknown-place", format!("place {place}: expected one that was put before")));
            }
        }
        let unknown = || CommandRefusal::new("unknown-corridor", format!("corridor {corridor}: expected one that was put before"));
        let known = self.atlas.corridor(corridor).ok_or_else(unknown)?;
        if known.from() == origin && known.to() == destination {
            return Ok(());
        }
        let detail = format!("corridor {corridor}: runs from {} to {}, expected from {origin} to {destination}", known.from(), known.to());
        Err(CommandRefusal::new("corridor-elsewhere", detail))
    }

    /// The seal is the carrier's own, enrolled, and free.
    pub(super) fn check_seal(
        &self,
        asking: &Asking<'_>,
        id: &TransferId,
        seal: &DeviceId,
        carrier: &PartyId,
    ) -> Result<(), CommandRefusal> {
        let ix = self.active_ix(seal)?;
        asking.check(&format!("seal {seal}"), self.owner_of(seal))?;
        if self.owner_of(seal) != Some(carrier) {
            let detail = format!("seal {seal} of transfer {id}: is not of carrier {carrier}, expected the carrier's own");
            return Err(CommandRefusal::new("seal-not-yours", detail));
        }
        let device = self.devices.get(ix);
        let bound = device.and_then(|device| self.transfers.get(device.transfer?)).filter(|transfer| transfer.binds());
        if let Some(other) = bound {
            let detail = format!("seal {seal}: bound to transfer {}, expected a seal without an active transfer", other.id);
            return Err(CommandRefusal::new("seal-bound", detail));
        }
        Ok(())
    }
}

impl Draft {
    fn transfer(self, now: Time, asking: &Asking<'_>) -> Transfer {
        Transfer {
            id: self.id,
            carrier: self.carrier,
            unit: self.unit,
            seal: self.seal,
            origin: self.origin,
            destination: self.destination,
            corridor: self.corridor,
            declared_at: now,
            state: MovementState::Draft,
            state_since: now,
            changed_by: By::User(asking.by.user.clone()),
            steps: 0,
            movement: Movement::Declared,
            bond: Bond::Planned,
            mechanical: Vec::new(),
            holds: Vec::new(),
            arrival: None,
            due: None,
            punctuality: Punctuality::OnTime,
            replied: false,
            custody_at_end: Custody::Whole,
            progress: None,
            watch: RouteWatch::default(),
            signs: Signs::default(),
            dwell: None,
            open_alerts: Vec::new(),
        }
    }
}

/// A container has its check digit (ISO 6346); ULDs and loose cargo have none.
pub(super) fn check_unit(unit: &str) -> Result<(), CommandRefusal> {
    let count = unit.chars().count();
    if !(1..=UNIT_LIMIT).contains(&count) || unit.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let detail = format!("unit of {count} characters, expected 1 to {UNIT_LIMIT} without spaces");
        return Err(CommandRefusal::new("unit-malformed", detail));
    }
    let shape = unit.len() == 11
        && unit.bytes().enumerate().all(|(at, byte)| if at < 4 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() });
    let Some((body, given)) = unit.split_at_checked(10).filter(|_| shape) else {
        return Ok(());
    };
    if !matches!(body.as_bytes().get(3), Some(b'U' | b'J' | b'Z')) {
        return Err(CommandRefusal::new("unit-malformed", format!("container {unit}: fourth letter, expected U, J or Z")));
    }
    match iso6346_sum(body) {
        Some(digit) if digit.to_string() == given => Ok(()),
        digit => {
            let expected = digit.map_or_else(|| "a digit".to_owned(), |digit| digit.to_string());
            Err(CommandRefusal::new("unit-check-digit", format!("container {unit}: check digit is {given}, expected {expected}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_taken_only_with_its_check_digit() {
        for good in ["CSQU3054383", "MWCU6059784", "CBHU3202732", "XIAU0000060", "AKE12345MU", "LOOSE-0017", "陕A12345"] {
            assert_eq!(check_unit(good), Ok(()), "{good}");
        }
        let refused = check_unit("CSQU3054384").unwrap_err();
        assert_eq!(refused.to_string(), "unit-check-digit: container CSQU3054384: check digit is 4, expected 3");
        for bad in ["", "A B", "CSQX3054383", &"X".repeat(33)] {
            assert!(check_unit(bad).is_err(), "{bad:?}");
        }
    }
}
