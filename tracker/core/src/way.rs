//! Watching the way of a bound seal: its corridor, its stops, its speed, its receiver, and the truck beside it.

use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::corridor::{Along, Mode, speed_limit};
use crate::detect::{Drift, Dwell, Jump, Passing, Reception, Stand};
use crate::device::{DeviceIx, Last};
use crate::effect::{CommandRefusal, Effect};
use crate::geometry::Position;
use crate::locate::{LocatedReport, accuracy_m};
use crate::movement::Whereabouts;
use crate::transfer::TransferIx;
use crate::watch::{Lie, RouteVerdict};
use sealway_schemas::event::AlertKind;
use sealway_schemas::report::{Report, Status};
use sealway_schemas::{Time, TransferId};

/// Beside both fixes' accuracy.
const SPEED_SLACK_M: f64 = 500.0;

impl Core {
    /// Trains wait in sidings and ships at anchor: only a truck is asked why it stands.
    pub(crate) fn check_stand(
        &mut self,
        now: Time,
        ix: DeviceIx,
        bound: TransferIx,
        located: &LocatedReport<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let corridor = self.atlas.corridor_at(&transfer.corridor, located.report().t()).map(|(_, corridor)| corridor);
        let on_road = corridor.is_some_and(|corridor| corridor.mode() == Mode::Road);
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
        let stop = located.along().and_then(|along| corridor?.stop_at(along.progress_km));
        let (kind, limit_ms) = match stop {
            Some(stop) => (AlertKind::Overstay, stop.allowed_ms),
            None => (AlertKind::StopOutsidePlace, self.policy.stop_limit_ms),
        };
        let (dwell, stand) = Dwell::next(transfer.dwell, Position::of(&fix), (report.t(), report.ctr()), limit_ms);
        transfer.dwell = Some(dwell);
        match stand {
            Stand::Moving => {
                self.clear(now, ix, AlertKind::Overstay, effects);
                self.clear(now, ix, AlertKind::StopOutsidePlace, effects);
            }
            Stand::Standing => {}
            Stand::TooLong { since, ctr } => self.raise(now, ix, Finding::of_report(kind, since, ctr), effects),
        }
    }

    pub(crate) fn watch_route(
        &mut self,
        now: Time,
        ix: DeviceIx,
        bound: TransferIx,
        fix: (Lie, Along, &Report),
        effects: &mut Vec<Effect>,
    ) {
        let (lie, along, report) = fix;
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let (watch, verdict) = transfer.watch.next(lie, report.t(), report.ctr());
        transfer.watch = watch;
        let Some(half_m) = self.atlas.corridor_at(&transfer.corridor, report.t()).map(|(_, corridor)| corridor.width_m() / 2.0) else {
            return;
        };
        let back_km = transfer.progress.map_or(0.0, |progress| progress.furthest_km - along.progress_km);
        let off = |t, ctr| {
            if along.distance_m > half_m {
                Finding::of_report(AlertKind::Deviation, t, ctr).with("distance_m", along.distance_m.round())
            } else {
                Finding::of_report(AlertKind::WrongDirection, t, ctr).with("reversed_km", (back_km.max(0.0) * 10.0).round() / 10.0)
            }
        };
        match verdict {
            RouteVerdict::Nothing => {}
            RouteVerdict::Left { since, ctr } => self.raise(now, ix, off(since, ctr), effects),
            RouteVerdict::StillOff => self.raise(now, ix, off(report.t(), report.ctr()), effects),
            RouteVerdict::Returned => {
                self.clear(now, ix, AlertKind::Deviation, effects);
                self.clear(now, ix, AlertKind::WrongDirection, effects);
            }
        }
    }

    /// The points of the corridor that have to be passed.
    pub(crate) fn check_waypoints(&mut self, now: Time, ix: DeviceIx, bound: TransferIx, fix: (Along, &Report), effects: &mut Vec<Effect>) {
        let (along, report) = fix;
        let Some(transfer) = self.transfers.get_mut(bound) else {
            return;
        };
        let points = self.atlas.corridor_at(&transfer.corridor, report.t()).map_or(&[][..], |(_, corridor)| corridor.waypoints());
        if points.is_empty() {
            return;
        }
        let blur_m = report.fix().map_or(0.0, |fix| 2.0 * accuracy_m(&fix));
        let passing = Passing { t: report.t(), km: along.progress_km, distance_m: along.distance_m, blur_m };
        let (waypoints, missed) = transfer.waypoints.next(points, passing);
        transfer.waypoints = waypoints;
        if let Some(number) = missed {
            let finding = Finding::of_report(AlertKind::WaypointMissed, report.t(), report.ctr());
            self.raise(now, ix, finding.with("waypoint", f64::from(number)), effects);
        }
    }

    /// Two fixes further apart than any vehicle goes: one of them is not where it says, or there are two devices.
    pub(crate) fn check_speed(
        &mut self,
        now: Time,
        ix: DeviceIx,
        (before, report): (Option<&Last>, &Report),
        effects: &mut Vec<Effect>,
    ) -> Option<Jump> {
        let (from, fix) = (before?.fix?, report.fix()?);
        // A clock that stepped back says nothing about speed.
        if report.t() < from.t {
            return None;
        }
        let slack = SPEED_SLACK_M + 2.0 * (f64::from(from.accuracy_dm) / 10.0 + accuracy_m(&fix));
        let to = Position::of(&fix);
        let metres = from.position().metres_to(to) - slack;
        if metres <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds between two reports")]
        let seconds = (report.t().since(from.t).max(1_000) as f64) / 1000.0;
        let (speed, fastest) = (metres / seconds, self.speed_limit(ix, report.t()));
        if speed <= fastest {
            return None;
        }
        let finding = Finding::of_report(AlertKind::ImpossibleSpeed, report.t(), report.ctr());
        self.raise(now, ix, finding.with("speed_m_s", speed.round()).with("distance_m", metres.round()), effects);
        Some(Jump { from: (from.t, from.position()), to, metres, fastest })
    }

    /// What the report shows of the receiver itself; of cargo under way only.
    pub(crate) fn check_receiver(&mut self, now: Time, ix: DeviceIx, (report, jump): (&Report, Option<Jump>), effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get(ix) else {
            return;
        };
        let clock_off = device.clock.out();
        let bound = device.transfer.and_then(|bound| self.transfers.get_mut(bound));
        let Some(transfer) = bound.filter(|transfer| transfer.movement.in_custody()) else {
            return;
        };
        let live = !report.status().has(Status::FROM_STORE);
        let cn0_ddbhz = report.fix().map(|fix| fix.cn0_ddbhz);
        let (receiver, found) = transfer.receiver.next(Reception { t: report.t(), cn0_ddbhz, live, jump, clock_off });
        transfer.receiver = receiver;
        if let Some(kind) = found {
            self.raise(now, ix, Finding::of_report(kind, report.t(), report.ctr()), effects);
        }
    }

    /// Where the truck's own receiver is, against the seal's: a check, and with a lost mount a removal.
    pub(crate) fn report_truck(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, at, position): (&TransferId, Time, Position),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let bound = self.asked(asking, id)?;
        if !((-90.0..=90.0).contains(&position.lat) && (-180.0..=180.0).contains(&position.lon)) {
            let detail = format!("position {}, {}: expected degrees of latitude and longitude", position.lat, position.lon);
            return Err(CommandRefusal::new("truck-position", detail));
        }
        let Some(transfer) = self.transfers.get_mut(bound).filter(|transfer| transfer.movement.in_custody()) else {
            let detail = format!("transfer {id}: not under way, expected one that is sealed and has not arrived");
            return Err(CommandRefusal::new("not-under-way", detail));
        };
        let Some(ix) = self.devices.find(&transfer.seal) else {
            return Ok(());
        };
        let Some(fix) = self.devices.get(ix).and_then(|device| device.last?.fix) else {
            return Ok(());
        };
        let fastest = speed_limit(self.atlas.corridor_at(&transfer.corridor, at).map_or(Mode::Road, |(_, corridor)| corridor.mode()));
        let seal = (fix.t, fix.position(), f64::from(fix.accuracy_dm) / 5.0);
        let (truck, drift) = transfer.truck.next((at, position), seal, fastest);
        transfer.truck = truck;
        match drift {
            Drift::Unclear => {}
            Drift::Together => self.clear(now, ix, AlertKind::TruckDrift, effects),
            Drift::Apart(metres) => {
                let drifted = |kind| Finding::at(kind, at).with("distance_m", metres.round());
                self.raise(now, ix, drifted(AlertKind::TruckDrift), effects);
                if self.devices.get(ix).is_some_and(|device| device.open.get(AlertKind::MountLost).is_some()) {
                    self.raise(now, ix, drifted(AlertKind::DeviceRemoved), effects);
                }
            }
        }
        Ok(())
    }

    /// Of the transfer's mode; a free seal may fly.
    fn speed_limit(&self, ix: DeviceIx, t: Time) -> f64 {
        let transfer = self.devices.get(ix).and_then(|device| self.transfers.get(device.transfer?));
        let under_way = transfer.filter(|transfer| transfer.movement.in_custody());
        let corridor = under_way.and_then(|transfer| self.atlas.corridor_at(&transfer.corridor, t));
        speed_limit(corridor.map_or(Mode::Air, |(_, corridor)| corridor.mode()))
    }
}
