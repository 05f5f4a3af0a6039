//! Who asks. A route without a [`Caller`] is open to everyone; there are few, and `routes.rs` shows them together.

use crate::problem::Problem;
use crate::state::Dashboard;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use sealway_schemas::command::{Role, Signer};
use sealway_tracker::{Principal, Scope};

pub(crate) const COOKIE: &str = "sealway_session";
const TOKEN_LIMIT: usize = 256;

/// A person, or a person's system, whose token was good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    principal: Principal,
    /// For a request that outlives its first look: an event stream.
    token: Token,
}

/// Never shown.
#[derive(Clone)]
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Where a token came from. A browser sends cookies by itself, also on behalf of another site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Header,
    Cookie,
}

impl Caller {
    pub(crate) fn scope(&self) -> &Scope {
        &self.principal.scope
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn signer(&self) -> Signer {
        self.principal.signer()
    }

    /// For what is not a command, and so is not judged by the tracker.
    pub(crate) fn expect_role(&self, allowed: &[Role]) -> Result<(), Problem> {
        if allowed.contains(&self.principal.role) {
            return Ok(());
        }
        let expected = allowed.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        Err(Problem::new(StatusCode::FORBIDDEN, "role-forbids", format!("role {}: expected one of {expected}", self.principal.role)))
    }
}

impl Caller {
    /// For what cannot be told apart by party or district: the log's own entries.
    pub(crate) fn expect_to_see_all(&self) -> Result<(), Problem> {
        match self.scope() {
            Scope::All => Ok(()),
            Scope::District { district, .. } => {
                let detail = format!("officer of district {district}: expected one of the whole country, an auditor or an administrator");
                Err(Problem::new(StatusCode::FORBIDDEN, "role-forbids", detail))
            }
            Scope::Party(_) => self.expect_role(&[Role::Customs, Role::Auditor, Role::Admin]),
        }
    }
}

impl FromRequestParts<Dashboard> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, dashboard: &Dashboard) -> Result<Self, Problem> {
        let (token, carrier) = token(&parts.headers)?;
        if carrier == Carrier::Cookie && !parts.method.is_safe() {
            expect_same_site(&parts.headers, Unsaid::Refused)?;
        }
        let principal = authenticate(dashboard, token).await?;
        Ok(Self { principal, token: Token(token.to_owned()) })
    }
}

/// The principal of a token, or 401. Unknown, revoked and past its time look the same.
pub(crate) async fn authenticate(dashboard: &Dashboard, token: &str) -> Result<Principal, Problem> {
    if !(1..=TOKEN_LIMIT).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::unauthenticated("token: not known, expected one that was issued and is valid"));
    }
    let known = dashboard.tracker.registry().authenticate(token).await?;
    known.ok_or_else(|| Problem::unauthenticated("token: not known, expected one that was issued and is valid"))
}

/// The caller as he is now: revoked, or in another role.
pub(crate) async fn authenticate_again(dashboard: &Dashboard, caller: &Caller) -> Result<Caller, Problem> {
    let principal = authenticate(dashboard, &caller.token.0).await?;
    Ok(Caller { principal, token: caller.token.clone() })
}

fn token(headers: &HeaderMap) -> Result<(&str, Carrier), Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return token
            .map(|(_, token)| (token.trim(), Carrier::Header))
            .ok_or_else(|| Problem::unauthenticated("authorization: expected `Bearer` and a token"));
    }
    cookie(headers)
        .map(|token| (token, Carrier::Cookie))
        .ok_or_else(|| Problem::unauthenticated(format!("no token: expected the header `Authorization: Bearer` or the cookie `{COOKIE}`")))
}

pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token)
}

/// What a request means that says nothing about its site. Every browser says it with whatever may change something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsaid {
    Refused,
    Allowed,
}

/// Against requests that another site lets the caller's browser send.
pub(crate) fn expect_same_site(headers: &HeaderMap, unsaid: Unsaid) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, authority)| text("host") == Some(authority)),
        (None, None) => unsaid == Unsaid::Allowed,
    };
    if ours {
        return Ok(());
    }
    let detail = "the request comes from another site, expected this one's own page, or a token in the header `Authorization`";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross-site", detail))
}
