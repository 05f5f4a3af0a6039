//! Notes that carry signatures (C2SP signed-note): a text, an empty line, then one line a signature. A log signs its checkpoints; a
//! witness adds a cosignature with the time at which it saw that the log only grew (C2SP tlog-cosignature).

use crate::verify::{check_key, verify_strict};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealway_schemas::PublicKey;
use sha2::{Digest as _, Sha256};

const DASH: &str = "\u{2014} ";
/// No note here is longer.
const BYTES_LIMIT: usize = 64 * 1024;

/// What a signature of a note is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The text: by the log itself.
    Ed25519,
    /// The text under a time in unix seconds: by a witness.
    Cosignature,
}

impl Scheme {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// Who signs: a name without spaces and plus signs, and a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: PublicKey,
    scheme: Scheme,
}

/// A name or a key that cannot sign notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAVerifier {
    #[error("name {0:?}: expected 1 to 128 characters without spaces and plus signs")]
    Name(String),
    #[error("verifier key {0:?}: expected <name>+<hash>+<key in base64>")]
    Shape(String),
    #[error("verifier key of {0}: the key is weak")]
    Weak(String),
}

impl Verifier {
    pub fn new(name: &str, key: PublicKey, scheme: Scheme) -> Result<Self, NotAVerifier> {
        let ok = (1..=128).contains(&name.chars().count()) && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control());
        if !ok {
            return Err(NotAVerifier::Name(name.chars().take(64).collect()));
        }
        check_key(&key).map_err(|_| NotAVerifier::Weak(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), key, scheme })
    }

    /// Reads `<name>+<hash>+<key>`, as tools of the tlog family write it.
    pub fn parse(text: &str) -> Result<Self, NotAVerifier> {
        let shape = || NotAVerifier::Shape(text.chars().take(200).collect());
        let (name, rest) = text.split_once('+').ok_or_else(shape)?;
        let (hash, key) = rest.split_once('+').ok_or_else(shape)?;
        let key = STANDARD.decode(key).map_err(|_| shape())?;
        let (scheme, key) = key.split_first().ok_or_else(shape)?;
        let scheme = [Scheme::Ed25519, Scheme::Cosignature].into_iter().find(|known| known.byte() == *scheme).ok_or_else(shape)?;
        let key = PublicKey::from_bytes(key.try_into().map_err(|_| shape())?);
        let verifier = Self::new(name, key, scheme)?;
        if hex::encode(verifier.hash()) == hash { Ok(verifier) } else { Err(shape()) }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// The text that [`Verifier::parse`] reads.
    #[must_use]
    pub fn text(&self) -> String {
        let key: Vec<u8> = [&[self.scheme.byte()], self.key.as_bytes().as_slice()].concat();
        format!("{}+{}+{}", self.name, hex::encode(self.hash()), STANDARD.encode(key))
    }

    /// First four bytes of SHA-256 over name, line feed, scheme and key: tells signatures of one name apart.
    fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.scheme.byte()])
            .chain_update(self.key.as_bytes())
            .finalize();
        digest.first_chunk::<4>().copied().unwrap_or_default()
    }

    /// What this verifier's key signs of a note's text. `seconds`: of a cosignature.
    #[must_use]
    pub fn message(&self, text: &str, seconds: u64) -> Vec<u8> {
        match self.scheme {
            Scheme::Ed25519 => text.as_bytes().to_vec(),
            Scheme::Cosignature => format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes(),
        }
    }

    /// The line of a signature over [`Verifier::message`].
    #[must_use]
    pub fn line(&self, seconds: u64, signature: &[u8; 64]) -> String {
        let time = seconds.to_be_bytes();
        let time: &[u8] = match self.scheme {
            Scheme::Ed25519 => &[],
            Scheme::Cosignature => &time,
        };
        let bytes: Vec<u8> = [&self.hash(), time, signature.as_slice()].concat();
        format!("{DASH}{} {}\n", self.name, STANDARD.encode(bytes))
    }

    /// Whether the note carries this verifier's signature; the time of a cosignature, 0 of another. Every key is checked strictly.
    pub fn verify(&self, note: &Note<'_>) -> Result<u64, NoteFault> {
        let missing = || NoteFault::NotSigned(self.name.clone());
        let own = note.signatures.iter().filter(|line| line.name == self.name && line.bytes.starts_with(&self.hash()));
        let mut fault = missing();
        for line in own {
            fault = NoteFault::BadSignature(self.name.clone());
            let body = line.bytes.get(4..).unwrap_or_default();
            let (seconds, signature) = match self.scheme {
                Scheme::Ed25519 => (0, body),
                Scheme::Cosignature => match body.split_first_chunk::<8>() {
                    Some((time, signature)) => (u64::from_be_bytes(*time), signature),
                    None => continue,
                },
            };
            let (Ok(signature), Ok(key)) = (signature.try_into(), check_key(&self.key)) else { continue };
            if verify_strict(&key, &self.message(note.text, seconds), signature) {
                return Ok(seconds);
            }
        }
        Err(fault)
    }
}

/// A note as it came: nothing in it is believed before a [`Verifier`] looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// With the line feed at its end.
    pub text: &'a str,
    signatures: Vec<Line<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line<'a> {
    name: &'a str,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    #[error("note: {0}")]
    Malformed(&'static str),
    #[error("note: not signed by {0}")]
    NotSigned(String),
    #[error("note: the signature of {0} does not verify")]
    BadSignature(String),
}

impl<'a> Note<'a> {
    pub fn parse(note: &'a str) -> Result<Self, NoteFault> {
        if note.len() > BYTES_LIMIT {
            return Err(NoteFault::Malformed("longer than 64 KiB"));
        }
        let end = note.rfind("\n\n").ok_or(NoteFault::Malformed("no empty line before the signatures"))?;
        let (text, lines) = note.split_at_checked(end + 1).ok_or(NoteFault::Malformed("no text"))?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(NoteFault::Malformed("does not end with a line feed"))?;
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteFault::Malformed("control characters"));
        }
        let signatures = lines.split('\n').map(Line::parse).collect::<Option<_>>();
        Ok(Self { text, signatures: signatures.ok_or(NoteFault::Malformed("a signature line is not <name> <base64>"))? })
    }
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok().filter(|bytes| bytes.len() > 4)?;
        (!name.is_empty()).then_some(Self { name, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    fn signer(seed: u8, name: &str, scheme: Scheme) -> (SigningKey, Verifier) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        (key, Verifier::new(name, public, scheme).unwrap())
    }

    fn signed(text: &str, (key, verifier): &(SigningKey, Verifier), seconds: u64) -> String {
        verifier.line(seconds, &key.sign(&verifier.message(text, seconds)).to_bytes())
    }

    /// The key and the note of the specification of signed notes (golang.org/x/mod/sumdb/note).
    #[test]
    fn a_note_of_another_implementation_verifies() {
        let peter = Verifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        assert_eq!(peter.text(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let whole = format!("{text}\n{line}");
        let note = Note::parse(&whole).unwrap();
        assert_eq!(note.text, text);
        assert_eq!(peter.verify(&note), Ok(0));
        let changed = whole.replace("answer", "solution");
        assert_eq!(peter.verify(&Note::parse(&changed).unwrap()), Err(NoteFault::BadSignature("PeterNeumann".into())));
    }

    #[test]
    fn a_witness_signs_the_time_too() {
        let (log, witness) = (signer(1, "sealway.example/log", Scheme::Ed25519), signer(2, "witness.example", Scheme::Cosignature));
        let text = "sealway.example/log\n1\nAAAA\n";
        let note = format!("{text}\n{}{}", signed(text, &log, 0), signed(text, &witness, 1_790_000_000));
        let parsed = Note::parse(&note).unwrap();
        assert_eq!((log.1.verify(&parsed), witness.1.verify(&parsed)), (Ok(0), Ok(1_790_000_000)));
        let stranger = signer(3, "witness.example", Scheme::Cosignature);
        assert_eq!(stranger.1.verify(&parsed), Err(NoteFault::NotSigned("witness.example".into())));
    }

    #[test]
    fn a_cosignature_with_another_time_does_not_verify() {
        let witness = signer(2, "w", Scheme::Cosignature);
        let text = "log\n1\nAAAA\n";
        let signature = witness.0.sign(&witness.1.message(text, 5)).to_bytes();
        let note = format!("{text}\n{}", witness.1.line(6, &signature));
        assert_eq!(witness.1.verify(&Note::parse(&note).unwrap()), Err(NoteFault::BadSignature("w".into())));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for wrong in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n\u{2014} name\n",
            "text\n\n- name AAAAAAAA\n",
            "text\n\n\u{2014} name AAAA\n",
            "te\u{0}xt\n\n\u{2014} n AAAAAAAA\n",
        ] {
            assert!(Note::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_verifier_key_with_another_hash_is_refused() {
        let key = signer(1, "log", Scheme::Ed25519).1.text();
        assert!(Verifier::parse(&key).is_ok());
        assert!(Verifier::parse(&key.replace("log+", "lag+")).is_err());
        assert!(Verifier::new("two words", PublicKey::from_bytes([0; 32]), Scheme::Ed25519).is_err());
    }
}
