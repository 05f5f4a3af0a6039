//! A client's certificate, before anything about it is believed: whatever is read is a device's name and a key that stand in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_broker::certified;

fuzz_target!(|der: &[u8]| {
    if let Some((device, key)) = certified(der) {
        let has = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
        assert!(has(device.as_str().as_bytes()) && has(key.as_bytes()));
    }
});
