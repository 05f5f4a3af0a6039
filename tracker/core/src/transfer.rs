//! Transfers 转关 and the seals and units that they bind.

use crate::detect::{Dwell, Signs};
use crate::movement::Movement;
use crate::watch::RouteWatch;
use sealway_schemas::event::ChangedBy;
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
    pub(crate) corridor: CorridorId,
    pub(crate) declared_at: Time,
    pub(crate) movement: Movement,
    pub(crate) state_since: Time,
    pub(crate) changed_by: ChangedBy,
    pub(crate) progress: Option<Progress>,
    pub(crate) watch: RouteWatch,
    pub(crate) signs: Signs,
    pub(crate) dwell: Option<Dwell>,
    pub(crate) open_alerts: Vec<AlertId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) km: f64,
    pub(crate) furthest_km: f64,
    pub(crate) piece: u32,
}

impl Transfer {
    /// Holds its seal and its unit: until arrival.
    pub(crate) fn binds(&self) -> bool {
        match self.movement {
            Movement::Declared | Movement::Sealed(_) | Movement::InTransit { .. } => true,
            Movement::Arrived(_) => false,
        }
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
    pub(crate) fn of_unit(&self, unit: &str) -> Option<&Transfer> {
        self.get(*self.by_unit.get(unit)?).filter(|transfer| transfer.binds())
    }

    pub(crate) fn add(&mut self, transfer: Transfer) -> Option<TransferIx> {
        let ix = TransferIx(u32::try_from(self.list.len()).ok()?);
        self.by_id.insert(transfer.id.clone(), ix);
        self.by_unit.insert(transfer.unit.clone(), ix);
        self.list.push(transfer);
        Some(ix)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TransferIx, &Transfer)> {
        (0..).map(TransferIx).zip(&self.list)
    }
}
