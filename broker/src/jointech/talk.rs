//! The conversation: a lock calls with its number in every frame.

use super::binary::{self, Binary};
use super::text::{self, Text};
use crate::terminal::unread;
use crate::terminal::{Asking, Fault, Talk, Turn};
use crate::wall;
use bytes::{Buf as _, Bytes, BytesMut};
use sealway_schemas::Time;
use sealway_schemas::report::Status;
use sealway_schemas::terminal::Protocol;

const TEXT_LIMIT: usize = 1_024;

/// One lock's conversation. Between its frames nothing is remembered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jointech;

enum Kind {
    Text,
    Binary,
}

impl Talk for Jointech {
    const PROTOCOL: Protocol = Protocol::Jointech;

    fn turn(&mut self, now: Time, buffer: &mut BytesMut) -> Option<Turn> {
        Some(match frame(buffer)? {
            Ok((Kind::Text, raw)) => said(now, raw),
            Ok((Kind::Binary, raw)) => match binary::read(&raw) {
                Ok(Binary { call_sign, sighting, odd, answer }) => Turn::Ask(Asking {
                    call_sign,
                    said: Some((raw, vec![sighting])),
                    odd: odd.then_some(Fault::Malformed),
                    yes: answer.into_bytes(),
                    no: Vec::new(),
                }),
                Err(fault) => Turn::Skip(fault, Vec::new()),
            },
            Err(fault) => Turn::Skip(fault, Vec::new()),
        })
    }
}

fn said(now: Time, raw: Bytes) -> Turn {
    let content = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let (call_sign, text) = match text::read(content) {
        Ok(read) => read,
        Err(fault) => return Turn::Skip(fault, Vec::new()),
    };
    let unread = || vec![unread::rest(Status::default())];
    let (sightings, odd, yes) = match text {
        Text::Unlocking { sighting, answer } => (Some(vec![*sighting]), None, answer.into_bytes()),
        Text::AsksTime => (None, None, format!("(P22,{})", wall::day_first(now)).into_bytes()),
        Text::Unread { answer } => (Some(unread()), Some(Fault::Malformed), answer.into_bytes()),
        Text::Other => (Some(unread()), Some(Fault::Unsupported), Vec::new()),
    };
    Turn::Ask(Asking { call_sign, said: sightings.map(|sightings| (raw, sightings)), odd, yes, no: Vec::new() })
}

/// The next frame in what was read; `None` where more bytes are needed.
fn frame(buffer: &mut BytesMut) -> Option<Result<(Kind, Bytes), Fault>> {
    match buffer.first()? {
        b'(' => {
            let Some(end) = buffer.iter().position(|byte| *byte == b')') else {
                return (buffer.len() > TEXT_LIMIT).then(|| skip(buffer, Fault::TooLong));
            };
            if end > TEXT_LIMIT {
                return Some(skip(buffer, Fault::TooLong));
            }
            Some(Ok((Kind::Text, buffer.split_to(end + 1).freeze())))
        }
        b'$' => match binary::length(buffer)? {
            Ok(length) if buffer.len() < length => None,
            Ok(length) => Some(Ok((Kind::Binary, buffer.split_to(length).freeze()))),
            Err(fault) => Some(skip(buffer, fault)),
        },
        _ => Some(skip(buffer, Fault::Garbage)),
    }
}

/// Goes on at the next byte that may begin a frame.
fn skip(buffer: &mut BytesMut, fault: Fault) -> Result<(Kind, Bytes), Fault> {
    let next = buffer.iter().skip(1).position(|byte| matches!(byte, b'(' | b'$'));
    buffer.advance(next.map_or(buffer.len(), |next| next + 1));
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::super::binary::tests::frame as lock;
    use super::*;
    use proptest::prelude::*;

    fn turns(bytes: &[u8]) -> Vec<Turn> {
        let mut buffer = BytesMut::from(bytes);
        let mut talk = Jointech;
        std::iter::from_fn(|| talk.turn(Time::from_ms(1_788_251_405_000), &mut buffer)).collect()
    }

    #[test]
    fn text_and_binary_frames_come_on_one_connection() {
        let bytes = [b"(7010100014,P22)".as_slice(), &lock(0x19, 0, 85), b"(7010100014,P43,0)"].concat();
        let turns = turns(&bytes);
        let asked = |turn: &Turn| match turn {
            Turn::Ask(asking) => (asking.call_sign.to_string(), asking.said.is_some(), String::from_utf8(asking.yes.clone()).unwrap()),
            other => panic!("{other:?}"),
        };
        let told: Vec<_> = turns.iter().map(asked).collect();
        let number = || "7010100014".to_owned();
        assert_eq!(
            told,
            [(number(), false, "(P22,010926083005)".into()), (number(), true, "(P69,0,7)".into()), (number(), true, String::new())]
        );
    }

    #[test]
    fn garbage_is_left_out_and_the_next_frame_is_found() {
        let bytes = [b"\r\nHELO".as_slice(), b"$1234567890", &lock(0x19, 0, 85)].concat();
        let turns = turns(&bytes);
        assert_eq!(turns[0], Turn::Skip(Fault::Garbage, Vec::new()));
        assert!(matches!(turns.last(), Some(Turn::Ask(asking)) if asking.said.is_some()), "{turns:?}");
    }

    #[test]
    fn a_text_without_an_end_is_dropped_at_the_limit() {
        let endless = [b"(".as_slice(), &[b'7'; 3_000]].concat();
        assert_eq!(turns(&endless), [Turn::Skip(Fault::TooLong, Vec::new())]);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(prop_oneof![Just(b'('), Just(b'$'), Just(b')'), Just(b','), any::<u8>()], 0..3000)) {
            let mut buffer = BytesMut::from(bytes.as_slice());
            let mut talk = Jointech;
            while talk.turn(Time::ZERO, &mut buffer).is_some() {}
            prop_assert!(buffer.len() <= TEXT_LIMIT);
        }

        #[test]
        fn a_frame_comes_whole_however_it_is_cut(cut in 0_usize..62, word in any::<u16>()) {
            let sent = lock(0x19, word & !1, 85);
            let mut buffer = BytesMut::from(&sent[..cut]);
            let mut talk = Jointech;
            prop_assert_eq!(talk.turn(Time::ZERO, &mut buffer), None);
            buffer.extend_from_slice(&sent[cut..]);
            let turn = talk.turn(Time::ZERO, &mut buffer);
            prop_assert!(matches!(&turn, Some(Turn::Ask(asking)) if asking.said.as_ref().is_some_and(|(raw, _)| *raw == sent)), "{:?}", turn);
        }
    }
}
