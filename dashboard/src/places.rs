//! Places 场所: ports, zones, depots, airports, border crossings, as GeoJSON.

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
use axum::response::Response;
use sealway_schemas::PlaceId;
use sealway_schemas::command::WorldCommand;
use sealway_tracker::Page;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one, put))
}

/// All places
#[utoipa::path(get, path = "/places", tag = "places", responses(
    (status = 200, body = FeatureCollection, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller) -> Result<FeatureCollection, Problem> {
    let mut features = Vec::new();
    let mut page = Page::first(CHUNK);
    loop {
        let rows = dashboard.tracker.registry().places(caller.scope(), &page).await?;
        let full = rows.len() == CHUNK as usize;
        page.after = rows.last().map(|place| place.id.clone());
        features.extend(rows.into_iter().map(|place| place.feature));
        if !full {
            return Ok(FeatureCollection::new(features));
        }
    }
}

/// One place, a GeoJSON feature
#[utoipa::path(get, path = "/places/{id}", tag = "places", params(("id" = PlaceId, Path)), responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<PlaceId>) -> Result<Response, Problem> {
    let found = dashboard.tracker.registry().place(caller.scope(), &id).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("place {id}: expected one that was put")))?;
    Ok(feature(&found.feature))
}

/// Put one place, a GeoJSON feature with a polygon
#[utoipa::path(put, path = "/places/{id}", tag = "places", params(("id" = PlaceId, Path), Effective),
    request_body(content = Object, content_type = "application/geo+json", description = "At most 1 MiB"), responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn put(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(id): Id<PlaceId>,
    Params(effective): Params<Effective>,
    Body(feature): Body<Value, FEATURE>,
) -> Result<Json<Receipt>, Problem> {
    expect_id(&feature, id.as_str())?;
    Ok(Json(asking.send(&dashboard, WorldCommand::PutPlace { feature, effective_from: effective.time() }).await?.into()))
}
