//! COSE_Sign1 (RFC 9052) in the one shape that the contract allows.
//!
//! ```text
//! d2            tag 18
//! 84            array of 4
//!   4d          protected, 13 bytes:
//!     a2 01 aa    {1: alg,            aa = 27 (-8) or 32 (-19)
//!     04 48 kk*8   4: key id}
//!   a0          unprotected, empty
//!   4x|58|59 .. payload
//!   58 40 ss*64 signature
//! ```

use crate::cbor::{Strict, well_formed};
use crate::writer::Writer;
use crate::{Digest, KeyId, Malformed};

/// Largest report or hello as COSE_Sign1.
pub const REPORT_LIMIT: usize = 512;

const SIGNATURE_LEN: usize = 64;
/// Tag, array head, head of the protected header.
const HEAD: [u8; 3] = [0xd2, 0x84, 0x4d];
const PROTECTED_LEN: usize = 13;
const KEY_ID_START: usize = 5;

/// A signed message as received: a view into its bytes. Nothing here says that the signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign1<'a> {
    bytes: &'a [u8],
    protected: &'a [u8; PROTECTED_LEN],
    key_id: KeyId,
    payload: &'a [u8],
    signature: &'a [u8; SIGNATURE_LEN],
}

impl<'a> Sign1<'a> {
    /// Reads exactly one message.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (message, rest) = Self::parse_prefix(bytes)?;
        if rest.is_empty() { Ok(message) } else { Err(Malformed::Trailing) }
    }

    /// Reads one message and returns what follows it.
    pub fn parse_prefix(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Malformed> {
        let rest = bytes.strip_prefix(&HEAD).ok_or_else(|| not_sign1(bytes))?;
        let (protected, rest) = rest.split_first_chunk::<PROTECTED_LEN>().ok_or(Malformed::Truncated)?;
        let key_id = key_id_of(protected).ok_or(Malformed::NotSign1)?;
        let rest = match rest.split_first() {
            Some((0xa0, rest)) => rest,
            Some(_) => return Err(Malformed::NotSign1),
            None => return Err(Malformed::Truncated),
        };
        let mut reader = Strict::new(rest);
        let payload = reader.byte_string("payload", "a byte string")?;
        let signature = reader.byte_string("signature", "64 bytes")?.try_into().map_err(|_| Malformed::NotSign1)?;
        let (_, after) = rest.split_at_checked(reader.position()).ok_or(Malformed::Truncated)?;
        let (bytes, _) = bytes.split_at_checked(bytes.len() - after.len()).ok_or(Malformed::Truncated)?;
        Ok((Self { bytes, protected, key_id, payload, signature }, after))
    }

    /// The whole message, tag included, as received.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    #[must_use]
    pub fn signature(&self) -> &'a [u8; SIGNATURE_LEN] {
        self.signature
    }

    /// What the next report's `prev` holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.bytes)
    }

    /// Appends the bytes that were signed (`Sig_structure` of RFC 9052, 4.4), made of the bytes as received.
    pub fn to_be_signed(&self, aad: &str, out: &mut Vec<u8>) {
        sig_structure(self.protected, aad, self.payload, out);
    }
}

/// Makes a signed message. `sign` gets the bytes to be signed.
pub fn seal(payload: &[u8], aad: &str, key_id: KeyId, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Vec<u8> {
    let mut protected = [0; PROTECTED_LEN];
    let prefix = [0xa2, 0x01, 0x27, 0x04, 0x48];
    protected.iter_mut().zip(prefix.iter().chain(key_id.as_bytes())).for_each(|(to, from)| *to = *from);
    let mut to_be_signed = Vec::with_capacity(64 + aad.len() + payload.len());
    sig_structure(&protected, aad, payload, &mut to_be_signed);
    let signature = sign(&to_be_signed);

    let mut writer = Writer::with_capacity(HEAD.len() + PROTECTED_LEN + 6 + payload.len() + SIGNATURE_LEN);
    writer.raw(&HEAD).raw(&protected).map(0).bytes(payload).bytes(&signature);
    writer.finish()
}

fn key_id_of(protected: &[u8; PROTECTED_LEN]) -> Option<KeyId> {
    let (prefix, key_id) = protected.split_at_checked(KEY_ID_START)?;
    let known = matches!(prefix, [0xa2, 0x01, 0x27 | 0x32, 0x04, 0x48]);
    key_id.try_into().ok().filter(|_| known).map(KeyId::from_bytes)
}

fn not_sign1(bytes: &[u8]) -> Malformed {
    if well_formed(bytes).is_ok() { Malformed::NotSign1 } else { Malformed::Framing }
}

fn sig_structure(protected: &[u8; PROTECTED_LEN], aad: &str, payload: &[u8], out: &mut Vec<u8>) {
    let mut writer = Writer::after(std::mem::take(out));
    writer.raw(b"\x84\x6aSignature1\x4d").raw(protected).bytes(aad.as_bytes()).bytes(payload);
    *out = writer.finish();
}
