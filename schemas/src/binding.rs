//! The bond between a unit and its seals: which were on it, in which epochs, closed by whom and countersigned by whom. Resealing adds to the
//! chain; nothing is taken out of it. One electronic seal closes one unit; mechanical seals (ISO 17712) hang beside it.

use crate::command::{MechanicalSeal, RiskTier};
use crate::movement::By;
use crate::record::Recorded;
use crate::{DeviceId, PartyId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

/// An epoch of a seal on the unit, from the device's own `sealed` report to its opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedEpoch {
    pub epoch: u64,
    /// Of the report that showed it closed on this unit.
    pub ctr: u64,
    pub since: Time,
    /// Opened, or taken off; absent while it holds.
    pub until: Option<Time>,
    /// The officer, or the standing order in an officer's name.
    pub countersigned_by: Option<By>,
}

/// An electronic seal that the carrier bound, and the mechanical ones beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoundSeal {
    pub seal: DeviceId,
    pub unit: String,
    pub mechanical: Vec<MechanicalSeal>,
    pub bound_at: Time,
    pub bound_by: By,
    pub unbound_at: Option<Time>,
    /// Oldest first.
    pub epochs: Vec<SealedEpoch>,
}

/// Every seal that a transfer had, oldest first. At most the last one is bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BindingView {
    pub transfer: TransferId,
    pub at: Time,
    pub unit: String,
    pub seals: Vec<BoundSeal>,
}

impl Recorded for BindingView {
    const KIND: &'static str = "binding";

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

/// How risky customs takes a carrier to be, for standing orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RiskTierView {
    pub carrier: PartyId,
    pub tier: RiskTier,
    pub reason: String,
    pub at: Time,
    pub by: UserId,
}

impl Recorded for RiskTierView {
    const KIND: &'static str = "risk-tier";

    fn id(&self) -> String {
        self.carrier.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
