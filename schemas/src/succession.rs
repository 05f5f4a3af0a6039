//! The platform's keys after its first one: each is announced by the one before it, in the log and to every device.

use crate::PublicKey;

/// A key that takes over, under the signature of the one that signed until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// 1 for the platform's second key, +1 for each after it; the `seq` of the `rekey` that devices hear.
    pub seq: u64,
    pub public_key: PublicKey,
    pub signature: [u8; 64],
}

impl Succession {
    /// `sealway/v1/rekey`, the log's name, seq and the new key in hex, each ended by a line feed.
    #[must_use]
    pub fn to_be_signed(log: &str, seq: u64, public_key: &PublicKey) -> Vec<u8> {
        format!("sealway/v1/rekey\n{log}\n{seq}\n{public_key}\n").into_bytes()
    }
}
