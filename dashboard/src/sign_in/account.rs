//! A person's own account: what he signs in with, and where he is signed in.

use super::Session;
use super::door::{with_cookie, without_cookie};
use super::password::{self, Password};
use super::visitor::expect_password;
use crate::body::Body;
use crate::caller::{Caller, Person};
use crate::problem::{Problem, ProblemBody};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sealway_schemas::{Time, UserId};
use sealway_tracker::accounts::{Account, SecondFactor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(account)).routes(routes!(change_password)).routes(routes!(sign_out_everywhere))
}

/// How far a second factor is set up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum FactorState {
    Off,
    /// No code of the device was seen yet.
    Pending,
    On,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnAccount)]
struct AccountBody {
    user: UserId,
    name: String,
    /// Absent where no password was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_set_at: Option<Time>,
    second_factor: FactorState,
    /// The person's role asks for one.
    second_factor_required: bool,
    recovery_codes_left: usize,
    /// A session ends when its person does nothing for so long.
    idle_ms: u64,
    sessions: Vec<SessionRow>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnSession)]
struct SessionRow {
    opened_at: Time,
    used_at: Time,
    /// When it ends in any case.
    ends_at: Time,
    /// `token`, `password` or `oidc`.
    by: &'static str,
    from: String,
    /// The one that asks.
    own: bool,
}

/// The caller's account
#[utoipa::path(get, path = "/account", tag = "account", responses(
    (status = 200, body = AccountBody),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn account(State(dashboard): State<Dashboard>, Person { caller, .. }: Person) -> Json<AccountBody> {
    let principal = caller.principal();
    let account = dashboard.tracker.accounts().of(&principal.user);
    let (factor, recovery_codes_left) = match &account.second_factor {
        None => (FactorState::Off, 0),
        Some(SecondFactor { confirmed_at: None, .. }) => (FactorState::Pending, 0),
        Some(SecondFactor { recovery, .. }) => (FactorState::On, recovery.len()),
    };
    Json(AccountBody {
        user: principal.user.clone(),
        name: principal.name.clone(),
        password_set_at: account.password.map(|password| password.set_at),
        second_factor: factor,
        second_factor_required: dashboard.rules.second_factor.contains(&principal.role),
        recovery_codes_left,
        idle_ms: dashboard.sessions.idle_ms(),
        sessions: sessions(&dashboard, &caller),
    })
}

fn sessions(dashboard: &Dashboard, caller: &Caller) -> Vec<SessionRow> {
    let all = dashboard.sessions.of(dashboard.tracker.now(), &caller.principal().user);
    let row = |(key, session): (_, Session)| SessionRow {
        opened_at: session.opened_at,
        used_at: session.used_at,
        ends_at: session.opened_at.plus_ms(dashboard.sessions.absolute_ms()),
        by: session.proof.name(),
        from: session.from.to_string(),
        own: caller.session() == Some(key),
    };
    all.into_iter().map(row).collect()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    current: Password,
    new: Password,
}

/// Change the password; every other session ends
#[utoipa::path(post, path = "/account/password", tag = "account", request_body = PasswordChange, responses(
    (status = 204, description = "Changed; the session has a new name"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn change_password(
    State(dashboard): State<Dashboard>,
    Person { caller, .. }: Person,
    Body(PasswordChange { current, new }): Body<PasswordChange>,
) -> Result<Response, Problem> {
    let principal = caller.principal();
    expect_password(&dashboard, &caller, &current).await?;
    new.judge(&[principal.user.as_str(), &principal.name])?;
    let hash = password::hash(&dashboard, &new, dashboard.tracker.now()).await?;
    let set = move |account: &mut Account| {
        account.password = Some(hash);
        account.link = None;
        Ok::<_, Problem>(())
    };
    dashboard.tracker.accounts().change(&principal.user, set).await?;
    tracing::info!(user = %principal.user, "a password was changed");
    Ok(alone(&dashboard, &caller, StatusCode::NO_CONTENT.into_response(), |_| {}))
}

/// After a change of what the person signs in with: every other session ends, and this one goes on under another name.
pub(super) fn alone(dashboard: &Dashboard, caller: &Caller, response: Response, change: impl FnOnce(&mut Session)) -> Response {
    let now = dashboard.tracker.now();
    dashboard.sessions.close_all(now, &caller.principal().user, caller.session());
    match caller.session().and_then(|key| dashboard.sessions.rotate(now, key, change)) {
        Some(name) => with_cookie(dashboard, response, &name),
        None => response,
    }
}

/// Sign out everywhere
#[utoipa::path(delete, path = "/account/sessions", tag = "account", responses(
    (status = 204, description = "Every session of the caller is over, this one too"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn sign_out_everywhere(State(dashboard): State<Dashboard>, Person { caller, .. }: Person) -> Response {
    dashboard.sessions.close_all(dashboard.tracker.now(), &caller.principal().user, None);
    without_cookie(&dashboard)
}
