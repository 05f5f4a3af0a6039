//! A reader's line: every frame that is found is written again to bytes that give the same frame, and noise hides no frame behind it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_broker::{FrameKind, ReaderFrame, ReaderFrames};

fuzz_target!(|bytes: &[u8]| {
    let mut frames = ReaderFrames::default();
    let found = frames.read(bytes);
    let rest = frames.pause();
    for frame in found.into_iter().chain(rest).flatten() {
        assert_eq!(ReaderFrames::default().read(&frame.encode()), [Ok(frame)]);
    }
    let last = ReaderFrame { kind: FrameKind::Up, ticket: 1, device: "FUZZ-1".parse().unwrap(), body: bytes::Bytes::from_static(b"x") };
    assert_eq!(frames.read(&last.encode()), [Ok(last)]);
});
