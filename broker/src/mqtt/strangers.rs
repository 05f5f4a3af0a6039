//! Every reader of this folder over bytes that anybody may send: for tests and for the fuzzer.

use super::connect::Greeting;
use super::frame::Inbox;
use super::publish::{Publish, puback};
use super::subscribe::{Subscribe, Unsubscribe, disconnect};
use super::{Kind, PACKET_MAX, PAYLOAD_MAX, Version};
use crate::Refusal;

/// What the front makes of a stream that arrives in these pieces: one line a packet, and the refusal that ended it. Reading is bounded by what
/// was sent, and a packet is never longer than the contract allows.
#[must_use]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "the fuzz target, of another crate, reads by it"))]
pub fn read_pieces<'a>(five: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let version = if five { Version::V5 } else { Version::V3_1_1 };
    let mut inbox = Inbox::default();
    let mut read = Vec::new();
    for piece in pieces {
        inbox.feed(piece);
        loop {
            match inbox.next() {
                Ok(Some(frame)) => {
                    assert!(frame.body.len() < PACKET_MAX);
                    let (kind, said) = (frame.kind, judge(version, &frame));
                    read.push(format!("{kind:?} {said:?}"));
                }
                Ok(None) => break,
                Err(refusal) => {
                    read.push(refusal.to_string());
                    return read;
                }
            }
        }
    }
    read
}

fn judge(version: Version, frame: &super::frame::Frame) -> Result<String, Refusal> {
    match frame.kind {
        Kind::Connect => Greeting::read(&frame.body).map(|greeting| format!("{greeting:?}")).map_err(|refused| refused.refusal),
        Kind::Publish => Publish::read(version, frame).and_then(|publish| {
            publish.judge("seal/v1/XA-7Q2K/up")?;
            assert!(publish.packet_id != 0 && publish.payload.len() <= PAYLOAD_MAX);
            Ok(format!("{publish:?}"))
        }),
        Kind::Puback => puback(version, frame).map(|id| id.to_string()),
        Kind::Subscribe => Subscribe::read(version, frame).map(|subscribe| format!("{subscribe:?}")),
        Kind::Unsubscribe => Unsubscribe::read(version, frame).map(|unsubscribe| format!("{unsubscribe:?}")),
        Kind::Pingreq => Ok(String::new()),
        Kind::Disconnect => disconnect(version, frame).map(|()| String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whole packets with a few bytes changed: what random bytes seldom come near.
    fn nearly_mqtt() -> impl Strategy<Value = Vec<u8>> {
        let packets: [&[u8]; 7] = [
            b"\x10\x19\0\x04MQTT\x05\xc2\0\x3c\0\0\x03ABC\0\x03ABC\0\x02pw",
            b"\x32\x18\0\x12seal/v1/XA-7Q2K/up\0\x07\0x",
            b"\x82\x09\0\x09\0\0\x03a/b\x01",
            b"\xa2\x08\0\x09\0\0\x03a/b",
            b"\x40\x03\0\x01\0",
            b"\xc0\0",
            b"\xe0\x02\x04\0",
        ];
        let packet = proptest::sample::select(packets.to_vec());
        let change = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..3);
        proptest::collection::vec(packet, 1..6).prop_map(|packets| packets.concat()).prop_flat_map(move |bytes| {
            change.clone().prop_map(move |changes| {
                let mut bytes = bytes.clone();
                changes.iter().for_each(|(at, byte)| {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                });
                bytes
            })
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_alike_in_whatever_pieces_they_come(
            bytes in prop_oneof![nearly_mqtt(), proptest::collection::vec(any::<u8>(), 0..400)],
            five: bool,
            size in 1_usize..40,
        ) {
            prop_assert_eq!(read_pieces(five, [bytes.as_slice()]), read_pieces(five, bytes.chunks(size)));
        }
    }

    #[test]
    fn the_packets_that_the_changes_begin_with_are_read() {
        let read = read_pieces(true, [&b"\x32\x18\0\x12seal/v1/XA-7Q2K/up\0\x07\0x\xc0\0\x40\x03\0\x01\0"[..]]);
        assert!(read.iter().all(|line| line.contains("Ok(")), "{read:?}");
        assert_eq!(read.len(), 3);
    }
}
