//! What other systems are told of a transfer, in the words of their own standards. An export is made of what the caller may see; it adds
//! nothing to it.

mod cargo;
mod eaeu;
mod epcis;
mod steps;
mod story;
#[cfg(test)]
mod tests;

use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::Id;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use eaeu::Message;
use sealway_schemas::TransferId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(epcis)).routes(routes!(eaeu))
}

/// A transfer as an EPCIS 2.0 document
#[utoipa::path(get, path = "/transfers/{id}/epcis", tag = "transfers", params(("id" = TransferId, Path)),
    description = "GS1 EPCIS 2.0, JSON-LD. What the platform adds stands under `sealway:`; DCSA event codes are `sealway:dcsa`.",
    responses(
        (status = 200, body = serde_json::Value, content_type = "application/ld+json"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn epcis(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Response, Problem> {
    let story = story::tell(&dashboard, &caller, &id).await?;
    Ok(([(header::CONTENT_TYPE, "application/ld+json")], epcis::document(&story).to_string()).into_response())
}

/// A transfer's alerts in the codes of the EAEU's navigation seals
#[utoipa::path(get, path = "/transfers/{id}/eaeu", tag = "transfers", params(("id" = TransferId, Path)),
    description = "Codes 01 to 07, oldest first. An alert that the EAEU's list has no code for is not in it.",
    responses(
        (status = 200, body = [Message]),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn eaeu(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Json<Vec<Message>>, Problem> {
    let story = story::tell(&dashboard, &caller, &id).await?;
    Ok(Json(eaeu::messages(&story)))
}
