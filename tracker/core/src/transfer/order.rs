//! Standing orders: an officer's word given beforehand, for what is of low risk; and how risky customs takes each carrier to be.

use super::Transfer;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::place::Place;
use sealway_schemas::command::RiskTier;
use sealway_schemas::movement::{Arrow, By};
use sealway_schemas::record::{Record, StandingOrderView};
use sealway_schemas::{PartyId, PlaceId, Time, UserId};
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
    pub(crate) put_at: Time,
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

impl Core {
    pub(super) fn put_order(
        &mut self,
        now: Time,
        id: String,
        order: StandingOrder,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        if !(1..=64).contains(&id.len()) {
            return Err(CommandRefusal::new("order-id", format!("standing order id of {} bytes, expected 1 to 64", id.len())));
        }
        let orderable = |arrow: &Arrow| [Arrow::Accept, Arrow::Seal, Arrow::Release].contains(arrow);
        if let Some(arrow) = order.arrows.iter().find(|arrow| !orderable(arrow)) {
            let detail = format!("standing order {id:?}: arrow {arrow:?}, expected accept, seal or release");
            return Err(CommandRefusal::new("order-arrow", detail));
        }
        self.tell_order(now, (&id, &order), None, effects);
        self.orders.put(id, order);
        Ok(())
    }

    pub(super) fn remove_order(&mut self, now: Time, id: &str, by: &UserId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-order", format!("standing order {id:?}: expected one that was put"));
        let order = self.orders.remove(id).ok_or_else(unknown)?;
        self.tell_order(now, (id, &order), Some(by), effects);
        Ok(())
    }

    /// To the officers of the places that it lets through from. No carrier sees it: who knows the orders knows when he is looked at.
    fn tell_order(&self, now: Time, (id, order): (&str, &StandingOrder), removed_by: Option<&UserId>, effects: &mut Vec<Effect>) {
        let district = order.origin.as_ref().and_then(|origin| self.atlas.place(origin)).and_then(Place::district);
        let overseers = match district {
            Some(district) => self.registry.overseers(Some(district)).cloned().collect(),
            None => self.registry.customs().cloned().collect(),
        };
        let StandingOrder { officer, carrier, origin, tier, arrows, put_at } = order.clone();
        let (removed_at, removed_by) = (removed_by.map(|_| now), removed_by.cloned());
        let view = StandingOrderView { order: id.to_owned(), officer, carrier, origin, tier, arrows, put_at, removed_at, removed_by };
        self.tell_record(now, Record::of(&view, overseers), effects);
    }
}
