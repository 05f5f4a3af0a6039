//! A browser's session: the token in a cookie that no script reads and no other site sends.

use crate::body::Body;
use crate::caller::{COOKIE, Unsaid, authenticate, expect_same_site};
use crate::problem::{Problem, ProblemBody};
use crate::state::Dashboard;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const HOURS_12_S: u32 = 43_200;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(open, close))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
}

/// Open a session
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn, responses(
    (status = 204, description = "The cookie `sealway_session` is set"),
    (status = 401, description = "The token is not known", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong tokens from this address", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn open(
    State(dashboard): State<Dashboard>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.0.ip());
    dashboard.throttle.take(dashboard.tracker.now(), from).map_err(|seconds| {
        let detail = format!("too many wrong tokens from {from}, expected the next one in {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(seconds)
    })?;
    authenticate(&dashboard, &sign_in.token).await?;
    dashboard.throttle.give_back(from);
    Ok(with_cookie(&dashboard, &sign_in.token, HOURS_12_S))
}

/// End the session
#[utoipa::path(delete, path = "/session", tag = "session", security(()), responses(
    (status = 204, description = "The cookie is taken away"),
    (status = 403, description = "Sent by another site", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn close(State(dashboard): State<Dashboard>, headers: HeaderMap) -> Result<Response, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    Ok(with_cookie(&dashboard, "", 0))
}

fn with_cookie(dashboard: &Dashboard, token: &str, seconds: u32) -> Response {
    let secure = if dashboard.secure_cookie { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
