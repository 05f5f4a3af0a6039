//! Recorded traces and numbers, which stand beside the project and are never part of it.

use std::path::{Path, PathBuf};

/// A recorded trace, or `None` where the recordings are absent: the test then says that it was left out.
#[must_use]
pub fn trace(name: &str) -> Option<PathBuf> {
    file(&format!("traces/{name}"))
}

/// Any of the shared data, in the same way.
#[must_use]
pub fn file(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let shared = std::env::var_os("SEALWAY_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("left out: {} is absent", path.display());
    None
}
