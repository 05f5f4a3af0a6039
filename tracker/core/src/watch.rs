//! Watching a transfer along its corridor: two fixes to suspect, two to forgive, so that one bad fix neither raises nor ends an alert.

use crate::corridor::{Along, Corridor};
use crate::locate::accuracy_m;
use crate::movement::Whereabouts;
use crate::policy::Policy;
use sealway_schemas::Time;
use sealway_schemas::report::Fix;
use serde::{Deserialize, Serialize};

/// How a fix lies to the corridor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Well within.
    Inside,
    /// Near the edge: neither off nor back.
    Edge,
    Outside,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RouteWatch {
    #[default]
    OnRoute,
    /// One fix outside: when, and the report's counter.
    Leaving {
        since: Time,
        ctr: u64,
    },
    Off,
    Returning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteVerdict {
    Nothing,
    /// Off the corridor since the first of two fixes.
    Left {
        since: Time,
        ctr: u64,
    },
    /// Another fix outside.
    StillOff,
    Returned,
}

impl RouteWatch {
    /// The watch after a fix, and what it means.
    #[must_use]
    pub fn next(self, lie: Lie, t: Time, ctr: u64) -> (Self, RouteVerdict) {
        use Lie::{Edge, Inside, Outside};
        match (self, lie) {
            (Self::OnRoute, Inside | Edge) | (Self::Leaving { .. }, Inside | Edge) => (Self::OnRoute, RouteVerdict::Nothing),
            (Self::OnRoute, Outside) => (Self::Leaving { since: t, ctr }, RouteVerdict::Nothing),
            (Self::Leaving { since, ctr }, Outside) => (Self::Off, RouteVerdict::Left { since, ctr }),
            (Self::Off | Self::Returning, Outside) => (Self::Off, RouteVerdict::StillOff),
            (Self::Off | Self::Returning, Edge) => (Self::Off, RouteVerdict::Nothing),
            (Self::Off, Inside) => (Self::Returning, RouteVerdict::Nothing),
            (Self::Returning, Inside) => (Self::OnRoute, RouteVerdict::Returned),
        }
    }
}

/// How a fix lies to the corridor, for a transfer that was `furthest_km` along it. Inside both places there is no road to keep to.
pub(crate) fn lie(fix: (Along, Whereabouts, &Fix), furthest_km: Option<f64>, corridor: &Corridor, policy: &Policy) -> Lie {
    let (along, whereabouts, fix) = fix;
    match whereabouts {
        Whereabouts::AtOrigin | Whereabouts::AtDestination => return Lie::Inside,
        Whereabouts::Unclear | Whereabouts::OnTheWay => {}
    }
    let half_m = corridor.width_m() / 2.0;
    let back_km = furthest_km.map_or(0.0, |furthest| furthest - along.progress_km);
    // At the least the width, or a wide corridor's own play would look like a turn.
    let reversed = back_km > policy.reverse_km.max(corridor.width_m() / 1000.0);
    if along.distance_m - 2.0 * accuracy_m(fix) > half_m || reversed {
        Lie::Outside
    } else if along.distance_m < half_m * policy.return_share {
        Lie::Inside
    } else {
        Lie::Edge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Lie::{Edge, Inside, Outside};
    use RouteVerdict::{Left, Nothing, Returned, StillOff};

    const T: Time = Time::from_ms(7);
    const LEAVING: RouteWatch = RouteWatch::Leaving { since: T, ctr: 3 };

    #[test]
    fn every_fix_moves_the_watch_as_the_table_says() {
        use RouteWatch::{Off, OnRoute, Returning};
        for (from, lie, to, verdict) in [
            (OnRoute, Inside, OnRoute, Nothing),
            (OnRoute, Edge, OnRoute, Nothing),
            (OnRoute, Outside, LEAVING, Nothing),
            (LEAVING, Inside, OnRoute, Nothing),
            (LEAVING, Edge, OnRoute, Nothing),
            (LEAVING, Outside, Off, Left { since: T, ctr: 3 }),
            (Off, Inside, Returning, Nothing),
            (Off, Edge, Off, Nothing),
            (Off, Outside, Off, StillOff),
            (Returning, Inside, OnRoute, Returned),
            (Returning, Edge, Off, Nothing),
            (Returning, Outside, Off, StillOff),
        ] {
            assert_eq!(from.next(lie, T, 3), (to, verdict), "{from:?} on {lie:?}");
        }
    }
}
