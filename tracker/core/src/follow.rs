//! Following a bound seal: locate its report on the transfer's route, move the transfer, watch the corridor and the speed.

use crate::alert::Finding;
use crate::core::Core;
use crate::corridor::{Along, Corridor, Mode, speed_limit};
use crate::detect::{Dwell, Sign, Stand};
use crate::device::{DeviceIx, Last};
use crate::effect::Effect;
use crate::geometry::Position;
use crate::locate::{LocatedReport, Route, accuracy_m};
use crate::movement::{Movement, Sealing, Seen, Whereabouts};
use crate::policy::Policy;
use crate::transfer::{Progress, Shown, Transfer, TransferIx};
use crate::verify::VerifiedReport;
use crate::watch::{self, Lie, RouteVerdict};
use sealway_schemas::Time;
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{Arrow, By, HoldReason, MovementState};
use sealway_schemas::report::{Event, Report, Status};

/// Beside both fixes' accuracy.
const SPEED_SLACK_M: f64 = 500.0;

impl Core {
    /// Judges an applied report against the transfer that its seal is bound to.
    pub(crate) fn follow(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, report: &VerifiedReport, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(bound) else {
            return;
        };
        let Some(route) = self.route(transfer) else {
            return;
        };
        let located = LocatedReport::locate(report, route, &self.policy);
        let seen = seen(&located, transfer.movement.sealing());
        let before = transfer.movement;
        let after = before.next(seen, self.custody_at(transfer, report.report().ctr()));
        let lie = lie(&located, transfer, route.corridor, &self.policy);
        if let Some(transfer) = self.transfers.get_mut(bound) {
            advance(transfer, &located, after);
        }
        let (t, ctr) = (report.report().t(), report.report().ctr());
        let after = self.onto_next_leg(now, bound, (after, t), effects);
        self.follow_chain(now, (ix, bound), shown(before, after, seen), (t, ctr), effects);
        if epoch_changed(before, seen) && self.transfers.get(bound).is_some_and(|transfer| transfer.state != MovementState::Incident) {
            let report = report.report();
            self.raise(now, ix, Finding::of_report(AlertKind::EpochChanged, report.t(), report.ctr()), effects);
        }
        if before.in_custody() {
            self.check_signs(now, ix, bound, report.report(), effects);
        }
        if let Movement::InTransit { .. } = after {
            self.check_stand(now, ix, bound, &located, effects);
        }
        if let Some((lie, along)) = lie {
            self.watch_route(now, ix, bound, (lie, along, report.report()), effects);
        }
        if before.state() != after.state() {
            self.watch_silence(now, ix);
            self.moved(now, bound, (after, report.report()), effects);
        } else if self.transfers.get(bound).is_some_and(Transfer::awaits_countersign) {
            self.go_on(now, bound, effects);
        }
        if located.fix().is_some() {
            self.tell_position(now, ix, effects);
        }
    }

    /// The seal showed that the transfer is further: for leaving the origin it signs, for the rest people are asked.
    fn moved(&mut self, now: Time, bound: TransferIx, (after, report): (Movement, &Report), effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(bound) else {
            return;
        };
        let by = By::Seal { device: transfer.seal, ctr: report.ctr() };
        let departed = match after {
            Movement::InTransit { .. } => true,
            Movement::Declared | Movement::Sealed(_) | Movement::Arrived(_) => false,
        };
        if departed && self.step_at(now, bound, (Arrow::Depart, by.clone(), report.t()), effects).is_err() {
            let detail = "the seal left the origin without a release".to_owned();
            self.hold(now, bound, (HoldReason::UnreleasedDeparture, detail), by, effects);
            let finding = Finding::of_report(AlertKind::UnreleasedDeparture, report.t(), report.ctr());
            self.raise_on_transfer(now, bound, finding, effects);
        }
        self.go_on(now, bound, effects);
        if !departed {
            self.tell_transfer(now, bound, effects);
        }
    }

    fn check_signs(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, report: &Report, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let (signs, found) = transfer.signs.next(Sign { t: report.t(), event: report.event(), status: report.status() });
        transfer.signs = signs;
        if let Some(kind) = found {
            self.raise(now, ix, Finding::of_report(kind, report.t(), report.ctr()), effects);
        } else if self.devices.get(ix).is_some_and(|device| !device.open.is_empty()) {
            if report.status().has(Status::MOUNT_PRESENT) {
                self.clear(now, ix, AlertKind::MountLost, effects);
            }
            if report.fix().is_some() {
                self.clear(now, ix, AlertKind::Jamming, effects);
            }
        }
    }

    /// Trains wait in sidings and ships at anchor: only a truck is asked why it stands.
    fn check_stand(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, located: &LocatedReport<'_>, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let on_road = self.atlas.corridor(&transfer.corridor).is_some_and(|corridor| corridor.mode() == Mode::Road);
        let fix = match located.whereabouts() {
            Whereabouts::OnTheWay => located.fix(),
            Whereabouts::Unclear => return,
            Whereabouts::AtOrigin | Whereabouts::AtDestination => None,
        };
        let Some(fix) = fix.filter(|_| on_road) else {
            transfer.dwell = None;
            return;
        };
        let report = located.report();
        let (dwell, stand) = Dwell::next(transfer.dwell, Position::of(&fix), (report.t(), report.ctr()), self.policy.stop_limit_ms);
        transfer.dwell = Some(dwell);
        match stand {
            Stand::Moving => self.clear(now, ix, AlertKind::StopOutsidePlace, effects),
            Stand::Standing => {}
            Stand::TooLong { since, ctr } => {
                self.raise(now, ix, Finding::of_report(AlertKind::StopOutsidePlace, since, ctr), effects);
            }
        }
    }

    /// Of the leg that it is on.
    fn route(&self, transfer: &Transfer) -> Option<Route<'_>> {
        let corridor = self.atlas.corridor(&transfer.corridor)?;
        Some(Route {
            origin: self.atlas.place(corridor.from())?,
            destination: self.atlas.place(corridor.to())?,
            corridor,
            last_piece: transfer.progress.map(|progress| progress.piece),
        })
    }

    fn watch_route(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, fix: (Lie, Along, &Report), effects: &mut Vec<Effect>) {
        let (lie, along, report) = fix;
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let (watch, verdict) = transfer.watch.next(lie, report.t(), report.ctr());
        transfer.watch = watch;
        let back_km = transfer.progress.map_or(0.0, |progress| progress.furthest_km - along.progress_km);
        let off = |t, ctr| {
            Finding::of_report(AlertKind::Deviation, t, ctr)
                .with("distance_m", along.distance_m.round())
                .with("reversed_km", (back_km.max(0.0) * 10.0).round() / 10.0)
        };
        match verdict {
            RouteVerdict::Nothing => {}
            RouteVerdict::Left { since, ctr } => self.raise(now, ix, off(since, ctr), effects),
            RouteVerdict::StillOff => self.raise(now, ix, off(report.t(), report.ctr()), effects),
            RouteVerdict::Returned => self.clear(now, ix, AlertKind::Deviation, effects),
        }
    }

    /// Two fixes further apart than any vehicle goes: one of them is not where it says, or there are two devices.
    pub(crate) fn check_speed(&mut self, now: Time, ix: DeviceIx, before: Option<&Last>, report: &Report, effects: &mut Vec<Effect>) {
        let (Some(from), Some(fix)) = (before.and_then(|last| last.fix), report.fix()) else {
            return;
        };
        // A clock that stepped back says nothing about speed.
        if report.t() < from.t {
            return;
        }
        let slack = SPEED_SLACK_M + 2.0 * (f64::from(from.accuracy_dm) / 10.0 + accuracy_m(&fix));
        let metres = from.position().metres_to(Position::of(&fix)) - slack;
        if metres <= 0.0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds between two reports")]
        let seconds = (report.t().since(from.t).max(1_000) as f64) / 1000.0;
        let speed = metres / seconds;
        if speed > self.speed_limit(ix) {
            let finding = Finding::of_report(AlertKind::ImpossibleSpeed, report.t(), report.ctr());
            self.raise(now, ix, finding.with("speed_m_s", speed.round()).with("distance_m", metres.round()), effects);
        }
    }

    /// Of the transfer's mode; a free seal may fly.
    fn speed_limit(&self, ix: DeviceIx) -> f64 {
        let transfer = self.devices.get(ix).and_then(|device| self.transfers.get(device.transfer?));
        let under_way = transfer.filter(|transfer| transfer.movement.in_custody());
        let corridor = under_way.and_then(|transfer| self.atlas.corridor(&transfer.corridor));
        speed_limit(corridor.map_or(Mode::Air, Corridor::mode))
    }
}

fn seen(located: &LocatedReport<'_>, sealing: Option<Sealing>) -> Seen {
    let report = located.report();
    let closed = report.status().closed();
    match report.event() {
        Event::Sealed if closed && located.whereabouts() == Whereabouts::AtOrigin => {
            Seen::SealedAtOrigin(Sealing { epoch: report.epoch(), ctr: report.ctr() })
        }
        Event::Sealed => Seen::SealedElsewhere,
        _ if closed && sealing.is_some_and(|sealing| sealing.epoch == report.epoch()) => Seen::Closed(located.whereabouts()),
        _ => Seen::NotClosed(located.whereabouts()),
    }
}

/// A new sealing under way, or anywhere but at the origin, breaks the bond between seal and cargo.
fn epoch_changed(before: Movement, seen: Seen) -> bool {
    match (before, seen) {
        (Movement::Sealed(_), Seen::SealedElsewhere) | (Movement::InTransit { .. }, Seen::SealedElsewhere | Seen::SealedAtOrigin(_)) => {
            true
        }
        (Movement::Sealed(_), Seen::SealedAtOrigin(_) | Seen::Closed(_) | Seen::NotClosed(_))
        | (Movement::InTransit { .. }, Seen::Closed(_) | Seen::NotClosed(_))
        | (Movement::Declared | Movement::Arrived(_), _) => false,
    }
}

/// What the chain of seals learns of a report.
fn shown(before: Movement, after: Movement, seen: Seen) -> Shown {
    match seen {
        Seen::SealedAtOrigin(sealing) if before.sealing() != Some(sealing) && after.sealing() == Some(sealing) => Shown::Closed(sealing),
        Seen::SealedAtOrigin(_) | Seen::SealedElsewhere | Seen::NotClosed(_) => Shown::Open,
        Seen::Closed(_) => Shown::Same,
    }
}

/// How the fix lies to the corridor; only under way.
fn lie(located: &LocatedReport<'_>, transfer: &Transfer, corridor: &Corridor, policy: &Policy) -> Option<(Lie, Along)> {
    let (Movement::InTransit { .. }, Some(along), Some(fix)) = (transfer.movement, located.along(), located.fix()) else {
        return None;
    };
    let furthest_km = transfer.progress.map(|progress| progress.furthest_km);
    Some((watch::lie((along, located.whereabouts(), &fix), furthest_km, corridor, policy), along))
}

fn advance(transfer: &mut Transfer, located: &LocatedReport<'_>, after: Movement) {
    let under_way = match transfer.movement {
        Movement::InTransit { .. } => true,
        Movement::Declared | Movement::Sealed(_) | Movement::Arrived(_) => false,
    };
    transfer.movement = after;
    if let (Some(along), Some(_)) = (located.along(), after.sealing()) {
        // What was driven before departure is no way back.
        let furthest =
            transfer.progress.filter(|_| under_way).map_or(along.progress_km, |progress| progress.furthest_km.max(along.progress_km));
        transfer.progress = Some(Progress { km: along.progress_km, furthest_km: furthest, piece: along.piece });
    }
}
