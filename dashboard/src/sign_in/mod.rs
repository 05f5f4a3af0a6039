//! How people come in: by a token, by user, password and a code, or by the word of the authority's own provider. What was proved opens a session, which is a cookie that no script
//! reads and no other site sends.

mod account;
mod code;
mod door;
mod factor;
mod link;
mod oidc;
mod password;
mod sessions;
mod visitor;

use crate::state::Dashboard;
pub(crate) use oidc::Provider;
pub use oidc::{OidcClaim, OidcMistake, OidcRules, Outside, OutsideAnswer, OutsideRequest};
use sealway_schemas::command::Role;
pub(crate) use sessions::{Attention, Proof, Session, SessionKey, Sessions};
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;

/// By which people sign in and stay signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRules {
    /// A session ends when its person did nothing for so long ...
    pub idle: Duration,
    /// ... and after so long in any case.
    pub absolute: Duration,
    /// Who signs in with a password and a code, never with a password alone.
    pub second_factor: Vec<Role>,
    /// The proxy before this program writes its client's address as the last of `X-Forwarded-For`.
    pub forwarded_for: bool,
}

impl Default for SignInRules {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self { idle: minutes(30), absolute: minutes(12 * 60), second_factor: Vec::new(), forwarded_for: false }
    }
}

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    door::routes().merge(account::routes()).merge(factor::routes()).merge(link::routes()).merge(oidc::routes())
}
