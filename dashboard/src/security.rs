//! What every answer carries, and how long one may take.

use crate::problem::Problem;
use crate::state::Dashboard;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// From the first byte of a request to the head of its answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// The page brings its own scripts, styles, fonts and map, and talks to nobody else.
const ALONE: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The content security policy; an authority's own map may be fetched from its `origin` beside.
pub(crate) fn policy(origin: Option<&str>) -> HeaderValue {
    let alone = HeaderValue::from_static(ALONE);
    let Some(origin) = origin else { return alone };
    let with_map = ALONE
        .replace("img-src 'self'", &format!("img-src 'self' {origin}"))
        .replace("connect-src 'self'", &format!("connect-src 'self' {origin}"));
    HeaderValue::from_str(&with_map).unwrap_or(alone)
}

pub(crate) async fn headers(State(dashboard): State<Dashboard>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    dashboard.figures.answered(response.status());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, dashboard.policy);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    // What the interface serves says by itself how long it may be kept.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if dashboard.secure_cookie {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "the request was not done within 30 s";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "deadline", detail).retry_after(5).into_response()
        }
    }
}
