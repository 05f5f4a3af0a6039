//! Standing orders: an officer's word given beforehand, for what is of low risk; and how risky customs takes each carrier to be.

use super::Transfer;
use sealway_schemas::command::RiskTier;
use sealway_schemas::movement::{Arrow, By};
use sealway_schemas::{PartyId, PlaceId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingOrder {
    pub(crate) officer: UserId,
    pub(crate) carrier: Option<PartyId>,
    pub(crate) origin: Option<PlaceId>,
    /// For carriers of this tier or a lower one; a carrier that was not assessed is in none.
    pub(crate) tier: Option<RiskTier>,
    pub(crate) arrows: Vec<Arrow>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingOrders {
    orders: BTreeMap<String, StandingOrder>,
    tiers: BTreeMap<PartyId, RiskTier>,
}

impl StandingOrders {
    pub(crate) fn put(&mut self, id: String, order: StandingOrder) {
        self.orders.insert(id, order);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&StandingOrder> {
        self.orders.get(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<StandingOrder> {
        self.orders.remove(id)
    }

    pub(crate) fn assess(&mut self, carrier: PartyId, tier: RiskTier) {
        self.tiers.insert(carrier, tier);
    }

    /// The first order that lets the transfer go this arrow, as the one who stands behind it.
    pub(crate) fn for_arrow(&self, transfer: &Transfer, arrow: Arrow) -> Option<By> {
        let tier = self.tiers.get(&transfer.carrier);
        let fits = |order: &StandingOrder| {
            order.arrows.contains(&arrow)
                && order.carrier.as_ref().is_none_or(|carrier| *carrier == transfer.carrier)
                && order.origin.as_ref().is_none_or(|origin| *origin == transfer.origin)
                && order.tier.is_none_or(|most| tier.is_some_and(|tier| *tier <= most))
        };
        let (id, order) = self.orders.iter().find(|(_, order)| fits(order))?;
        Some(By::Order { order: id.clone(), officer: order.officer.clone() })
    }
}
