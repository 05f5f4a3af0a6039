//! Following a bound seal: locate its report on the transfer's route, move the transfer, look at its signs.

use crate::alert::Finding;
use crate::core::Core;
use crate::corridor::{Along, Corridor};
use crate::detect::{Sign, Waypoints};
use crate::device::DeviceIx;
use crate::effect::Effect;
use crate::locate::{LocatedReport, Route};
use crate::movement::{Movement, Sealing, Seen, Whereabouts};
use crate::policy::Policy;
use crate::transfer::{Progress, Shown, Transfer, TransferIx};
use crate::verify::VerifiedReport;
use crate::watch::{self, Lie};
use sealway_schemas::Time;
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::report::{Event, Report, Status};

impl Core {
    /// Judges an applied report against the transfer that its seal is bound to.
    pub(crate) fn follow(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, report: &VerifiedReport, effects: &mut Vec<Effect>) {
        self.measure_anew(bound, report.report().t());
        let Some(transfer) = self.transfers.get(bound) else {
            return;
        };
        let Some((version, route)) = self.route(transfer, report.report().t()) else {
            return;
        };
        let located = LocatedReport::locate(report, route, &self.policy);
        let seen = seen(&located, transfer.movement.sealing());
        let before = transfer.movement;
        let after = before.next(seen, self.custody_at(transfer, report.report().ctr()));
        let lie = lie(&located, transfer, route.corridor, &self.policy);
        let inside = located.along().is_some_and(|along| along.distance_m <= route.corridor.width_m() / 2.0);
        if let Some(transfer) = self.transfers.get_mut(bound) {
            advance(transfer, &located, (after, inside, version));
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
            self.check_waypoints(now, ix, bound, (along, report.report()), effects);
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
            self.hold(now, bound, (HoldReason::UnreleasedDeparture, HoldFinding::LeftUnreleased), by, effects);
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
            let apart = self.devices.get(ix).is_some_and(|device| device.open.get(AlertKind::TruckDrift).is_some());
            if kind == AlertKind::MountLost && apart {
                self.raise(now, ix, Finding::of_report(AlertKind::DeviceRemoved, report.t(), report.ctr()), effects);
            }
        } else if self.devices.get(ix).is_some_and(|device| !device.open.is_empty()) {
            if report.status().has(Status::MOUNT_PRESENT) {
                self.clear(now, ix, AlertKind::MountLost, effects);
            }
            if report.fix().is_some() {
                self.clear(now, ix, AlertKind::Jamming, effects);
            }
        }
    }

    /// Of the leg that it is on, as it was drawn at `t`: with the time from which it is so.
    fn route(&self, transfer: &Transfer, t: Time) -> Option<(Time, Route<'_>)> {
        let (version, corridor) = self.atlas.corridor_at(&transfer.corridor, t)?;
        let (origin, destination) = (self.atlas.place_at(corridor.from(), t)?, self.atlas.place_at(corridor.to(), t)?);
        Some((version, Route { origin, destination, corridor, last_piece: transfer.progress.map(|progress| progress.piece) }))
    }

    /// The version that a transfer's progress is measured along; without one, that of its declaration.
    pub(crate) fn measured_along(&self, transfer: &Transfer) -> Option<&Corridor> {
        let version = transfer.progress.map_or(transfer.declared_at, |progress| progress.version);
        self.atlas.corridor_at(&transfer.corridor, version).map(|(_, corridor)| corridor)
    }

    /// Kilometres along one version say nothing along another: what was reached, found on the corridor as it is drawn at `t`, and that.
    pub(crate) fn progress_at(&self, transfer: &Transfer, t: Time) -> Option<(Progress, &Corridor)> {
        let (progress, before) = (transfer.progress?, self.measured_along(transfer)?);
        let (version, drawn) = self.atlas.corridor_at(&transfer.corridor, t)?;
        let progress = if version == progress.version { progress } else { progress.onto((before, drawn), version) };
        Some((progress, drawn))
    }

    /// Before a report of another version's time is judged. Points to pass that lie behind are asked of nobody.
    fn measure_anew(&mut self, bound: TransferIx, t: Time) {
        let Some(transfer) = self.transfers.get(bound) else {
            return;
        };
        let Some(((progress, drawn), before)) = self.progress_at(transfer, t).zip(self.measured_along(transfer)) else {
            return;
        };
        if transfer.progress.is_some_and(|known| known.version == progress.version) {
            return;
        }
        let waypoints = if before.waypoints() == drawn.waypoints() {
            transfer.waypoints
        } else {
            Waypoints::beyond(drawn.waypoints(), progress.furthest_km)
        };
        if let Some(transfer) = self.transfers.get_mut(bound) {
            transfer.progress = Some(progress);
            transfer.waypoints = waypoints;
        }
    }
}

impl Progress {
    fn onto(self, (before, after): (&Corridor, &Corridor), version: Time) -> Self {
        if before.line() == after.line() {
            return Self { version, ..self };
        }
        let found = |km| before.at_km(km).map(|at| after.locate(at, None));
        let (Some(now), Some(furthest)) = (found(self.km), found(self.furthest_km)) else {
            return Self { version, ..self };
        };
        Self { km: now.progress_km, furthest_km: furthest.progress_km, piece: now.piece, version }
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

fn advance(transfer: &mut Transfer, located: &LocatedReport<'_>, (after, inside, version): (Movement, bool, Time)) {
    let under_way = match transfer.movement {
        Movement::InTransit { .. } => true,
        Movement::Declared | Movement::Sealed(_) | Movement::Arrived(_) => false,
    };
    transfer.movement = after;
    if let (Some(along), Some(_)) = (located.along(), after.sealing()) {
        // What was driven before departure is no way back, and neither is what was never driven.
        let reached = |progress: Progress| if inside { progress.furthest_km.max(along.progress_km) } else { progress.furthest_km };
        let furthest = transfer.progress.filter(|_| under_way).map_or(along.progress_km, reached);
        transfer.progress = Some(Progress { km: along.progress_km, furthest_km: furthest, piece: along.piece, version });
    }
}
