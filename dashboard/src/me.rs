//! Who the caller is.

use crate::caller::Person;
use crate::problem::ProblemBody;
use crate::state::Dashboard;
use axum::Json;
use sealway_schemas::command::Role;
use sealway_schemas::{DistrictId, PartyId, UserId};
use sealway_tracker::Scope;
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
    /// What the caller sees ends with this customs district; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<DistrictId>,
    /// The session opens nothing but the account until a second factor is set up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    second_factor_due: bool,
}

/// The caller
#[utoipa::path(get, path = "/me", tag = "session", responses(
    (status = 200, body = Me),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn me(Person { caller, second_factor_due }: Person) -> Json<Me> {
    let principal = caller.principal();
    let district = match &principal.scope {
        Scope::District { district, .. } => Some(district.clone()),
        Scope::All | Scope::Party(_) => None,
    };
    Json(Me { user: principal.user.clone(), party: principal.party.clone(), role: principal.role, district, second_factor_due })
}
