//! A browser's session begins and ends here.

use super::password::{self, Password};
use super::visitor::{Known, Visitor, give_back, spend_code, wrong_code};
use super::{Proof, Session, SessionKey};
use crate::body::Body;
use crate::caller::{COOKIE, Unsaid, authenticate, cookie, expect_same_site};
use crate::problem::{Problem, ProblemBody};
use crate::state::Dashboard;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealway_schemas::UserId;
use sealway_tracker::Principal;
use sealway_tracker::accounts::{Account, PasswordHash};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(open, close)).routes(routes!(open_by_password))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordSignIn {
    user: String,
    password: Password,
    /// Of the second factor: six digits, or a recovery code. Asked for by `code-required`.
    code: Option<String>,
}

/// Open a session by a token
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn, responses(
    (status = 204, description = "The cookie `sealway_session` is set"),
    (status = 401, description = "The token is not known", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong attempts from this address", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn open(
    State(dashboard): State<Dashboard>,
    visitor: Visitor,
    headers: HeaderMap,
    Body(SignIn { token }): Body<SignIn>,
) -> Result<Response, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    visitor.attempt(&dashboard)?;
    let principal = authenticate(&dashboard, &token).await?;
    visitor.succeeded(&dashboard);
    let answer = StatusCode::NO_CONTENT.into_response();
    Ok(let_in(&dashboard, &headers, (visitor, &principal), (Proof::Token(token), false), answer))
}

/// Open a session by user and password
#[utoipa::path(post, path = "/session/password", tag = "session", security(()), request_body = PasswordSignIn, responses(
    (status = 204, description = "The cookie `sealway_session` is set"),
    (status = 401, description = "`wrong-credentials`; `code-required` and `wrong-code` where the account has a second factor", body = ProblemBody,
        content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong attempts from this address or for this user", body = ProblemBody,
        content_type = "application/problem+json"),
))]
async fn open_by_password(
    State(dashboard): State<Dashboard>,
    visitor: Visitor,
    headers: HeaderMap,
    Body(PasswordSignIn { user, password, code }): Body<PasswordSignIn>,
) -> Result<Response, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    let Known { principal, account } = visitor.prove(&dashboard, &user, &password).await?;
    let confirmed = account.second_factor.as_ref().is_some_and(|factor| factor.confirmed_at.is_some());
    if confirmed {
        check_code(&dashboard, (visitor, &principal.user), code).await?;
    }
    visitor.succeeded(&dashboard);
    give_back(&dashboard, &principal.user);
    if let Some(dated) = account.password.filter(password::is_dated) {
        strengthen(&dashboard, &principal.user, (password, dated)).await?;
    }
    let limited = !confirmed && dashboard.rules.second_factor.contains(&principal.role);
    let answer = StatusCode::NO_CONTENT.into_response();
    Ok(let_in(&dashboard, &headers, (visitor, &principal), (Proof::Password, limited), answer))
}

async fn check_code(dashboard: &Dashboard, (visitor, user): (Visitor, &UserId), code: Option<String>) -> Result<(), Problem> {
    let Some(code) = code else {
        // Nothing was wrong so far.
        visitor.succeeded(dashboard);
        give_back(dashboard, user);
        let detail = "code: missing, expected the one that the device shows now, or a recovery code";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "code-required", detail));
    };
    if spend_code(dashboard, user, code).await? {
        return Ok(());
    }
    tracing::warn!(from = %visitor.0, %user, "a password was right and its code wrong");
    Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong-code", wrong_code()))
}

/// Keeps the password with today's figures, unless it was changed meanwhile.
async fn strengthen(dashboard: &Dashboard, user: &UserId, (password, dated): (Password, PasswordHash)) -> Result<(), Problem> {
    let better = password::hash(dashboard, &password, dated.set_at).await?;
    let replace = move |account: &mut Account| {
        if account.password.as_ref() == Some(&dated) {
            account.password = Some(better);
        }
        Ok::<_, Problem>(())
    };
    dashboard.tracker.accounts().change(user, replace).await
}

/// Always a new session: whatever name the browser brought along opens nothing from now on.
pub(super) fn let_in(
    dashboard: &Dashboard,
    headers: &HeaderMap,
    (Visitor(from), principal): (Visitor, &Principal),
    (proof, limited): (Proof, bool),
    answer: Response,
) -> Response {
    let now = dashboard.tracker.now();
    if let Some(old) = cookie(headers) {
        dashboard.sessions.close(now, SessionKey::of(old));
    }
    let (user, role) = (principal.user.clone(), principal.role);
    let name = dashboard.sessions.open(Session { user, role, proof, limited, from, opened_at: now, used_at: now });
    with_cookie(dashboard, answer, &name)
}

/// End the session
#[utoipa::path(delete, path = "/session", tag = "session", security(()), responses(
    (status = 204, description = "The session is over and the cookie taken away"),
    (status = 403, description = "Sent by another site", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn close(State(dashboard): State<Dashboard>, headers: HeaderMap) -> Result<Response, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    if let Some(name) = cookie(&headers) {
        dashboard.sessions.close(dashboard.tracker.now(), SessionKey::of(name));
    }
    Ok(without_cookie(&dashboard))
}

/// An answer that gives the browser its session's name.
pub(super) fn with_cookie(dashboard: &Dashboard, response: Response, name: &str) -> Response {
    session_cookie(dashboard, response, (name, dashboard.sessions.absolute_ms() / 1000))
}

pub(super) fn without_cookie(dashboard: &Dashboard) -> Response {
    session_cookie(dashboard, StatusCode::NO_CONTENT.into_response(), ("", 0))
}

fn session_cookie(dashboard: &Dashboard, response: Response, (name, seconds): (&str, u64)) -> Response {
    set_cookie(dashboard, response, (&format!("{COOKIE}={name}; Path=/; Max-Age={seconds}"), "Strict"))
}

/// No script reads it, and where the interface is reached by TLS it is sent nowhere else.
pub(super) fn set_cookie(dashboard: &Dashboard, mut response: Response, (cookie, same_site): (&str, &str)) -> Response {
    let secure = if dashboard.secure_cookie { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::try_from(format!("{cookie}; HttpOnly; SameSite={same_site}{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
