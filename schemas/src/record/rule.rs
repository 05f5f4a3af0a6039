//! What officers said beforehand: standing orders, and how many trucks are drawn for inspection.

use super::Recorded;
use crate::command::RiskTier;
use crate::movement::Arrow;
use crate::{PartyId, PlaceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

/// An officer's order that lets through without being asked each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingOrderView {
    pub order: String,
    /// In whose name it lets through.
    pub officer: UserId,
    /// Without one: every carrier.
    pub carrier: Option<PartyId>,
    /// Without one: from every place.
    pub origin: Option<PlaceId>,
    /// For carriers of this tier or a lower one.
    pub tier: Option<RiskTier>,
    pub arrows: Vec<Arrow>,
    pub put_at: Time,
    pub removed_at: Option<Time>,
    pub removed_by: Option<UserId>,
}

impl Recorded for StandingOrderView {
    const KIND: &'static str = "standing-order";

    fn id(&self) -> String {
        self.order.clone()
    }

    fn at(&self) -> Time {
        self.removed_at.unwrap_or(self.put_at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// Of a thousand trucks so many are drawn. The salt is told to nobody: whoever knows it works out who will be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionRuleView {
    pub permille: u16,
    pub put_at: Time,
    pub put_by: UserId,
}

impl Recorded for InspectionRuleView {
    const KIND: &'static str = "inspection-rule";

    fn id(&self) -> String {
        "inspection".to_owned()
    }

    fn at(&self) -> Time {
        self.put_at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
