//! One report as a whole message: whatever is read is written again to the same payload.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::report::Report;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((message, report)) = Report::parse(bytes) {
        assert_eq!(report.encode(), message.payload());
    }
});
