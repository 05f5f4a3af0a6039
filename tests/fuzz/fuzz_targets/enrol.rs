//! The payload of a enrol message: whatever is read is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::enrol::Enrolment;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Enrolment::decode(bytes) {
        assert_eq!(message.encode(), bytes);
    }
});
