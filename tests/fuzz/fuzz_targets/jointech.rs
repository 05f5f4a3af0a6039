//! A lock's line: whatever comes, what is kept comes back from the log, and nothing waits beyond a frame's limit.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use sealway_broker::{Jointech, Talk, Turn};
use sealway_schemas::Time;
use sealway_schemas::terminal::UnsignedFrame;

fuzz_target!(|bytes: &[u8]| {
    let mut buffer = BytesMut::from(bytes);
    while let Some(turn) = Jointech.turn(Time::ZERO, &mut buffer) {
        if let Turn::Ask(asking) = turn
            && let Some((raw, sightings)) = asking.said
        {
            UnsignedFrame::new("FUZZ-1".parse().unwrap(), "fuzz".to_owned(), raw, sightings).unwrap();
        }
    }
    assert!(buffer.len() <= 1_024);
});
