//! The provider: where it is, its keys, and what it says of a person. Whatever it says is checked by the library; what this program adds is
//! which algorithms it takes, its own clock, and keys that are asked for anew when they change.

use super::factors::are_two;
use super::pending::{Begun, Pending, Started};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use sealway_schemas::{Time, UserId};
use sealway_tracker::accounts::Secret;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

pub type OutsideRequest = openidconnect::HttpRequest;
pub type OutsideAnswer = openidconnect::HttpResponse;

/// Who asks other machines for this one: with a time-out, and for answers that have an end.
pub trait Outside: fmt::Debug + Send + Sync {
    /// Blocks. The error is a text for people.
    fn ask(&self, request: OutsideRequest) -> Result<OutsideAnswer, String>;
}

/// Which claim of the provider names the user, exactly as he is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OidcClaim {
    PreferredUsername,
    Subject,
}

/// The provider as it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcRules {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Of this interface as browsers see it, without a path: `https://sealway.example`.
    pub home: String,
    pub claim: OidcClaim,
    pub name_zh: String,
    pub name_en: String,
}

/// What of a configured provider is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: expected an address, as in https://id.example")]
pub struct OidcMistake(pub String);

impl OidcRules {
    pub fn check(&self) -> Result<(), OidcMistake> {
        IssuerUrl::new(self.issuer.clone()).map_err(|_| OidcMistake(self.issuer.clone()))?;
        self.redirect().map(|_| ()).ok_or_else(|| OidcMistake(self.home.clone()))
    }

    fn redirect(&self) -> Option<RedirectUrl> {
        RedirectUrl::new(format!("{}{}/back", self.home.trim_end_matches('/'), super::PATH)).ok()
    }
}

/// Whom the provider vouches for.
pub(super) struct Vouched {
    pub(super) name: String,
    /// It saw more than one factor (RFC 8176).
    pub(super) factors: bool,
}

/// Why somebody is not let in: a stable code for him, and more for the log.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) why: String,
}

impl Refused {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        // Anybody may begin a sign-in and come back with a text of his own: it stays one line of the log.
        let shown = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
        Self { code, why: why.into().chars().take(WHY_LETTERS).map(shown).collect() }
    }

    pub(super) fn too_often() -> Self {
        Self::new("too-many-attempts", "too many attempts from this address")
    }

    pub(super) fn denied(why: impl Into<String>) -> Self {
        Self::new("oidc-denied", why)
    }

    pub(super) fn state(why: &str) -> Self {
        Self::new("oidc-state", why)
    }

    pub(super) fn token(why: impl Into<String>) -> Self {
        Self::new("oidc-token", why)
    }

    pub(super) fn unreachable(why: impl Into<String>) -> Self {
        Self::new("oidc-unreachable", why)
    }

    pub(super) fn unknown_user(name: &str) -> Self {
        Self::new("oidc-unknown-user", format!("{name:?}: expected the id of a registered user"))
    }

    pub(super) fn one_factor(user: &UserId) -> Self {
        Self::new("oidc-one-factor", format!("user {user}: the role asks for a second factor, the provider saw one"))
    }
}

/// So much of a reason goes into the log.
const WHY_LETTERS: usize = 300;
/// Never with the client's secret, never with none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// So long what the provider says of itself is believed; and so soon it is asked again when a key is not among those known.
const KEPT_MS: u64 = 3_600_000;
const AGAIN_MS: u64 = 60_000;
/// Questions to the provider at a time; others wait.
const QUESTIONS: usize = 4;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreachable(String);

#[derive(Debug)]
pub(crate) struct Provider {
    rules: OidcRules,
    outside: Arc<dyn Outside>,
    known: Mutex<Option<(Time, CoreProviderMetadata)>>,
    questions: Arc<Semaphore>,
    pub(super) started: Begun,
}

impl Provider {
    pub(crate) fn new(rules: OidcRules, outside: Arc<dyn Outside>) -> Self {
        Self { rules, outside, known: Mutex::default(), questions: Arc::new(Semaphore::new(QUESTIONS)), started: Begun::default() }
    }

    pub(super) fn names(&self) -> (&str, &str) {
        (&self.rules.name_zh, &self.rules.name_en)
    }

    pub(super) fn is_issuer(&self, issuer: &str) -> bool {
        self.rules.issuer == issuer
    }

    /// Where a browser goes, with everything that has to come back.
    pub(super) async fn begin(self: &Arc<Self>, now: Time) -> Result<Pending, Refused> {
        self.blocking(move |provider| {
            let client = provider.client(provider.metadata(now, KEPT_MS)?)?;
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
            let (address, state, nonce) = request.add_scope(Scope::new("profile".to_owned())).set_pkce_challenge(challenge).url();
            Ok(Pending { address: address.into(), state: state.into_secret(), started: Started::new(nonce, verifier) })
        })
        .await
    }

    /// Whom the provider vouches for by the code that a browser brought back.
    pub(super) async fn vouched(self: &Arc<Self>, now: Time, code: String, started: Started) -> Result<Vouched, Refused> {
        self.blocking(move |provider| {
            let Started { nonce, verifier, .. } = started;
            let client = provider.client(provider.metadata(now, KEPT_MS)?)?;
            let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| Refused::token(error.to_string()))?;
            let answer = request.set_pkce_verifier(verifier).request(&|request| provider.ask(request));
            let answer = answer.map_err(|error| match &error {
                RequestTokenError::Request(_) => Refused::unreachable(told(&error)),
                RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    Refused::token(told(&error))
                }
            })?;
            let token = answer.id_token().ok_or_else(|| Refused::token("the provider gave no ID token"))?;
            let claims = provider.checked(now, &client, (token, &nonce))?;
            provider.vouches(&claims)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let place = self.questions.clone().acquire_owned().await.map_err(|error| Refused::unreachable(error.to_string()))?;
        let provider = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let answer = work(&provider);
            drop(place);
            answer
        });
        asked.await.unwrap_or_else(|error| Err(Refused::unreachable(error.to_string())))
    }

    fn ask(&self, request: OutsideRequest) -> Result<OutsideAnswer, Unreachable> {
        self.outside.ask(request).map_err(Unreachable)
    }

    /// What the provider says of itself, no older than `age_ms`.
    fn metadata(&self, now: Time, age_ms: u64) -> Result<CoreProviderMetadata, Refused> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, metadata)) = known.as_ref().filter(|(at, _)| now.since(*at) < age_ms) {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.rules.issuer.clone()).map_err(|error| Refused::unreachable(error.to_string()))?;
        let metadata = CoreProviderMetadata::discover(&issuer, &|request| self.ask(request));
        let metadata = metadata.map_err(|error| Refused::unreachable(told(&error)))?;
        *known = Some((now, metadata.clone()));
        Ok(metadata)
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<Client, Refused> {
        let secret = String::from_utf8_lossy(self.rules.client_secret.expose()).into_owned();
        let (id, secret) = (ClientId::new(self.rules.client_id.clone()), ClientSecret::new(secret));
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret));
        let redirect = self.rules.redirect().ok_or_else(|| Refused::unreachable("no address to come back to"))?;
        Ok(client.set_redirect_uri(redirect))
    }

    /// The claims of a token whose signature, issuer, audience, nonce and time are right. A key that is not known may be a new one.
    fn checked(&self, now: Time, client: &Client, (token, nonce): (&CoreIdToken, &Nonce)) -> Result<CoreIdTokenClaims, Refused> {
        let first = verified(now, client, (token, nonce));
        let unknown = matches!(&first, Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)));
        let claims = if unknown { verified(now, &self.client(self.metadata(now, AGAIN_MS)?)?, (token, nonce)) } else { first };
        claims.map_err(|error| Refused::token(told(&error)))
    }

    fn vouches(&self, claims: &CoreIdTokenClaims) -> Result<Vouched, Refused> {
        let name = match self.rules.claim {
            OidcClaim::Subject => Some(claims.subject().to_string()),
            OidcClaim::PreferredUsername => claims.preferred_username().map(|name| name.to_string()),
        };
        let name = name.ok_or_else(|| Refused::token("the token lacks the claim that names the user"))?;
        let methods = claims.auth_method_refs().into_iter().flatten();
        Ok(Vouched { name, factors: are_two(methods.map(|method| method.as_str())) })
    }
}

fn verified(now: Time, client: &Client, (token, nonce): (&CoreIdToken, &Nonce)) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let instant = move || i64::try_from(now.as_ms()).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(instant);
    token.claims(&verifier, nonce).cloned()
}

/// An error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_sent_forges_no_line_of_the_log() {
        let why = Refused::denied("no\r\n2026-11-27 INFO all is well\u{1b}[2J").why;
        assert!(why.starts_with("no") && !why.contains(char::is_control), "{why:?}");
        assert_eq!(Refused::denied("长".repeat(1000)).why.chars().count(), 300);
    }
}
