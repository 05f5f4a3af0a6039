//! The payload of a hello message: whatever is read is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::hello::Hello;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Hello::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
});
