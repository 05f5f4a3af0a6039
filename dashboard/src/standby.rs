//! What a standby asks of its primary: the next entries, and to be believed that it has them.

use crate::body::Body;
use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::command::Role;
use sealway_tracker::proof::Hash;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Entries of one answer.
const COUNT: usize = 20_000;
const BYTES: usize = 4 << 20;
/// How long an answer waits for the first entry.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(frames)).routes(routes!(confirm))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct From {
    /// The number of the first entry wanted.
    from: u64,
}

/// Entries of the log as they lie there, for a standby
#[utoipa::path(get, path = "/log/frames", tag = "log", params(From),
    description = "Each entry after its length in four bytes, big endian. Waits up to 10 s for the first one; for administrators.",
    responses(
        (status = 200, body = String, content_type = "application/octet-stream"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn frames(State(dashboard): State<Dashboard>, caller: Caller, Params(From { from }): Params<From>) -> Result<Response, Problem> {
    caller.expect_role(&[Role::Admin])?;
    let until = Instant::now() + PATIENCE;
    let entries = loop {
        let tree = dashboard.tracker.tree().clone();
        let read = tokio::task::spawn_blocking(move || tree.entries(from, COUNT, BYTES)).await;
        let entries = read.map_err(|error| Problem::internal(&error))??;
        if !entries.is_empty() || Instant::now() >= until {
            break entries;
        }
        tokio::time::sleep(LOOK).await;
    };
    let mut body = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 4).sum());
    for entry in &entries {
        body.extend_from_slice(&u32::try_from(entry.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(entry);
    }
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))], body).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// Every entry below this number is on the standby's disk.
    size: u64,
    /// Root of the standby's tree over them, hex.
    root: String,
}

#[derive(Serialize, ToSchema)]
struct Confirmed {
    confirmed: u64,
}

/// A standby has the log up to here
#[utoipa::path(post, path = "/log/confirmations", tag = "log", request_body = Confirmation, responses(
    (status = 200, body = Confirmed),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn confirm(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Body(confirmation): Body<Confirmation>,
) -> Result<Json<Confirmed>, Problem> {
    caller.expect_role(&[Role::Admin])?;
    let mut root = [0; 32];
    hex::decode_to_slice(&confirmation.root, &mut root).map_err(|_| {
        let shown: String = confirmation.root.chars().take(64).collect();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-hex", format!("root {shown:?}: expected 32 bytes in hex"))
    })?;
    dashboard.tracker.confirm(confirmation.size, Hash::from_bytes(root))?;
    Ok(Json(Confirmed { confirmed: dashboard.tracker.confirmed() }))
}
