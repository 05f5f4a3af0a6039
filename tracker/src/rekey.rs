//! `sealway rekey`: the platform's next key.

use crate::data_dir::{DataDir, DataDirError};
use crate::platform_key::{PlatformKey, PlatformKeyError};
use sealway_schemas::PublicKey;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub enum RekeyError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Key(#[from] PlatformKeyError),
}

/// Makes the key that the platform signs by from its next start on: then the log says so under the present key, and each device hears it
/// when it connects. Needs the data folder for itself.
pub fn rekey(data: &Path) -> Result<PublicKey, RekeyError> {
    // Whoever mistypes a folder shall not make a new one.
    let path = data.join("platform.key");
    std::fs::metadata(&path).map_err(|source| PlatformKeyError::Io { path, source })?;
    let data_dir = DataDir::open(data)?;
    Ok(PlatformKey::make_next(&data_dir.platform_key())?.public())
}
