//! Keys of simulated devices. A secret never shows in `Debug`.

use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::{KeyId, PublicKey, cose};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;

/// An Ed25519 key with its public half and key id at hand. Dropped, it wipes its secret.
#[derive(Clone)]
pub struct KeyPair {
    signing: SigningKey,
    public: PublicKey,
    key_id: KeyId,
}

impl KeyPair {
    #[must_use]
    pub fn from_secret(secret: [u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(&secret);
        let public = PublicKey::from_bytes(signing.verifying_key().to_bytes());
        Self { signing, public, key_id: public.key_id() }
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// A COSE_Sign1 over `payload`.
    #[must_use]
    pub fn seal(&self, payload: &[u8], aad: &str) -> Vec<u8> {
        cose::seal(payload, aad, self.key_id, |message| self.signing.sign(message).to_bytes())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Serialize for KeyPair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.signing.to_bytes()))
    }
}

impl<'de> Deserialize<'de> for KeyPair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut secret = [0; 32];
        hex::decode_to_slice(text, &mut secret).map_err(|_| D::Error::custom("expected a key of 32 bytes in hex"))?;
        Ok(Self::from_secret(secret))
    }
}

/// The platform's key, by which a device knows what it hears.
#[derive(Debug, Clone)]
pub struct PlatformKey {
    verifying: ed25519_dalek::VerifyingKey,
    key_id: KeyId,
}

impl PlatformKey {
    /// `None` for bytes that are no key, or a weak one.
    #[must_use]
    pub fn new(public: &PublicKey) -> Option<Self> {
        let verifying = ed25519_dalek::VerifyingKey::from_bytes(public.as_bytes()).ok().filter(|key| !key.is_weak())?;
        Some(Self { verifying, key_id: public.key_id() })
    }

    /// The payload of a message that this key signed, under the strict equation.
    #[must_use]
    pub fn open<'a>(&self, message: &cose::Sign1<'a>, aad: &str) -> Option<&'a [u8]> {
        if message.key_id() != self.key_id {
            return None;
        }
        let mut signed = Vec::with_capacity(256);
        message.to_be_signed(aad, &mut signed);
        let signature = ed25519_dalek::Signature::from_bytes(message.signature());
        self.verifying.verify_strict(&signed, &signature).ok().map(|()| message.payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_debug() {
        let key = KeyPair::from_secret([0x5a; 32]);
        assert!(!format!("{key:?}").contains("5a5a5a5a"));
    }
}
