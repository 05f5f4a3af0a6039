//! What a play's seal sees and whether the network hears it: the journey, bent by the deed or by what honestly looks like it.

use super::deed::Deed;
use super::play::{Conduct, Twin};
use crate::chance::Chance;
use crate::device::Observation;
use crate::earth::Point;
use crate::fraud::{Fraud, Misdeed};
use crate::journey::Journey;
use crate::number;
use crate::world::Mode;
use sealway_schemas::Time;
use sealway_schemas::report::Fix;

const MINUTE_MS: u64 = 60_000;
/// A deed is done between these shares of the way.
const DEED_FROM: f64 = 0.40;
const DEED_TO: f64 = 0.60;
/// Where one may stand for a while, and what has to be passed.
pub(super) const ALLOWED_STOP: f64 = 0.50;
pub(super) const WAYPOINT: f64 = 0.70;
/// Where the corridors of a play have no network, shares of the length.
pub(super) const DEAD_ZONE: (f64, f64) = (0.20, 0.30);
/// A flight is heard again near its end.
const IN_THE_AIR: (f64, f64) = (0.05, 0.95);

#[derive(Debug)]
pub(super) struct Way {
    pub(super) journey: Journey,
    conduct: Conduct,
    /// When the deed begins and ends.
    pub(super) from: Time,
    to: Time,
    from_m: f64,
    to_m: f64,
    chance: Chance,
}

impl Way {
    pub(super) fn new(journey: Journey, conduct: Conduct, chance: Chance) -> Self {
        let length_m = journey.route().length_m();
        let (from_m, to_m) = match conduct.deed {
            Some(Deed::Overstayed) => (length_m * ALLOWED_STOP, length_m * DEED_TO),
            Some(Deed::SkippedWaypoint) => (length_m * (WAYPOINT - 0.05), length_m * (WAYPOINT + 0.05)),
            _ => (length_m * DEED_FROM, length_m * DEED_TO),
        };
        let (from, to) = (time_at(&journey, from_m), time_at(&journey, to_m));
        Self { journey, conduct, from, to, from_m, to_m, chance }
    }

    /// Between two reports of this way.
    pub(super) fn period_ms(&self) -> u64 {
        match self.journey.mode() {
            Mode::Road | Mode::Air => MINUTE_MS,
            Mode::Rail | Mode::Sea => 290_000,
        }
    }

    pub(super) fn arrives_at(&self) -> Time {
        let length_m = self.journey.route().length_m();
        let lost_ms = if self.stands() {
            self.stop_ms()
        } else if self.plays(Deed::TurnedBack) {
            2 * self.back_ms()
        } else {
            0
        };
        time_at(&self.journey, length_m).plus_ms(lost_ms + 1)
    }

    /// Dishonestly or honestly.
    fn plays(&self, deed: Deed) -> bool {
        self.conduct.deed == Some(deed)
    }

    fn is(&self, deed: Deed, twin: Twin) -> bool {
        self.conduct == Conduct { deed: Some(deed), twin }
    }

    fn stands(&self) -> bool {
        self.plays(Deed::StoppedForHours) || self.plays(Deed::Overstayed)
    }

    fn stop_ms(&self) -> u64 {
        match self.conduct.twin {
            Twin::Dishonest => 180 * MINUTE_MS,
            // Where it is allowed one may stand for longer.
            Twin::Honest if self.plays(Deed::Overstayed) => 45 * MINUTE_MS,
            Twin::Honest => 15 * MINUTE_MS,
        }
    }

    /// How long it drives back: a missed exit, or most of the way since the last junction.
    fn back_ms(&self) -> u64 {
        let metres = match self.conduct.twin {
            Twin::Dishonest => 3.0 * self.journey.width_m().max(4_000.0),
            Twin::Honest => 1_000.0,
        };
        number::counted(metres / self.journey.cruise_m_s() * 1000.0)
    }

    /// The time at which an undisturbed journey is where this one is at `t`.
    fn road_time(&self, t: Time) -> Time {
        let since = t.since(self.from);
        if self.stands() {
            t.minus_ms(since.min(self.stop_ms()))
        } else if self.plays(Deed::TurnedBack) {
            t.minus_ms(2 * since.min(self.back_ms()))
        } else {
            t
        }
    }

    pub(super) fn progress_m(&self, t: Time) -> f64 {
        self.journey.progress_m(self.road_time(t))
    }

    /// What receiver and battery say at `t`.
    pub(super) fn look(&mut self, t: Time) -> Observation {
        let road_time = self.road_time(t);
        let honest = Observation { gnss_time: Some(t), ..self.journey.observation(road_time, &mut self.chance) };
        if t < self.from {
            return honest;
        }
        if self.plays(Deed::BatteryLow) {
            let percent = if self.is(Deed::BatteryLow, Twin::Dishonest) { 12 } else { 17 };
            return Observation { battery: Some(percent), ..honest };
        }
        if t >= self.to {
            return honest;
        }
        self.moved(t, honest).or_else(|| self.received(t, honest)).unwrap_or(honest)
    }

    /// Where the deed takes it, if it takes it anywhere.
    fn moved(&self, t: Time, honest: Observation) -> Option<Observation> {
        if self.is(Deed::LeftCorridor, Twin::Dishonest) {
            let misdeed = Misdeed { fraud: Fraud::Deviation, from_m: self.from_m, to_m: self.to_m };
            return Some(misdeed.distort(self.progress_m(t), self.journey.width_m(), honest));
        }
        if self.plays(Deed::LeftCorridor) || self.plays(Deed::AlongTheEdge) || self.is(Deed::SkippedWaypoint, Twin::Dishonest) {
            let aside_m = self.aside_m(t);
            return Some(on_fix(honest, |fix| displaced(fix, 90.0, aside_m)));
        }
        let stands = self.stands() && t.since(self.from) < self.stop_ms();
        stands.then(|| on_fix(honest, |fix| Fix { speed_cm_s: 0, ..fix }))
    }

    /// What is done to its receiver, if anything is.
    fn received(&self, t: Time, honest: Observation) -> Option<Observation> {
        let since = t.since(self.from);
        let no_fix = Observation { fix: None, gnss_time: None, ..honest };
        let dishonest = self.conduct.twin == Twin::Dishonest;
        if self.plays(Deed::Jammed) {
            let (faded_ms, lost_ms) = if dishonest { (2 * MINUTE_MS, 15 * MINUTE_MS) } else { (0, 3 * MINUTE_MS) };
            let faded = (since < faded_ms).then(|| on_fix(honest, |fix| Fix { cn0_ddbhz: 210, satellites: 4, ..fix }));
            return faded.or_else(|| (since < lost_ms).then_some(no_fix));
        }
        if self.plays(Deed::Spoofed) {
            let made_up = |fix| Fix { cn0_ddbhz: 580, ..displaced(fix, 90.0, 300_000.0) };
            let poor = |fix| Fix { accuracy_dm: 800, ..displaced(fix, 90.0, 60.0) };
            return Some(if dishonest { on_fix(honest, made_up) } else { on_fix(honest, poor) });
        }
        let shown = if dishonest { t.minus_ms(360 * MINUTE_MS) } else { t.plus_ms(2_000) };
        self.plays(Deed::ClockBack).then_some(Observation { gnss_time: Some(shown), ..honest })
    }

    /// Metres beside the line: round a point that has to be passed, an honest lane within the corridor, or two fixes out and two fixes in along its edge.
    fn aside_m(&self, t: Time) -> f64 {
        let width_m = self.journey.width_m();
        let progress = self.progress_m(t);
        let ramp_m = (progress - self.from_m).min(self.to_m - progress).max(0.0);
        if self.plays(Deed::SkippedWaypoint) {
            return (width_m * 0.35).min(ramp_m);
        }
        let wanted_m = match (self.is(Deed::AlongTheEdge, Twin::Dishonest), (t.as_ms() / self.period_ms() / 2).is_multiple_of(2)) {
            (true, true) => width_m * 0.55 + 30.0,
            (true, false) => width_m * 0.45,
            (false, _) => width_m * 0.3,
        };
        wanted_m.min(ramp_m)
    }

    /// Whether the network hears it.
    pub(super) fn online(&self, t: Time) -> bool {
        let within = |shares: (f64, f64)| {
            let share = self.progress_m(t) / self.journey.route().length_m();
            (shares.0..shares.1).contains(&share)
        };
        if self.is(Deed::Silenced, Twin::Dishonest) {
            return t < self.from;
        }
        if self.plays(Deed::Silenced) {
            return !within(if self.journey.mode() == Mode::Air { IN_THE_AIR } else { DEAD_ZONE });
        }
        let (breaks_off, comes_back) = (self.from.minus_ms(MINUTE_MS), self.from.plus_ms(3 * MINUTE_MS));
        !self.plays(Deed::BreachWithoutNetwork) || t < breaks_off || t >= comes_back
    }

    /// Where the truck's own receiver says that it is, so far beside the seal.
    pub(super) fn truck(&self, t: Time, aside_m: f64) -> Point {
        let (point, heading) = self.journey.route().at(self.progress_m(t));
        point.moved(heading + 90.0, aside_m)
    }

    /// Where the copy of a seal says that it is.
    pub(super) fn elsewhere(&mut self, t: Time) -> Observation {
        let honest = self.journey.observation(t, &mut self.chance);
        on_fix(honest, |fix| displaced(fix, 45.0, 300_000.0))
    }
}

fn time_at(journey: &Journey, metres: f64) -> Time {
    let (mut early, mut late) = (0_u64, 60 * 24 * 3_600_000);
    while early < late {
        let middle = early.midpoint(late);
        if journey.progress_m(journey.departs_at().plus_ms(middle)) < metres { early = middle + 1 } else { late = middle }
    }
    journey.departs_at().plus_ms(early)
}

fn on_fix(honest: Observation, change: impl FnOnce(Fix) -> Fix) -> Observation {
    Observation { fix: honest.fix.map(change), ..honest }
}

fn displaced(fix: Fix, aside_deg: f64, metres: f64) -> Fix {
    let bearing = number::float(fix.heading_ddeg) / 10.0 + aside_deg;
    let (lat_e7, lon_e7) = Point::of(&fix).moved(bearing, metres).e7();
    Fix { lat_e7, lon_e7, ..fix }
}
