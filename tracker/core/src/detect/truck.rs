//! Whether truck and seal are in one place, by the truck's own receiver.

use crate::geometry::Position;
use sealway_schemas::Time;
use serde::{Deserialize, Serialize};

/// With longer between the two positions they say nothing about each other.
const TOGETHER_MS: u64 = 300_000;
/// Beside what the vehicle goes between the two.
const APART_M: f64 = 500.0;
const ENOUGH: u8 = 2;

/// Positions in a row that were apart. One may be an error of either receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Truck(u8);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Drift {
    /// Nothing is known, or not enough.
    Unclear,
    Together,
    /// Metres apart, for the second time.
    Apart(f64),
}

impl Truck {
    /// `fastest`: metres per second that no vehicle of the mode exceeds; on a ferry or a plane the truck is carried.
    #[must_use]
    pub(crate) fn next(self, truck: (Time, Position), seal: (Time, Position, f64), fastest: f64) -> (Self, Drift) {
        let (at, position) = truck;
        let (t, seal, blur_m) = seal;
        let between_ms = at.since(t).max(t.since(at));
        if between_ms > TOGETHER_MS {
            return (self, Drift::Unclear);
        }
        #[expect(clippy::cast_precision_loss, reason = "up to five minutes")]
        let slack_m = APART_M + blur_m + between_ms as f64 / 1000.0 * fastest;
        let metres = position.metres_to(seal);
        if metres <= slack_m {
            return (Self(0), Drift::Together);
        }
        let next = Self(self.0.saturating_add(1).min(ENOUGH));
        (next, if next.0 >= ENOUGH { Drift::Apart(metres) } else { Drift::Unclear })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truck_and_seal_are_apart_when_two_positions_in_a_row_say_so() {
        let at = |km: f64| Position { lat: 34.0 + km / 111.195, lon: 108.0 };
        let second = Time::from_ms;
        let seal = |t: u64| (second(t * 1000), at(0.0), 20.0);
        let (once, drift) = Truck::default().next((second(60_000), at(5.0)), seal(60), 60.0);
        assert_eq!(drift, Drift::Unclear);
        assert!(matches!(once.next((second(120_000), at(5.0)), seal(120), 60.0).1, Drift::Apart(metres) if metres > 4_900.0));
        assert_eq!(once.next((second(120_000), at(0.1)), seal(120), 60.0), (Truck(0), Drift::Together));
        assert_eq!(once.next((second(160_000), at(5.0)), seal(60), 60.0).1, Drift::Together, "driven since");
        assert_eq!(once.next((second(160_000), at(30.0)), seal(60), 360.0).1, Drift::Together, "flown since");
        assert_eq!(once.next((second(600_000), at(50.0)), seal(60), 60.0), (once, Drift::Unclear), "long ago");
    }
}
