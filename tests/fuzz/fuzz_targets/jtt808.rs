//! A JT/T 808 line: whatever comes, what is kept comes back from the log, and nothing waits beyond a frame's limit. The fuzzer's bytes are
//! also given as a body that is framed well, so that it gets behind the checksum.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use sealway_broker::{Jtt808, Talk, Turn};
use sealway_schemas::Time;
use sealway_schemas::terminal::UnsignedFrame;

fn framed(message: &[u8]) -> Vec<u8> {
    let check = message.iter().fold(0, |check, byte| check ^ byte);
    let mut frame = vec![0x7E];
    for byte in message.iter().chain([&check]) {
        match byte {
            0x7D => frame.extend([0x7D, 1]),
            0x7E => frame.extend([0x7D, 2]),
            byte => frame.push(*byte),
        }
    }
    frame.push(0x7E);
    frame
}

/// Header of 2013 of a terminal, with the body's length.
fn message(id: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(0) & 0x03FF;
    [id.to_be_bytes().as_slice(), &length.to_be_bytes(), &[1, 0x39, 0x12, 0x34, 0x56, 0x78, 0, 1], body].concat()
}

/// The code that the platform gives to this terminal.
fn code(talk: &mut Jtt808) -> Vec<u8> {
    let mut buffer = BytesMut::from(framed(&message(0x0100, &[])).as_slice());
    let Some(Turn::Ask(asking)) = talk.turn(Time::ZERO, &mut buffer) else { panic!("a registration is asked about") };
    asking.yes.get(16..32).unwrap_or_default().to_vec()
}

fuzz_target!(|bytes: &[u8]| {
    let mut talk = Jtt808::new([7; 32]);
    let code = code(&mut talk);
    let body = bytes.get(..bytes.len().min(1_023)).unwrap_or_default();
    let mut buffer = BytesMut::from(framed(&message(0x0102, &code)).as_slice());
    buffer.extend_from_slice(&framed(&message(0x0200, body)));
    buffer.extend_from_slice(&framed(&message(0x0704, body)));
    buffer.extend_from_slice(bytes);
    while let Some(turn) = talk.turn(Time::ZERO, &mut buffer) {
        if let Turn::Ask(asking) = turn
            && let Some((raw, sightings)) = asking.said
        {
            UnsignedFrame::new("FUZZ-1".parse().unwrap(), "fuzz".to_owned(), raw, sightings).unwrap();
        }
    }
    assert!(buffer.len() < 2_200);
});
