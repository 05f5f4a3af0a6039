//! Ledgers 底账 over HTTP: a file as it is goes in, what became of each line comes out.

use crate::body::read;
use crate::caller::Caller;
use crate::commands::{Asking, discreet};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use sealway_schemas::command::LedgerCommand;
use sealway_schemas::ledger::{LedgerComparison, LedgerFormat, LedgerImport, Reference};
use sealway_schemas::{PartyId, TransferId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Inside a command's limit with room for the escapes that JSON puts into it.
const FILE: usize = 5_000_000;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(compared))
}

/// A ledger's file as it was sent.
struct LedgerFile {
    format: LedgerFormat,
    content: String,
}

impl<S: Sync> FromRequest<S> for LedgerFile {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, FILE).await?;
        let format = format(&parts.headers)?;
        let content = String::from_utf8(bytes.into())
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "body-invalid", format!("file: {error}, expected UTF-8")))?;
        Ok(Self { format, content })
    }
}

fn format(headers: &HeaderMap) -> Result<LedgerFormat, Problem> {
    let claimed = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none");
    match claimed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(LedgerFormat::Json),
        "text/csv" => Ok(LedgerFormat::Csv),
        "application/xml" | "text/xml" => Ok(LedgerFormat::Xml),
        _ => {
            let shown: String = claimed.chars().take(64).collect();
            let detail = format!("content type {shown:?}, expected application/json, text/csv or application/xml");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", detail))
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// The caller's own party where it is left out.
    enterprise: Option<PartyId>,
    reference: Reference,
}

/// Import a ledger; every line is taken or refused by itself
#[utoipa::path(post, path = "/ledger/imports", tag = "ledger",
    description = "A reference counts once: the same file again gets the same answer, another file under it is refused. The formats are \
        described in `schemas/ledger/`.",
    params(Whose, ("idempotency-key" = Option<String>, Header)),
    request_body(content((String = "application/json"), (String = "text/csv"), (String = "application/xml"))),
    responses(
        (status = 200, body = LedgerImport),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn import(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Params(Whose { enterprise, reference }): Params<Whose>,
    LedgerFile { format, content }: LedgerFile,
) -> Result<Json<LedgerImport>, Problem> {
    let scope = asking.caller.scope();
    let enterprise = enterprise.unwrap_or_else(|| asking.caller.principal().party.clone());
    let receipt = asking.send(&dashboard, LedgerCommand::ImportLedger { enterprise, reference, format, content }).await;
    let id = receipt.map_err(|problem| discreet(problem, scope))?.subject;
    let import = dashboard.tracker.registry().recorded(scope, &id).await?;
    import.map(Json).ok_or_else(|| Problem::not_found(format!("import {id}: expected one that is yours to see")))
}

/// Ledger, declaration and release note of a transfer, compared
#[utoipa::path(get, path = "/transfers/{id}/ledger", tag = "ledger", params(("id" = TransferId, Path)), responses(
    (status = 200, body = LedgerComparison),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn compared(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Json<LedgerComparison>, Problem> {
    let found = dashboard.tracker.registry().recorded(caller.scope(), id.as_str()).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("transfer {id}: expected one with declared goods that is yours to see")))
}
