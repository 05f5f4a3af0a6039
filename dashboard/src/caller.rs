//! Who asks. A route without a [`Caller`] is open to everyone; there are few, and `routes.rs` shows them together.

use crate::problem::Problem;
use crate::sign_in::{Attention, Proof, Session, SessionKey};
use crate::state::Dashboard;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use sealway_schemas::command::{Role, Signer};
use sealway_tracker::{Principal, Scope};

pub(crate) const COOKIE: &str = "sealway_session";
const TOKEN_LIMIT: usize = 256;

/// Said by a page that asks by itself, without a person who does anything.
const UNATTENDED: &str = "sealway-unattended";

/// A person, or a person's system, whose token or session was good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    principal: Principal,
    /// For a request that outlives its first look: an event stream.
    shown: Shown,
}

/// A caller who may have to set up a second factor first, and until then sees nothing but his own account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) caller: Caller,
    pub(crate) second_factor_due: bool,
}

/// Never shown.
#[derive(Clone)]
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What the caller showed. A browser sends cookies by itself, also on behalf of another site.
#[derive(Debug, Clone)]
enum Shown {
    Header(Token),
    Cookie(SessionKey),
}

impl Caller {
    pub(crate) fn scope(&self) -> &Scope {
        &self.principal.scope
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The session that the caller is in; none where he showed a token.
    pub(crate) fn session(&self) -> Option<SessionKey> {
        match &self.shown {
            Shown::Header(_) => None,
            Shown::Cookie(key) => Some(*key),
        }
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
        let Person { caller, second_factor_due } = Person::from_request_parts(parts, dashboard).await?;
        if second_factor_due {
            let detail = format!("role {}: signs in with a second factor here, expected one to be set up first", caller.principal.role);
            return Err(Problem::new(StatusCode::FORBIDDEN, "second-factor-required", detail));
        }
        Ok(caller)
    }
}

impl FromRequestParts<Dashboard> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, dashboard: &Dashboard) -> Result<Self, Problem> {
        let shown = shown(&parts.headers)?;
        let (principal, second_factor_due) = match &shown {
            Shown::Header(Token(token)) => (authenticate(dashboard, token).await?, false),
            Shown::Cookie(key) => {
                if !parts.method.is_safe() {
                    expect_same_site(&parts.headers, Unsaid::Refused)?;
                }
                resume(dashboard, *key, attention(&parts.headers)).await?
            }
        };
        Ok(Self { caller: Caller { principal, shown }, second_factor_due })
    }
}

/// The principal of a session as he is now, and whether a second factor is due. In another role he has to sign in anew.
async fn resume(dashboard: &Dashboard, key: SessionKey, attention: Attention) -> Result<(Principal, bool), Problem> {
    let now = dashboard.tracker.now();
    let over = || Problem::unauthenticated("session: over, expected a new sign-in");
    let Session { user, role, proof, limited, .. } = dashboard.sessions.look(now, key, attention).ok_or_else(over)?;
    let principal = match proof {
        Proof::Token(token) => dashboard.tracker.registry().authenticate(&token).await?,
        Proof::Password | Proof::Oidc => dashboard.tracker.registry().principal(&user).await?,
    };
    match principal.filter(|principal| principal.role == role) {
        Some(principal) => Ok((principal, limited)),
        None => {
            dashboard.sessions.close(now, key);
            Err(over())
        }
    }
}

/// A browser's event stream opens again by itself, and cannot say so.
fn attention(headers: &HeaderMap) -> Attention {
    let streams = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/event-stream");
    if streams || headers.contains_key(UNATTENDED) { Attention::Page } else { Attention::Person }
}

/// The principal of a token, or 401. Unknown, revoked and past its time look the same.
pub(crate) async fn authenticate(dashboard: &Dashboard, token: &str) -> Result<Principal, Problem> {
    if !(1..=TOKEN_LIMIT).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::unauthenticated("token: not known, expected one that was issued and is valid"));
    }
    let known = dashboard.tracker.registry().authenticate(token).await?;
    known.ok_or_else(|| Problem::unauthenticated("token: not known, expected one that was issued and is valid"))
}

/// The caller as he is now: revoked, signed out, or in another role.
pub(crate) async fn authenticate_again(dashboard: &Dashboard, caller: &Caller) -> Result<Caller, Problem> {
    let principal = match &caller.shown {
        Shown::Header(Token(token)) => authenticate(dashboard, token).await?,
        Shown::Cookie(key) => resume(dashboard, *key, Attention::Page).await?.0,
    };
    Ok(Caller { principal, shown: caller.shown.clone() })
}

fn shown(headers: &HeaderMap) -> Result<Shown, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return token
            .map(|(_, token)| Shown::Header(Token(token.trim().to_owned())))
            .ok_or_else(|| Problem::unauthenticated("authorization: expected `Bearer` and a token"));
    }
    cookie(headers)
        .map(|name| Shown::Cookie(SessionKey::of(name)))
        .ok_or_else(|| Problem::unauthenticated(format!("no token: expected the header `Authorization: Bearer` or the cookie `{COOKIE}`")))
}

pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

pub(crate) fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
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
