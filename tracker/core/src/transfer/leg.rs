//! The legs of a transfer: chained place to place; where one ends the next begins, with its own corridor, limit and watch.

use super::{EndedLeg, Transfer, TransferIx};
use crate::core::Core;
use crate::detect::Waypoints;
use crate::effect::{CommandRefusal, Effect};
use crate::movement::{Approach, Movement};
use sealway_schemas::cargo::Leg;
use sealway_schemas::{CorridorId, PlaceId, Time};

const LEGS_LIMIT: usize = 16;

impl Transfer {
    fn next_leg(&self) -> Option<(u32, &Leg)> {
        let next = self.leg + 1;
        Some((next, self.legs.get(usize::try_from(next).ok()?)?))
    }
}

impl Core {
    /// The legs of a draft; one along `corridor` where none are named.
    pub(super) fn check_legs(
        &self,
        (origin, destination): (&PlaceId, &PlaceId),
        corridor: &CorridorId,
        legs: Vec<Leg>,
    ) -> Result<Vec<Leg>, CommandRefusal> {
        for place in [origin, destination] {
            if self.atlas.place(place).is_none() {
                return Err(CommandRefusal::new("unknown-place", format!("place {place}: expected one that was put before")));
            }
        }
        let known = |id: &CorridorId| {
            let unknown = || CommandRefusal::new("unknown-corridor", format!("corridor {id}: expected one that was put before"));
            self.atlas.corridor(id).ok_or_else(unknown)
        };
        let first = known(corridor)?;
        if legs.is_empty() {
            if first.from() == origin && first.to() == destination {
                return Ok(vec![Leg { mode: first.mode(), corridor: corridor.clone() }]);
            }
            let (from, to) = (first.from(), first.to());
            let detail = format!("corridor {corridor}: runs from {from} to {to}, expected from {origin} to {destination}");
            return Err(CommandRefusal::new("corridor-elsewhere", detail));
        }
        if legs.len() > LEGS_LIMIT || legs.first().is_some_and(|leg| leg.corridor != *corridor) {
            let detail = format!("{} legs, expected at most {LEGS_LIMIT}, the first along corridor {corridor}", legs.len());
            return Err(CommandRefusal::new("legs", detail));
        }
        let mut at = origin;
        for (number, leg) in (1..).zip(&legs) {
            let way = known(&leg.corridor)?;
            if way.mode() != leg.mode {
                let detail = format!("leg {number}: {}, expected {} as corridor {}", leg.mode.as_str(), way.mode().as_str(), leg.corridor);
                return Err(CommandRefusal::new("leg-mode", detail));
            }
            if way.from() != at {
                let detail = format!("leg {number}: corridor {} begins at {}, expected {at}", leg.corridor, way.from());
                return Err(CommandRefusal::new("legs-apart", detail));
            }
            at = way.to();
        }
        if at == destination {
            return Ok(legs);
        }
        Err(CommandRefusal::new("legs-apart", format!("the last leg ends at {at}, expected {destination}")))
    }

    /// At the end of a leg that is not the last the transfer does not arrive: it is under way on the next one.
    pub(crate) fn onto_next_leg(
        &mut self,
        now: Time,
        ix: TransferIx,
        (after, at): (Movement, Time),
        effects: &mut Vec<Effect>,
    ) -> Movement {
        let Movement::Arrived(sealing) = after else {
            return after;
        };
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return after;
        };
        let Some((next, corridor)) = transfer.next_leg().map(|(next, leg)| (next, leg.corridor.clone())) else {
            return after;
        };
        transfer.ended.push(EndedLeg { limit_ms: transfer.limit_ms.unwrap_or_default(), due: transfer.due, at });
        transfer.leg = next;
        transfer.corridor = corridor;
        transfer.progress = None;
        transfer.dwell = None;
        transfer.waypoints = Waypoints::default();
        transfer.movement = Movement::InTransit { sealing, approach: Approach::UnderWay };
        let after = transfer.movement;
        self.turn_clock(now, ix, at, effects);
        self.tell_transfer(now, ix, effects);
        after
    }
}
