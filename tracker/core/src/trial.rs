//! A corridor on trial: what it would have said of a track of the past. The rules are those by which transfers under way are watched.

use crate::locate::{Route, place};
use crate::movement::Whereabouts;
use crate::policy::Policy;
use crate::watch::{RouteVerdict, RouteWatch, lie};
use sealway_schemas::Time;
use sealway_schemas::report::Fix;

/// A deviation that would have been raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// The first of the two reports that it takes.
    pub since: Time,
    pub ctr: u64,
    /// From the line, at the second of them.
    pub distance_m: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    AtOrigin,
    UnderWay,
    Arrived,
}

/// One transfer's track along one route.
#[derive(Debug)]
pub struct Trial<'a> {
    route: Route<'a>,
    policy: &'a Policy,
    stage: Stage,
    furthest_km: f64,
    watch: RouteWatch,
}

impl<'a> Trial<'a> {
    #[must_use]
    pub fn new(route: Route<'a>, policy: &'a Policy) -> Self {
        Self { route, policy, stage: Stage::AtOrigin, furthest_km: 0.0, watch: RouteWatch::default() }
    }

    /// Whether what follows says nothing more.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.stage == Stage::Arrived
    }

    /// The next fix, oldest first.
    pub fn next(&mut self, fix: Fix, t: Time, ctr: u64) -> Option<Deviation> {
        let (fix, whereabouts, along) = place(Some(fix), self.route, self.policy);
        let (fix, along) = (fix?, along?);
        self.route.last_piece = Some(along.piece);
        match (self.stage, whereabouts) {
            (Stage::Arrived, _) | (Stage::AtOrigin, Whereabouts::AtOrigin | Whereabouts::Unclear) => return None,
            (_, Whereabouts::AtDestination) => {
                self.stage = Stage::Arrived;
                return None;
            }
            (Stage::AtOrigin, Whereabouts::OnTheWay) => {
                self.stage = Stage::UnderWay;
                self.furthest_km = along.progress_km;
                return None;
            }
            (Stage::UnderWay, Whereabouts::AtOrigin | Whereabouts::Unclear | Whereabouts::OnTheWay) => {}
        }
        let lie = lie((along, whereabouts, &fix), Some(self.furthest_km), self.route.corridor, self.policy);
        let inside = along.distance_m <= self.route.corridor.width_m() / 2.0;
        if inside {
            self.furthest_km = self.furthest_km.max(along.progress_km);
        }
        let (watch, verdict) = self.watch.next(lie, t, ctr);
        self.watch = watch;
        match verdict {
            // Going back along the line is no matter of where it is drawn.
            RouteVerdict::Left { since, ctr } if !inside => Some(Deviation { since, ctr, distance_m: along.distance_m }),
            RouteVerdict::Nothing | RouteVerdict::Left { .. } | RouteVerdict::StillOff | RouteVerdict::Returned => None,
        }
    }
}
