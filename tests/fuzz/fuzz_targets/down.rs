//! The payload of a down message: whatever is read is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::down::Down;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Down::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
});
