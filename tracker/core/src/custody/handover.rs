//! Arrival and handing over 运抵与交接: the operator says here; the seal has to say so too, or the transfer is contested and held.

use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::corridor::{Corridor, Mode, speed_limit};
use crate::device::PackedFix;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::geometry::Position;
use crate::transfer::TransferIx;
use crate::transfer::life::after;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::{PlaceId, Time, TransferId};

const REASON_LIMIT: usize = 1_000;

/// Where the seal is, by its own word, seen from a place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Whereabouts {
    Unknown,
    Inside,
    /// Metres beyond the fence.
    Outside(f64),
}

impl Core {
    /// 运抵报告. The seal's own report inside the destination may come before or after it.
    pub(super) fn report_arrival(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, place): (&TransferId, &PlaceId),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.at_destination(asking, id, place)?;
        let by = asking.signer();
        let state = self.transfers.get(ix).map_or(MovementState::Draft, |transfer| transfer.state);
        if after(state, Arrow::Arrive).is_none() {
            return Err(CommandRefusal::step("arrow-illegal", id, RefusedStep { state, arrow: Arrow::Arrive, missing: Vec::new() }));
        }
        if let Whereabouts::Outside(metres) = self.whereabouts(place, self.last_fix(now, ix))
            && metres > self.driven_since(now, ix)
        {
            // A word that is contested does not wait for the seal to come after all.
            self.contest(now, ix, (place, metres), by, effects);
            return Ok(());
        }
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.arrival = Some(by);
        }
        self.go_on(now, ix, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    /// 交接: signed inside the fence, with a fresh answer of the seal.
    pub(super) fn hand_over(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, place): (&TransferId, &PlaceId),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.at_destination(asking, id, place)?;
        let by = asking.signer();
        let Some(transfer) = self.transfers.get(ix) else { return Ok(()) };
        let (state, arrow) = (transfer.state, Arrow::HandOver);
        let refused = |code, missing| Err(CommandRefusal::step(code, id, RefusedStep { state, arrow, missing }));
        if after(state, arrow).is_none() {
            return refused("arrow-illegal", Vec::new());
        }
        let Some(answer) = self.fresh_answer(now, &transfer.seal) else {
            return refused("arrow-needs", vec!["fresh-answer"]);
        };
        if !answer.closed {
            return refused("arrow-needs", vec!["closed-seal"]);
        }
        if transfer.movement.sealing().is_some_and(|sealing| sealing.epoch != answer.epoch) {
            return refused("arrow-needs", vec!["bound-epoch"]);
        }
        match self.whereabouts(place, answer.fix) {
            Whereabouts::Inside => self.step(now, ix, arrow, by, effects),
            Whereabouts::Unknown => refused("arrow-needs", vec!["answer-with-fix"]),
            Whereabouts::Outside(metres) => {
                self.contest(now, ix, (place, metres), by, effects);
                Ok(())
            }
        }
    }

    /// 拒收: the place does not take the cargo; an officer decides what becomes of it.
    pub(super) fn refuse_transfer(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, place, reason): (&TransferId, &PlaceId, String),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.at_destination(asking, id, place)?;
        let count = reason.chars().count();
        if reason.trim().is_empty() || count > REASON_LIMIT {
            let detail = format!("reason of {count} characters, expected 1 to {REASON_LIMIT}");
            return Err(CommandRefusal::new("reason-length", detail));
        }
        let state = self.transfers.get(ix).map_or(MovementState::Draft, |transfer| transfer.state);
        match state {
            MovementState::InTransit | MovementState::Incident | MovementState::Arrived => {
                self.hold(now, ix, (HoldReason::Refused, reason), asking.signer(), effects);
                Ok(())
            }
            _ => {
                let step = RefusedStep { state, arrow: Arrow::HandOver, missing: vec!["under-way-or-arrived"] };
                Err(CommandRefusal::step("arrow-illegal", id, step))
            }
        }
    }

    fn contest(&mut self, now: Time, ix: TransferIx, (place, metres): (&PlaceId, f64), by: By, effects: &mut Vec<Effect>) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a distance on the earth")]
        let found = HoldFinding::SealElsewhere { place: place.clone(), metres: metres.round() as u32 };
        self.hold(now, ix, (HoldReason::Contested, found), by, effects);
        self.raise_on_transfer(now, ix, Finding::at(AlertKind::FalseArrival, now).with("distance_m", metres), effects);
    }

    /// The transfer, where the one who asks runs the place that it goes to.
    fn at_destination(&self, asking: &Asking<'_>, id: &TransferId, place: &PlaceId) -> Result<TransferIx, CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        if transfer.destination != *place {
            let detail = format!("place {place}: expected {}, the destination of transfer {id}", transfer.destination);
            return Err(CommandRefusal::new("other-place", detail));
        }
        asking.check(&format!("place {place}"), self.atlas.place(place).and_then(|place| place.operator()))?;
        Ok(ix)
    }

    /// What the transfer's vehicle can have driven since its seal was heard, metres.
    #[expect(clippy::cast_precision_loss, reason = "minutes")]
    fn driven_since(&self, now: Time, ix: TransferIx) -> f64 {
        let transfer = self.transfers.get(ix);
        let heard_at = transfer.and_then(|transfer| self.devices.by_id(&transfer.seal)).map_or(now, |device| device.heard_at);
        let mode = transfer.and_then(|transfer| self.atlas.corridor(&transfer.corridor)).map_or(Mode::Road, Corridor::mode);
        speed_limit(mode) * now.since(heard_at) as f64 / 1000.0
    }

    fn last_fix(&self, now: Time, ix: TransferIx) -> Option<PackedFix> {
        let device = self.devices.by_id(&self.transfers.get(ix)?.seal)?;
        (now.since(device.heard_at) < self.policy.seal_fresh_ms).then_some(device.last?.fix?)
    }

    fn whereabouts(&self, place: &PlaceId, fix: Option<PackedFix>) -> Whereabouts {
        let (Some(place), Some(fix)) = (self.atlas.place(place), fix) else { return Whereabouts::Unknown };
        let beyond = place.metres_outside(&fix);
        if beyond <= fix.blur_m() { Whereabouts::Inside } else { Whereabouts::Outside(beyond) }
    }

    /// Whether all of a circle lies in the transfer's destination.
    pub(super) fn inside_destination(&self, ix: TransferIx, centre: Position, radius_m: f64) -> bool {
        let place = self.transfers.get(ix).and_then(|transfer| self.atlas.place(&transfer.destination));
        place.is_some_and(|place| place.contains(centre) && place.metres_to_edge(centre) >= radius_m)
    }
}
