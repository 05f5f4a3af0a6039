//! Seals: what the caller may see of them, and what people ask of them.

use crate::body::Body;
use crate::caller::Caller;
use crate::commands::{Asking, Receipt};
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::command::{Command, CustodyCommand, DeviceCommand};
use sealway_schemas::down::Circle;
use sealway_schemas::event::DeviceView;
use sealway_schemas::{DeviceId, PartyId, Time};
use sealway_tracker::DeviceFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(revoke))
        .routes(routes!(reset_login))
        .routes(routes!(lift_quarantine))
        .routes(routes!(challenge))
        .routes(routes!(grant))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<DeviceId>,
    /// 1 to 500.
    limit: Option<u32>,
    owner: Option<PartyId>,
    quarantined: Option<bool>,
    /// Bound to a transfer, or not.
    bound: Option<bool>,
}

/// List devices
#[utoipa::path(get, path = "/devices", tag = "devices", params(Which), responses(
    (status = 200, body = List<DeviceView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<DeviceView>>, Problem> {
    let page = page(which.after, which.limit)?;
    let filter = DeviceFilter { owner: which.owner, quarantined: which.quarantined, bound: which.bound };
    let rows = dashboard.tracker.registry().devices(caller.scope(), &filter, &page).await?;
    Ok(Json(cut(rows, page.limit, |device| device.id)))
}

/// One device
#[utoipa::path(get, path = "/devices/{id}", tag = "devices", params(("id" = DeviceId, Path)), responses(
    (status = 200, body = DeviceView),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(State(dashboard): State<Dashboard>, caller: Caller, Id(device): Id<DeviceId>) -> Result<Json<DeviceView>, Problem> {
    find(&dashboard, &caller, &device).await.map(Json)
}

/// The device, or 404 where it is not within the caller's scope: a command's own refusal would say whose it is.
pub(crate) async fn find(dashboard: &Dashboard, caller: &Caller, device: &DeviceId) -> Result<DeviceView, Problem> {
    let found = dashboard.tracker.registry().device(caller.scope(), device).await?;
    found.ok_or_else(|| Problem::not_found(format!("device {device}: expected one that is enrolled and yours to see")))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    reason: String,
}

/// Revoke a device
#[utoipa::path(post, path = "/devices/{id}/revoke", tag = "devices", params(("id" = DeviceId, Path)), request_body = Because, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn revoke(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(device): Id<DeviceId>,
    Body(because): Body<Because>,
) -> Result<Json<Receipt>, Problem> {
    about(&dashboard, &asking, &device, DeviceCommand::RevokeDevice { device, reason: because.reason }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginFrom {
    /// The next login has to be later than this.
    t: Time,
}

/// Let a device whose clock ran ahead log in again
#[utoipa::path(post, path = "/devices/{id}/reset-login", tag = "devices", params(("id" = DeviceId, Path)), request_body = LoginFrom, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn reset_login(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(device): Id<DeviceId>,
    Body(from): Body<LoginFrom>,
) -> Result<Json<Receipt>, Problem> {
    about(&dashboard, &asking, &device, DeviceCommand::ResetLogin { device, t: from.t }).await
}

/// Let custody go on after an equivocation, a mismatch or a hole
#[utoipa::path(post, path = "/devices/{id}/lift-quarantine", tag = "devices", params(("id" = DeviceId, Path)), request_body = Because, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn lift_quarantine(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(device): Id<DeviceId>,
    Body(because): Body<Because>,
) -> Result<Json<Receipt>, Problem> {
    about(&dashboard, &asking, &device, DeviceCommand::LiftQuarantine { device, reason: because.reason }).await
}

async fn about(dashboard: &Dashboard, asking: &Asking, device: &DeviceId, command: impl Into<Command>) -> Result<Json<Receipt>, Problem> {
    find(dashboard, &asking.caller, device).await?;
    Ok(Json(asking.send(dashboard, command).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewChallenge {
    not_after: Time,
}

#[derive(Serialize, ToSchema)]
struct IssuedChallenge {
    device: DeviceId,
    /// 16 bytes, hex; the seal's answer holds it.
    nonce: String,
    not_after: Time,
}

/// Ask the seal to sign, now
#[utoipa::path(post, path = "/devices/{id}/challenges", tag = "devices", params(("id" = DeviceId, Path)), request_body = NewChallenge, responses(
    (status = 201, body = IssuedChallenge),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn challenge(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(device): Id<DeviceId>,
    Body(new): Body<NewChallenge>,
) -> Result<(StatusCode, Json<IssuedChallenge>), Problem> {
    let nonce = sixteen(&asking.secret(&dashboard, "challenge"));
    let not_after = new.not_after;
    let _receipt = about(&dashboard, &asking, &device, CustodyCommand::IssueChallenge { device, nonce: nonce.clone(), not_after }).await?;
    Ok((StatusCode::CREATED, Json(IssuedChallenge { device, nonce, not_after })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGrant {
    /// The seal's epoch that may be opened.
    epoch: u64,
    circle: Circle,
    not_before: Time,
    not_after: Time,
}

#[derive(Serialize, ToSchema)]
struct IssuedGrant {
    device: DeviceId,
    /// 16 bytes, hex; the seal's receipt holds it.
    grant: String,
    not_before: Time,
    not_after: Time,
}

/// Grant one unsealing
#[utoipa::path(post, path = "/devices/{id}/grants", tag = "devices", params(("id" = DeviceId, Path)), request_body = NewGrant, responses(
    (status = 201, body = IssuedGrant),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn grant(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(device): Id<DeviceId>,
    Body(new): Body<NewGrant>,
) -> Result<(StatusCode, Json<IssuedGrant>), Problem> {
    let NewGrant { epoch, circle, not_before, not_after } = new;
    let grant = sixteen(&asking.secret(&dashboard, "grant"));
    let authorised_by = asking.caller.principal().user.to_string();
    let command = CustodyCommand::IssueGrant { grant: grant.clone(), device, epoch, circle, not_before, not_after, authorised_by };
    let _receipt = about(&dashboard, &asking, &device, command).await?;
    Ok((StatusCode::CREATED, Json(IssuedGrant { device, grant, not_before, not_after })))
}

fn sixteen(secret: &[u8; 32]) -> String {
    hex::encode(secret.first_chunk::<16>().copied().unwrap_or_default())
}
