//! Problem details (RFC 9457): what every refused request is answered with. `code` is stable; the interface translates it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::movement::{Arrow, MovementState};
use sealway_tracker::accounts::AccountsError;
use sealway_tracker::series::SeriesError;
use sealway_tracker::{CommandFailure, CommandRefusal, RefusedStep, RegistryError, TrackError, TrialError};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The JSON of a problem.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:sealway:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// Stable, kebab-case.
    code: String,
    /// Names the value and what was expected.
    detail: String,
    /// Where in the sent JSON: `corridor`, `circle.lat_e7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// Of a transfer's refused step: where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<MovementState>,
    /// The arrow that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrow: Option<Arrow>,
    /// What the arrow needs first, in stable words; none where it does not start from `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Vec<&'static str>>,
}

/// Where a JSON text is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    spot: Option<Spot>,
    step: Option<Box<RefusedStep>>,
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), spot: None, step: None, retry_after_s: None }
    }

    pub(crate) fn at(self, spot: Spot) -> Self {
        Self { spot: Some(spot), ..self }
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn saying(self, detail: String) -> Self {
        Self { detail, ..self }
    }

    pub(crate) fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-authenticated", detail)
    }

    /// Also for what exists and is not the caller's: which of the two is nobody's business.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the platform failed; its log says why")
    }

    pub(crate) fn disk_full() -> Self {
        let detail = "the platform's disk is full and nothing is taken, expected a request after there is room again";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail).retry_after(30)
    }

    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the platform is stopping, expected a request after its restart")
            .retry_after(5)
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        Self::internal(&error)
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Stopped => Self::stopping(),
            AccountsError::Io { .. } | AccountsError::Form { .. } | AccountsError::Open { .. } => Self::internal(&error),
        }
    }
}

impl From<SeriesError> for Problem {
    /// The series is a view: that it cannot answer now says nothing about the evidence.
    fn from(error: SeriesError) -> Self {
        tracing::warn!(%error, "the series did not answer");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "series-unavailable",
            "the time series does not answer now; the evidence log is not touched by that",
        )
    }
}

impl From<TrackError> for Problem {
    fn from(error: TrackError) -> Self {
        match error {
            TrackError::Stopped => Self::stopping(),
            TrackError::Log(error) => Self::internal(&error),
        }
    }
}

impl From<TrialError> for Problem {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Geometry(refusal) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code(), refusal.to_string()),
            TrialError::Registry(error) => error.into(),
            TrialError::Series(error) => error.into(),
        }
    }
}

impl From<CommandFailure> for Problem {
    fn from(failure: CommandFailure) -> Self {
        match failure {
            CommandFailure::Refused(CommandRefusal { code, detail, step }) => {
                Self { step: step.map(Box::new), ..Self::new(status_of(code), code, detail) }
            }
            CommandFailure::Stopped => Self::stopping(),
            CommandFailure::DiskFull => Self::disk_full(),
        }
    }
}

/// The status of a command's refusal; one that is not named here is about the content.
fn status_of(code: &str) -> StatusCode {
    match code {
        "role-forbids"
        | "other-district"
        | "signature-required"
        | "signature-invalid"
        | "signing-key-unknown"
        | "not-yours"
        | "seal-not-yours" => StatusCode::FORBIDDEN,
        "idempotency-key" => StatusCode::BAD_REQUEST,
        "too-large" | "feature-too-large" => StatusCode::PAYLOAD_TOO_LARGE,
        "alert-acknowledged"
        | "card-exists"
        | "card-revoked"
        | "decision-exists"
        | "gate-chain"
        | "not-drawn"
        | "note-exists"
        | "note-spent"
        | "truck-not-held"
        | "alert-decided"
        | "already-split"
        | "arrow-illegal"
        | "arrow-needs"
        | "cargo-fixed"
        | "corridor-places-fixed"
        | "custody-hole"
        | "declaration-exists"
        | "delivery-collected"
        | "enterprise-fixed"
        | "import-exists"
        | "not-satisfactory"
        | "not-written-off"
        | "posting-reversed"
        | "quantity-short"
        | "transfer-left"
        | "written-off"
        | "corridor-stranded"
        | "device-enrolled"
        | "grant-exists"
        | "idempotency-key-reused"
        | "key-known"
        | "not-quarantined"
        | "party-role-fixed"
        | "seal-bound"
        | "seal-holds"
        | "token-exists"
        | "transfer-exists"
        | "unit-bound"
        | "user-party-fixed"
        | "webhook-party-fixed" => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (path, line, column) = match self.spot {
            Some(spot) => (Some(spot.path), Some(spot.line), Some(spot.column)),
            None => (None, None, None),
        };
        let (state, arrow, missing) = match self.step {
            Some(step) => (Some(step.state), Some(step.arrow), Some(step.missing)),
            None => (None, None, None),
        };
        let body = ProblemBody {
            kind: format!("urn:sealway:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            path,
            line,
            column,
            state,
            arrow,
            missing,
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], json).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sealway\""));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
