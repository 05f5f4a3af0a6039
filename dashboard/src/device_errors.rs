//! Why was my seal or my terminal refused? For its owner and those who see all.

use crate::caller::Caller;
use crate::list::List;
use crate::problem::{Problem, ProblemBody};
use crate::request::Id;
use crate::source;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use sealway_schemas::{DeviceId, Time};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(errors))
}

/// One reason, however often it was met
#[derive(Serialize, ToSchema)]
struct DeviceError {
    /// As in `/metrics`: `bad-signature`, `login-replayed`, `foreign-topic`.
    code: String,
    /// Of the last time.
    detail: String,
    times: u64,
    first_at: Time,
    last_at: Time,
}

/// The last reasons for which a device or a terminal was refused
#[utoipa::path(get, path = "/devices/{id}/errors", tag = "devices", params(("id" = DeviceId, Path)),
    description = "At most 16 different ones, the newest first, since the platform started.",
    responses(
        (status = 200, body = List<DeviceError>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn errors(State(dashboard): State<Dashboard>, caller: Caller, Id(device): Id<DeviceId>) -> Result<Json<List<DeviceError>>, Problem> {
    source::find(&dashboard, &caller, &device).await?;
    let items = dashboard.tracker.errors().of(&device).into_iter().map(|error| DeviceError {
        code: error.code.to_owned(),
        detail: error.detail,
        times: error.times,
        first_at: error.first_at,
        last_at: error.last_at,
    });
    Ok(Json(List::new(items.collect(), None)))
}
