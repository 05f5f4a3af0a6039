//! The doors decode and verify: from bytes to a [`VerifiedReport`], which nothing else can make.

use bytes::Bytes;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::traits::IsIdentity as _;
use ed25519_dalek::{Signature, VerifyingKey};
use sealway_schemas::cose::Sign1;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::login::Login;
use sealway_schemas::report::Report;
use sealway_schemas::{DeviceId, Digest, KeyId, Malformed, PublicKey, Time, aad};
use serde::{Deserialize, Serialize};

/// Why a message was refused. It changes nothing and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("malformed: {0}")]
    Malformed(Malformed),
    #[error("unknown device: expected one that is enrolled")]
    UnknownDevice,
    #[error("unknown key: expected a key id of this device")]
    UnknownKey,
    #[error("bad signature")]
    BadSignature,
    #[error("revoked device")]
    Revoked,
}

impl Refusal {
    /// The class as the contract names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UnknownDevice => "unknown_device",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Revoked => "revoked",
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// A key that must not be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    #[error("key {0}: expected the canonical encoding of a curve point")]
    NotCanonical(PublicKey),
    #[error("key {0}: of small order, expected one of the prime order")]
    SmallOrder(PublicKey),
    #[error("key {0}: with a torsion part, expected one of the prime order")]
    Torsion(PublicKey),
}

/// Checks a key once, where it becomes known: canonical, not of small order, without a torsion part.
pub fn check_key(key: &PublicKey) -> Result<VerifyingKey, WeakKey> {
    let verifying = VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| WeakKey::NotCanonical(*key))?;
    let point = verifying.to_edwards();
    if point.compress().as_bytes() != key.as_bytes() {
        return Err(WeakKey::NotCanonical(*key));
    }
    if point.is_small_order() || point.is_identity() {
        return Err(WeakKey::SmallOrder(*key));
    }
    if point.is_torsion_free() { Ok(verifying) } else { Err(WeakKey::Torsion(*key)) }
}

/// The equation of the contract, without cofactor: A and R canonical and not of small order, S < L, `[S]B = R + [k]A`.
///
/// `verify_strict` compares R as bytes with the canonical encoding of `[S]B - [k]A`; keys have passed [`check_key`].
#[must_use]
pub fn verify_strict(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

/// The same under any 32 bytes: what is no canonical key, or of small order, verifies nothing.
#[must_use]
pub fn verify_claimed(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let canonical = |known: &VerifyingKey| known.to_edwards().compress().as_bytes() == key.as_bytes();
    VerifyingKey::from_bytes(key.as_bytes()).ok().filter(canonical).is_some_and(|known| verify_strict(&known, message, signature))
}

/// A report whose content is well formed. What it says is only claimed.
#[derive(Debug, Clone)]
pub struct UnverifiedReport {
    device: DeviceId,
    bytes: Bytes,
    key_id: KeyId,
    report: Report,
}

impl UnverifiedReport {
    /// `bytes` is one item of a payload; the whole message, tag included.
    pub fn decode(device: DeviceId, bytes: Bytes) -> Result<Self, Malformed> {
        let (message, report) = Report::parse(&bytes)?;
        let key_id = message.key_id();
        Ok(Self { device, key_id, report, bytes })
    }

    /// Of an item that was decoded already, by [`sealway_schemas::up::split`].
    #[must_use]
    pub fn claimed(device: DeviceId, message: &Sign1<'_>, bytes: Bytes, report: Report) -> Self {
        Self { device, bytes, key_id: message.key_id(), report }
    }

    #[must_use]
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What the report says of itself, not believed.
    #[must_use]
    pub fn unverified(&self) -> &Report {
        &self.report
    }

    /// The whole message as it was received.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Only the keyring calls this, after the signature held.
    pub(crate) fn into_verified(self, signed_by: SignedBy, strict: bool) -> VerifiedReport {
        let digest = Digest::of(&self.bytes);
        VerifiedReport { device: self.device, bytes: self.bytes, digest, report: self.report, signed_by, strict }
    }
}

/// Which kind of key made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedBy {
    Identity,
    Epoch(PublicKey),
}

/// A report whose signature held over the bytes as received.
///
/// Only a keyring makes one, or a cursor that gives back what it kept.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedReport {
    device: DeviceId,
    bytes: Bytes,
    digest: Digest,
    report: Report,
    signed_by: SignedBy,
    strict: bool,
}

impl VerifiedReport {
    #[must_use]
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    #[must_use]
    pub fn signed_by(&self) -> SignedBy {
        self.signed_by
    }

    /// False where only a batch has let it pass: the strict check is still due.
    #[must_use]
    pub fn strict(&self) -> bool {
        self.strict
    }
}

/// A login whose signature held. Whether its `t` is fresh is for the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedLogin(Login);

impl VerifiedLogin {
    pub(crate) fn new(login: Login) -> Self {
        Self(login)
    }

    #[must_use]
    pub fn t(&self) -> Time {
        self.0.t
    }
}

/// Verifies a proof of enrolment over the challenge that was given out.
pub fn verify_enrolment(device: &DeviceId, key: &PublicKey, challenge: &[u8; 32], proof: &[u8]) -> Result<Enrolment, EnrolmentRefusal> {
    let message = Sign1::parse(proof).map_err(Refusal::from)?;
    let enrolment = Enrolment::decode(message.payload()).map_err(Refusal::from)?;
    let identity = check_key(key)?;
    if message.key_id() != key.key_id() {
        return Err(Refusal::UnknownKey.into());
    }
    check_message(&identity, &message, &aad::enrol(device))?;
    if &enrolment.challenge == challenge { Ok(enrolment) } else { Err(EnrolmentRefusal::Challenge) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    #[error(transparent)]
    Proof(#[from] Refusal),
    #[error(transparent)]
    Key(#[from] WeakKey),
    #[error("the proof is over another challenge, expected the one that was given out")]
    Challenge,
}

pub(crate) fn point(key: &VerifyingKey) -> EdwardsPoint {
    key.to_edwards()
}

/// The equation over a message with its aad.
pub(crate) fn check_message(key: &VerifyingKey, message: &Sign1<'_>, aad: &str) -> Result<(), Refusal> {
    let mut signed = Vec::with_capacity(256);
    message.to_be_signed(aad, &mut signed);
    if verify_strict(key, &signed, message.signature()) { Ok(()) } else { Err(Refusal::BadSignature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::SigningKey;

    fn good() -> VerifyingKey {
        SigningKey::from_bytes(&[5; 32]).verifying_key()
    }

    fn key(bytes: [u8; 32]) -> PublicKey {
        PublicKey::from_bytes(bytes)
    }

    #[test]
    fn a_key_without_a_torsion_part_is_taken() {
        assert_eq!(check_key(&key(good().to_bytes())), Ok(good()));
    }

    #[test]
    fn every_point_of_small_order_is_refused() {
        for point in EIGHT_TORSION {
            let weak = key(point.compress().to_bytes());
            assert_eq!(check_key(&weak), Err(WeakKey::SmallOrder(weak)));
        }
    }

    #[test]
    fn a_key_with_a_torsion_part_is_refused() {
        for torsion in EIGHT_TORSION.iter().skip(1) {
            let weak = key((good().to_edwards() + torsion).compress().to_bytes());
            assert_eq!(check_key(&weak), Err(WeakKey::Torsion(weak)));
        }
    }

    #[test]
    fn another_encoding_of_a_point_is_refused() {
        // y + p for y = 1, 3, 4 ...: what fits below 2^255 and is a point.
        for low in 0xed..=0xff_u8 {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (low, 0x7f);
            let other = key(bytes);
            assert_eq!(check_key(&other), Err(WeakKey::NotCanonical(other)), "{low:x}");
            assert!(!verify_claimed(&other, b"", &[0; 64]));
        }
        // x = 0 with the sign of a negative x.
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (1, 0x80);
        assert_eq!(check_key(&key(bytes)), Err(WeakKey::NotCanonical(key(bytes))));
    }

    #[test]
    fn an_enrolment_answers_its_own_challenge() {
        use ed25519_dalek::Signer as _;
        let device: DeviceId = "XA-7Q2K".parse().unwrap();
        let signing = SigningKey::from_bytes(&[5; 32]);
        let public = key(signing.verifying_key().to_bytes());
        let enrolment = Enrolment { challenge: [1; 32], next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        let proof = sealway_schemas::cose::seal(&enrolment.encode(), &aad::enrol(&device), public.key_id(), |message| {
            signing.sign(message).to_bytes()
        });
        assert_eq!(verify_enrolment(&device, &public, &[1; 32], &proof), Ok(enrolment));
        assert!(verify_enrolment(&device, &public, &[2; 32], &proof).is_err());
        assert!(verify_enrolment(&"XA-7Q2L".parse().unwrap(), &public, &[1; 32], &proof).is_err());
    }
}
