//! The payload of a PUBLISH: items stand in it one after the other, and each is written again to the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_schemas::up::{UpItem, split};

fuzz_target!(|bytes: &[u8]| {
    let items = split(bytes);
    assert!((1..=33).contains(&items.len()));
    for item in items.into_iter().flatten() {
        match item {
            UpItem::Report(message, report) => assert_eq!(report.encode(), message.payload()),
            UpItem::Hello(message, hello) => assert_eq!(hello.encode(), message.payload()),
        }
    }
});
