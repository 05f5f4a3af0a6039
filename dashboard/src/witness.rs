//! The HTTP face of a witness (C2SP tlog-witness): one address, `add-checkpoint`, answered in the specification's words.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sealway_tracker::proof::witness::NotCosigned;
use sealway_tracker::{AddFailure, WitnessKeeper};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const BODY: usize = 64 * 1024;

/// The routes of a witness.
pub fn witness_router(keeper: Arc<WitnessKeeper>) -> Router {
    Router::new().route("/add-checkpoint", post(add)).route("/key", get(key)).layer(DefaultBodyLimit::max(BODY)).with_state(keeper)
}

async fn key(State(keeper): State<Arc<WitnessKeeper>>) -> String {
    keeper.key() + "\n"
}

async fn add(State(keeper): State<Arc<WitnessKeeper>>, body: Bytes) -> Response {
    let Ok(body) = String::from_utf8(body.to_vec()) else {
        return (StatusCode::BAD_REQUEST, "request: expected UTF-8\n").into_response();
    };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let added = tokio::task::spawn_blocking(move || keeper.add(&body, seconds)).await;
    match added {
        Ok(Ok(line)) => line.into_response(),
        Ok(Err(failure)) => refused(&failure),
        Err(error) => {
            tracing::error!(%error, "a checkpoint was not looked at");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refused(failure: &AddFailure) -> Response {
    let status = match failure {
        AddFailure::Refused(NotCosigned::Conflict { size }) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/x.tlog.size"))];
            return (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response();
        }
        AddFailure::Refused(NotCosigned::Malformed(_) | NotCosigned::Backwards { .. }) => StatusCode::BAD_REQUEST,
        AddFailure::Refused(NotCosigned::UnknownLog(_)) => StatusCode::NOT_FOUND,
        AddFailure::Refused(NotCosigned::NotSigned) => StatusCode::FORBIDDEN,
        AddFailure::Refused(NotCosigned::Proof(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        AddFailure::Kept(error) => {
            tracing::error!(%error, "the witness cannot keep what it saw");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    (status, format!("{failure}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use sealway_tracker::proof::ProofFault;

    #[tokio::test]
    async fn a_refused_checkpoint_is_answered_by_the_status_of_the_specification() {
        for (refused_for, status) in [
            (NotCosigned::Malformed("no empty line before the checkpoint"), 400),
            (NotCosigned::Backwards { old: 9, size: 5 }, 400),
            (NotCosigned::NotSigned, 403),
            (NotCosigned::UnknownLog("sealway/1".to_owned()), 404),
            (NotCosigned::Conflict { size: 12 }, 409),
            (NotCosigned::Proof(ProofFault::Root), 422),
        ] {
            let conflict = matches!(refused_for, NotCosigned::Conflict { .. });
            let answer = refused(&AddFailure::Refused(refused_for));
            assert_eq!(answer.status().as_u16(), status);
            let kind = answer.headers().get(header::CONTENT_TYPE).unwrap().clone();
            assert_eq!(kind == "text/x.tlog.size", conflict, "{status}");
            let body = to_bytes(answer.into_body(), BODY).await.unwrap();
            assert_eq!(body.as_ref() == b"12\n", conflict, "the size that the witness has seen, and nothing else");
        }
    }
}
