//! A person's Ed25519 signature over a command: what a browser's WebCrypto makes, what the judge checks, what the log keeps.

use crate::command::Signer;
use crate::{KeyId, Malformed};

const LENGTH: usize = 8 + 64;

/// 72 bytes: key id, then the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSignature {
    /// First 8 bytes of SHA-256 over the person's public key.
    pub key_id: KeyId,
    pub signature: [u8; 64],
}

impl CommandSignature {
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.key_id.as_bytes().as_slice(), &self.signature].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = Malformed::Field { field: "signature", expected: "8 bytes of key id and 64 bytes of signature" };
        if bytes.len() != LENGTH {
            return Err(malformed);
        }
        match (bytes.first_chunk::<8>(), bytes.last_chunk::<64>()) {
            (Some(key_id), Some(signature)) => Ok(Self { key_id: KeyId::from_bytes(*key_id), signature: *signature }),
            _ => Err(malformed),
        }
    }

    /// `sealway/v1/command`, user, party and idempotency key, each ended by a line feed, then the body as it is sent.
    #[must_use]
    pub fn to_be_signed(by: &Signer, key: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("sealway/v1/command\n{}\n{}\n{key}\n", by.user, by.party);
        [head.as_bytes(), body].concat()
    }
}
