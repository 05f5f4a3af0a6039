//! The payload of a login message: whatever is read is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::login::Login;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Login::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
});
