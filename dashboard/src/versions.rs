//! Versions of places and corridors: who put them, when, and from when on each is in force.

use crate::caller::Caller;
use crate::collection::MEDIA_TYPE;
use crate::list::{List, Numbered, cut};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Params, parsed};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::event::VersionView;
use sealway_schemas::{CorridorId, PlaceId, Time};
use sealway_tracker::{Page, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new()
        .routes(routes!(of_place))
        .routes(routes!(place_as_put))
        .routes(routes!(of_corridor))
        .routes(routes!(corridor_as_put))
        .routes(routes!(planned))
}

/// Effective when on what is put is in force
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Effective {
    /// Unix milliseconds, not in the past; at once where it is absent.
    pub(crate) effective_from: Option<u64>,
}

impl Effective {
    pub(crate) fn time(&self) -> Option<Time> {
        self.effective_from.map(Time::from_ms)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Standing {
    Planned,
    InForce,
    Past,
}

/// A version, and whether it is in force now
#[derive(Serialize, ToSchema)]
struct VersionRow {
    #[serde(flatten)]
    version: VersionView,
    standing: Standing,
}

/// A version of a place or a corridor that is not in force yet
#[derive(Serialize, ToSchema)]
struct PlannedRow {
    /// `place` or `corridor`.
    kind: String,
    id: String,
    #[serde(flatten)]
    version: VersionView,
}

/// List a place's versions, the newest first
#[utoipa::path(get, path = "/places/{id}/versions", operation_id = "versions", tag = "places", params(("id" = PlaceId, Path), Numbered), responses(
    (status = 200, body = List<VersionRow>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn of_place(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path(id): Path<String>,
    Params(which): Params<Numbered>,
) -> Result<Json<List<VersionRow>>, Problem> {
    versions(&dashboard, &caller, Subject::Place(parsed(&id)?), which).await
}

/// List a corridor's versions, the newest first
#[utoipa::path(get, path = "/corridors/{id}/versions", operation_id = "versions", tag = "corridors", params(("id" = CorridorId, Path), Numbered), responses(
    (status = 200, body = List<VersionRow>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn of_corridor(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path(id): Path<String>,
    Params(which): Params<Numbered>,
) -> Result<Json<List<VersionRow>>, Problem> {
    versions(&dashboard, &caller, Subject::Corridor(parsed(&id)?), which).await
}

/// A version of a place as it was put: the text that the digest is of
#[utoipa::path(get, path = "/places/{id}/versions/{effective_from}", operation_id = "version", tag = "places",
    params(("id" = PlaceId, Path), ("effective_from" = u64, Path)), responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn place_as_put(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path((id, from)): Path<(String, String)>,
) -> Result<Response, Problem> {
    as_put(&dashboard, &caller, Subject::Place(parsed(&id)?), &from).await
}

/// A version of a corridor as it was put: the text that the digest is of
#[utoipa::path(get, path = "/corridors/{id}/versions/{effective_from}", operation_id = "version", tag = "corridors",
    params(("id" = CorridorId, Path), ("effective_from" = u64, Path)), responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn corridor_as_put(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path((id, from)): Path<(String, String)>,
) -> Result<Response, Problem> {
    as_put(&dashboard, &caller, Subject::Corridor(parsed(&id)?), &from).await
}

/// List what is planned for places and corridors, the next first, 500 at most
#[utoipa::path(get, path = "/planned-versions", tag = "corridors", responses(
    (status = 200, body = List<PlannedRow>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn planned(State(dashboard): State<Dashboard>, caller: Caller) -> Result<Json<List<PlannedRow>>, Problem> {
    let found = dashboard.tracker.registry().planned(caller.scope(), dashboard.tracker.now()).await?;
    let rows = found.into_iter().map(|(kind, id, version)| PlannedRow { kind, id, version });
    Ok(Json(List::new(rows.collect(), None)))
}

async fn versions(dashboard: &Dashboard, caller: &Caller, subject: Subject, which: Numbered) -> Result<Json<List<VersionRow>>, Problem> {
    let (registry, scope) = (dashboard.tracker.registry(), caller.scope());
    let page = which.page(Time::from_ms)?;
    let rows = registry.versions(scope, &subject, &page).await?;
    let now = dashboard.tracker.now();
    let begun = registry.versions(scope, &subject, &Page { after: Some(now.plus_ms(1)), limit: 1 }).await?;
    let in_force = begun.first().map(|version| version.effective_from);
    if rows.is_empty() && page.after.is_none() {
        return Err(unknown(&subject));
    }
    let standing = |version: VersionView| {
        let standing = match version.effective_from {
            from if from > now => Standing::Planned,
            from if Some(from) == in_force => Standing::InForce,
            _ => Standing::Past,
        };
        VersionRow { version, standing }
    };
    Ok(Json(cut(rows, page.limit, |version| version.effective_from.as_ms()).map(standing)))
}

async fn as_put(dashboard: &Dashboard, caller: &Caller, subject: Subject, from: &str) -> Result<Response, Problem> {
    let shown: String = from.chars().take(64).collect();
    let malformed = |_| Problem::new(StatusCode::BAD_REQUEST, "id-malformed", format!("version {shown:?}: expected its effective_from"));
    let from = from.parse::<u64>().map_err(malformed)?;
    let found = dashboard.tracker.registry().version(caller.scope(), &subject, Time::from_ms(from)).await?;
    let feature = found.ok_or_else(|| unknown(&subject))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], feature).into_response())
}

fn unknown(subject: &Subject) -> Problem {
    Problem::not_found(format!("version of {} {}: expected one that was put", subject.kind(), subject.id()))
}
