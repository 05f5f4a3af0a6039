//! Transfers 转关 and the seals and units that they bind.

mod arrows;
mod bind;
mod chain;
mod clock;
mod command;
mod declare;
mod enquiry;
mod hold;
mod incident;
mod leg;
pub(crate) mod life;
mod order;
mod plan;
mod step;

use crate::detect::{Dwell, Receiver, Signs, Truck, Waypoints};
use crate::movement::Movement;
use crate::watch::RouteWatch;
pub(crate) use arrows::arrows;
pub(crate) use bind::Shown;
pub(crate) use chain::Chain;
pub(crate) use hold::Lifting;
pub(crate) use order::StandingOrders;
use sealway_schemas::cargo::Leg;
use sealway_schemas::ledger::Conclusion;
use sealway_schemas::movement::{By, HoldView, IncidentView, MovementState, Punctuality};
use sealway_schemas::record::EnquiryView;
use sealway_schemas::{AlertId, CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A transfer's number, in the order of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct TransferIx(u32);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) carrier: PartyId,
    pub(crate) unit: String,
    pub(crate) seal: DeviceId,
    pub(crate) origin: PlaceId,
    pub(crate) destination: PlaceId,
    /// Of the leg that it is on.
    pub(crate) corridor: CorridorId,
    /// All of them, the first one first.
    pub(crate) legs: Vec<Leg>,
    /// The one that it is on, from 0.
    pub(crate) leg: u32,
    /// The legs before that one, the first one first.
    pub(crate) ended: Vec<EndedLeg>,
    pub(crate) declared_at: Time,
    /// What people and seals signed for.
    pub(crate) state: MovementState,
    pub(crate) state_since: Time,
    pub(crate) changed_by: By,
    pub(crate) steps: u32,
    /// What the seal showed, whatever people made of it.
    pub(crate) movement: Movement,
    pub(crate) bond: Bond,
    pub(crate) chain: Chain,
    /// What the carrier reported, while it is an incident.
    pub(crate) incident: Option<IncidentView>,
    /// How many it reported.
    pub(crate) incidents: u32,
    pub(crate) holds: Vec<HoldView>,
    /// How often it was held.
    pub(crate) held: u32,
    /// Who reported the arrival; it counts once the seal says so too.
    pub(crate) arrival: Option<By>,
    /// From its release to its arrival on the leg that it is on; computed from its declaration on.
    pub(crate) limit_ms: Option<u64>,
    /// On the leg that it is on.
    pub(crate) due: Option<Time>,
    /// Of the verification; from the unsealing on.
    pub(crate) results_due: Option<Time>,
    /// When its clock strikes next.
    pub(crate) strikes_at: Option<Time>,
    /// A leg ended after its limit.
    pub(crate) late: bool,
    pub(crate) punctuality: Punctuality,
    /// The last one.
    pub(crate) enquiry: Option<EnquiryView>,
    /// The seal's receipt that unsealed it: what comes later says nothing of its custody.
    pub(crate) unsealed_by: Option<u64>,
    /// Of its verification.
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) progress: Option<Progress>,
    pub(crate) watch: RouteWatch,
    pub(crate) signs: Signs,
    pub(crate) receiver: Receiver,
    pub(crate) waypoints: Waypoints,
    pub(crate) truck: Truck,
    pub(crate) dwell: Option<Dwell>,
    pub(crate) open_alerts: Vec<AlertId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) km: f64,
    pub(crate) furthest_km: f64,
    pub(crate) piece: u32,
    /// From when on the version of the corridor is in force that it is measured along.
    pub(crate) version: Time,
}

/// How a leg ended that is not the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedLeg {
    pub(crate) limit_ms: u64,
    /// `None` where the transfer was not released.
    pub(crate) due: Option<Time>,
    pub(crate) at: Time,
}

/// Between a transfer, its seal and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Bond {
    Planned,
    Active,
    Ended,
}

impl Transfer {
    /// The device has proved that it closed the unit; customs has not signed yet.
    pub(crate) fn awaits_countersign(&self) -> bool {
        self.state == MovementState::Accepted && self.movement.state() == MovementState::Sealed
    }

    /// Holds its seal and its unit: nobody else may bind them.
    pub(crate) fn binds(&self) -> bool {
        self.bond == Bond::Active
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfers {
    list: Vec<Transfer>,
    by_id: BTreeMap<TransferId, TransferIx>,
    /// The last transfer of each unit.
    by_unit: BTreeMap<String, TransferIx>,
}

impl Transfers {
    pub(crate) fn find(&self, id: &TransferId) -> Option<TransferIx> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn get(&self, ix: TransferIx) -> Option<&Transfer> {
        self.list.get(ix.0 as usize)
    }

    pub(crate) fn get_mut(&mut self, ix: TransferIx) -> Option<&mut Transfer> {
        self.list.get_mut(ix.0 as usize)
    }

    pub(crate) fn by_id_mut(&mut self, id: &TransferId) -> Option<&mut Transfer> {
        self.get_mut(self.find(id)?)
    }

    /// The transfer that binds a unit now.
    pub(crate) fn of_unit(&self, unit: &str) -> Option<(TransferIx, &Transfer)> {
        let ix = *self.by_unit.get(unit)?;
        Some((ix, self.get(ix).filter(|transfer| transfer.binds())?))
    }

    pub(crate) fn add(&mut self, transfer: Transfer) -> Option<TransferIx> {
        let ix = TransferIx(u32::try_from(self.list.len()).ok()?);
        self.by_id.insert(transfer.id.clone(), ix);
        self.list.push(transfer);
        Some(ix)
    }

    /// The unit is this transfer's from here on.
    pub(crate) fn take_unit(&mut self, unit: String, ix: TransferIx) {
        self.by_unit.insert(unit, ix);
    }

    /// The unit is no longer this transfer's.
    pub(crate) fn leave_unit(&mut self, unit: &str, ix: TransferIx) {
        if self.by_unit.get(unit) == Some(&ix) {
            self.by_unit.remove(unit);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TransferIx, &Transfer)> {
        (0..).map(TransferIx).zip(&self.list)
    }
}
