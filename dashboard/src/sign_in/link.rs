//! An administrator's link, by which a person sets a password once: the first one, or another one for a forgotten one.

use super::password::{self, Password};
use super::visitor::Visitor;
use crate::body::{Body, OptionalBody};
use crate::caller::{Unsaid, expect_same_site};
use crate::commands::Asking;
use crate::problem::{Problem, ProblemBody};
use crate::request::Id;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sealway_schemas::command::{PublicDigest, RegistryCommand};
use sealway_schemas::{Time, UserId};
use sealway_tracker::accounts::{Account, AccountLink};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const HOUR_MS: u64 = 3_600_000;
const VALID_MS: u64 = 24 * HOUR_MS;

pub(super) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(issue)).routes(routes!(follow))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAccountLink {
    /// For a person whose device and recovery codes are gone.
    #[serde(default)]
    reset_second_factor: bool,
}

/// The one time that the link is told.
#[derive(Serialize, ToSchema)]
struct IssuedAccountLink {
    user: UserId,
    /// Under the interface's address: `/password#<user>:<secret>`.
    link: String,
    not_after: Time,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowedLink {
    user: String,
    /// The link's secret.
    link: String,
    password: Password,
}

/// Make a link by which the user sets a password
#[utoipa::path(post, path = "/users/{id}/account-link", tag = "users", params(("id" = UserId, Path)), request_body = Option<NewAccountLink>,
    description = "A link that was made before is worthless then. The evidence log tells who made one for whom.", responses(
    (status = 201, body = IssuedAccountLink),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn issue(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(user): Id<UserId>,
    OptionalBody(NewAccountLink { reset_second_factor }): OptionalBody<NewAccountLink>,
) -> Result<(StatusCode, Json<IssuedAccountLink>), Problem> {
    let secret = hex::encode(asking.secret(&dashboard, "account-link"));
    let digest = digest(&secret);
    // Whole hours, so that the same request sent again is the same command.
    let this_hour = dashboard.tracker.now().as_ms() / HOUR_MS * HOUR_MS;
    let not_after = Time::from_ms(this_hour).plus_ms(HOUR_MS + VALID_MS);
    let command = RegistryCommand::IssueAccountLink { user: user.clone(), digest, not_after, reset_second_factor };
    let receipt = asking.send(&dashboard, command).await?;
    if !receipt.repeated {
        let keep = move |account: &mut Account| {
            account.link = Some(AccountLink { digest, not_after, reset_second_factor });
            Ok::<_, Problem>(())
        };
        dashboard.tracker.accounts().change(&user, keep).await?;
    }
    let link = format!("/password#{user}:{secret}");
    Ok((StatusCode::CREATED, Json(IssuedAccountLink { user, link, not_after })))
}

/// Set a password by a link; every session of the user ends
#[utoipa::path(post, path = "/session/account-link", tag = "session", security(()), request_body = FollowedLink, responses(
    (status = 204, description = "Set; the link is spent"),
    (status = 422, description = "The link is not known, was used or is too old; or the password is refused", body = ProblemBody,
        content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong attempts from this address", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn follow(
    State(dashboard): State<Dashboard>,
    visitor: Visitor,
    headers: HeaderMap,
    Body(FollowedLink { user, link, password }): Body<FollowedLink>,
) -> Result<StatusCode, Problem> {
    expect_same_site(&headers, Unsaid::Allowed)?;
    visitor.attempt(&dashboard)?;
    let (now, digest) = (dashboard.tracker.now(), digest(&link));
    let user: UserId = user.parse().map_err(|_| unknown())?;
    let accounts = dashboard.tracker.accounts();
    expect_link(&accounts.of(&user), now, digest)?;
    let principal = dashboard.tracker.registry().principal(&user).await?.ok_or_else(unknown)?;
    visitor.succeeded(&dashboard);
    password.judge(&[user.as_str(), &principal.name])?;
    let hash = password::hash(&dashboard, &password, now).await?;
    let set = move |account: &mut Account| {
        // Another request may have followed it meanwhile.
        let reset_second_factor = expect_link(account, now, digest)?;
        account.link = None;
        account.password = Some(hash);
        if reset_second_factor {
            account.second_factor = None;
        }
        Ok::<_, Problem>(())
    };
    accounts.change(&user, set).await?;
    dashboard.sessions.close_all(now, &user, None);
    tracing::info!(%user, "a password was set by a link");
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the link takes the second factor off; none, another one, a used one and an old one look the same.
fn expect_link(account: &Account, now: Time, digest: PublicDigest) -> Result<bool, Problem> {
    let open = account.link.as_ref().filter(|link| link.digest == digest && now < link.not_after);
    open.map(|link| link.reset_second_factor).ok_or_else(unknown)
}

fn unknown() -> Problem {
    let detail = "link: not known, used before or too old, expected the newest one that an administrator made";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "account-link-unknown", detail)
}

fn digest(secret: &str) -> PublicDigest {
    PublicDigest::from_bytes(Sha256::digest(secret.as_bytes()).into())
}
