//! The key that signs what the platform says to devices. Made at the first start; it never leaves its file and this type.

use crate::data_dir::write_durably;
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_core::proof::note::{NotAVerifier, Scheme, Verifier};
use sealway_schemas::down::Down;
use sealway_schemas::gate::{PassCard, SignedText};
use sealway_schemas::{DeviceId, KeyId, PublicKey, aad, cose};
use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum PlatformKeyError {
    #[error("platform key {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("platform key {}: {size} bytes, expected 64 hex digits", path.display())]
    NotAKey { path: PathBuf, size: usize },
    #[error("platform key {}: mode {mode:o}, expected 600: others can read it", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("no random numbers from the system: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Notes(#[from] NotAVerifier),
}

pub(crate) struct PlatformKey {
    key: SigningKey,
    public: PublicKey,
    id: KeyId,
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlatformKey(***, public {})", self.public)
    }
}

impl PlatformKey {
    pub(crate) fn load_or_make(path: &Path) -> Result<Self, PlatformKeyError> {
        let failed = |source| PlatformKeyError::Io { path: path.to_owned(), source };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                check_mode(path)?;
                let mut seed = [0; 32];
                let read = hex::decode_to_slice(text.trim(), &mut seed);
                read.map_err(|_| PlatformKeyError::NotAKey { path: path.to_owned(), size: text.len() })?;
                Ok(Self::of_seed(&seed))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(PlatformKeyError::Random)?;
                write_durably(path, hex::encode(seed).as_bytes(), 0o600).map_err(failed)?;
                Ok(Self::of_seed(&seed))
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn of_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        Self { id: public.key_id(), key, public }
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.public
    }

    /// Names the log after the key: no two platforms have one name.
    pub(crate) fn note_signer(&self) -> Result<NoteSigner, PlatformKeyError> {
        self.signer_of(&format!("sealway/{}", self.id), Scheme::Ed25519)
    }

    /// A witness's key signs nothing but notes.
    pub(crate) fn cosigner(&self, name: &str) -> Result<NoteSigner, PlatformKeyError> {
        self.signer_of(name, Scheme::Cosignature)
    }

    fn signer_of(&self, name: &str, scheme: Scheme) -> Result<NoteSigner, PlatformKeyError> {
        Ok(NoteSigner { key: self.key.clone(), verifier: Verifier::new(name, self.public, scheme)? })
    }

    pub(crate) fn sign_text(&self, purpose: &str, text: String) -> SignedText {
        let signature = self.key.sign(&SignedText::message(purpose, &text)).to_bytes();
        SignedText { text, key: self.public, signature: hex::encode(signature) }
    }

    pub(crate) fn sign_card(&self, card: &PassCard) -> String {
        sealway_core::gate::card::text(card, &self.key.sign(&sealway_core::gate::card::message(card)).to_bytes())
    }

    /// A message to one device, ready to be sent.
    pub(crate) fn seal(&self, device: &DeviceId, down: &Down) -> Bytes {
        Bytes::from(cose::seal(&down.encode(), &aad::down(device), self.id, |bytes| self.key.sign(bytes).to_bytes()))
    }
}

/// The verifier key of the log in a data folder, `<name>+<hash>+<key>`: what a stranger has to trust, and nothing else.
pub fn log_key(data: &Path) -> Result<String, PlatformKeyError> {
    Ok(note_signer(data)?.verifier().text())
}

/// Of a data folder that is there: looking must not make a key.
pub(crate) fn note_signer(data: &Path) -> Result<NoteSigner, PlatformKeyError> {
    let path = data.join("platform.key");
    std::fs::metadata(&path).map_err(|source| PlatformKeyError::Io { path: path.clone(), source })?;
    PlatformKey::load_or_make(&path)?.note_signer()
}

/// Signs the checkpoints of the log.
pub(crate) struct NoteSigner {
    key: SigningKey,
    verifier: Verifier,
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
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).map_err(|source| PlatformKeyError::Io { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(PlatformKeyError::Open { path: path.to_owned(), mode }) }
}
