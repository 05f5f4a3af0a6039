//! Frames: 0x7E, the message with its xor, 0x7E; 0x7D escapes both.

use crate::terminal::Fault;
use bytes::{Buf as _, Bytes, BytesMut};

const FLAG: u8 = 0x7E;
const ESCAPE: u8 = 0x7D;
/// A body of 1023 bytes, the longest header and the xor, all of them escaped, between two flags.
const FRAME_LIMIT: usize = 2 * (1_023 + 21 + 1) + 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// As it came, with both flags.
    pub(super) raw: Bytes,
    /// Header and body, without escapes and xor.
    pub(super) message: Vec<u8>,
}

/// The next frame in what was read; `None` where more bytes are needed.
pub(super) fn next(buffer: &mut BytesMut) -> Option<Result<Frame, Fault>> {
    match buffer.iter().position(|byte| *byte == FLAG) {
        Some(0) => {}
        Some(garbage) => {
            buffer.advance(garbage);
            return Some(Err(Fault::Garbage));
        }
        None if buffer.is_empty() => return None,
        None => {
            buffer.clear();
            return Some(Err(Fault::Garbage));
        }
    }
    // Two flags in a row: the first one ended a frame whose beginning was lost, or nothing.
    while buffer.get(1) == Some(&FLAG) {
        buffer.advance(1);
    }
    let Some(end) = buffer.iter().skip(1).position(|byte| *byte == FLAG) else {
        if buffer.len() < FRAME_LIMIT {
            return None;
        }
        buffer.clear();
        return Some(Err(Fault::TooLong));
    };
    if end + 2 > FRAME_LIMIT {
        // The second flag may begin a frame.
        buffer.advance(end + 1);
        return Some(Err(Fault::TooLong));
    }
    let raw = buffer.split_to(end + 2).freeze();
    Some(open(raw))
}

fn open(raw: Bytes) -> Result<Frame, Fault> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let mut message = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        message.push(match *byte {
            ESCAPE => match bytes.next() {
                Some(1) => ESCAPE,
                Some(2) => FLAG,
                _ => return Err(Fault::Malformed),
            },
            byte => byte,
        });
    }
    let Some(check) = message.pop() else { return Err(Fault::Malformed) };
    if xor(&message) != check {
        return Err(Fault::Checksum);
    }
    Ok(Frame { raw, message })
}

/// A message as a frame.
pub(super) fn close(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 8);
    frame.push(FLAG);
    for byte in message.iter().copied().chain([xor(message)]) {
        match byte {
            FLAG => frame.extend([ESCAPE, 2]),
            ESCAPE => frame.extend([ESCAPE, 1]),
            byte => frame.push(byte),
        }
    }
    frame.push(FLAG);
    frame
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Result<Vec<u8>, Fault>> {
        let mut buffer = BytesMut::from(bytes);
        std::iter::from_fn(|| next(&mut buffer)).map(|frame| frame.map(|frame| frame.message)).collect()
    }

    #[test]
    fn the_standards_own_example_of_an_escape() {
        // JT/T 808-2019, 4.4.2: 0x30 0x7e 0x08 0x7d 0x55 is sent as 0x30 0x7d 0x02 0x08 0x7d 0x01 0x55 between flags.
        let sent = close(&[0x30, 0x7e, 0x08, 0x7d, 0x55]);
        assert!(sent.starts_with(&[0x7e, 0x30, 0x7d, 0x02, 0x08, 0x7d, 0x01, 0x55]));
        assert_eq!(all(&sent), [Ok(vec![0x30, 0x7e, 0x08, 0x7d, 0x55])]);
    }

    #[test]
    fn garbage_and_a_broken_frame_do_not_hide_the_next_one() {
        let good = close(&[1, 2, 3]);
        let mut broken = good.clone();
        broken[1] ^= 0x10;
        let bytes = [b"AT+CSQ\r\n".as_slice(), &good, &broken, &[0x7e, 0x7d, 0x09, 0x7e], &good].concat();
        let expected = [Err(Fault::Garbage), Ok(vec![1, 2, 3]), Err(Fault::Checksum), Err(Fault::Malformed), Ok(vec![1, 2, 3])];
        assert_eq!(all(&bytes), expected);
    }

    #[test]
    fn a_shared_flag_and_a_lost_beginning_are_no_loss() {
        let good = close(&[1, 2, 3]);
        let bytes = [&[3, 0x7e], good.as_slice(), &good[1..]].concat();
        assert_eq!(all(&bytes), [Err(Fault::Garbage), Ok(vec![1, 2, 3]), Err(Fault::Garbage)]);
    }

    #[test]
    fn a_frame_without_an_end_is_dropped_at_the_limit() {
        let endless = [&[FLAG], vec![7; 5_000].as_slice()].concat();
        assert_eq!(all(&endless), [Err(Fault::TooLong)]);
        let late = [endless.as_slice(), &close(&[1])].concat();
        assert_eq!(all(&late).last(), Some(&Ok(vec![1])));
    }

    proptest! {
        #[test]
        fn every_message_comes_back_however_it_is_cut(message in proptest::collection::vec(any::<u8>(), 1..600), cut in 0_usize..700) {
            let sent = close(&message);
            let cut = cut.min(sent.len());
            let mut buffer = BytesMut::from(&sent[..cut]);
            let first = next(&mut buffer);
            buffer.extend_from_slice(&sent[cut..]);
            let frame = first.or_else(|| next(&mut buffer));
            prop_assert_eq!(frame.map(|frame| frame.map(|frame| frame.message)), Some(Ok(message)));
        }

        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(prop_oneof![Just(FLAG), Just(ESCAPE), any::<u8>()], 0..3000)) {
            let mut buffer = BytesMut::from(bytes.as_slice());
            while next(&mut buffer).is_some() {}
            prop_assert!(buffer.len() < FRAME_LIMIT);
        }
    }
}
