//! What the platform tells of cargo: records, each with those who may see it.

use super::{CargoUnit, ConsignmentLine, Mode, TransportDocument, UnitKind};
use crate::ledger::{GoodsCode, GoodsStatus, Quantity, UnitCode};
use crate::movement::By;
use crate::record::Recorded;
use crate::{CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

/// A leg with the places that it joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegView {
    pub mode: Mode,
    pub corridor: CorridorId,
    pub from: PlaceId,
    pub to: PlaceId,
    /// Milliseconds that it may take from the release, or from the end of the leg before it.
    pub limit_ms: u64,
    /// When it has to have ended; from its beginning on.
    pub due: Option<Time>,
    /// When the next one began. How the last one ended is told by the arrival.
    pub ended_at: Option<Time>,
}

/// A stretch of time in which a child lay under its parent's seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inherited {
    pub seal: DeviceId,
    pub epoch: u64,
    pub since: Time,
    /// When the seal was opened or the child was parted from the unit; absent while it holds.
    pub until: Option<Time>,
}

/// Where and when a consignment was parted from what it lay in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parted {
    pub place: PlaceId,
    pub at: Time,
}

/// One consignment of a transfer; its owner sees it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsignmentView {
    pub transfer: TransferId,
    pub at: Time,
    pub document: TransportDocument,
    pub parent: Option<TransportDocument>,
    /// The unit that it is packed in; the sealed one where it is in no smaller one.
    pub unit: CargoUnit,
    pub owner: PartyId,
    pub lines: Vec<ConsignmentLine>,
    /// Under which seals it travelled, oldest first.
    pub seals: Vec<Inherited>,
    pub parted: Option<Parted>,
    /// The cargo was declared anew without it.
    pub withdrawn: bool,
}

impl Recorded for ConsignmentView {
    const KIND: &'static str = "consignment";

    fn id(&self) -> String {
        format!("{}.{}", self.transfer, self.document)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}

/// Goods of one status in one unit of measure: bonded goods are never in a sum with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Total {
    pub status: GoodsStatus,
    pub unit: UnitCode,
    pub quantity: Quantity,
    pub weight_kg: Quantity,
}

/// Everything in the sealed unit of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CargoView {
    pub transfer: TransferId,
    pub at: Time,
    /// The one that the electronic seal closes.
    pub unit: CargoUnit,
    pub kind: UnitKind,
    pub totals: Vec<Total>,
    /// A parent before its children.
    pub consignments: Vec<ConsignmentView>,
    pub splits: Vec<SplitView>,
}

impl Recorded for CargoView {
    const KIND: &'static str = "cargo";

    fn id(&self) -> String {
        self.transfer.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}

/// One kind and status of goods at a split. `declared` + `over` = `found` + `short`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitLine {
    /// The child; absent for the sum of all children against what they were split from.
    pub document: Option<TransportDocument>,
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    pub declared: Quantity,
    pub found: Quantity,
    pub short: Quantity,
    pub over: Quantity,
    /// Of what was found.
    pub damaged: Quantity,
}

/// 拆箱: a parent was parted into its children at a place that may do that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitView {
    /// Of the transfer, from 1.
    pub number: u32,
    pub place: PlaceId,
    /// Absent for the sealed unit itself.
    pub parent: Option<TransportDocument>,
    pub at: Time,
    pub by: By,
    pub lines: Vec<SplitLine>,
    pub note: String,
}

/// An X-ray image or a photo of a unit or a consignment, bound to the seal's epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionView {
    pub transfer: TransferId,
    /// Of the transfer, from 1.
    pub number: u32,
    pub unit: CargoUnit,
    pub document: Option<TransportDocument>,
    /// Hex of SHA-256.
    pub image: String,
    /// The seal that was bound, and the epoch that it had closed the unit in; without an epoch it was open.
    pub seal: DeviceId,
    pub epoch: Option<u64>,
    pub at: Time,
    pub by: By,
    pub note: String,
}

impl Recorded for InspectionView {
    const KIND: &'static str = "inspection";

    fn id(&self) -> String {
        format!("{}:{}", self.transfer, self.number)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}
