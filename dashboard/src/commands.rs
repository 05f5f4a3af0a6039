//! From a request to a command: the tracker judges it, puts it into the evidence log, and answers once per key.

use crate::body::Written;
use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::state::{Dashboard, random};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sealway_schemas::Time;
use sealway_schemas::command::Command;
use sealway_schemas::signature::CommandSignature;
use sealway_tracker::{CommandReceipt, Scope};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
const SIGNATURE: &str = "sealway-signature";

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(send))
}

/// A caller who wants something changed, under a key that makes a request sent twice happen once.
pub(crate) struct Asking {
    pub(crate) caller: Caller,
    pub(crate) key: String,
}

impl FromRequestParts<Dashboard> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, dashboard: &Dashboard) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, dashboard).await?;
        let key = match parts.headers.get(IDEMPOTENCY_KEY) {
            None => hex::encode(random::<16>()),
            Some(key) => key.to_str().map(str::to_owned).map_err(|_| {
                Problem::new(StatusCode::BAD_REQUEST, "idempotency-key", "idempotency key: expected 1 to 128 printable ASCII characters")
            })?,
        };
        Ok(Self { caller, key })
    }
}

impl Asking {
    /// Bytes that the same request gives again.
    pub(crate) fn secret(&self, dashboard: &Dashboard, purpose: &str) -> [u8; 32] {
        dashboard.secret_for(purpose, self.caller.principal().user.as_str(), &self.key)
    }

    pub(crate) async fn send(&self, dashboard: &Dashboard, command: impl Into<Command>) -> Result<CommandReceipt, Problem> {
        let body = serde_json::to_vec(&command.into())
            .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body-invalid", format!("body: {error}")))?;
        self.send_as_written(dashboard, body.into(), None).await
    }

    /// Bytes as the person signed them.
    pub(crate) async fn send_as_written(
        &self,
        dashboard: &Dashboard,
        body: Bytes,
        signature: Option<CommandSignature>,
    ) -> Result<CommandReceipt, Problem> {
        Ok(dashboard.tracker.command(self.caller.signer(), self.key.clone(), body, signature).await?)
    }
}

/// Key id and signature of the person, 72 bytes in hex.
fn signature(headers: &HeaderMap) -> Result<Option<CommandSignature>, Problem> {
    let Some(value) = headers.get(SIGNATURE) else { return Ok(None) };
    let parsed = hex::decode(value).ok().and_then(|bytes| CommandSignature::from_bytes(&bytes).ok());
    parsed.map(Some).ok_or_else(|| {
        let detail = "header Sealway-Signature: expected 144 hex digits, the key id and the signature";
        Problem::new(StatusCode::BAD_REQUEST, "signature-malformed", detail)
    })
}

/// Send a command as it is written, signed or not
#[utoipa::path(post, path = "/commands", tag = "commands",
    description = "The body is kept byte for byte in the evidence log. A person's signature is over `sealway/v1/command`, the user, the party and \
        the idempotency key, each ended by a line feed, then the body.",
    params(
        ("idempotency-key" = Option<String>, Header, description = "Needed with a signature"),
        ("sealway-signature" = Option<String>, Header, description = "8 bytes of key id and 64 of signature, in hex"),
    ),
    request_body = Command,
    responses(
        (status = 200, body = Receipt),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn send(
    State(dashboard): State<Dashboard>,
    headers: HeaderMap,
    asking: Asking,
    Written(body): Written,
) -> Result<Json<Receipt>, Problem> {
    let signature = signature(&headers)?;
    if signature.is_some() && !headers.contains_key(IDEMPOTENCY_KEY) {
        let detail = "header Idempotency-Key: missing, expected the key that was signed";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency-key", detail));
    }
    let receipt = asking.send_as_written(&dashboard, body, signature).await;
    receipt.map(|receipt| Json(receipt.into())).map_err(|problem| discreet(problem, asking.caller.scope()))
}

/// A refusal may name what is another party's: for those who do not see all, it says less. Places and corridors are everybody's.
pub(crate) fn discreet(problem: Problem, scope: &Scope) -> Problem {
    if *scope == Scope::All {
        return problem;
    }
    match problem.code() {
        "unknown-place" | "unknown-corridor" => problem,
        code if code.starts_with("unknown-") || code == "not-yours" || code == "seal-not-yours" => {
            Problem::not_found("the command is about something that does not exist, expected something that exists and is yours")
        }
        "unit-bound" => problem.saying("the unit is bound to another transfer, expected one without an active transfer".to_owned()),
        "seal-bound" => problem.saying("the seal is bound to another transfer, expected one without an active transfer".to_owned()),
        _ => problem,
    }
}

/// A command that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Of what was made or changed.
    id: String,
    at: Time,
    /// The same key came before: nothing changed this time.
    repeated: bool,
    /// What was asked for beside the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    answer: Option<serde_json::Value>,
}

impl From<CommandReceipt> for Receipt {
    fn from(receipt: CommandReceipt) -> Self {
        Self { id: receipt.subject, at: receipt.at, repeated: receipt.repeated, answer: receipt.answer }
    }
}

/// 201 with the place of what was made.
pub(crate) fn created(under: &str, id: &str, body: impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/{under}/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
