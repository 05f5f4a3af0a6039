//! An entry of the evidence log: whatever is read is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::entry::Entry;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = Entry::decode(bytes) {
        let mut again = Vec::new();
        entry.encode_into(&mut again);
        assert_eq!(again, bytes);
    }
});
