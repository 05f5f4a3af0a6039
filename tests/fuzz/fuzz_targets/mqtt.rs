//! A stream of MQTT packets, in one piece and in pieces: the first byte says in which version and how long the pieces are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_broker::read_pieces;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, stream)) = bytes.split_first() else { return };
    let (five, size) = (first & 1 == 1, usize::from(first >> 1) + 1);
    assert_eq!(read_pieces(five, [stream]), read_pieces(five, stream.chunks(size)));
});
