//! The gateways of this platform, for those who run it.

use crate::caller::Caller;
use crate::problem::ProblemBody;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use sealway_schemas::gateway::GatewayView;
use sealway_tracker::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
struct Gateways {
    /// In the order of the configuration; empty for parties, whose the machine is not.
    items: Vec<GatewayView>,
}

/// How the gateways stand
#[utoipa::path(get, path = "/gateways", tag = "operation", responses(
    (status = 200, body = Gateways),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller) -> Json<Gateways> {
    let told = dashboard.gateways.as_ref().filter(|_| *caller.scope() == Scope::All);
    Json(Gateways { items: told.map(|gateways| gateways()).unwrap_or_default() })
}
