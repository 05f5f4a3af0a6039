//! Drafting and declaring a transfer, and binding its seal and its unit.

use super::{Bond, Chain, Transfer, TransferIx};
use crate::command::Asking;
use crate::core::Core;
use crate::detect::{Receiver, Signs, Truck, Waypoints};
use crate::device::Period;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::movement::Movement;
use crate::watch::RouteWatch;
use sealway_schemas::binding::BoundSeal;
use sealway_schemas::cargo::{CargoUnit, Consignment, Leg, NotACargoNumber, NumberFault};
use sealway_schemas::command::MechanicalSeal;
use sealway_schemas::movement::{Arrow, By, MovementState, Punctuality};
use sealway_schemas::{CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId};

/// What a carrier says of a transfer.
pub(super) struct Draft {
    pub(super) id: TransferId,
    pub(super) carrier: PartyId,
    pub(super) unit: String,
    pub(super) seal: DeviceId,
    pub(super) origin: PlaceId,
    pub(super) destination: PlaceId,
    pub(super) corridor: CorridorId,
    pub(super) legs: Vec<Leg>,
    pub(super) consignments: Vec<Consignment>,
}

impl Core {
    pub(super) fn draft(&mut self, now: Time, asking: &Asking<'_>, draft: Draft, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let mut draft = self.checked_draft(asking, draft)?;
        let consignments = std::mem::take(&mut draft.consignments);
        let transfer = draft.transfer(now, asking);
        if let Some(ix) = self.transfers.add(transfer) {
            self.put_cargo(now, ix, consignments, effects);
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
        let draft = self.checked_draft(asking, draft)?;
        self.check_seal(asking, &draft.id, &draft.seal, &draft.carrier)?;
        self.check_unit_free(&draft.unit, None)?;
        let drafted = draft.transfer(now, asking);
        let missing = self.missing(now, &drafted, Arrow::Declare);
        if !missing.is_empty() {
            let step = RefusedStep { state: drafted.state, arrow: Arrow::Declare, missing };
            return Err(CommandRefusal::step("arrow-needs", &drafted.id, step));
        }
        let Some(ix) = self.transfers.add(drafted) else {
            return Ok(());
        };
        let by = asking.signer();
        self.step(now, ix, Arrow::Declare, by.clone(), effects)?;
        self.bind(now, ix, (by, Vec::new()), effects);
        Ok(())
    }

    /// The draft with all of its legs.
    fn checked_draft(&self, asking: &Asking<'_>, draft: Draft) -> Result<Draft, CommandRefusal> {
        let Draft { id, carrier, unit, origin, destination, corridor, .. } = &draft;
        asking.check(&format!("transfer {id}"), Some(carrier))?;
        if self.transfers.find(id).is_some() {
            return Err(CommandRefusal::new("transfer-exists", format!("transfer {id}: exists, expected a new reference")));
        }
        check_unit(unit)?;
        self.check_consignments(&draft.consignments)?;
        let legs = self.check_legs((origin, destination), corridor, draft.legs.clone())?;
        Ok(Draft { legs, ..draft })
    }

    /// Nobody binds the unit, unless it is the transfer `own` itself.
    pub(crate) fn check_unit_free(&self, unit: &str, own: Option<TransferIx>) -> Result<(), CommandRefusal> {
        let Some((_, other)) = self.transfers.of_unit(unit).filter(|(ix, _)| Some(*ix) != own) else {
            return Ok(());
        };
        let detail = format!("unit {unit}: bound to transfer {}, expected a unit without an active transfer", other.id);
        Err(CommandRefusal::new("unit-bound", detail))
    }

    /// Binds the transfer's seal to its unit and to all units in it.
    pub(super) fn bind(&mut self, now: Time, bound: TransferIx, (by, mechanical): (By, Vec<MechanicalSeal>), effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let Some(ix) = self.devices.find(&transfer.seal) else {
            return;
        };
        transfer.bond = Bond::Active;
        let (seal, unit) = (transfer.seal, transfer.unit.clone());
        let link = BoundSeal { seal, unit, mechanical, bound_at: now, bound_by: by, unbound_at: None, epochs: Vec::new() };
        transfer.chain.bind(link);
        let units: Vec<String> = self.units_of(bound);
        for unit in units {
            self.transfers.take_unit(unit, bound);
        }
        if let Some(device) = self.devices.get_mut(ix) {
            device.transfer = Some(bound);
            device.bond_since = now;
            // How long it lay in a drawer says nothing about how often it speaks under way.
            device.heard_at = now;
            device.period = Period::default();
        }
        self.tell_binding(now, bound, effects);
        self.tell_transfer(now, bound, effects);
        self.tell_device(now, ix, effects);
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
            legs: self.legs,
            leg: 0,
            ended: Vec::new(),
            declared_at: now,
            state: MovementState::Draft,
            state_since: now,
            changed_by: asking.signer(),
            steps: 0,
            movement: Movement::Declared,
            bond: Bond::Planned,
            chain: Chain::default(),
            incident: None,
            incidents: 0,
            holds: Vec::new(),
            held: 0,
            arrival: None,
            limit_ms: None,
            due: None,
            results_due: None,
            strikes_at: None,
            late: false,
            punctuality: Punctuality::OnTime,
            enquiry: None,
            unsealed_by: None,
            conclusion: None,
            progress: None,
            watch: RouteWatch::default(),
            signs: Signs::default(),
            receiver: Receiver::default(),
            waypoints: Waypoints::default(),
            truck: Truck::default(),
            dwell: None,
            open_alerts: Vec::new(),
        }
    }
}

/// A container has its check digit (ISO 6346); ULDs and loose cargo have none.
pub(super) fn check_unit(unit: &str) -> Result<CargoUnit, CommandRefusal> {
    unit.parse().map_err(|fault: NotACargoNumber| {
        let code = match fault.fault {
            NumberFault::Shape(_) => "unit-malformed",
            NumberFault::CheckDigit { .. } => "unit-check-digit",
        };
        CommandRefusal::new(code, fault.to_string())
    })
}
