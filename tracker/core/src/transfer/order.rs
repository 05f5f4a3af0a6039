//! Standing orders: an officer's word given beforehand, for what is of low risk.

use super::Transfer;
use sealway_schemas::movement::{Arrow, By};
use sealway_schemas::{PartyId, PlaceId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingOrder {
    pub(crate) officer: UserId,
    pub(crate) carrier: Option<PartyId>,
    pub(crate) origin: Option<PlaceId>,
    pub(crate) arrows: Vec<Arrow>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingOrders(BTreeMap<String, StandingOrder>);

impl StandingOrders {
    pub(crate) fn put(&mut self, id: String, order: StandingOrder) {
        self.0.insert(id, order);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&StandingOrder> {
        self.0.get(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<StandingOrder> {
        self.0.remove(id)
    }

    /// The first order that lets the transfer go this arrow, as the one who stands behind it.
    pub(crate) fn for_arrow(&self, transfer: &Transfer, arrow: Arrow) -> Option<By> {
        let fits = |order: &StandingOrder| {
            order.arrows.contains(&arrow)
                && order.carrier.as_ref().is_none_or(|carrier| *carrier == transfer.carrier)
                && order.origin.as_ref().is_none_or(|origin| *origin == transfer.origin)
        };
        let (id, order) = self.0.iter().find(|(_, order)| fits(order))?;
        Some(By::Order { order: id.clone(), officer: order.officer.clone() })
    }
}
