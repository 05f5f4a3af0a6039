//! Where a seal was, read from the evidence log.

use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::source::{Source, find};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::event::DeviceView;
use sealway_schemas::report::Event;
use sealway_schemas::terminal::Grade;
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::{Scope, TrackPoint};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const LIMIT: usize = 10_000;
const LIMIT_DEFAULT: usize = 1_000;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(track))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Device time, this one included.
    from: Option<Time>,
    /// Device time, this one included.
    to: Option<Time>,
    /// 1 to 10000; the newest ones are given.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct Track {
    device: DeviceId,
    /// Whether a seal signed these points, or a terminal only said so.
    grade: Grade,
    /// Oldest first.
    points: Vec<Point>,
}

/// One report. Without a fix it has no position.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackPoint)]
struct Point {
    ctr: u64,
    epoch: u64,
    /// Device time.
    t: Time,
    received_at: Time,
    event: Event,
    status: u64,
    /// Percent.
    battery: Option<u8>,
    /// Degrees, WGS-84.
    lat: Option<f64>,
    lon: Option<f64>,
    speed_cm_s: Option<u64>,
    heading_ddeg: Option<u64>,
    accuracy_dm: Option<u64>,
}

impl From<TrackPoint> for Point {
    fn from(point: TrackPoint) -> Self {
        let TrackPoint { ctr, epoch, t, received_at, event, status, battery, lat, lon, speed_cm_s, heading_ddeg, accuracy_dm } = point;
        Self { ctr, epoch, t, received_at, event, status, battery, lat, lon, speed_cm_s, heading_ddeg, accuracy_dm }
    }
}

/// The reports of a device
#[utoipa::path(get, path = "/devices/{id}/track", tag = "devices", params(("id" = DeviceId, Path), Which), responses(
    (status = 200, body = Track),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn track(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<Which>,
) -> Result<Json<Track>, Problem> {
    let limit = which.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "query-invalid", format!("limit: {limit}, expected 1 to {LIMIT}")));
    }
    let Source { grade, since } = find(&dashboard, &caller, &id).await?;
    let (from, to) = (which.from.unwrap_or(Time::ZERO), which.to.unwrap_or(Time::from_ms(u64::MAX)));
    // Never closed, so this is only a wait, and the request's deadline ends it.
    let _turn = dashboard.tracks.acquire().await;
    let points = dashboard.tracker.track(id, from, to, limit).await?;
    let points = points.into_iter().filter(|point| point.received_at >= since).map(Point::from).collect();
    Ok(Json(Track { device: id, grade, points }))
}

/// From when on the caller may see the device's reports. A seal is used again: who sees it because of one transfer does not see the
/// transfers before it, and a new owner does not see the old one's.
pub(crate) fn visible_since(scope: &Scope, device: &DeviceView) -> Time {
    let Some(party) = scope.limited_to() else { return Time::ZERO };
    if device.owner == *party {
        return device.enrolled_at;
    }
    match (&device.transfer, device.bond_since) {
        (Some(_), Some(bound)) => bound,
        (None, Some(freed)) => freed.max(device.enrolled_at),
        (_, None) => device.enrolled_at,
    }
}
