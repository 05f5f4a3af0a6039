//! What the front says, appended to one buffer so that many answers leave in one write.

use super::{PACKET_MAX, Version};
use crate::Refusal;
use sealway_schemas::link::Verdict;

/// MQTT 5 reason: this payload held nothing acceptable.
const PAYLOAD_FORMAT_INVALID: u8 = 0x99;

/// What the CONNACK of an admitted client announces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Welcome<'a> {
    pub(crate) receive_maximum: u16,
    /// Where the client's own keep-alive does not hold.
    pub(crate) keep_alive: Option<u16>,
    pub(crate) wildcards: bool,
    pub(crate) assigned_client_id: Option<&'a str>,
    pub(crate) denies_session: bool,
}

pub(crate) fn welcome(out: &mut Vec<u8>, version: Version, welcome: &Welcome<'_>) {
    if version == Version::V3_1_1 {
        out.extend([0x20, 2, 0, 0]);
        return;
    }
    let mut properties = vec![0x21];
    properties.extend(welcome.receive_maximum.to_be_bytes());
    // Maximum QoS 1, no retained messages, no subscription identifiers, no shared subscriptions.
    properties.extend([0x24, 1, 0x25, 0, 0x29, 0, 0x2A, 0, 0x28, u8::from(welcome.wildcards), 0x27]);
    properties.extend(u32::try_from(PACKET_MAX).unwrap_or(u32::MAX).to_be_bytes());
    if welcome.denies_session {
        properties.extend([0x11, 0, 0, 0, 0]);
    }
    if let Some(seconds) = welcome.keep_alive {
        properties.push(0x13);
        properties.extend(seconds.to_be_bytes());
    }
    if let Some(id) = welcome.assigned_client_id {
        properties.push(0x12);
        text(&mut properties, id.as_bytes());
    }
    out.push(0x20);
    length(out, 2 + length_of(properties.len()) + properties.len());
    out.extend([0, 0]);
    length(out, properties.len());
    out.extend(properties);
}

pub(crate) fn unwelcome(out: &mut Vec<u8>, version: Version, refusal: Refusal) {
    match version {
        Version::V3_1_1 => out.extend([0x20, 2, 0, refusal.connack_3_1_1()]),
        Version::V5 => out.extend([0x20, 3, 0, refusal.reason_code(), 0]),
    }
}

pub(crate) fn puback(out: &mut Vec<u8>, version: Version, packet_id: u16, verdict: Verdict) {
    match (version, verdict) {
        (Version::V5, Verdict::NothingAcceptable) => puback_reason(out, packet_id, PAYLOAD_FORMAT_INVALID),
        (Version::V3_1_1, Verdict::NothingAcceptable) | (_, Verdict::Stored) => {
            let [high, low] = packet_id.to_be_bytes();
            out.extend([0x40, 2, high, low]);
        }
    }
}

/// MQTT 5 only.
pub(crate) fn puback_reason(out: &mut Vec<u8>, packet_id: u16, reason: u8) {
    let [high, low] = packet_id.to_be_bytes();
    out.extend([0x40, 3, high, low, reason]);
}

/// One return code per filter, in the order asked.
pub(crate) fn suback(out: &mut Vec<u8>, version: Version, packet_id: u16, codes: &[u8]) {
    acknowledge(out, 0x90, version, packet_id, codes);
}

pub(crate) fn unsuback(out: &mut Vec<u8>, version: Version, packet_id: u16, codes: &[u8]) {
    let codes = if version == Version::V5 { codes } else { &[] };
    acknowledge(out, 0xB0, version, packet_id, codes);
}

fn acknowledge(out: &mut Vec<u8>, first: u8, version: Version, packet_id: u16, codes: &[u8]) {
    let properties: &[u8] = if version == Version::V5 { &[0] } else { &[] };
    out.push(first);
    length(out, 2 + properties.len() + codes.len());
    out.extend(packet_id.to_be_bytes());
    out.extend(properties);
    out.extend(codes);
}

pub(crate) fn pingresp(out: &mut Vec<u8>) {
    out.extend([0xD0, 0]);
}

/// MQTT 5 only: 3.1.1 has no DISCONNECT from the server, it just closes.
pub(crate) fn disconnect(out: &mut Vec<u8>, reason: u8) {
    out.extend([0xE0, 1, reason]);
}

/// A PUBLISH to the client; with a packet id it is QoS 1, without one QoS 0.
pub(crate) fn publish(out: &mut Vec<u8>, version: Version, topic: &str, packet_id: Option<u16>, payload: &[u8]) {
    out.push(if packet_id.is_some() { 0x32 } else { 0x30 });
    length(out, publish_len(version, topic, packet_id.is_some(), payload));
    text(out, topic.as_bytes());
    out.extend(packet_id.into_iter().flat_map(u16::to_be_bytes));
    if version == Version::V5 {
        out.push(0);
    }
    out.extend_from_slice(payload);
}

/// Bytes of that whole PUBLISH, for a client's maximum packet size.
pub(crate) fn publish_size(version: Version, topic: &str, payload: &[u8]) -> usize {
    let len = publish_len(version, topic, true, payload);
    1 + length_of(len) + len
}

fn publish_len(version: Version, topic: &str, with_id: bool, payload: &[u8]) -> usize {
    2 + topic.len() + if with_id { 2 } else { 0 } + usize::from(version == Version::V5) + payload.len()
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend(len.to_be_bytes());
    out.extend(text.iter().take(usize::from(len)));
}

fn length(out: &mut Vec<u8>, mut len: usize) {
    loop {
        let low = u8::try_from(len & 0x7F).unwrap_or_default();
        len >>= 7;
        if len == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn length_of(len: usize) -> usize {
    match len {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn another_implementation_reads_the_connack() {
        let all = Welcome {
            receive_maximum: 64,
            keep_alive: Some(1_200),
            wildcards: false,
            assigned_client_id: Some("listener-1"),
            denies_session: true,
        };
        let bytes = written(|out| welcome(out, Version::V5, &all));
        assert_eq!(usize::from(bytes[1]) + 2, bytes.len());
        let (connack, read) = v5_0::Connack::parse(&bytes[2..]).unwrap();
        assert_eq!(read + 2, bytes.len());
        assert!(!connack.session_present());
        assert_eq!(connack.props().len(), 10);
        let refused = written(|out| unwelcome(out, Version::V5, Refusal::NotEnrolled));
        assert_eq!(v5_0::Connack::parse(&refused[2..]).unwrap().0.reason_code() as u8, 0x87);
    }

    #[test]
    fn another_implementation_reads_the_pubacks() {
        let plain = written(|out| puback(out, Version::V3_1_1, 7, Verdict::NothingAcceptable));
        assert_eq!(v3_1_1::Puback::parse(&plain[2..]).unwrap().0.packet_id(), 7);
        let told = written(|out| puback(out, Version::V5, 7, Verdict::NothingAcceptable));
        let (told, _) = v5_0::Puback::parse(&told[2..]).unwrap();
        assert_eq!(told.reason_code().map(|code| code as u8), Some(0x99));
    }

    #[test]
    fn a_publish_is_as_long_as_was_foretold() {
        for size in [0, 100, 127, 200, 16_300] {
            let payload = vec![7; size];
            let bytes = written(|out| publish(out, Version::V5, "seal/v1/XA-7Q2K/down", Some(3), &payload));
            assert_eq!(bytes.len(), publish_size(Version::V5, "seal/v1/XA-7Q2K/down", &payload));
        }
    }
}
