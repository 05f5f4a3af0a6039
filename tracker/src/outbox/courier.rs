//! What is sent, in the manner of Standard Webhooks: `webhook-id`, `webhook-timestamp` (unix seconds) and `webhook-signature`, which is
//! `v1a,` and in base64 the platform key's Ed25519 signature over `<id>.<timestamp>.<body>`.

use crate::platform_key::PlatformKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::Time;
use std::fmt;

/// A request that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub url: String,
    pub headers: [(&'static str, String); 4],
    pub body: String,
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// By the header `Retry-After`.
    pub retry_after_ms: Option<u64>,
}

/// Who carries a parcel out of the house. It sends to addresses that it has looked at itself, follows nobody elsewhere, and comes back in time.
pub trait Courier: fmt::Debug + Send + Sync {
    /// Blocks. The error is a text for people.
    fn post(&self, parcel: &Parcel) -> Result<Answer, String>;
}

/// Signs what webhooks are told.
pub(crate) struct Sealer(SigningKey);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(***)")
    }
}

impl Sealer {
    pub(crate) fn new(key: &PlatformKey) -> Self {
        Self(key.signing_key().clone())
    }

    pub(super) fn parcel(&self, now: Time, url: String, (id, body): (String, String)) -> Parcel {
        let seconds = now.as_ms() / 1_000;
        let signature = self.0.sign(format!("{id}.{seconds}.{body}").as_bytes()).to_bytes();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", format!("v1a,{}", STANDARD.encode(signature))),
        ];
        Parcel { url, headers, body }
    }
}
