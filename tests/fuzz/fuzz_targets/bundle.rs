//! The evidence in a bundle: whatever is read is written again to the same bytes, and is checked to an end, with a page about it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_core::evidence::{LogKeys, Trust, page, verify};
use sealway_schemas::bundle::Bundle;
use std::sync::LazyLock;

/// Some log's; the tests make another of it by each key.
static TRUST: LazyLock<LogKeys> = LazyLock::new(|| {
    let root = std::env::var("SEALWAY_TRUST").expect("SEALWAY_TRUST: not set, expected what `sealway evidence root` prints");
    Trust::parse(&root).unwrap().log
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(bundle) = Bundle::decode(bytes) else { return };
    assert_eq!(bundle.encode(), bytes);
    assert!(!page(&verify(&bundle, &TRUST)).is_empty());
});
