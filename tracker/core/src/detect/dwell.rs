//! Standing still outside every place: since when, and for how long.

use crate::geometry::Position;
use sealway_schemas::Time;
use serde::{Deserialize, Serialize};

/// Within this of where it stopped it still stands; a jam creeps further.
const STANDING_M: f64 = 200.0;

/// Where a transfer stopped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dwell {
    lat: f64,
    lon: f64,
    since: Time,
    ctr: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stand {
    Moving,
    Standing,
    /// Longer than allowed, since the report `ctr`.
    TooLong {
        since: Time,
        ctr: u64,
    },
}

impl Dwell {
    pub(crate) fn begin(at: Position, t: Time, ctr: u64) -> Self {
        Self { lat: at.lat, lon: at.lon, since: t, ctr }
    }

    /// After a fix on the way.
    pub(crate) fn next(before: Option<Self>, at: Position, (t, ctr): (Time, u64), limit_ms: u64) -> (Self, Stand) {
        let Some(dwell) = before.filter(|dwell| dwell.position().metres_to(at) <= STANDING_M) else {
            return (Self::begin(at, t, ctr), Stand::Moving);
        };
        let stand = if t.since(dwell.since) > limit_ms { Stand::TooLong { since: dwell.since, ctr: dwell.ctr } } else { Stand::Standing };
        (dwell, stand)
    }

    fn position(self) -> Position {
        Position { lat: self.lat, lon: self.lon }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_is_too_long_only_past_its_limit_and_ends_by_driving_on() {
        let at = |km: f64| Position { lat: 34.0 + km / 111.195, lon: 108.0 };
        let mut dwell = None;
        for (km, minute, expected) in [
            (0.0, 0, Stand::Moving),
            (1.0, 1, Stand::Moving),
            (1.1, 20, Stand::Standing),
            (1.0, 31, Stand::Standing),
            (1.0, 32, Stand::TooLong { since: Time::from_ms(60_000), ctr: 1 }),
            (1.5, 33, Stand::Moving),
            (1.5, 40, Stand::Standing),
        ] {
            let (next, stand) = Dwell::next(dwell, at(km), (Time::from_ms(minute * 60_000), minute), 1_800_000);
            assert_eq!(stand, expected, "minute {minute}");
            dwell = Some(next);
        }
    }
}
