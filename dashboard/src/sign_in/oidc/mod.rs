//! Signing in at the authority's own provider (OpenID Connect, code flow with PKCE). The provider says who a person is; whether he is
//! anybody here, and in which role, is said by the registry alone.
//!
//! Both routes are visited by a browser, not asked by a page: what goes wrong leads back to the sign-in page with a stable code.

mod factors;
mod pending;
mod provider;

use super::Proof;
use super::door::{let_in, set_cookie};
use super::visitor::Visitor;
use crate::caller::cookie_named;
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::{Dashboard, random};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pending::Pending;
pub(crate) use provider::Provider;
pub use provider::{OidcClaim, OidcMistake, OidcRules, Outside, OutsideAnswer, OutsideRequest};
use provider::{Refused, Vouched};
use sealway_schemas::UserId;
use sealway_tracker::Principal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Ties a sign-in to the browser that began it, so that nobody is let in by a link that another person made.
const COOKIE: &str = "sealway_oidc";
const PATH: &str = "/api/v1/session/oidc";

pub(super) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(ways)).routes(routes!(oidc_start)).routes(routes!(oidc_back))
}

/// How people may sign in here, beside user and password, and tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInWays)]
struct Ways {
    /// Absent where no provider is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<Named>,
}

/// What the provider is called on the sign-in page.
#[derive(Serialize, ToSchema)]
#[schema(as = OidcProvider)]
struct Named {
    name_zh: String,
    name_en: String,
}

/// How people may sign in
#[utoipa::path(get, path = "/session/ways", tag = "session", security(()), responses((status = 200, body = Ways)))]
async fn ways(State(dashboard): State<Dashboard>) -> Json<Ways> {
    let named = |provider: &Arc<Provider>| {
        let (name_zh, name_en) = provider.names();
        Named { name_zh: name_zh.to_owned(), name_en: name_en.to_owned() }
    };
    Json(Ways { oidc: dashboard.oidc.as_ref().map(named) })
}

/// Go to the provider
#[utoipa::path(get, path = "/session/oidc/start", tag = "session", security(()), responses(
    (status = 303, description = "To the provider, or back to the sign-in page with `refused`"),
    (status = 404, description = "No provider is configured", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn oidc_start(State(dashboard): State<Dashboard>, visitor: Visitor) -> Result<Response, Problem> {
    let provider = configured(&dashboard)?;
    if visitor.attempt(&dashboard).is_err() {
        return Ok(turned_away(visitor, &Refused::too_often()));
    }
    let (now, browser) = (dashboard.tracker.now(), hex::encode(random::<32>()));
    match provider.begin(now).await {
        Ok(begun) => {
            let Pending { address, state, started } = begun;
            provider.started.keep(now, state, started.of_browser(&browser));
            Ok(with_cookie(&dashboard, redirect(&address), (&browser, pending::MINUTES * 60)))
        }
        Err(refused) => Ok(turned_away(visitor, &refused)),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Back {
    code: Option<String>,
    state: Option<String>,
    /// Why the provider lets nobody in.
    error: Option<String>,
    /// RFC 9207
    iss: Option<String>,
}

/// Come back from the provider
#[utoipa::path(get, path = "/session/oidc/back", tag = "session", security(()), params(Back), responses(
    (status = 303, description = "Signed in and to the first page, or to the sign-in page with `refused`"),
    (status = 404, description = "No provider is configured", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn oidc_back(
    State(dashboard): State<Dashboard>,
    visitor: Visitor,
    headers: HeaderMap,
    Params(back): Params<Back>,
) -> Result<Response, Problem> {
    let provider = configured(&dashboard)?;
    let answer = match known(&dashboard, &provider, &headers, back).await {
        Ok(principal) => {
            visitor.succeeded(&dashboard);
            let_in(&dashboard, &headers, (visitor, &principal), (Proof::Oidc, false), redirect("/"))
        }
        Err(refused) => turned_away(visitor, &refused),
    };
    Ok(with_cookie(&dashboard, answer, ("", 0)))
}

fn configured(dashboard: &Dashboard) -> Result<Arc<Provider>, Problem> {
    let missing = || Problem::not_found("sign-in by a provider: none is configured here, expected user and password, or a token");
    dashboard.oidc.clone().ok_or_else(missing)
}

/// The person whom the provider vouches for, as the registry has him now.
async fn known(dashboard: &Dashboard, provider: &Arc<Provider>, headers: &HeaderMap, back: Back) -> Result<Principal, Refused> {
    let now = dashboard.tracker.now();
    let browser = cookie_named(headers, COOKIE).unwrap_or_default();
    let started = back.state.as_deref().and_then(|state| provider.started.take(now, state, browser));
    let started = started.ok_or_else(|| Refused::state("the state is unknown, spent, or another browser's"))?;
    if back.iss.as_deref().is_some_and(|issuer| !provider.is_issuer(issuer)) {
        return Err(Refused::token("another issuer answered"));
    }
    if let Some(error) = back.error {
        return Err(Refused::denied(error));
    }
    let code = back.code.ok_or_else(|| Refused::denied("no code came"))?;
    let Vouched { name, factors } = provider.vouched(now, code, started).await?;
    let user: UserId = name.parse().map_err(|_| Refused::unknown_user(&name))?;
    let principal = dashboard.tracker.registry().principal(&user).await.map_err(|error| Refused::unreachable(error.to_string()))?;
    let principal = principal.ok_or_else(|| Refused::unknown_user(&name))?;
    if dashboard.rules.second_factor.contains(&principal.role) && !factors {
        return Err(Refused::one_factor(&principal.user));
    }
    Ok(principal)
}

fn turned_away(visitor: Visitor, refused: &Refused) -> Response {
    tracing::warn!(from = %visitor.0, code = refused.code, why = %refused.why, "a sign-in by the provider was refused");
    redirect(&format!("/login?refused={}", refused.code))
}

fn redirect(to: &str) -> Response {
    let location = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/login"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Lax: the provider sends the browser back from another site.
fn with_cookie(dashboard: &Dashboard, response: Response, (value, seconds): (&str, u64)) -> Response {
    set_cookie(dashboard, response, (&format!("{COOKIE}={value}; Path={PATH}; Max-Age={seconds}"), "Lax"))
}
