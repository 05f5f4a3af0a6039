//! What the time series tell of a seal: its track, its curves, where it came and went. At most 2,000 points, whatever the range.

mod told;

use crate::caller::Caller;
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::source::{Source, find};
use crate::state::Dashboard;
use crate::track::visible_since;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::terminal::Grade;
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::series::{Count, POINTS_LIMIT, SeriesState, Span};
use sealway_tracker::{DeviceFilter, Scope};
use serde::Deserialize;
use told::{Chart, ChartBucket, ChartField, Counts, Crossings, HourCount, LatestPoint, PlaceCrossing, Points, Progress, SeriesPoint};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const POINTS_DEFAULT: usize = 500;
const DAY_MS: u64 = 86_400_000;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new()
        .routes(routes!(points))
        .routes(routes!(chart))
        .routes(routes!(counts))
        .routes(routes!(crossings))
        .routes(routes!(latest))
        .routes(routes!(latest_of_all))
        .routes(routes!(state))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Device time, this one included; a day before `to` where it is absent.
    from: Option<Time>,
    /// Device time, this one not included; now where it is absent.
    to: Option<Time>,
    /// 1 to 2000.
    points: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichChart {
    field: ChartField,
    /// Device time, this one included; a day before `to` where it is absent.
    from: Option<Time>,
    /// Device time, this one not included; now where it is absent.
    to: Option<Time>,
    /// 1 to 2000.
    points: Option<usize>,
}

/// What the caller may see of the device, within what was asked for.
async fn asked(dashboard: &Dashboard, caller: &Caller, id: &DeviceId, which: &Which) -> Result<(Grade, Option<(Span, usize)>), Problem> {
    let invalid = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "query-invalid", detail);
    let points = which.points.unwrap_or(POINTS_DEFAULT);
    if !(1..=POINTS_LIMIT).contains(&points) {
        return Err(invalid(format!("points: {points}, expected 1 to {POINTS_LIMIT}")));
    }
    let to = which.to.unwrap_or(dashboard.tracker.now().plus_ms(1));
    let from = which.from.unwrap_or(to.minus_ms(DAY_MS));
    let span = Span::new(from, to).map_err(|error| invalid(error.to_string()))?;
    let Source { grade, since } = find(dashboard, caller, id).await?;
    Ok((grade, Span::new(span.from().max(since), span.to()).ok().map(|span| (span, points))))
}

/// The track of a device, thinned
#[utoipa::path(get, path = "/devices/{id}/series/points", tag = "series", params(("id" = DeviceId, Path), Which), responses(
    (status = 200, body = Points),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn points(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<Which>,
) -> Result<Json<Points>, Problem> {
    let (grade, range) = asked(&dashboard, &caller, &id, &which).await?;
    let mut told = Points { device: id, grade, reports: 0, thinned: false, points: Vec::new() };
    if let Some((span, at_most)) = range {
        let _turn = dashboard.tracks.acquire().await;
        let track = dashboard.tracker.series().backend().track(&id, span, at_most).await?;
        told.reports = track.reports;
        told.thinned = track.reports > at_most as u64;
        told.points = track.points.into_iter().map(SeriesPoint::from).collect();
    }
    Ok(Json(told))
}

/// A curve: least, greatest, mean and last of each stretch of time
#[utoipa::path(get, path = "/devices/{id}/series/chart", tag = "series", params(("id" = DeviceId, Path), WhichChart), responses(
    (status = 200, body = Chart),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn chart(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<WhichChart>,
) -> Result<Json<Chart>, Problem> {
    let WhichChart { field, from, to, points } = which;
    let (grade, range) = asked(&dashboard, &caller, &id, &Which { from, to, points }).await?;
    let mut told = Chart { device: id, grade, field, width_ms: 0, buckets: Vec::new() };
    if let Some((span, at_most)) = range {
        let _turn = dashboard.tracks.acquire().await;
        let buckets = dashboard.tracker.series().backend().downsample(&id, field.into(), span, at_most).await?;
        told.width_ms = span.bucket_ms(at_most);
        told.buckets = buckets.into_iter().map(ChartBucket::from).collect();
    }
    Ok(Json(told))
}

/// How many reports came in each stretch of hours
#[utoipa::path(get, path = "/devices/{id}/series/counts", tag = "series", params(("id" = DeviceId, Path), Which), responses(
    (status = 200, body = Counts),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn counts(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<Which>,
) -> Result<Json<Counts>, Problem> {
    let (grade, range) = asked(&dashboard, &caller, &id, &which).await?;
    let mut told = Counts { device: id, grade, width_ms: 0, counts: Vec::new() };
    if let Some((span, at_most)) = range {
        let _turn = dashboard.tracks.acquire().await;
        let counts = dashboard.tracker.series().backend().counts(&id, span, at_most).await?;
        told.width_ms = span.bucket_hours_ms(at_most);
        told.counts = counts.into_iter().map(|Count { start, reports }| HourCount { start, reports }).collect();
    }
    Ok(Json(told))
}

/// When a seal came into places and left them
#[utoipa::path(get, path = "/devices/{id}/series/crossings", tag = "series", params(("id" = DeviceId, Path), Which), responses(
    (status = 200, body = Crossings),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn crossings(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<Which>,
) -> Result<Json<Crossings>, Problem> {
    let (grade, range) = asked(&dashboard, &caller, &id, &which).await?;
    let mut told = Crossings { device: id, grade, crossings: Vec::new() };
    if let Some((span, at_most)) = range {
        let _turn = dashboard.tracks.acquire().await;
        let crossings = dashboard.tracker.series().backend().crossings(&id, span, at_most).await?;
        told.crossings = crossings.into_iter().map(PlaceCrossing::from).collect();
    }
    Ok(Json(told))
}

/// The newest report of a device, and where it is
#[utoipa::path(get, path = "/devices/{id}/series/latest", tag = "series", params(("id" = DeviceId, Path)), responses(
    (status = 200, body = LatestPoint),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn latest(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<DeviceId>) -> Result<Json<LatestPoint>, Problem> {
    let Source { grade, since } = find(&dashboard, &caller, &id).await?;
    let latest = dashboard.tracker.series().latest(&id).filter(|latest| latest.point.received_at >= since);
    let latest = latest.ok_or_else(|| Problem::not_found(format!("device {id}: expected one that has reported")))?;
    Ok(Json(LatestPoint::new(grade, latest)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next` of the page before.
    after: Option<DeviceId>,
    /// 1 to 500.
    limit: Option<u32>,
}

/// The newest report of each of the caller's devices that has reported
#[utoipa::path(get, path = "/series/latest", tag = "series", params(Paging), responses(
    (status = 200, body = List<LatestPoint>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn latest_of_all(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<LatestPoint>>, Problem> {
    let page = page(paging.after, paging.limit)?;
    let filter = DeviceFilter { owner: None, quarantined: None, bound: None };
    let devices = dashboard.tracker.registry().devices(caller.scope(), &filter, &page).await?;
    let (devices, next) = cut(devices, page.limit, |device| device.id).into_parts();
    let mut told = Vec::new();
    for device in devices {
        let since = visible_since(caller.scope(), &device);
        let latest = dashboard.tracker.series().latest(&device.id).filter(|latest| latest.point.received_at >= since);
        told.extend(latest.map(|latest| LatestPoint::new(Grade::Signed, latest)));
    }
    Ok(Json(List::new(told, next)))
}

/// How far the time series is
#[utoipa::path(get, path = "/series/state", tag = "series", responses(
    (status = 200, body = Progress),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn state(State(dashboard): State<Dashboard>, caller: Caller) -> Json<Progress> {
    let SeriesState { backend, lag, cursor, dead_letters, failing_since, failing, .. } = dashboard.tracker.series().state();
    let failing = failing.filter(|_| *caller.scope() == Scope::All);
    Json(Progress { backend, lag, cursor, dead_letters, failing_since, failing })
}
