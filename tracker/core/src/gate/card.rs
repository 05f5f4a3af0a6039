//! The text of a pass card's QR code: `SLW1.<content>.<signature>`, both in base64url.

use crate::verify::verify_claimed;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealway_schemas::PublicKey;
use sealway_schemas::gate::{PassCard, SignedText};

/// A longer one fits no QR code.
const TEXT_LIMIT: usize = 2_900;

/// What the platform signs.
#[must_use]
pub fn message(card: &PassCard) -> Vec<u8> {
    SignedText::message(PassCard::PURPOSE, &content(card))
}

/// The text for the QR code.
#[must_use]
pub fn text(card: &PassCard, signature: &[u8; 64]) -> String {
    format!("{}.{}.{}", PassCard::PREFIX, URL_SAFE_NO_PAD.encode(content(card)), URL_SAFE_NO_PAD.encode(signature))
}

fn content(card: &PassCard) -> String {
    serde_json::to_string(card).unwrap_or_default()
}

/// A pass card as it was read: what it says, and nothing about whether that is true.
#[derive(Debug)]
pub struct UnverifiedCard {
    claimed: PassCard,
    content: String,
    signature: [u8; 64],
}

impl UnverifiedCard {
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (prefix, content, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != PassCard::PREFIX || parts.next().is_some() || text.len() > TEXT_LIMIT {
            return None;
        }
        let content = String::from_utf8(URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        Some(Self { claimed: serde_json::from_str(&content).ok()?, content, signature })
    }

    #[must_use]
    pub fn claimed(&self) -> &PassCard {
        &self.claimed
    }

    /// By the platform's signature over the content as it was read.
    #[must_use]
    pub fn verify(self, platform: &PublicKey) -> Option<PassCard> {
        let signed = verify_claimed(platform, &SignedText::message(PassCard::PURPOSE, &self.content), &self.signature);
        signed.then_some(self.claimed)
    }
}
