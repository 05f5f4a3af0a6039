//! The points that a transfer has to pass, in their order.

use crate::corridor::Waypoint;
use sealway_schemas::Time;
use serde::{Deserialize, Serialize};

/// Behind a point by so much, on two fixes, it was not passed.
const BEHIND_KM: f64 = 1.0;
const FIXES: u8 = 2;
/// With longer between two fixes nobody knows which way it went: that is for the watch over silence.
const BLIND_MS: u64 = 600_000;

/// A fix, seen from the corridor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Passing {
    pub(crate) t: Time,
    pub(crate) km: f64,
    pub(crate) distance_m: f64,
    /// 2 sigma.
    pub(crate) blur_m: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Waypoints {
    /// Number of the next one.
    next: u32,
    before: Option<Passing>,
    behind: u8,
}

impl Waypoints {
    /// Of a corridor that is drawn anew while the transfer is at `km`.
    pub(crate) fn beyond(points: &[Waypoint], km: f64) -> Self {
        let behind = points.iter().take_while(|point| point.km < km).count();
        Self { next: u32::try_from(behind).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// After a fix under way; the number of a point that was missed, from 1.
    #[must_use]
    pub(crate) fn next(mut self, points: &[Waypoint], fix: Passing) -> (Self, Option<u32>) {
        let before = self.before.replace(fix);
        let Some(point) = usize::try_from(self.next).ok().and_then(|next| points.get(next)) else {
            return (self, None);
        };
        if passed(*point, before, fix) {
            self.next += 1;
            self.behind = 0;
            return (self, None);
        }
        if fix.km < point.km + point.radius_m / 1000.0 + BEHIND_KM {
            self.behind = 0;
            return (self, None);
        }
        self.behind += 1;
        if self.behind < FIXES {
            return (self, None);
        }
        self.behind = 0;
        self.next += 1;
        (self, Some(self.next))
    }
}

/// Near it by its own fix, or from one fix to the next along the line there; and where there was no fix, nobody says no.
fn passed(point: Waypoint, before: Option<Passing>, fix: Passing) -> bool {
    let near = |at: Passing| (at.km - point.km).abs() * 1000.0 <= point.radius_m && at.distance_m <= point.radius_m + at.blur_m;
    if near(fix) {
        return true;
    }
    let Some(before) = before.filter(|before| before.km <= point.km && point.km <= fix.km) else {
        return false;
    };
    if fix.t.since(before.t) > BLIND_MS {
        return true;
    }
    let share = if fix.km > before.km { (point.km - before.km) / (fix.km - before.km) } else { 0.0 };
    let aside_m = before.distance_m + (fix.distance_m - before.distance_m) * share;
    aside_m <= point.radius_m + fix.blur_m.max(before.blur_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(points: &[Waypoint], fixes: &[(u64, f64, f64)]) -> Vec<u32> {
        let mut watch = Waypoints::default();
        let mut missed = Vec::new();
        for (minute, km, distance_m) in fixes {
            let fix = Passing { t: Time::from_ms(minute * 60_000), km: *km, distance_m: *distance_m, blur_m: 10.0 };
            let (next, number) = watch.next(points, fix);
            watch = next;
            missed.extend(number);
        }
        missed
    }

    #[test]
    fn a_point_is_passed_by_a_fix_or_between_two_and_missed_aside_of_it() {
        let points = [Waypoint { km: 10.0, radius_m: 60.0 }, Waypoint { km: 20.0, radius_m: 60.0 }];
        let straight: Vec<_> = (0..30).map(|km| (km, f64::from(u32::try_from(km).unwrap()) + 0.4, 5.0)).collect();
        assert_eq!(missed(&points, &straight), [0_u32; 0]);
        let aside: Vec<_> = straight.iter().map(|(at, km, _)| (*at, *km, if (8.0..13.0).contains(km) { 110.0 } else { 5.0 })).collect();
        assert_eq!(missed(&points, &aside), [1]);
        let both: Vec<_> = straight.iter().map(|(at, km, _)| (*at, *km, 110.0)).collect();
        assert_eq!(missed(&points, &both), [1, 2]);
        assert_eq!(missed(&points, &aside[..12]), [0_u32; 0], "one fix behind it is not enough");
        let blind = [(0, 8.4, 110.0), (11, 12.0, 110.0), (12, 13.0, 5.0), (13, 14.0, 5.0)];
        assert_eq!(missed(&points, &blind), [0_u32; 0], "nobody saw where it went");
    }
}
