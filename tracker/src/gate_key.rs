//! The key of a gate's own program: it signs what the gate decides alone, and it never leaves its file and this type.

use crate::platform_key::{PlatformKey, PlatformKeyError};
use sealway_schemas::PublicKey;
use sealway_schemas::gate::{GateLine, SignedText};
use std::path::Path;

#[derive(Debug)]
pub struct GateKey(PlatformKey);

impl GateKey {
    /// Made at the first start, with mode 600.
    pub fn load_or_make(path: &Path) -> Result<Self, PlatformKeyError> {
        PlatformKey::load_or_make(path).map(Self)
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// A line of the gate's own log.
    #[must_use]
    pub fn sign(&self, line: String) -> SignedText {
        self.0.sign_text(GateLine::PURPOSE, line)
    }
}
