//! Who a client says it is, who the platform says it may be, and the seam to the one that decides.

use crate::Refusal;
use sealway_schemas::link::{SessionId, Upload};
use sealway_schemas::{DeviceId, PartyId, PublicKey};
use std::fmt;

/// What a CONNECT claims. Nothing here is verified but the certificate's proof of possession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Way (b) of the contract: `login` is the COSE_Sign1 that came as the password.
    DeviceLogin { device: DeviceId, login: Vec<u8> },
    /// Way (a): the TLS handshake proved possession of the private half of `public_key`; whether that key is the
    /// device's identity key is for the [`Ingress`] to say.
    DeviceCertificate { device: DeviceId, public_key: PublicKey },
    /// A person's system with an API token as its password.
    Person { user: String, token: ApiTokenText },
}

/// A token as it was sent. It is shown by nothing: `Debug` prints `***`, there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiTokenText(String);

impl ApiTokenText {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for comparing its hash.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiTokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a client is, once its claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    Device(DeviceId),
    Listener(EventScope),
}

/// Whose events a listener may hear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventScope {
    /// Every party's: `events/v1/#` and narrower. For customs, auditors and administrators.
    All,
    /// One party's: `events/v1/<party>/#` and narrower.
    Party(PartyId),
}

/// Why a claim does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmitRefusal {
    #[error("the device is not enrolled")]
    NotEnrolled,
    #[error("the device is revoked")]
    Revoked,
    #[error("the login is malformed, or not signed by the device's identity key")]
    LoginSignature,
    #[error("the login's time is not above that of the last accepted login")]
    LoginReplayed,
    #[error("the API token is unknown, expired or revoked")]
    UnknownToken,
    #[error("the token's role may not hear events")]
    NotPermitted,
    #[error("the tracker takes no more logins at present")]
    Busy,
}

impl From<AdmitRefusal> for Refusal {
    fn from(refusal: AdmitRefusal) -> Self {
        match refusal {
            AdmitRefusal::NotEnrolled => Self::NotEnrolled,
            AdmitRefusal::Revoked => Self::Revoked,
            AdmitRefusal::LoginSignature => Self::LoginSignature,
            AdmitRefusal::LoginReplayed => Self::LoginReplayed,
            AdmitRefusal::UnknownToken => Self::UnknownToken,
            AdmitRefusal::NotPermitted => Self::NotPermitted,
            AdmitRefusal::Busy => Self::TrackerBusy,
        }
    }
}

/// Where the front takes what devices say. The program implements it over the tracker.
pub trait Ingress: Send + Sync + 'static {
    /// The session begins when this has answered. The front drops the future at its deadline, or when it is drained: then there is
    /// no session, and no [`Ingress::closed`].
    fn admit(&self, session: SessionId, claimed: Claimed) -> impl Future<Output = Result<Admitted, AdmitRefusal>> + Send;

    /// Waits while the tracker is full: the front reads nothing more from that socket meanwhile, and this is the back-pressure.
    /// The front drops the future when the connection ends; what it had not yet taken over is then not stored.
    fn upload(&self, upload: Upload) -> impl Future<Output = ()> + Send;

    /// Called once for every session whose [`Admitted`] was a device. With a take-over it comes after the new session's `admit`.
    fn closed(&self, session: SessionId, device: &DeviceId);

    /// A rule was broken in the name of a device: proved, or only claimed where the refusal is one of [`AdmitRefusal`]. Never waits.
    fn refused(&self, device: &DeviceId, refusal: Refusal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_in_a_log() {
        let claimed = Claimed::Person { user: "lian-yun".to_owned(), token: ApiTokenText::new("slw_secret".to_owned()) };
        let shown = format!("{claimed:?}");
        assert!(shown.contains("***") && !shown.contains("secret"), "{shown}");
    }
}
