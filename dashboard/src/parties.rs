//! Parties: customs districts, carriers, port operators.

use crate::body::Body;
use crate::caller::Caller;
use crate::commands::{Asking, Receipt, created};
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use sealway_schemas::command::{RegistryCommand, Role};
use sealway_schemas::event::PartyView;
use sealway_schemas::{DistrictId, PartyId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list, register))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<PartyId>,
    /// 1 to 500.
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewParty {
    party: PartyId,
    role: Role,
    name_zh: String,
    name_en: String,
    /// Of the whole country where it is left out.
    district: Option<DistrictId>,
}

/// List parties
#[utoipa::path(get, path = "/parties", tag = "parties", params(Which), responses(
    (status = 200, body = List<PartyView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<PartyView>>, Problem> {
    let page = page(which.after, which.limit)?;
    let rows = dashboard.tracker.registry().parties(caller.scope(), &page).await?;
    Ok(Json(cut(rows, page.limit, |party| party.id.clone())))
}

/// Register a party, or change its names and its district
#[utoipa::path(post, path = "/parties", tag = "parties", request_body = NewParty, responses(
    (status = 201, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn register(State(dashboard): State<Dashboard>, asking: Asking, Body(new): Body<NewParty>) -> Result<Response, Problem> {
    let NewParty { party, role, name_zh, name_en, district } = new;
    let receipt =
        asking.send(&dashboard, RegistryCommand::RegisterParty { party: party.clone(), role, name_zh, name_en, district }).await?;
    Ok(created("parties", party.as_str(), Receipt::from(receipt)))
}
