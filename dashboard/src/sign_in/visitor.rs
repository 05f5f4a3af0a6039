//! Who stands before the door, and how often he may try it.

use super::code;
use super::password::{self, Password};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::Dashboard;
use crate::throttle::network;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use sealway_schemas::UserId;
use sealway_tracker::Principal;
use sealway_tracker::accounts::Account;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";
const SHOWN: usize = 64;

/// The address that a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visitor(pub(super) IpAddr);

impl FromRequestParts<Dashboard> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, dashboard: &Dashboard) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let forwarded = dashboard.rules.forwarded_for.then(|| forwarded(&parts.headers)).flatten();
        Ok(Self(forwarded.unwrap_or(peer)))
    }
}

/// The last one is the proxy's own word; those before it are what its client said.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// A person whose password was right, and his account as it was then.
pub(super) struct Known {
    pub(super) principal: Principal,
    pub(super) account: Account,
}

impl Visitor {
    /// Takes one of the address's attempts.
    pub(super) fn attempt(self, dashboard: &Dashboard) -> Result<(), Problem> {
        let taken = dashboard.throttle.take(dashboard.tracker.now(), &network(self.0));
        taken.map_err(|seconds| too_many(&format!("from {}", self.0), seconds))
    }

    /// Gives the attempt back: it was a good one.
    pub(super) fn succeeded(self, dashboard: &Dashboard) {
        dashboard.throttle.give_back(&network(self.0));
    }

    /// Whoever is not there, has no password or another one gets the same answer after the same time.
    pub(super) async fn prove(self, dashboard: &Dashboard, user: &str, password: &Password) -> Result<Known, Problem> {
        self.attempt(dashboard)?;
        attempt_on(dashboard, user)?;
        let id: Option<UserId> = user.parse().ok();
        let account = id.as_ref().map(|id| dashboard.tracker.accounts().of(id)).unwrap_or_default();
        let fits = password::fits(dashboard, password, account.password.clone()).await?;
        let principal = match &id {
            Some(id) if fits => dashboard.tracker.registry().principal(id).await?,
            _ => None,
        };
        match principal {
            Some(principal) => Ok(Known { principal, account }),
            None => {
                tracing::warn!(from = %self.0, "a sign-in was refused");
                let detail = "user and password: not known together, expected a user with a password, and that password";
                Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong-credentials", detail))
            }
        }
    }
}

/// Takes one of the account's attempts, whether there is such an account or not.
fn attempt_on(dashboard: &Dashboard, user: &str) -> Result<(), Problem> {
    let user: String = user.chars().take(SHOWN).collect();
    let taken = dashboard.account_throttle.take(dashboard.tracker.now(), &user);
    taken.map_err(|seconds| too_many("for this user", seconds))
}

/// Gives the account's attempt back.
pub(super) fn give_back(dashboard: &Dashboard, user: &UserId) {
    dashboard.account_throttle.give_back(&user.to_string());
}

fn too_many(who: &str, seconds: u64) -> Problem {
    let detail = format!("too many wrong attempts {who}, expected the next one in {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(seconds)
}

/// That the one who is signed in knows the password, before he changes what he signs in with.
pub(super) async fn expect_password(dashboard: &Dashboard, caller: &Caller, password: &Password) -> Result<(), Problem> {
    let user = &caller.principal().user;
    let kept = dashboard.tracker.accounts().of(user).password.ok_or_else(no_password)?;
    attempt_on(dashboard, user.as_str())?;
    if !password::fits(dashboard, password, Some(kept)).await? {
        return Err(Problem::new(StatusCode::FORBIDDEN, "wrong-password", "password: not the one that was set, expected that one"));
    }
    give_back(dashboard, user);
    Ok(())
}

/// That he has the device too.
pub(super) async fn expect_code(dashboard: &Dashboard, user: &UserId, code: String) -> Result<(), Problem> {
    attempt_on(dashboard, user.as_str())?;
    if !spend_code(dashboard, user, code).await? {
        return Err(Problem::new(StatusCode::FORBIDDEN, "wrong-code", wrong_code()));
    }
    give_back(dashboard, user);
    Ok(())
}

/// Whether the code was good; then it is spent, on disk, when this returns.
pub(super) async fn spend_code(dashboard: &Dashboard, user: &UserId, code: String) -> Result<bool, Problem> {
    let now = dashboard.tracker.now();
    let spend = move |account: &mut Account| Ok(account.second_factor.as_mut().is_some_and(|factor| code::spend_any(factor, now, &code)));
    dashboard.tracker.accounts().change(user, spend).await
}

pub(super) fn wrong_code() -> &'static str {
    "code: wrong, too old or used before, expected the one that the device shows now, or an unused recovery code"
}

fn no_password() -> Problem {
    let detail = "account: no password was set, expected one that was set by an administrator's link";
    Problem::new(StatusCode::CONFLICT, "no-password", detail)
}
