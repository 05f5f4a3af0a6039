//! Cargo on its way: where a seal is at a time, how fast, and what its receiver and battery say.
//!
//! A journey is a function of time alone, so a fleet can be put anywhere on its way at once, past and future included.

use crate::chance::Chance;
use crate::device::Observation;
use crate::earth::Point;
use crate::number;
use crate::world::{Corridor, Mode};
use sealway_schemas::Time;
use sealway_schemas::report::Fix;

/// Sealed this long before it leaves the origin.
const DWELL_MS: u64 = 10 * 60_000;
/// Spread of the receiver's error, metres.
const NOISE_M: f64 = 4.0;
/// Speeds vary by this share around cruise, over this many milliseconds.
const SWAY: f64 = 0.08;
const SWAY_PERIOD_MS: f64 = 1_900_000.0;
/// Degrees Celsius around which a day swings, and by how much.
const MEAN_CEL: f64 = 14.0;
const SWING_CEL: f64 = 8.0;
const DAY_MS: f64 = 86_400_000.0;
/// The warmest time of the day after midnight by the sun, as a share of the day.
const WARMEST: f64 = 14.5 / 24.0;
/// A battery lasts this long.
const BATTERY_MS: f64 = 60.0 * 86_400_000.0;

/// A line with its lengths.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Each point with its distance from the start, metres.
    points: Vec<(f64, Point)>,
}

impl Route {
    #[must_use]
    pub fn new(line: &[Point]) -> Self {
        let mut points: Vec<(f64, Point)> = Vec::with_capacity(line.len());
        for point in line {
            let far = points.last().map_or(0.0, |(far, last)| far + last.distance_m(*point));
            points.push((far, *point));
        }
        Self { points }
    }

    #[must_use]
    pub fn length_m(&self) -> f64 {
        self.points.last().map_or(0.0, |(far, _)| *far)
    }

    /// The point at a distance from the start, and the direction there in degrees.
    #[must_use]
    pub fn at(&self, metres: f64) -> (Point, f64) {
        let next = self.points.partition_point(|(far, _)| *far <= metres).clamp(1, self.points.len().saturating_sub(1).max(1));
        match (self.points.get(next - 1), self.points.get(next)) {
            (Some((near, a)), Some((far, b))) => {
                let share = if far > near { ((metres - near) / (far - near)).clamp(0.0, 1.0) } else { 0.0 };
                (a.towards(*b, share), a.bearing_to(*b))
            }
            (Some((_, only)), None) => (*only, 0.0),
            (None, _) => (Point { lat: 0.0, lon: 0.0 }, 0.0),
        }
    }
}

/// One seal's way along a corridor.
#[derive(Debug, Clone)]
pub struct Journey {
    route: Route,
    mode: Mode,
    width_m: f64,
    cruise_m_s: f64,
    sealed_at: Time,
    phase: f64,
    battery_at_start: f64,
}

impl Journey {
    /// A journey that is `progress_m` on its way at `now`.
    #[must_use]
    pub fn under_way(corridor: &Corridor, progress_m: f64, now: Time, chance: &mut Chance) -> Self {
        let (slow, fast) = corridor.mode.speed_kmh();
        let cruise_m_s = chance.between(slow, fast) / 3.6 / (1.0 + SWAY);
        let mut journey = Self {
            route: Route::new(&corridor.line),
            mode: corridor.mode,
            width_m: corridor.width_m,
            cruise_m_s,
            sealed_at: now,
            phase: chance.between(0.0, std::f64::consts::TAU),
            battery_at_start: chance.between(55.0, 100.0),
        };
        let travelled_ms = number::counted(progress_m.clamp(0.0, journey.route.length_m()) / cruise_m_s * 1000.0);
        let dwelt_ms = if progress_m > 0.0 { DWELL_MS } else { 0 };
        journey.sealed_at = now.minus_ms(travelled_ms + dwelt_ms);
        journey
    }

    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The corridor's full width.
    #[must_use]
    pub fn width_m(&self) -> f64 {
        self.width_m
    }

    #[must_use]
    pub fn cruise_m_s(&self) -> f64 {
        self.cruise_m_s
    }

    #[must_use]
    pub fn sealed_at(&self) -> Time {
        self.sealed_at
    }

    /// When it leaves the origin.
    #[must_use]
    pub fn departs_at(&self) -> Time {
        self.sealed_at.plus_ms(DWELL_MS)
    }

    /// Metres along the corridor. It never goes back.
    #[must_use]
    pub fn progress_m(&self, t: Time) -> f64 {
        let run_ms = number::float(t.since(self.departs_at()));
        let turn = std::f64::consts::TAU / SWAY_PERIOD_MS;
        let sway_ms = SWAY / turn * ((run_ms * turn + self.phase).sin() - self.phase.sin());
        (self.cruise_m_s * (run_ms + sway_ms).max(0.0) / 1000.0).min(self.route.length_m())
    }

    #[must_use]
    pub fn arrived(&self, t: Time) -> bool {
        self.progress_m(t) >= self.route.length_m()
    }

    /// What an honest seal's receiver and battery say at `t`.
    #[must_use]
    pub fn observation(&self, t: Time, chance: &mut Chance) -> Observation {
        let progress = self.progress_m(t);
        let (point, heading) = self.route.at(progress);
        let moved = self.progress_m(t.plus_ms(500)) - self.progress_m(t.minus_ms(500));
        let point = point.moved(chance.between(0.0, 360.0), NOISE_M * chance.normal().abs());
        let (lat_e7, lon_e7) = point.e7();
        let fix = Fix {
            lat_e7,
            lon_e7,
            accuracy_dm: 30 + chance.below(40),
            speed_cm_s: number::counted(moved.max(0.0) * 100.0),
            heading_ddeg: number::heading_ddeg(heading),
            satellites: 9 + chance.below(14),
            cn0_ddbhz: 380 + chance.below(70),
        };
        let spent = number::float(t.since(self.sealed_at)) / BATTERY_MS * 100.0;
        let battery = u8::try_from(number::counted((self.battery_at_start - spent).max(16.0))).unwrap_or(100);
        Observation { gnss_time: Some(t), fix: Some(fix), battery: Some(battery), external_power: false }
    }

    /// What a thermometer in the seal says at `t`, in tenths of a degree Celsius: warmest after noon where the seal is.
    #[must_use]
    pub fn celsius(&self, t: Time) -> f64 {
        let (point, _) = self.route.at(self.progress_m(t));
        let day = number::float(t.as_ms()) / DAY_MS + point.lon / 360.0;
        let celsius = MEAN_CEL + SWING_CEL * ((day - WARMEST) * std::f64::consts::TAU).cos();
        (celsius * 10.0).round() / 10.0 + 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_warmest_after_noon_where_the_seal_is() {
        let day = Time::from_ms(1_790_000_000_000 / 86_400_000 * 86_400_000);
        let journey = Journey::under_way(&corridor(), 0.0, day, &mut Chance::named(1, "warm"));
        let warmest = (0..24).max_by(|a, b| {
            let at = |hour: u64| journey.celsius(day.plus_ms(hour * 3_600_000));
            at(*a).total_cmp(&at(*b))
        });
        // 109 degrees east is 7.3 hours before Greenwich.
        assert_eq!(warmest, Some(7));
        assert!(journey.celsius(day.plus_ms(19 * 3_600_000)) < 8.0);
    }

    fn corridor() -> Corridor {
        let line = [(34.0, 109.0), (34.1, 109.2), (34.1, 109.9)].map(|(lat, lon)| Point { lat, lon }).to_vec();
        let id = |name: &str| name.parse().unwrap();
        Corridor { id: "c".parse().unwrap(), mode: Mode::Road, from: id("a"), to: id("b"), width_m: 300.0, line }
    }

    #[test]
    fn a_seal_stays_on_its_line_and_never_goes_back_or_faster_than_its_mode() {
        let now = Time::from_ms(1_800_000_000_000);
        let mut chance = Chance::named(3, "journey");
        let journey = Journey::under_way(&corridor(), 20_000.0, now, &mut chance);
        let mut last = 0.0;
        for minute in 0..200 {
            let progress = journey.progress_m(journey.sealed_at().plus_ms(minute * 60_000));
            assert!(progress >= last && progress - last <= 90.0 / 3.6 * 60.0 + 1.0, "minute {minute}");
            last = progress;
        }
        assert!((journey.progress_m(now) - 20_000.0).abs() < 4_000.0);
        assert!(journey.arrived(now.plus_ms(7_200_000)));
    }

    #[test]
    fn before_it_leaves_it_stands_at_the_start_of_its_line() {
        let now = Time::from_ms(1_800_000_000_000);
        let mut chance = Chance::named(3, "journey");
        let journey = Journey::under_way(&corridor(), 0.0, now, &mut chance);
        let fix = journey.observation(now.plus_ms(1_000), &mut chance).fix.unwrap();
        assert!(Point::of(&fix).distance_m(Point { lat: 34.0, lon: 109.0 }) < 30.0);
        assert_eq!(fix.speed_cm_s, 0);
    }
}
