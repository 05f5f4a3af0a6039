//! Reports of a seal as they lie in the evidence log: what an alert rests on, byte for byte.

use crate::caller::Caller;
use crate::devices::find;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use crate::track::visible_since;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const COUNTERS: usize = 64;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(reports))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// 1 to 64 counters, with commas between them.
    ctrs: String,
}

#[derive(Serialize, ToSchema)]
struct KeptReports {
    device: DeviceId,
    /// Lowest counter first; every version of a counter in the order in which they came.
    reports: Vec<KeptReport>,
    /// The `sealed` reports of their epochs, which hold the epoch keys.
    sealings: Vec<KeptReport>,
}

#[derive(Serialize, ToSchema)]
struct KeptReport {
    /// Number of the log's entry.
    seq: u64,
    ctr: u64,
    received_at: Time,
    /// The COSE_Sign1 as it was received, hex.
    bytes: String,
}

/// Reports of a device as they were received, by their counters
#[utoipa::path(get, path = "/devices/{id}/reports", tag = "devices", params(("id" = DeviceId, Path), Which), responses(
    (status = 200, body = KeptReports),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn reports(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Params(which): Params<Which>,
) -> Result<Json<KeptReports>, Problem> {
    let counters = counters(&which.ctrs)?;
    let device = find(&dashboard, &caller, &id).await?;
    let since = visible_since(caller.scope(), &device);
    let _turn = dashboard.tracks.acquire().await;
    let found = dashboard.tracker.reports(id, counters).await?;
    let shown =
        |list: Vec<sealway_tracker::KeptReport>| list.into_iter().filter(|kept| kept.received_at >= since).map(KeptReport::from).collect();
    Ok(Json(KeptReports { device: id, reports: shown(found.reports), sealings: shown(found.sealings) }))
}

fn counters(text: &str) -> Result<BTreeSet<u64>, Problem> {
    let parsed: Result<BTreeSet<u64>, _> = text.split(',').map(|ctr| ctr.trim().parse()).collect();
    parsed.ok().filter(|counters| counters.len() <= COUNTERS).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Problem::new(
            StatusCode::BAD_REQUEST,
            "query-invalid",
            format!("ctrs: {shown:?}, expected 1 to {COUNTERS} numbers with commas between"),
        )
    })
}

impl From<sealway_tracker::KeptReport> for KeptReport {
    fn from(kept: sealway_tracker::KeptReport) -> Self {
        let sealway_tracker::KeptReport { seq, ctr, received_at, bytes } = kept;
        Self { seq, ctr, received_at, bytes: hex::encode(bytes) }
    }
}
