//! Gates 卡口 over HTTP, beside their commands and records: snapshots for gates that may be cut off, and pass cards to print.

use crate::caller::Caller;
use crate::commands::{Asking, discreet};
use crate::problem::{Problem, ProblemBody};
use crate::qr::Qr;
use crate::request::Id;
use crate::state::{Dashboard, random};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::GateId;
use sealway_schemas::command::GateCommand;
use sealway_schemas::gate::{GateSnapshot, PassCardView, SignedText};
use sealway_schemas::ledger::Reference;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(snapshot)).routes(routes!(code))
}

/// What a gate needs to decide alone for some hours, signed by the platform
#[utoipa::path(post, path = "/gates/{id}/snapshots", tag = "gates", params(("id" = GateId, Path)),
    description = "`text` is a JSON object with notes, transfers and seals of the gate's place. The signature is over \
        `sealway/v1/gate-snapshot`, a line feed, and the text. Who took which one stands in the evidence log.",
    responses(
        (status = 200, body = SignedText),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn snapshot(State(dashboard): State<Dashboard>, asking: Asking, Id(gate): Id<GateId>) -> Result<Json<SignedText>, Problem> {
    let nonce = hex::encode(random::<16>());
    let taken = asking.send(&dashboard, GateCommand::TakeGateSnapshot { gate: gate.clone(), nonce }).await;
    let answer = taken.map_err(|problem| discreet(problem, asking.caller.scope()))?.answer;
    let again = || {
        let detail = format!("snapshot of gate {gate}: taken before under this key, expected a new key");
        Problem::new(StatusCode::CONFLICT, "snapshot-taken", detail)
    };
    let mut snapshot: GateSnapshot = serde_json::from_value(answer.ok_or_else(again)?).map_err(|error| Problem::internal(&error))?;
    for seal in &mut snapshot.seals {
        let mut nonce = [0; 16];
        hex::decode_to_slice(&seal.nonce, &mut nonce).map_err(|error| Problem::internal(&error))?;
        seal.message = hex::encode(dashboard.tracker.sign_challenge(&seal.device, nonce, snapshot.not_after));
    }
    let text = serde_json::to_string(&snapshot).map_err(|error| Problem::internal(&error))?;
    Ok(Json(dashboard.tracker.sign_text(GateSnapshot::PURPOSE, text)))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Form {
    Svg,
    Png,
    /// What the QR code says.
    Text,
}

/// A pass card as a QR code, signed by the platform
#[utoipa::path(get, path = "/pass-cards/{id}/{form}", tag = "gates", params(("id" = Reference, Path), ("form" = inline(Form), Path)), responses(
    (status = 200, content((String = "image/svg+xml"), (String = "image/png"), (String = "text/plain"))),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn code(State(dashboard): State<Dashboard>, caller: Caller, Path((id, form)): Path<(String, Form)>) -> Result<Response, Problem> {
    let found: Option<PassCardView> = dashboard.tracker.registry().recorded(caller.scope(), &id).await?;
    let shown: String = id.chars().take(64).collect();
    let card = found.ok_or_else(|| Problem::not_found(format!("pass card {shown:?}: expected one that was issued and is yours to see")))?;
    let text = dashboard.tracker.sign_card(&card.content);
    let qr = || Qr::of(&text).map_err(|error| Problem::internal(&error));
    Ok(match form {
        Form::Svg => ([(header::CONTENT_TYPE, "image/svg+xml")], qr()?.svg()).into_response(),
        Form::Png => ([(header::CONTENT_TYPE, "image/png")], qr()?.png().map_err(|error| Problem::internal(&error))?).into_response(),
        Form::Text => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
    })
}
