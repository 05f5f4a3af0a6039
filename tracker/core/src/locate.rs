//! The door between order and judgement: where a report lies among the places and along the corridor of its own transfer.

use crate::corridor::{Along, Corridor};
use crate::geometry::Position;
use crate::movement::Whereabouts;
use crate::place::Place;
use crate::policy::Policy;
use crate::verify::VerifiedReport;
use sealway_schemas::report::{Fix, Report};

/// What a transfer's reports are measured against.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    pub origin: &'a Place,
    pub destination: &'a Place,
    pub corridor: &'a Corridor,
    /// Where the last fix lay: the search begins there.
    pub last_piece: Option<u32>,
}

/// A verified report with its place on the route. Made only by [`LocatedReport::locate`].
#[derive(Debug)]
pub struct LocatedReport<'a> {
    report: &'a VerifiedReport,
    fix: Option<Fix>,
    whereabouts: Whereabouts,
    along: Option<Along>,
}

impl<'a> LocatedReport<'a> {
    /// Cannot fail: without a usable fix the report lies nowhere.
    #[must_use]
    pub fn locate(report: &'a VerifiedReport, route: Route<'_>, policy: &Policy) -> Self {
        let (fix, whereabouts, along) = place(report.report().fix(), route, policy);
        Self { report, fix, whereabouts, along }
    }

    #[must_use]
    pub fn report(&self) -> &Report {
        self.report.report()
    }

    /// The fix, if it is good enough to place the seal.
    #[must_use]
    pub fn fix(&self) -> Option<Fix> {
        self.fix
    }

    #[must_use]
    pub fn whereabouts(&self) -> Whereabouts {
        self.whereabouts
    }

    #[must_use]
    pub fn along(&self) -> Option<Along> {
        self.along
    }
}

/// Where a fix lies, if it is good enough to place the seal.
pub(crate) fn place(fix: Option<Fix>, route: Route<'_>, policy: &Policy) -> (Option<Fix>, Whereabouts, Option<Along>) {
    let Some(fix) = fix.filter(|fix| accuracy_m(fix) <= policy.accuracy_limit_m) else { return (None, Whereabouts::Unclear, None) };
    let at = Position::of(&fix);
    (Some(fix), whereabouts(at, &fix, route, policy), Some(route.corridor.locate(at, route.last_piece)))
}

/// 1 sigma.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
pub fn accuracy_m(fix: &Fix) -> f64 {
    fix.accuracy_dm as f64 / 10.0
}

fn whereabouts(at: Position, fix: &Fix, route: Route<'_>, policy: &Policy) -> Whereabouts {
    if route.destination.contains(at) {
        Whereabouts::AtDestination
    } else if route.origin.contains(at) {
        Whereabouts::AtOrigin
    } else if route.origin.metres_to_edge(at) > policy.departure_m + 2.0 * accuracy_m(fix) {
        Whereabouts::OnTheWay
    } else {
        Whereabouts::Unclear
    }
}
