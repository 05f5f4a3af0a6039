//! Corridors 走廊 between places, as GeoJSON.

use crate::body::{Body, FEATURE};
use crate::caller::Caller;
use crate::collection::{CHUNK, FeatureCollection, expect_id, feature};
use crate::commands::{Asking, Receipt};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use crate::versions::Effective;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sealway_schemas::command::Role;
use sealway_schemas::command::WorldCommand;
use sealway_schemas::{CorridorId, DeviceId, Time, TransferId};
use sealway_tracker::series::Span;
use sealway_tracker::{Page, TrialAnswer, Tried};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAYS_LIMIT: u64 = 30;
const DAY_MS: u64 = 86_400_000;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one, put)).routes(routes!(test))
}

/// All corridors
#[utoipa::path(get, path = "/corridors", tag = "corridors", responses(
    (status = 200, body = FeatureCollection, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller) -> Result<FeatureCollection, Problem> {
    let mut features = Vec::new();
    let mut page = Page::first(CHUNK);
    loop {
        let rows = dashboard.tracker.registry().corridors(caller.scope(), &page).await?;
        let full = rows.len() == CHUNK as usize;
        page.after = rows.last().map(|corridor| corridor.id.clone());
        features.extend(rows.into_iter().map(|corridor| corridor.feature));
        if !full {
            return Ok(FeatureCollection::new(features));
        }
    }
}

/// One corridor, a GeoJSON feature
#[utoipa::path(get, path = "/corridors/{id}", tag = "corridors", params(("id" = CorridorId, Path)), responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<CorridorId>) -> Result<Response, Problem> {
    let found = dashboard.tracker.registry().corridor(caller.scope(), &id).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("corridor {id}: expected one that was put")))?;
    Ok(feature(&found.feature))
}

/// Put one corridor, a GeoJSON feature with a line
#[utoipa::path(put, path = "/corridors/{id}", tag = "corridors", params(("id" = CorridorId, Path), Effective),
    request_body(content = Object, content_type = "application/geo+json", description = "At most 1 MiB"), responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn put(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(id): Id<CorridorId>,
    Params(effective): Params<Effective>,
    Body(feature): Body<Value, FEATURE>,
) -> Result<Json<Receipt>, Problem> {
    expect_id(&feature, id.as_str())?;
    Ok(Json(asking.send(&dashboard, WorldCommand::PutCorridor { feature, effective_from: effective.time() }).await?.into()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Window {
    /// 1 to 30; 30 where it is absent.
    days: Option<u64>,
}

/// What a corridor as it is drawn would have said of the transfers of the last days
#[derive(Serialize, ToSchema)]
struct CorridorTest {
    /// Device time.
    from: Time,
    to: Time,
    /// Transfers that were under way on the corridor, or between its places where it is new.
    transfers: u64,
    /// Whether there were more; the newest 1,000 were looked at.
    more: bool,
    reports: u64,
    /// Deviations that it would have raised.
    alerts: u64,
    /// Those that the corridor as it is now would have raised; absent where it is new.
    alerts_now: Option<u64>,
    /// The first 200 of them.
    deviations: Vec<TestDeviation>,
}

#[derive(Serialize, ToSchema)]
struct TestDeviation {
    transfer: TransferId,
    seal: DeviceId,
    /// The first of the two reports that it takes.
    since: Time,
    ctr: u64,
    /// Metres from the line, at the second of them.
    distance_m: f64,
}

/// Test a corridor against the tracks of the last days, before it is put
#[utoipa::path(post, path = "/corridors/{id}/test", tag = "corridors", params(("id" = CorridorId, Path), Window),
    request_body(content = Object, content_type = "application/geo+json", description = "At most 1 MiB"), responses(
    (status = 200, body = CorridorTest),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn test(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<CorridorId>,
    Params(Window { days }): Params<Window>,
    Body(feature): Body<Value, FEATURE>,
) -> Result<Json<CorridorTest>, Problem> {
    caller.expect_role(&[Role::Customs, Role::Admin])?;
    expect_id(&feature, id.as_str())?;
    let invalid = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "query-invalid", detail);
    let days = days.unwrap_or(DAYS_LIMIT);
    if !(1..=DAYS_LIMIT).contains(&days) {
        return Err(invalid(format!("days: {days}, expected 1 to {DAYS_LIMIT}")));
    }
    let to = dashboard.tracker.now().plus_ms(1);
    let span = Span::new(to.minus_ms(days * DAY_MS), to).map_err(|error| invalid(error.to_string()))?;
    let _turn = dashboard.tracks.acquire().await;
    let TrialAnswer { transfers, more, reports, alerts, told, alerts_now } =
        dashboard.tracker.try_corridor(caller.scope(), &feature.to_string(), span).await?;
    let deviations = told.into_iter().map(TestDeviation::from).collect();
    Ok(Json(CorridorTest { from: span.from(), to: span.to(), transfers, more, reports, alerts, alerts_now, deviations }))
}

impl From<Tried> for TestDeviation {
    fn from(Tried { transfer, seal, deviation }: Tried) -> Self {
        Self { transfer, seal, since: deviation.since, ctr: deviation.ctr, distance_m: deviation.distance_m.round() }
    }
}
