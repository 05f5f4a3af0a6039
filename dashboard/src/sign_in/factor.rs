//! The second factor: set up with a QR code, confirmed by the device's first code, taken off with password and code.

use super::account::alone;
use super::code;
use super::password::Password;
use super::visitor::{expect_code, expect_password, wrong_code};
use crate::body::Body;
use crate::caller::Person;
use crate::problem::{Problem, ProblemBody};
use crate::qr::Qr;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sealway_tracker::accounts::{Account, SecondFactor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(confirm)).routes(routes!(remove)).routes(routes!(renew_recovery))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ByPassword {
    password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ByCode {
    code: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ByBoth {
    password: Password,
    code: String,
}

/// The one time that the key is told.
#[derive(Serialize, ToSchema)]
struct FactorKey {
    /// Base32, to be typed in.
    key: String,
    /// `otpauth://`
    uri: String,
    /// The same as a QR code, an SVG.
    qr: String,
}

/// The one time that the codes are told.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Begin to set up a second factor
#[utoipa::path(post, path = "/account/second-factor", tag = "account", request_body = ByPassword, responses(
    (status = 201, body = FactorKey),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn begin(
    State(dashboard): State<Dashboard>,
    Person { caller, .. }: Person,
    Body(ByPassword { password }): Body<ByPassword>,
) -> Result<Response, Problem> {
    expect_password(&dashboard, &caller, &password).await?;
    let user = &caller.principal().user;
    let factor = code::new_factor();
    let uri = code::uri(&factor, user);
    let qr = Qr::of(&uri).map_err(|error| Problem::internal(&error))?.svg();
    let shown = FactorKey { key: code::key_text(&factor), uri, qr };
    let begin = move |account: &mut Account| {
        expect_unconfirmed(account)?;
        account.second_factor = Some(factor);
        Ok::<_, Problem>(())
    };
    dashboard.tracker.accounts().change(user, begin).await?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// Confirm the second factor by a code of the device; every other session ends
#[utoipa::path(post, path = "/account/second-factor/confirm", tag = "account", request_body = ByCode, responses(
    (status = 200, body = RecoveryCodes),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn confirm(
    State(dashboard): State<Dashboard>,
    Person { caller, .. }: Person,
    Body(ByCode { code }): Body<ByCode>,
) -> Result<Response, Problem> {
    let user = &caller.principal().user;
    let now = dashboard.tracker.now();
    let (recovery_codes, kept) = code::new_recovery();
    let confirm = move |account: &mut Account| {
        expect_unconfirmed(account)?;
        let factor = account.second_factor.as_mut().ok_or_else(no_factor)?;
        if !code::spend(factor, now, &code) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "wrong-code", wrong_code()));
        }
        factor.confirmed_at = Some(now);
        factor.recovery = kept;
        Ok(())
    };
    dashboard.tracker.accounts().change(user, confirm).await?;
    tracing::info!(%user, "a second factor was set up");
    let shown = Json(RecoveryCodes { recovery_codes }).into_response();
    Ok(alone(&dashboard, &caller, shown, |session| session.limited = false))
}

/// Take the second factor off; every other session ends
#[utoipa::path(post, path = "/account/second-factor/remove", tag = "account", request_body = ByBoth, responses(
    (status = 204, description = "Taken off"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn remove(
    State(dashboard): State<Dashboard>,
    Person { caller, .. }: Person,
    Body(ByBoth { password, code }): Body<ByBoth>,
) -> Result<Response, Problem> {
    let principal = caller.principal();
    if dashboard.rules.second_factor.contains(&principal.role) {
        let detail = format!("role {}: signs in with a second factor here, expected another device instead of none", principal.role);
        return Err(Problem::new(StatusCode::CONFLICT, "second-factor-by-role", detail));
    }
    expect_confirmed(&dashboard.tracker.accounts().of(&principal.user))?;
    expect_password(&dashboard, &caller, &password).await?;
    expect_code(&dashboard, &principal.user, code).await?;
    let remove = |account: &mut Account| {
        account.second_factor = None;
        Ok::<_, Problem>(())
    };
    dashboard.tracker.accounts().change(&principal.user, remove).await?;
    tracing::info!(user = %principal.user, "a second factor was taken off");
    Ok(alone(&dashboard, &caller, StatusCode::NO_CONTENT.into_response(), |_| {}))
}

/// Make new recovery codes; the old ones are worthless
#[utoipa::path(post, path = "/account/recovery-codes", tag = "account", request_body = ByPassword, responses(
    (status = 200, body = RecoveryCodes),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn renew_recovery(
    State(dashboard): State<Dashboard>,
    Person { caller, .. }: Person,
    Body(ByPassword { password }): Body<ByPassword>,
) -> Result<Json<RecoveryCodes>, Problem> {
    expect_password(&dashboard, &caller, &password).await?;
    let (recovery_codes, kept) = code::new_recovery();
    let renew = move |account: &mut Account| {
        expect_confirmed(account)?;
        account.second_factor.as_mut().ok_or_else(no_factor)?.recovery = kept;
        Ok::<_, Problem>(())
    };
    dashboard.tracker.accounts().change(&caller.principal().user, renew).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

fn is_confirmed(account: &Account) -> bool {
    matches!(account.second_factor, Some(SecondFactor { confirmed_at: Some(_), .. }))
}

fn expect_confirmed(account: &Account) -> Result<(), Problem> {
    if is_confirmed(account) { Ok(()) } else { Err(no_factor()) }
}

fn expect_unconfirmed(account: &Account) -> Result<(), Problem> {
    if !is_confirmed(account) {
        return Ok(());
    }
    let detail = "second factor: is set up, expected none, or that it is taken off first";
    Err(Problem::new(StatusCode::CONFLICT, "second-factor-on", detail))
}

fn no_factor() -> Problem {
    Problem::new(StatusCode::CONFLICT, "no-second-factor", "second factor: none is set up, expected one")
}
