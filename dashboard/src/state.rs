//! What the routes share. None of it is state of the trade: a restart loses sessions, throttling and open challenges, nothing else.

use crate::basemap::Basemap;
use crate::challenges::Challenges;
use crate::figures::Figures;
use crate::security;
use crate::sign_in::{OidcRules, Outside, Provider, Sessions, SignInRules};
use crate::throttle::Throttle;
use axum::http::HeaderValue;
use sealway_schemas::gateway::GatewayView;
use sealway_schemas::link::Connections;
use sealway_tracker::Tracker;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Event streams open at a time.
const STREAMS: usize = 1024;
/// Tracks read from the evidence log at a time; others wait.
const TRACKS: usize = 4;
/// Photos that come at the same time.
const PHOTOS: usize = 8;
/// Passwords hashed at a time; others wait.
const HASHES: usize = 2;
/// After its first wrong attempts an address has a further one every so often, and an account.
const ADDRESS_REFILL_MS: u64 = 6_000;
const ACCOUNT_REFILL_MS: u64 = 30_000;

type MoreFigures = Arc<dyn Fn() -> String + Send + Sync>;
type Gateways = Arc<dyn Fn() -> Vec<GatewayView> + Send + Sync>;

/// The API over a tracker. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    pub(crate) tracker: Tracker,
    pub(crate) secure_cookie: bool,
    pub(crate) challenges: Arc<Challenges>,
    pub(crate) rules: Arc<SignInRules>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) throttle: Arc<Throttle<IpAddr>>,
    pub(crate) account_throttle: Arc<Throttle<String>>,
    pub(crate) hashes: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    /// An export looks through the whole log, so they wait for each other.
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) tracks: Arc<Semaphore>,
    /// Photos on their way, each in memory until it is whole.
    pub(crate) photos: Arc<Semaphore>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) more_figures: Option<MoreFigures>,
    pub(crate) gateways: Option<Gateways>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    pub(crate) basemap: Arc<Basemap>,
    pub(crate) oidc: Option<Arc<Provider>>,
    /// Where the pages may fetch from.
    pub(crate) policy: HeaderValue,
    secret: [u8; 32],
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard").field("tracker", &self.tracker).field("secret", &"***").finish_non_exhaustive()
    }
}

impl Dashboard {
    #[must_use]
    pub fn new(tracker: Tracker) -> Self {
        Self {
            tracker,
            secure_cookie: false,
            challenges: Arc::default(),
            rules: Arc::default(),
            sessions: Arc::new(Sessions::new(&SignInRules::default())),
            throttle: Arc::new(Throttle::new(ADDRESS_REFILL_MS)),
            account_throttle: Arc::new(Throttle::new(ACCOUNT_REFILL_MS)),
            hashes: Arc::new(Semaphore::new(HASHES)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            exports: Arc::new(Semaphore::new(1)),
            tracks: Arc::new(Semaphore::new(TRACKS)),
            photos: Arc::new(Semaphore::new(PHOTOS)),
            figures: Arc::default(),
            more_figures: None,
            gateways: None,
            connections: None,
            basemap: Arc::default(),
            oidc: None,
            policy: security::policy(None),
            secret: random(),
        }
    }

    /// The interface is reached by TLS: the session's cookie is sent nowhere else, and browsers are told to stay with TLS.
    #[must_use]
    pub fn behind_tls(self) -> Self {
        Self { secure_cookie: true, ..self }
    }

    /// How people sign in and stay signed in.
    #[must_use]
    pub fn with_sign_in(self, rules: SignInRules) -> Self {
        Self { sessions: Arc::new(Sessions::new(&rules)), rules: Arc::new(rules), ..self }
    }

    /// Lets the authority's own provider say who somebody is.
    #[must_use]
    pub fn with_oidc(self, rules: OidcRules, outside: impl Outside + 'static) -> Self {
        Self { oidc: Some(Arc::new(Provider::new(rules, Arc::new(outside)))), ..self }
    }

    /// Adds `figures`, Prometheus text, to `/metrics`.
    #[must_use]
    pub fn with_figures(self, figures: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { more_figures: Some(Arc::new(figures)), ..self }
    }

    /// Tells how the gateways stand.
    #[must_use]
    pub fn with_gateways(self, gateways: impl Fn() -> Vec<GatewayView> + Send + Sync + 'static) -> Self {
        Self { gateways: Some(Arc::new(gateways)), ..self }
    }

    /// Shows administrators who is connected over MQTT.
    #[must_use]
    pub fn with_connections(self, connections: impl Connections + 'static) -> Self {
        Self { connections: Some(Arc::new(connections)), ..self }
    }

    /// What lies under places and seals on every map.
    #[must_use]
    pub fn with_basemap(self, basemap: Basemap) -> Self {
        Self { policy: security::policy(basemap.origin()), basemap: Arc::new(basemap), ..self }
    }

    /// Secret bytes that the same caller gets again under the same idempotency key, so that a request sent twice makes one command.
    pub(crate) fn secret_for(&self, purpose: &str, user: &str, key: &str) -> [u8; 32] {
        let inner = digest(&[purpose, user, key]);
        Sha256::new().chain_update(self.secret).chain_update(inner).finalize().into()
    }
}

impl From<Tracker> for Dashboard {
    fn from(tracker: Tracker) -> Self {
        Self::new(tracker)
    }
}

impl From<Arc<Tracker>> for Dashboard {
    fn from(tracker: Arc<Tracker>) -> Self {
        Self::new(Tracker::clone(&tracker))
    }
}

/// SHA-256 over the parts, told apart by a byte that none of them has.
pub(crate) fn digest(parts: &[&str]) -> [u8; 32] {
    let joined = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    joined.finalize().into()
}

/// From the system. Where it has none, nothing that is secret can be made, so the process ends.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system gives no random numbers");
        std::process::abort();
    }
    bytes
}
