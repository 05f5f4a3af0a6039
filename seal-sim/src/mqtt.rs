//! The little of MQTT 3.1.1 that a seal speaks: its own packets out, the platform's packets in.
//!
//! An own codec, because the load needs packets that are encoded once and a reader that copies nothing, and honest devices
//! can then share it. QoS 0 and 1, one topic each way, no will, no retained messages.

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const PUBACK: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;
const PINGREQ: u8 = 0xc0;
const PINGRESP: u8 = 0xd0;
const DISCONNECT: u8 = 0xe0;

const QOS_1: u8 = 0x02;
/// Larger than any packet of the contract (16 KiB + 256).
const PACKET_LIMIT: usize = 64 * 1024;

/// Bytes that are not what a broker sends to a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("packet of {0} bytes, expected at most 65536")]
    TooLong(usize),
    #[error("packet type {0:#04x} is none that a device gets, or its content is cut short")]
    Packet(u8),
}

/// A packet from the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// 0: welcome. 4: bad user name or password. 5: not authorised.
    ConnAck(u8),
    /// The granted QoS, or 0x80.
    SubAck(u8),
    PubAck(u16),
    /// `ticket` is to be acknowledged unless it is 0 (QoS 0).
    Publish {
        ticket: u16,
        payload: &'a [u8],
    },
    PingResp,
}

/// Reads the first packet of `buffer`, with its whole length. `None`: not all of it is there yet.
pub fn first(buffer: &[u8]) -> Result<Option<(Incoming<'_>, usize)>, Fault> {
    let Some((kind, rest)) = buffer.split_first() else { return Ok(None) };
    let Some((length, digits)) = remaining_length(rest)? else { return Ok(None) };
    let Some(body) = rest.get(digits..digits + length) else { return Ok(None) };
    let packet = decode(*kind, body).ok_or(Fault::Packet(*kind))?;
    Ok(Some((packet, 1 + digits + length)))
}

fn remaining_length(rest: &[u8]) -> Result<Option<(usize, usize)>, Fault> {
    let mut length = 0;
    for (digit, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * digit);
        if byte & 0x80 == 0 {
            return if length <= PACKET_LIMIT { Ok(Some((length, digit + 1))) } else { Err(Fault::TooLong(length)) };
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(Fault::TooLong(length)) }
}

fn decode(kind: u8, body: &[u8]) -> Option<Incoming<'_>> {
    match (kind & 0xf0, body) {
        (CONNACK, [_, code]) => Some(Incoming::ConnAck(*code)),
        (SUBACK, [_, _, granted]) => Some(Incoming::SubAck(*granted)),
        (PUBACK, [high, low]) => Some(Incoming::PubAck(u16::from_be_bytes([*high, *low]))),
        (PUBLISH, _) => publish(kind, body),
        (PINGRESP, []) => Some(Incoming::PingResp),
        _ => None,
    }
}

fn publish(kind: u8, body: &[u8]) -> Option<Incoming<'_>> {
    let (topic_length, rest) = body.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*topic_length)))?;
    if kind & 0x06 == 0 {
        return Some(Incoming::Publish { ticket: 0, payload: rest });
    }
    let (ticket, payload) = rest.split_first_chunk::<2>()?;
    Some(Incoming::Publish { ticket: u16::from_be_bytes(*ticket), payload })
}

/// CONNECT with a clean session: client id = user name = device id.
pub fn connect(device: &str, password: &str, keep_alive_s: u16, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(32 + 2 * device.len() + password.len());
    text("MQTT", &mut body);
    body.extend_from_slice(&[4, 0b1100_0010]);
    body.extend_from_slice(&keep_alive_s.to_be_bytes());
    [device, device, password].into_iter().for_each(|part| text(part, &mut body));
    packet(CONNECT, &[&body], out);
}

pub fn subscribe(topic: &str, ticket: u16, out: &mut Vec<u8>) {
    let mut body = ticket.to_be_bytes().to_vec();
    text(topic, &mut body);
    body.push(1);
    packet(SUBSCRIBE, &[&body], out);
}

/// PUBLISH with QoS 1. `ticket` is not 0.
pub fn publish_once(topic: &str, ticket: u16, payload: &[u8], out: &mut Vec<u8>) {
    let mut head = Vec::with_capacity(4 + topic.len());
    text(topic, &mut head);
    head.extend_from_slice(&ticket.to_be_bytes());
    packet(PUBLISH | QOS_1, &[&head, payload], out);
}

pub fn puback(ticket: u16, out: &mut Vec<u8>) {
    packet(PUBACK, &[&ticket.to_be_bytes()], out);
}

pub fn ping(out: &mut Vec<u8>) {
    packet(PINGREQ, &[], out);
}

pub fn disconnect(out: &mut Vec<u8>) {
    packet(DISCONNECT, &[], out);
}

fn packet(kind: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(kind);
    let mut length: usize = parts.iter().map(|part| part.len()).sum();
    loop {
        let digit = low_byte(length & 0x7f);
        length >>= 7;
        out.push(if length > 0 { digit | 0x80 } else { digit });
        if length == 0 {
            break;
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

fn text(text: &str, out: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes().get(..usize::from(length)).unwrap_or_default());
}

fn low_byte(value: usize) -> u8 {
    u8::try_from(value & 0xff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_is_the_packet_of_the_standard() {
        let mut out = Vec::new();
        connect("ABC", "pw", 60, &mut out);
        let mut expected = b"\x10\x18\x00\x04MQTT\x04\xc2\x00\x3c\x00\x03ABC\x00\x03ABC\x00\x02pw".to_vec();
        assert_eq!(out, expected);
        expected.clear();
    }

    #[test]
    fn a_long_publish_has_a_length_of_several_digits() {
        let mut out = Vec::new();
        publish_once("t", 7, &[9; 300], &mut out);
        assert_eq!(out[..8], [0x32, 0xb1, 0x02, 0, 1, b't', 0, 7]);
        assert_eq!(out.len(), 3 + 305);
    }

    #[test]
    fn packets_are_read_one_by_one_and_a_part_of_one_waits_for_the_rest() {
        let bytes = [0x40, 2, 0, 5, 0x32, 6, 0, 1, b'x', 0, 9, 0xaa];
        let (packet, length) = first(&bytes).unwrap().unwrap();
        assert_eq!((packet, length), (Incoming::PubAck(5), 4));
        for cut in 0..8 {
            assert_eq!(first(&bytes[4..4 + cut]).unwrap(), None);
        }
        assert_eq!(first(&bytes[4..]).unwrap(), Some((Incoming::Publish { ticket: 9, payload: &[0xaa] }, 8)));
    }

    #[test]
    fn a_packet_that_no_device_gets_is_a_fault() {
        assert_eq!(first(&[0x10, 0]), Err(Fault::Packet(0x10)));
        assert!(matches!(first(&[0x30, 0xff, 0xff, 0xff, 0xff]), Err(Fault::TooLong(_))));
    }
}
