//! The keys that sign what the platform says to devices and in the log. The first is made at the first start; `sealway rekey` makes the
//! next one. They never leave their file and this type.
//!
//! The file has one key a line, oldest first, and the last one signs. Those before it only introduce their successor to devices that
//! were away. The log is named after the first for ever.

use crate::data_dir::{mode_for_others, write_durably};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_core::evidence::{LogKeys, Trust, TrustFault};
use sealway_core::proof::note::{NotAVerifier, Scheme, Verifier};
use sealway_schemas::down::{Down, Rekey};
use sealway_schemas::gate::{PassCard, SignedText};
use sealway_schemas::succession::Succession;
use sealway_schemas::{DeviceId, KeyId, PublicKey, aad, cose};
use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum PlatformKeyError {
    #[error("platform key {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("platform key {}: not there, expected the one that signed the log beside it: bring it from the backup", path.display())]
    Lost { path: PathBuf },
    #[error("platform key {}: {size} bytes, expected lines of 64 hex digits", path.display())]
    NotAKey { path: PathBuf, size: usize },
    #[error("platform key {}: mode {mode:o}, expected 600: others can read it", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error(
        "platform key: the log was handed on to key {expected}, and the file has {found}: bring the file of the platform that wrote the log"
    )]
    Behind { expected: PublicKey, found: String },
    #[error("no random numbers from the system: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Notes(#[from] NotAVerifier),
    #[error(transparent)]
    Trust(#[from] TrustFault),
}

pub(crate) struct PlatformKey {
    /// Oldest first; never empty.
    before: Vec<OwnKey>,
    present: OwnKey,
}

struct OwnKey {
    key: SigningKey,
    public: PublicKey,
    id: KeyId,
}

impl OwnKey {
    fn of_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        Self { id: public.key_id(), key, public }
    }
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlatformKey(***, public {})", self.present.public)
    }
}

impl PlatformKey {
    pub(crate) fn load_or_make(path: &Path) -> Result<Self, PlatformKeyError> {
        match Self::load(path) {
            Err(PlatformKeyError::Lost { .. }) => Self::add_to(path, String::new()),
            loaded => loaded,
        }
    }

    /// Of a platform that has a log: another key could go on with it, and every seal would refuse what that one says.
    pub(crate) fn load(path: &Path) -> Result<Self, PlatformKeyError> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                check_mode(path)?;
                Self::parse(&text).ok_or_else(|| PlatformKeyError::NotAKey { path: path.to_owned(), size: text.len() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(PlatformKeyError::Lost { path: path.to_owned() }),
            Err(source) => Err(PlatformKeyError::Io { path: path.to_owned(), source }),
        }
    }

    /// Makes the next key, beside those that the file has.
    pub(crate) fn make_next(path: &Path) -> Result<Self, PlatformKeyError> {
        Self::load(path)?;
        let text = std::fs::read_to_string(path).map_err(|source| PlatformKeyError::Io { path: path.to_owned(), source })?;
        Self::add_to(path, text.trim_end().to_owned() + "\n")
    }

    fn add_to(path: &Path, mut text: String) -> Result<Self, PlatformKeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(PlatformKeyError::Random)?;
        text.push_str(&hex::encode(seed));
        write_durably(path, text.as_bytes(), 0o600).map_err(|source| PlatformKeyError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).ok_or_else(|| PlatformKeyError::NotAKey { path: path.to_owned(), size: text.len() })
    }

    fn parse(text: &str) -> Option<Self> {
        let seed = |line: &str| {
            let mut seed = [0; 32];
            hex::decode_to_slice(line.trim(), &mut seed).ok().map(|()| OwnKey::of_seed(&seed))
        };
        let mut before = text.trim().lines().map(seed).collect::<Option<Vec<_>>>()?;
        let present = before.pop()?;
        Some(Self { before, present })
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.present.public
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.present.key
    }

    fn all(&self) -> impl Iterator<Item = &OwnKey> {
        self.before.iter().chain([&self.present])
    }

    /// After the first key: no two platforms have one name, and a log keeps its own.
    fn log_name(&self) -> String {
        format!("sealway/{}", self.before.first().unwrap_or(&self.present).id)
    }

    pub(crate) fn note_signer(&self) -> Result<NoteSigner, PlatformKeyError> {
        let name = self.log_name();
        let verifiers = self.all().map(|own| Verifier::new(&name, own.public, Scheme::Ed25519)).collect::<Result<Vec<_>, _>>()?;
        self.signer_of(&name, Scheme::Ed25519, verifiers)
    }

    /// A witness's key signs nothing but notes.
    pub(crate) fn cosigner(&self, name: &str) -> Result<NoteSigner, PlatformKeyError> {
        let verifier = Verifier::new(name, self.present.public, Scheme::Cosignature)?;
        self.signer_of(name, Scheme::Cosignature, vec![verifier])
    }

    fn signer_of(&self, name: &str, scheme: Scheme, known: Vec<Verifier>) -> Result<NoteSigner, PlatformKeyError> {
        let verifier = Verifier::new(name, self.present.public, scheme)?;
        Ok(NoteSigner { key: self.present.key.clone(), verifier, keys: LogKeys::new(known)? })
    }

    pub(crate) fn sign_text(&self, purpose: &str, text: String) -> SignedText {
        let signature = self.present.key.sign(&SignedText::message(purpose, &text)).to_bytes();
        SignedText { text, key: self.present.public, signature: hex::encode(signature) }
    }

    pub(crate) fn sign_card(&self, card: &PassCard) -> String {
        sealway_core::gate::card::text(card, &self.present.key.sign(&sealway_core::gate::card::message(card)).to_bytes())
    }

    /// A message to one device, ready to be sent.
    pub(crate) fn seal(&self, device: &DeviceId, down: &Down) -> Bytes {
        Self::seal_by(&self.present, device, down)
    }

    fn seal_by(own: &OwnKey, device: &DeviceId, down: &Down) -> Bytes {
        Bytes::from(cose::seal(&down.encode(), &aad::down(device), own.id, |bytes| own.key.sign(bytes).to_bytes()))
    }

    /// Each key after the first, with the one that announces it.
    fn handed_on(&self) -> impl Iterator<Item = (u64, &OwnKey, &OwnKey)> {
        (1..).zip(self.all().zip(self.all().skip(1))).map(|(seq, (before, next))| (seq, before, next))
    }

    /// What a device hears that may still believe an older key: nobody knows which, so all of it, oldest first.
    pub(crate) fn introductions(&self, device: &DeviceId) -> Vec<Bytes> {
        let rekey = |seq, next: &OwnKey| Down::Rekey(Rekey { seq, public_key: next.public });
        self.handed_on().map(|(seq, before, next)| Self::seal_by(before, device, &rekey(seq, next))).collect()
    }

    /// What the log has to say of the keys after the first `known` ones that took over.
    pub(crate) fn successions(&self, known: usize) -> Vec<Succession> {
        let log = self.log_name();
        let succession = |(seq, before, next): (u64, &OwnKey, &OwnKey)| {
            let message = Succession::to_be_signed(&log, seq, &next.public);
            Succession { seq, public_key: next.public, signature: before.key.sign(&message).to_bytes() }
        };
        self.handed_on().skip(known).map(succession).collect()
    }

    /// Whether the file has every key that the log was handed on to: devices believe no older one.
    pub(crate) fn expect(&self, successors: &[PublicKey]) -> Result<(), PlatformKeyError> {
        let mut own = self.all().skip(1).map(|own| own.public);
        for expected in successors {
            let found = own.next();
            if found != Some(*expected) {
                let found = found.map_or_else(|| "none after its last".to_owned(), |key| key.to_string());
                return Err(PlatformKeyError::Behind { expected: *expected, found });
            }
        }
        Ok(())
    }
}

/// What a stranger has to trust, and nothing else: the verifier keys of the log in a data folder, each `<name>+<hash>+<key>`.
pub fn log_keys(data: &Path) -> Result<LogKeys, PlatformKeyError> {
    Ok(note_signer(data)?.keys)
}

/// The same as a trust root without witnesses.
pub fn trust_root(data: &Path) -> Result<Trust, PlatformKeyError> {
    Ok(Trust { log: log_keys(data)?, witnesses: Vec::new() })
}

/// Of a data folder that is there: looking must not make a key.
pub(crate) fn note_signer(data: &Path) -> Result<NoteSigner, PlatformKeyError> {
    PlatformKey::load(&data.join("platform.key"))?.note_signer()
}

/// Signs the checkpoints of the log.
pub(crate) struct NoteSigner {
    key: SigningKey,
    verifier: Verifier,
    /// Its own and those before it: what they signed is still true.
    keys: LogKeys,
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner(***, {})", self.verifier.text())
    }
}

impl NoteSigner {
    /// The log's name, which begins every checkpoint.
    pub(crate) fn origin(&self) -> &str {
        self.verifier.name()
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// By which its notes are known, also those of years ago.
    pub(crate) fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// The note: text, empty line, signature.
    pub(crate) fn sign(&self, text: &str) -> String {
        format!("{text}\n{}", self.line(text, 0))
    }

    /// The signature's line alone. `seconds`: of a cosignature, unix time.
    pub(crate) fn line(&self, text: &str, seconds: u64) -> String {
        self.verifier.line(seconds, &self.key.sign(&self.verifier.message(text, seconds)).to_bytes())
    }
}

fn check_mode(path: &Path) -> Result<(), PlatformKeyError> {
    match mode_for_others(path) {
        Ok(None) => Ok(()),
        Ok(Some(mode)) => Err(PlatformKeyError::Open { path: path.to_owned(), mode }),
        Err(source) => Err(PlatformKeyError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealway_core::proof::note::Note;

    #[test]
    fn a_log_keeps_its_name_and_what_an_older_key_signed_stays_signed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.key");
        let first = PlatformKey::load_or_make(&path).unwrap();
        let old = first.note_signer().unwrap();
        let note = old.sign(&format!("{}\n1\nAAAA\n", old.origin()));
        let next = PlatformKey::make_next(&path).unwrap();
        let signer = next.note_signer().unwrap();
        assert_eq!(signer.origin(), old.origin());
        assert_ne!(next.public(), first.public());
        let later = signer.sign(&format!("{}\n2\nAAAA\n", old.origin()));
        assert_eq!([&note, &later].map(|note| signer.keys().verify(&Note::parse(note).unwrap()).is_ok()), [true, true]);
        assert!(old.keys().verify(&Note::parse(&later).unwrap()).is_err(), "the first key does not sign any more");
        assert_eq!(PlatformKey::load_or_make(&path).unwrap().public(), next.public());
    }

    #[test]
    fn a_key_file_that_lacks_a_key_of_the_log_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.key");
        let first = PlatformKey::load_or_make(&path).unwrap();
        let next = PlatformKey::make_next(&path).unwrap();
        assert!(next.expect(&[]).is_ok() && next.expect(&[next.public()]).is_ok());
        let refused = first.expect(&[next.public()]).unwrap_err().to_string();
        assert!(refused.contains(&next.public().to_string()), "{refused}");
    }
}
