//! Alerts. One is never deleted: it clears, and people acknowledge it.

use crate::body::{Body, OptionalBody};
use crate::caller::Caller;
use crate::commands::{Asking, Receipt};
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{AlertNumber, Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use sealway_schemas::alert::Verdict;
use sealway_schemas::command::AlertCommand;
use sealway_schemas::event::{AlertKind, AlertView, Severity};
use sealway_schemas::{AlertId, DeviceId, TransferId, UserId};
use sealway_tracker::{AlertFilter, Scope};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(acknowledge))
        .routes(routes!(assign))
        .routes(routes!(decide))
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum AlertState {
    /// Not cleared.
    Active,
    #[default]
    All,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<AlertId>,
    /// 1 to 500.
    limit: Option<u32>,
    #[serde(default)]
    #[param(inline)]
    state: AlertState,
    device: Option<DeviceId>,
    transfer: Option<TransferId>,
    kind: Option<AlertKind>,
    severity: Option<Severity>,
}

/// List alerts, newest first
#[utoipa::path(get, path = "/alerts", tag = "alerts", params(Which), responses(
    (status = 200, body = List<AlertView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<AlertView>>, Problem> {
    let page = page(which.after, which.limit)?;
    let open = match which.state {
        AlertState::Active => Some(true),
        AlertState::All => None,
    };
    let filter = AlertFilter { device: which.device, transfer: which.transfer, kind: which.kind, severity: which.severity, open };
    let rows = dashboard.tracker.registry().alerts(caller.scope(), &filter, &page).await?;
    Ok(Json(cut(rows, page.limit, |alert| alert.id)))
}

/// One alert
#[utoipa::path(get, path = "/alerts/{id}", tag = "alerts", params(("id" = u64, Path)), responses(
    (status = 200, body = AlertView),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(AlertNumber(alert)): Id<AlertNumber>,
) -> Result<Json<AlertView>, Problem> {
    seen(&dashboard, caller.scope(), alert).await.map(Json)
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledgement {
    note: Option<String>,
}

/// Acknowledge an alert
#[utoipa::path(post, path = "/alerts/{id}/acknowledge", tag = "alerts", params(("id" = u64, Path)),
    request_body = Option<Acknowledgement>, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn acknowledge(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(AlertNumber(alert)): Id<AlertNumber>,
    OptionalBody(Acknowledgement { note }): OptionalBody<Acknowledgement>,
) -> Result<Json<Receipt>, Problem> {
    let transfer = seen(&dashboard, asking.caller.scope(), alert).await?.transfer;
    Ok(Json(asking.send(&dashboard, AlertCommand::AcknowledgeAlert { alert, transfer, note }).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assigning {
    /// A customs officer.
    to: UserId,
}

/// Assign an alert to an officer
#[utoipa::path(post, path = "/alerts/{id}/assign", tag = "alerts", params(("id" = u64, Path)), request_body = Assigning, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn assign(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(AlertNumber(alert)): Id<AlertNumber>,
    Body(Assigning { to }): Body<Assigning>,
) -> Result<Json<Receipt>, Problem> {
    let transfer = seen(&dashboard, asking.caller.scope(), alert).await?.transfer;
    Ok(Json(asking.send(&dashboard, AlertCommand::AssignAlert { alert, transfer, to }).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Deciding {
    verdict: Verdict,
    /// 1 to 1000 characters.
    reason: String,
}

/// Decide an alert; a false alarm or a device's fault gives the driver a receipt (records of kind `exculpation`)
#[utoipa::path(post, path = "/alerts/{id}/decide", tag = "alerts", params(("id" = u64, Path)), request_body = Deciding, responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn decide(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(AlertNumber(alert)): Id<AlertNumber>,
    Body(Deciding { verdict, reason }): Body<Deciding>,
) -> Result<Json<Receipt>, Problem> {
    let transfer = seen(&dashboard, asking.caller.scope(), alert).await?.transfer;
    Ok(Json(asking.send(&dashboard, AlertCommand::DecideAlert { alert, transfer, verdict, reason }).await?.into()))
}

async fn seen(dashboard: &Dashboard, scope: &Scope, alert: AlertId) -> Result<AlertView, Problem> {
    let found = dashboard.tracker.registry().alert(scope, alert).await?;
    found.ok_or_else(|| Problem::not_found(format!("alert {alert}: expected one that exists and is yours to see")))
}
