//! The log for strangers and their tools: checkpoint and tiles as C2SP tlog-tiles lays them out, and proofs of single entries.
//!
//! Hashes give nothing away, so checkpoint and tiles are open to everyone. Entries hold what seals reported, so they are for those who
//! see all.

use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_tracker::TreeError;
use sealway_tracker::proof::tile::Tile;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A full tile and a bundle never change.
const FOR_EVER: HeaderValue = HeaderValue::from_static("max-age=31536000, immutable");
const NEWEST: HeaderValue = HeaderValue::from_static("no-cache");

/// Under `/tlog`.
pub(crate) fn tiles() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(checkpoint)).routes(routes!(tile))
}

/// Under the API.
pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(entry)).routes(routes!(growth))
}

/// The newest signed checkpoint of the log
#[utoipa::path(get, path = "/tlog/checkpoint", tag = "log", security(()),
    description = "A signed note (C2SP signed-note): name, size and root of the log's tree, signed by the platform key, and by witnesses where there are some.",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
async fn checkpoint(State(dashboard): State<Dashboard>) -> Result<Response, Problem> {
    let signed = dashboard.tracker.tree().shown();
    let signed = signed.ok_or_else(|| Problem::not_found("the log has no checkpoint yet, expected one a second after its first entry"))?;
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")), (header::CACHE_CONTROL, NEWEST)];
    Ok((headers, signed.note.clone()).into_response())
}

/// A tile of the log's tree, or a bundle of its entries
#[utoipa::path(get, path = "/tlog/tile/{*path}", tag = "log", security((), ("token" = []), ("session" = [])),
    description = "`<level>/<number>[.p/<width>]`: 256 hashes of 32 bytes, or the first `width` of them. `entries/<number>[.p/<width>]`: the \
        entries below a tile of level 0, each after its length in two bytes; for customs, auditors and administrators.",
    params(("path" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "application/octet-stream"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn tile(State(dashboard): State<Dashboard>, caller: Result<Caller, Problem>, Path(path): Path<String>) -> Result<Response, Problem> {
    let missing = || {
        let shown: String = path.chars().take(64).collect();
        Problem::not_found(format!("tile {shown:?}: expected one that the newest checkpoint covers"))
    };
    let tree = dashboard.tracker.tree().clone();
    let bytes = match path.strip_prefix("entries/") {
        Some(number) => {
            caller?.expect_to_see_all()?;
            let tile = Tile::parse(&format!("0/{number}")).ok_or_else(missing)?;
            let read = tokio::task::spawn_blocking(move || tree.bundle(tile.index, tile.width)).await;
            read.map_err(|error| Problem::internal(&error))??
        }
        None => tree.tile(Tile::parse(&path).ok_or_else(missing)?),
    };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")), (header::CACHE_CONTROL, FOR_EVER)];
    Ok((headers, bytes.ok_or_else(missing)?).into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Within {
    /// The tree's size; the newest checkpoint's where it is left out.
    size: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct ProvedEntry {
    seq: u64,
    /// As it lies in the log: deterministic CBOR, hex.
    entry: String,
    /// SHA-256 of the leaf, hex.
    leaf: String,
    size: u64,
    /// The hashes beside the way from the leaf up to the root, hex (RFC 6962, section 2.1.1).
    proof: Vec<String>,
}

/// An entry of the log, with the proof that it is in the tree
#[utoipa::path(get, path = "/log/entries/{id}", tag = "log", params(("id" = u64, Path), Within), responses(
    (status = 200, body = ProvedEntry),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn entry(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(seq): Id<u64>,
    Params(within): Params<Within>,
) -> Result<Json<ProvedEntry>, Problem> {
    caller.expect_to_see_all()?;
    let tree = dashboard.tracker.tree().clone();
    let size = within.size.or_else(|| tree.checkpoint().map(|signed| signed.checkpoint.size)).unwrap_or_default();
    let missing = || Problem::not_found(format!("entry {seq}: expected one below the tree's size, {size}"));
    let read = tokio::task::spawn_blocking(move || -> Result<_, TreeError> {
        let (Some(entry), Some(leaf)) = (tree.entry(seq)?, tree.leaf(seq)) else { return Ok(None) };
        Ok(Some((entry, leaf, tree.prove(seq, size)?)))
    });
    let (entry, leaf, proof) = read.await.map_err(|error| Problem::internal(&error))??.ok_or_else(missing)?;
    let proof = proof.iter().map(ToString::to_string).collect();
    Ok(Json(ProvedEntry { seq, entry: hex::encode(entry), leaf: leaf.to_string(), size, proof }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Between {
    old: u64,
    /// The newest checkpoint's where it is left out.
    size: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct Growth {
    old: u64,
    size: u64,
    /// RFC 6962, section 2.1.2, hex.
    proof: Vec<String>,
}

/// The proof that an older tree is the beginning of a newer one
#[utoipa::path(get, path = "/log/growth", tag = "log", params(Between), responses(
    (status = 200, body = Growth),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn growth(State(dashboard): State<Dashboard>, caller: Caller, Params(between): Params<Between>) -> Result<Json<Growth>, Problem> {
    caller.expect_to_see_all()?;
    let tree = dashboard.tracker.tree();
    let Between { old, size } = between;
    let size = size.or_else(|| tree.checkpoint().map(|signed| signed.checkpoint.size)).unwrap_or_default();
    let proof = tree.prove_growth(old, size)?;
    Ok(Json(Growth { old, size, proof: proof.iter().map(ToString::to_string).collect() }))
}

impl From<TreeError> for Problem {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Younger { .. } | TreeError::Proof(_) => Self::new(StatusCode::NOT_FOUND, "not-in-the-tree", error.to_string()),
            TreeError::Other { .. } => Self::new(StatusCode::CONFLICT, "other-tree", error.to_string()),
            TreeError::Io { .. }
            | TreeError::Log(_)
            | TreeError::Leaf { .. }
            | TreeError::NoCheckpoint(_)
            | TreeError::Key(_)
            | TreeError::Note(_) => Self::internal(&error),
        }
    }
}
