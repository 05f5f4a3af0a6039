//! Many signatures in one equation: `[8] (sum z (R + [k]A - [S]B)) = 0` with random z.
//!
//! With the cofactor on purpose: what it lets pass then depends on the signature alone and not on z, so a report in the log passes again
//! on replay. It lets pass more than the contract does (a torsion part in R, an R of small order, another encoding of R), which only the
//! key's holder can make; each report is still checked by the contract's equation before it counts as evidence.

use crate::verify::point;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha512};

/// Largest batch, and what a failed one is split into before each is looked at alone.
const WHOLE: usize = 256;
const PART: usize = 32;
/// Fewer are quicker one by one, and are strictly checked then.
const WORTH_IT: usize = 4;

/// One signature, ready to be added up.
#[derive(Clone, Copy)]
struct Term {
    /// Where it stands in the call.
    place: usize,
    /// Its key in [`Batch::keys`].
    key: usize,
    /// S of the signature.
    s: Scalar,
    /// R of the signature.
    commitment: EdwardsPoint,
    /// SHA-512(R, A, M).
    k: Scalar,
    z: Scalar,
}

/// Signatures that wait for one look. Empty between calls; its memory is kept.
#[derive(Default)]
pub(super) struct Batch {
    keys: Vec<([u8; 32], EdwardsPoint)>,
    terms: Vec<Term>,
    scalars: Vec<Scalar>,
    points: Vec<EdwardsPoint>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("terms", &self.terms.len()).finish_non_exhaustive()
    }
}

impl Batch {
    /// Takes one signature. `false`: its S or R is no encoding at all.
    pub(super) fn push(&mut self, place: usize, key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
        let Some(term) = Term::new(place, 0, key, message, signature) else {
            return false;
        };
        if self.keys.last().is_none_or(|(last, _)| last != key.as_bytes()) {
            self.keys.push((*key.as_bytes(), point(key)));
        }
        self.terms.push(Term { key: self.keys.len() - 1, ..term });
        true
    }

    /// Looks at all of them. Returns the places of those that had to be looked at `alone`, and whether they were good.
    pub(super) fn look(&mut self, coins: &mut dyn FnMut(&mut [u8]), mut alone: impl FnMut(usize) -> bool) -> Vec<(usize, bool)> {
        let mut terms = std::mem::take(&mut self.terms);
        draw(&mut terms, coins);
        let mut looked_at = Vec::new();
        for whole in terms.chunks(WHOLE) {
            if whole.len() >= WORTH_IT && self.holds(whole) {
                continue;
            }
            for part in whole.chunks(PART) {
                let passes = part.len() >= WORTH_IT && part.len() < whole.len() && self.holds(part);
                if !passes {
                    looked_at.extend(part.iter().map(|term| (term.place, alone(term.place))));
                }
            }
        }
        terms.clear();
        self.terms = terms;
        self.keys.clear();
        looked_at
    }

    /// Signatures of one key share its point: a message of 32 reports costs one multiplication of the key.
    fn holds(&mut self, terms: &[Term]) -> bool {
        self.scalars.clear();
        self.points.clear();
        let mut base = Scalar::ZERO;
        for term in terms {
            base -= term.z * term.s;
            self.scalars.push(term.z);
            self.points.push(term.commitment);
        }
        for same_key in terms.chunk_by(|one, next| one.key == next.key) {
            let key = same_key.first().and_then(|term| self.keys.get(term.key));
            let Some((_, point)) = key else {
                return false;
            };
            self.scalars.push(same_key.iter().map(|term| term.z * term.k).sum());
            self.points.push(*point);
        }
        self.scalars.push(base);
        self.points.push(ED25519_BASEPOINT_POINT);
        EdwardsPoint::vartime_multiscalar_mul(&self.scalars, &self.points).mul_by_cofactor().is_identity()
    }
}

/// What a batch lets pass, of one signature.
pub(super) fn passes_batch(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let Some(Term { s, commitment, k, .. }) = Term::new(0, 0, key, message, signature) else {
        return false;
    };
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-k, &point(key), &s);
    (expected - commitment).mul_by_cofactor().is_identity()
}

impl Term {
    fn new(place: usize, slot: usize, key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> Option<Self> {
        let (r_bytes, s_bytes) = signature.split_first_chunk::<32>()?;
        let s = Option::from(Scalar::from_canonical_bytes(s_bytes.try_into().ok()?))?;
        let commitment = CompressedEdwardsY(*r_bytes).decompress()?;
        let hash = Sha512::new().chain_update(r_bytes).chain_update(key.as_bytes()).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        Some(Self { place, key: slot, s, commitment, k, z: Scalar::ONE })
    }
}

/// 128 random bits for each. Whoever could foresee them could make two bad signatures pass together.
fn draw(terms: &mut [Term], coins: &mut dyn FnMut(&mut [u8])) {
    let mut drawn = [0_u8; 16 * PART];
    for part in terms.chunks_mut(PART) {
        coins(&mut drawn);
        for (term, z) in part.iter_mut().zip(drawn.as_chunks::<16>().0) {
            term.z = Scalar::from(u128::from_le_bytes(*z));
        }
    }
}
