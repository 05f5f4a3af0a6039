//! The zip file of a bundle, as somebody hands it in: it is checked to an end, or refused in words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_core::evidence::Trust;
use std::io::Cursor;
use std::sync::LazyLock;

// The file alone: the crate around it would bring databases along.
#[path = "../../../tracker/src/evidence/file.rs"]
#[allow(dead_code, reason = "what writes is not asked here")]
mod file;

static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let root = std::env::var("SEALWAY_TRUST").expect("SEALWAY_TRUST: not set, expected what `sealway evidence root` prints");
    Trust::parse(&root).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = file::read(Cursor::new(bytes), &TRUST) {
        assert!(error.to_string().starts_with("evidence file: "));
    }
});
