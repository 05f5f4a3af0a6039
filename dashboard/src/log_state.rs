//! How well the evidence is kept: what the bar of every screen says of it.

use crate::caller::Caller;
use crate::problem::ProblemBody;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use sealway_tracker::SignedCheckpoint;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(state))
}

#[derive(Serialize, ToSchema)]
struct LogState {
    /// Entries on this platform's disk.
    entries: u64,
    /// Entries under the newest checkpoint.
    checkpoint: Option<u64>,
    /// Entries under the newest checkpoint that witnesses cosigned. Absent without witnesses.
    cosigned: Option<u64>,
    /// Entries that a standby has on its disk: what seals hear as `released` rests on it. Absent while none has said so.
    standby: Option<u64>,
    /// Nothing is taken until there is room on the disk.
    disk_full: bool,
    /// Faults that the background check of the log and its tree has found.
    scrub_faults: u64,
}

/// How well the evidence is kept
#[utoipa::path(get, path = "/log/state", tag = "log", responses(
    (status = 200, body = LogState),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn state(State(dashboard): State<Dashboard>, _caller: Caller) -> Json<LogState> {
    let figures = dashboard.tracker.metrics();
    let tree = dashboard.tracker.tree();
    let size = |signed: Arc<SignedCheckpoint>| signed.checkpoint.size;
    Json(LogState {
        entries: figures.log_entries,
        checkpoint: tree.checkpoint().map(size),
        cosigned: tree.cosigned().map(size),
        standby: (figures.confirmed > 0).then_some(figures.confirmed),
        disk_full: figures.disk_full,
        scrub_faults: figures.scrub_faults,
    })
}
