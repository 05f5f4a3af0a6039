//! The evidence of a transfer as a file, for whoever may see the transfer.

use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::Id;
use crate::state::Dashboard;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::TransferId;
use sealway_tracker::evidence::{EvidenceError, FileError, gather, write};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(export))
}

/// The evidence bundle of a transfer
#[utoipa::path(get, path = "/transfers/{id}/evidence", tag = "transfers", params(("id" = TransferId, Path)),
    description = "A zip file that `sealway evidence verify` checks offline. Up to the newest checkpoint: what came in the last second may be missing.",
    responses(
        (status = 200, body = String, content_type = "application/zip"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn export(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Response, Problem> {
    let found = dashboard.tracker.registry().transfer(caller.scope(), &id).await?;
    found.ok_or_else(|| Problem::not_found(format!("transfer {id}: expected one that was declared and is yours to see")))?;
    let _turn = dashboard.exports.acquire().await.map_err(|error| Problem::internal(&error))?;
    let (tree, trust, name) = (dashboard.tracker.tree().clone(), dashboard.tracker.log_keys().clone(), id.to_string());
    let file = tokio::task::spawn_blocking(move || -> Result<Vec<u8>, Problem> { Ok(write(&gather(&tree, &id, &|_| {})?, &trust)?) });
    let file = file.await.map_err(|error| Problem::internal(&error))??;
    let attached = HeaderValue::try_from(format!("attachment; filename=\"{name}.zip\"")).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/zip")), (header::CONTENT_DISPOSITION, attached)], file)
        .into_response())
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::UnknownTransfer(_) | EvidenceError::NoCheckpoint => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-in-the-tree", error.to_string()).retry_after(2)
            }
            EvidenceError::Tree(_) | EvidenceError::Log(_) => Self::internal(&error),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self::internal(&error)
    }
}
