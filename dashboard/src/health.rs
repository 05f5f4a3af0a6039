//! Whether the process lives, and whether it can work. Open to everyone, so they say no more than that.

use crate::problem::Problem;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_tracker::{Page, Scope};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const READY_WITHIN: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// The process lives
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, body = Health)))]
async fn healthz() -> Json<Health> {
    OK
}

/// The platform can work
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()), responses(
    (status = 200, body = Health),
    (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
async fn readyz(State(dashboard): State<Dashboard>) -> Result<Json<Health>, Problem> {
    let page = Page::first(1);
    let read = dashboard.tracker.registry().parties(&Scope::All, &page);
    match tokio::time::timeout(READY_WITHIN, read).await {
        Ok(Ok(_)) => Ok(OK),
        Ok(Err(_)) | Err(_) => {
            let detail = "the registry gives no answer, expected one within 2 s";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", detail).retry_after(2))
        }
    }
}
