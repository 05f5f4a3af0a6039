//! Tokens: shown once, where they are made. The platform keeps their SHA-256.

use crate::body::Body;
use crate::caller::Caller;
use crate::commands::{Asking, Receipt, created};
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use sealway_schemas::command::RegistryCommand;
use sealway_schemas::event::TokenView;
use sealway_schemas::{PublicKey, Time, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list, issue)).routes(routes!(revoke))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500.
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    user: UserId,
    /// Without it the token is good until it is revoked.
    not_after: Option<Time>,
}

/// The one time that the token itself is told.
#[derive(Serialize, ToSchema)]
struct IssuedToken {
    id: String,
    token: String,
    user: UserId,
    not_after: Option<Time>,
}

/// A token as it is listed: neither itself nor its digest.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenRow {
    id: String,
    user: UserId,
    issued_at: Time,
    not_after: Option<Time>,
    revoked_at: Option<Time>,
}

impl From<TokenView> for TokenRow {
    fn from(view: TokenView) -> Self {
        let TokenView { id, user, digest: _, issued_at, not_after, revoked_at } = view;
        Self { id, user, issued_at, not_after, revoked_at }
    }
}

/// List tokens
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(Which), responses(
    (status = 200, body = List<TokenRow>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<TokenRow>>, Problem> {
    let page = page(which.after, which.limit)?;
    let rows = dashboard.tracker.registry().tokens(caller.scope(), &page).await?;
    Ok(Json(cut(rows, page.limit, |token| token.id.clone()).map(TokenRow::from)))
}

/// Issue a token
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken, responses(
    (status = 201, body = IssuedToken),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn issue(State(dashboard): State<Dashboard>, asking: Asking, Body(new): Body<NewToken>) -> Result<Response, Problem> {
    let NewToken { user, not_after } = new;
    let token = format!("slw_{}", hex::encode(asking.secret(&dashboard, "token")));
    let digest = PublicKey::from_bytes(Sha256::digest(token.as_bytes()).into());
    let id: String = digest.to_string().chars().take(16).collect();
    asking.send(&dashboard, RegistryCommand::IssueToken { token: id.clone(), user: user.clone(), digest, not_after }).await?;
    let issued = IssuedToken { id: id.clone(), token, user, not_after };
    Ok(created("tokens", &id, issued))
}

/// Revoke a token
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path)), responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn revoke(State(dashboard): State<Dashboard>, asking: Asking, Id(token): Id<String>) -> Result<Json<Receipt>, Problem> {
    Ok(Json(asking.send(&dashboard, RegistryCommand::RevokeToken { token }).await?.into()))
}
