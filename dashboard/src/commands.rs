//! From a request to a command: the tracker judges it, puts it into the evidence log, and answers once per key.

use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::{Dashboard, random};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::Time;
use sealway_schemas::command::Command;
use sealway_tracker::CommandReceipt;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

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

    pub(crate) async fn send(&self, dashboard: &Dashboard, command: &Command) -> Result<CommandReceipt, Problem> {
        let body = serde_json::to_vec(command)
            .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body-invalid", format!("body: {error}")))?;
        let receipt = dashboard.tracker.command(self.caller.signer(), self.key.clone(), body.into()).await?;
        Ok(receipt)
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
}

impl From<CommandReceipt> for Receipt {
    fn from(receipt: CommandReceipt) -> Self {
        Self { id: receipt.subject, at: receipt.at, repeated: receipt.repeated }
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
