//! Corridors 走廊 between places, as GeoJSON.

use crate::body::{Body, FEATURE};
use crate::caller::Caller;
use crate::collection::{CHUNK, FeatureCollection, expect_id, feature};
use crate::commands::{Asking, Receipt};
use crate::problem::{Problem, ProblemBody};
use crate::request::Id;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use sealway_schemas::CorridorId;
use sealway_schemas::command::WorldCommand;
use sealway_tracker::Page;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one, put))
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
#[utoipa::path(put, path = "/corridors/{id}", tag = "corridors", params(("id" = CorridorId, Path)),
    request_body(content = Object, content_type = "application/geo+json", description = "At most 1 MiB"), responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn put(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(id): Id<CorridorId>,
    Body(feature): Body<Value, FEATURE>,
) -> Result<Json<Receipt>, Problem> {
    expect_id(&feature, id.as_str())?;
    Ok(Json(asking.send(&dashboard, WorldCommand::PutCorridor { feature }).await?.into()))
}
