//! Records: what the areas of the trade tell, by kind: steps of a transfer, gate decisions, postings of the ledger ...

use crate::caller::Caller;
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sealway_schemas::TransferId;
use sealway_schemas::record::Record;
use sealway_tracker::{RecordFilter, RecordKey};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const KIND_LIMIT: usize = 64;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500.
    limit: Option<u32>,
    transfer: Option<TransferId>,
}

/// List records of a kind, newest first
#[utoipa::path(get, path = "/records/{kind}", tag = "records", params(("kind" = String, Path), Which), responses(
    (status = 200, body = List<Record>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path(kind): Path<String>,
    Params(which): Params<Which>,
) -> Result<Json<List<Record>>, Problem> {
    let kind = checked(kind)?;
    let after = which.after.map(|after| after.parse::<RecordKey>()).transpose();
    let after = after.map_err(|fault| Problem::new(StatusCode::BAD_REQUEST, "query-invalid", fault.to_string()))?;
    let page = page(after, which.limit)?;
    let filter = RecordFilter { transfer: which.transfer };
    let rows = dashboard.tracker.registry().records(caller.scope(), &kind, &filter, &page).await?;
    Ok(Json(cut(rows, page.limit, RecordKey::of)))
}

/// One record
#[utoipa::path(get, path = "/records/{kind}/{id}", tag = "records", params(("kind" = String, Path), ("id" = String, Path)), responses(
    (status = 200, body = Record),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Record>, Problem> {
    let kind = checked(kind)?;
    let found = dashboard.tracker.registry().record(caller.scope(), &kind, &id).await?;
    let shown: String = id.chars().take(KIND_LIMIT).collect();
    found.map(Json).ok_or_else(|| Problem::not_found(format!("{kind} {shown:?}: expected one that exists and is yours to see")))
}

fn checked(kind: String) -> Result<String, Problem> {
    if (1..=KIND_LIMIT).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        return Ok(kind);
    }
    let shown: String = kind.chars().take(KIND_LIMIT).collect();
    Err(Problem::new(StatusCode::BAD_REQUEST, "id-malformed", format!("kind {shown:?}: expected a-z and '-', at most {KIND_LIMIT}")))
}
