//! People and their systems.

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
use sealway_schemas::event::UserView;
use sealway_schemas::{PartyId, UserId};
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
    after: Option<UserId>,
    /// 1 to 500.
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    user: UserId,
    party: PartyId,
    role: Role,
    name: String,
}

/// List users
#[utoipa::path(get, path = "/users", tag = "users", params(Which), responses(
    (status = 200, body = List<UserView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<UserView>>, Problem> {
    let page = page(which.after, which.limit)?;
    let rows = dashboard.tracker.registry().users(caller.scope(), &page).await?;
    Ok(Json(cut(rows, page.limit, |user| user.id.clone())))
}

/// Register a user, or change name or role
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn register(State(dashboard): State<Dashboard>, asking: Asking, Body(new): Body<NewUser>) -> Result<Response, Problem> {
    let NewUser { user, party, role, name } = new;
    let receipt = asking.send(&dashboard, RegistryCommand::RegisterUser { user: user.clone(), party, role, name }).await?;
    Ok(created("users", user.as_str(), Receipt::from(receipt)))
}
