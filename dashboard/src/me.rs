//! Who the caller is.

use crate::caller::Caller;
use crate::problem::ProblemBody;
use crate::state::Dashboard;
use axum::Json;
use sealway_schemas::command::Role;
use sealway_schemas::{PartyId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(me))
}

#[derive(Serialize, ToSchema)]
struct Me {
    user: UserId,
    party: PartyId,
    role: Role,
}

/// The caller
#[utoipa::path(get, path = "/me", tag = "session", responses(
    (status = 200, body = Me),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn me(caller: Caller) -> Json<Me> {
    let principal = caller.principal();
    Json(Me { user: principal.user.clone(), party: principal.party.clone(), role: principal.role })
}
