//! Photos of incidents over HTTP. The carrier's signed word names them by hash; whoever sees the transfer may look at them, and only bytes of
//! a named hash are taken.

use crate::body::read;
use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, parsed};
use crate::state::Dashboard;
use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::command::Role;
use sealway_schemas::record::{Recorded as _, ReportedIncident};
use sealway_schemas::{PhotoHash, TransferId};
use sealway_tracker::photos::{PHOTO_BYTES_LIMIT, PhotoError};
use sealway_tracker::{Page, RecordFilter, Scope};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The newest incidents of a transfer whose photos are shown and taken.
const INCIDENTS: u32 = 100;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(photos)).routes(routes!(photo, bring_photo))
}

/// A photo that an incident of the transfer names.
#[derive(Serialize, ToSchema)]
#[schema(as = Photo)]
struct PhotoView {
    photo: PhotoHash,
    /// Of the transfer, from 1.
    incident: u32,
    /// Its bytes are here; else they were named and are still to come.
    here: bool,
}

/// The photos that a transfer's incidents name
#[utoipa::path(get, path = "/transfers/{id}/photos", tag = "transfers", params(("id" = TransferId, Path)), responses(
    (status = 200, body = Vec<PhotoView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn photos(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Json<Vec<PhotoView>>, Problem> {
    let named = named(&dashboard, caller.scope(), id).await?;
    let kept = dashboard.tracker.photos().kept(named.iter().map(|(_, photo)| photo.clone()).collect()).await?;
    let views = named.into_iter().map(|(incident, photo)| PhotoView { here: kept.contains(&photo), photo, incident });
    Ok(Json(views.collect()))
}

/// A photo as it was sent
#[utoipa::path(get, path = "/transfers/{id}/photos/{photo}", tag = "transfers",
    params(("id" = TransferId, Path), ("photo" = PhotoHash, Path)),
    responses(
        (status = 200, content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn photo(State(dashboard): State<Dashboard>, caller: Caller, Path((id, named)): Path<(String, String)>) -> Result<Response, Problem> {
    let photo = expect_named(&dashboard, caller.scope(), (&id, &named)).await?;
    let found = dashboard.tracker.photos().get(photo.clone()).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("photo {photo}: named and not brought yet")))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(found.format.media_type()))], found.bytes).into_response())
}

/// Bring the bytes of a photo that an incident named
#[utoipa::path(put, path = "/transfers/{id}/photos/{photo}", tag = "transfers",
    description = "JPEG, PNG or WebP of at most 8 MiB whose SHA-256 an incident of the transfer names. Sent again it changes nothing.",
    params(("id" = TransferId, Path), ("photo" = PhotoHash, Path)),
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
    responses(
        (status = 204, description = "It is on disk"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn bring_photo(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path((id, named)): Path<(String, String)>,
    headers: HeaderMap,
    body: HttpBody,
) -> Result<StatusCode, Problem> {
    caller.expect_role(&[Role::Carrier, Role::Customs])?;
    let photo = expect_named(&dashboard, caller.scope(), (&id, &named)).await?;
    let _turn = dashboard.photos.try_acquire().map_err(|_| busy())?;
    let bytes = read(&headers, body, PHOTO_BYTES_LIMIT).await?;
    dashboard.tracker.photos().put(photo, bytes.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Each photo that an incident of the transfer names, with the number of the incident.
async fn named(dashboard: &Dashboard, scope: &Scope, id: TransferId) -> Result<Vec<(u32, PhotoHash)>, Problem> {
    let registry = dashboard.tracker.registry();
    let unseen = || Problem::not_found(format!("transfer {id}: expected one that was declared and is yours to see"));
    registry.transfer(scope, &id).await?.ok_or_else(unseen)?;
    let page = Page { after: None, limit: INCIDENTS };
    let filter = RecordFilter { transfer: Some(id) };
    let records = registry.records(scope, ReportedIncident::KIND, &filter, &page).await?;
    let incidents = records.into_iter().map(|record| serde_json::from_value::<ReportedIncident>(record.body));
    let incidents = incidents.collect::<Result<Vec<_>, _>>().map_err(|error| Problem::internal(&error))?;
    Ok(incidents.into_iter().flat_map(|told| told.incident.photos.into_iter().map(move |photo| (told.number, photo))).collect())
}

async fn expect_named(dashboard: &Dashboard, scope: &Scope, (id, photo): (&str, &str)) -> Result<PhotoHash, Problem> {
    let (id, photo) = (parsed::<TransferId>(id)?, parsed::<PhotoHash>(photo)?);
    let unnamed = Problem::not_found(format!("photo {photo}: expected one that an incident of transfer {id} names"));
    let named = named(dashboard, scope, id).await?;
    if named.into_iter().any(|(_, named)| named == photo) { Ok(photo) } else { Err(unnamed) }
}

fn busy() -> Problem {
    let detail = "too many photos are on their way at once, expected a request in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(2)
}

impl From<PhotoError> for Problem {
    fn from(error: PhotoError) -> Self {
        let (status, code) = match &error {
            PhotoError::Differs { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "photo-differs"),
            PhotoError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
            PhotoError::NotAPicture => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-picture"),
            PhotoError::DiskFull => return Self::disk_full(),
            PhotoError::Stopped => return Self::stopping(),
            PhotoError::Broken { .. } | PhotoError::Io { .. } => return Self::internal(&error),
        };
        Self::new(status, code, error.to_string())
    }
}
