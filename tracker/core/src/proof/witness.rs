//! A witness of logs (C2SP tlog-witness): it signs a log's checkpoint only if the log grew out of the one that it signed before. Two
//! histories of one log then need two witnesses that lie.
//!
//! Decides only: whoever runs it keeps what [`Witness::look`] gives durably *before* it signs.

use super::checkpoint::Checkpoint;
use super::note::{Note, Verifier};
use super::{Hash, ProofFault, consistency};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

const PROOF_LIMIT: usize = 63;

/// The logs that a witness looks at, each with every key that it may sign with, and the newest tree of each that it signed.
#[derive(Debug, Default)]
pub struct Witness {
    logs: BTreeMap<String, Vec<Verifier>>,
    seen: BTreeMap<String, (u64, Hash)>,
}

/// A checkpoint that may be cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    pub checkpoint: Checkpoint,
    /// What is signed: the note's text.
    pub text: String,
}

/// Why a checkpoint is not cosigned; the answers of the specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCosigned {
    #[error("request: {0}")]
    Malformed(&'static str),
    #[error("log {0:?}: not one that this witness looks at")]
    UnknownLog(String),
    #[error("the checkpoint is not signed by the log's key")]
    NotSigned,
    #[error("old size {old} is above the checkpoint's {size}")]
    Backwards { old: u64, size: u64 },
    /// The log has to prove growth from here.
    #[error("this witness has seen {size} entries, expected a proof from there")]
    Conflict { size: u64 },
    #[error("{0}")]
    Proof(#[from] ProofFault),
}

impl Witness {
    /// `seen`: what was kept, by log.
    #[must_use]
    pub fn new(logs: impl IntoIterator<Item = Verifier>, seen: BTreeMap<String, (u64, Hash)>) -> Self {
        let mut keys: BTreeMap<String, Vec<Verifier>> = BTreeMap::new();
        for log in logs {
            keys.entry(log.name().to_owned()).or_default().push(log);
        }
        Self { logs: keys, seen }
    }

    /// Judges the body of `add-checkpoint`: `old <size>`, hashes in base64 one a line, an empty line, the signed checkpoint.
    pub fn look(&self, body: &str) -> Result<Grown, NotCosigned> {
        let (head, note) = body.split_once("\n\n").ok_or(NotCosigned::Malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(number);
        let old = old.ok_or(NotCosigned::Malformed("first line: expected \"old <size>\""))?;
        let proof = lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok().map(Hash::from_bytes)).collect::<Option<Vec<_>>>();
        let proof = proof.filter(|proof| proof.len() <= PROOF_LIMIT);
        let proof = proof.ok_or(NotCosigned::Malformed("proof: expected at most 63 lines of 32 bytes in base64"))?;
        let note = Note::parse(note).map_err(|_| NotCosigned::Malformed("the checkpoint is no signed note"))?;
        let checkpoint = Checkpoint::parse(note.text).map_err(|_| NotCosigned::Malformed("the note is no checkpoint"))?;
        let keys = self.logs.get(&checkpoint.origin).ok_or_else(|| NotCosigned::UnknownLog(checkpoint.origin.clone()))?;
        if !keys.iter().any(|key| key.verify(&note).is_ok()) {
            return Err(NotCosigned::NotSigned);
        }
        self.expect_growth(&checkpoint, old, &proof)?;
        Ok(Grown { text: note.text.to_owned(), checkpoint })
    }

    fn expect_growth(&self, checkpoint: &Checkpoint, old: u64, proof: &[Hash]) -> Result<(), NotCosigned> {
        if old > checkpoint.size {
            return Err(NotCosigned::Backwards { old, size: checkpoint.size });
        }
        let (size, root) = self.seen.get(&checkpoint.origin).copied().unwrap_or((0, Hash::empty()));
        if old != size || (checkpoint.size == size && checkpoint.root != root) {
            return Err(NotCosigned::Conflict { size });
        }
        Ok(consistency::verify((size, root), (checkpoint.size, checkpoint.root), proof)?)
    }

    /// What was kept durably, so that it may be signed.
    pub fn remember(&mut self, checkpoint: &Checkpoint) {
        self.seen.insert(checkpoint.origin.clone(), (checkpoint.size, checkpoint.root));
    }
}

/// The body of `add-checkpoint`.
#[must_use]
pub fn request(old: u64, proof: &[Hash], note: &str) -> String {
    let proof: String = proof.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n").collect();
    format!("old {old}\n{proof}\n{note}")
}

#[cfg(test)]
mod tests {
    use super::super::note::Scheme;
    use super::super::tree::tests::{Kept, grown};
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use sealway_schemas::PublicKey;

    struct Log {
        key: SigningKey,
        verifier: Verifier,
        kept: Kept,
        roots: Vec<Hash>,
    }

    impl Log {
        fn new(seed: u8, size: u64) -> Self {
            let key = SigningKey::from_bytes(&[seed; 32]);
            let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
            let (kept, roots) = grown(size);
            Self { key, verifier: Verifier::new("sealway/1", public, Scheme::Ed25519).unwrap(), kept, roots }
        }

        fn note(&self, size: usize, root: Hash) -> String {
            let text = Checkpoint { origin: "sealway/1".into(), size: size as u64, root }.text();
            format!("{text}\n{}", self.verifier.line(0, &self.key.sign(text.as_bytes()).to_bytes()))
        }

        fn asks(&self, old: usize, size: usize) -> String {
            let proof = consistency::prove(old as u64, size as u64, &self.kept).unwrap();
            request(old as u64, &proof, &self.note(size, self.roots[size]))
        }
    }

    #[test]
    fn a_log_that_only_grew_is_cosigned_again_and_again() {
        let log = Log::new(1, 30);
        let mut witness = Witness::new([log.verifier.clone()], BTreeMap::new());
        for (old, size) in [(0, 7), (7, 7), (7, 16), (16, 30)] {
            let grown = witness.look(&log.asks(old, size)).unwrap();
            assert_eq!((grown.checkpoint.size, grown.checkpoint.root), (size as u64, log.roots[size]));
            witness.remember(&grown.checkpoint);
        }
    }

    #[test]
    fn another_history_of_the_same_log_is_never_cosigned() {
        let log = Log::new(1, 30);
        let mut witness = Witness::new([log.verifier.clone()], BTreeMap::new());
        let first = witness.look(&log.asks(0, 12)).unwrap();
        witness.remember(&first.checkpoint);
        let rewritten = log.note(12, Hash::leaf(b"rewritten"));
        assert_eq!(witness.look(&request(12, &[], &rewritten)), Err(NotCosigned::Conflict { size: 12 }));
        let proof = consistency::prove(12, 20, &log.kept).unwrap();
        let forked = request(12, &proof, &log.note(20, Hash::leaf(b"forked")));
        assert_eq!(witness.look(&forked), Err(NotCosigned::Proof(ProofFault::Root)));
        assert_eq!(witness.look(&log.asks(8, 20)), Err(NotCosigned::Conflict { size: 12 }), "it has to begin where the witness is");
        assert_eq!(witness.look(&log.asks(0, 5)), Err(NotCosigned::Conflict { size: 12 }), "a log does not shrink");
    }

    #[test]
    fn a_stranger_and_a_request_out_of_shape_are_refused() {
        let (log, stranger) = (Log::new(1, 5), Log::new(2, 5));
        let witness = Witness::new([log.verifier.clone()], BTreeMap::new());
        assert_eq!(witness.look(&stranger.asks(0, 5)), Err(NotCosigned::NotSigned));
        let other = Witness::new([], BTreeMap::new());
        assert_eq!(other.look(&log.asks(0, 5)), Err(NotCosigned::UnknownLog("sealway/1".into())));
        assert_eq!(witness.look(&request(9, &[], &log.note(5, log.roots[5]))), Err(NotCosigned::Backwards { old: 9, size: 5 }));
        for wrong in ["", "old 0\n", "old x\n\nnote", "new 0\n\nnote", "old 0\nAAAA\n\nnote"] {
            assert!(matches!(witness.look(wrong), Err(NotCosigned::Malformed(_))), "{wrong:?}");
        }
        for number in ["+0", "00", " 0", "-0"] {
            let asked = log.asks(0, 5).replacen("old 0", &format!("old {number}"), 1);
            assert!(matches!(witness.look(&asked), Err(NotCosigned::Malformed(_))), "{number:?}");
        }
    }
}
