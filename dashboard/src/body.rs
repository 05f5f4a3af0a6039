//! Request bodies: bounded before they are read, JSON only, and refused with the place where they are wrong.

use crate::json;
use crate::problem::Problem;
use axum::body::{Body as HttpBody, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use futures::StreamExt as _;
use sealway_tracker::COMMAND_BYTES_LIMIT;
use serde::de::DeserializeOwned;

/// Most requests are a few fields.
pub(crate) const SMALL: usize = 64 * 1024;
/// A GeoJSON feature.
pub(crate) const FEATURE: usize = 1024 * 1024;
/// What is too large is read on up to this far, so that its sender gets to read the answer.
const DRAIN: usize = 16 * 1024 * 1024;

/// A JSON body of at most `LIMIT` bytes.
pub(crate) struct Body<T, const LIMIT: usize = SMALL>(pub(crate) T);

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, LIMIT).await?;
        expect_json(&parts.headers)?;
        json::parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, SMALL).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        expect_json(&parts.headers)?;
        json::parse(&bytes).map(Self)
    }
}

/// A JSON body as it was written, byte for byte: a command.
pub(crate) struct Written(pub(crate) Bytes);

impl<S: Sync> FromRequest<S> for Written {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, COMMAND_BYTES_LIMIT).await?;
        expect_json(&parts.headers)?;
        Ok(Self(bytes))
    }
}

pub(crate) async fn read(headers: &HeaderMap, body: HttpBody, limit: usize) -> Result<Bytes, Problem> {
    let claimed = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    if claimed.is_some_and(|claimed| claimed > limit) {
        drain(chunks, 0).await;
        return Err(too_large(claimed, limit));
    }
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "body-broken", format!("body ended early: {error}")))?;
        if read.len() + chunk.len() > limit {
            drain(chunks, read.len() + chunk.len()).await;
            return Err(too_large(claimed, limit));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.into())
}

async fn drain(mut chunks: BodyDataStream, mut read: usize) {
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > DRAIN {
            return;
        }
    }
}

fn too_large(claimed: Option<usize>, limit: usize) -> Problem {
    let found = claimed.map_or_else(|| "a longer one".to_owned(), |claimed| format!("{claimed} bytes"));
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", format!("body: {found}, expected at most {limit} bytes"))
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let claimed = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none");
    let kind = claimed.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        return Ok(());
    }
    let shown: String = claimed.chars().take(64).collect();
    let detail = format!("content type {shown:?}, expected application/json or application/geo+json");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", detail))
}
