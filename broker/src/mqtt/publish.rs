//! PUBLISH and PUBACK as a client sends them: the hot path, read in place.

use super::frame::{Fields, Frame};
use super::{PAYLOAD_MAX, Version, properties};
use crate::Refusal;
use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::Property;

/// A PUBLISH of QoS 1, well formed; its topic and its payload are not yet judged.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) packet_id: u16,
    pub(crate) topic: Bytes,
    pub(crate) payload: Bytes,
}

impl Publish {
    pub(crate) fn read(version: Version, frame: &Frame) -> Result<Self, Refusal> {
        let qos = frame.flags >> 1 & 3;
        match qos {
            1 => {}
            3 => return Err(Refusal::MalformedPacket),
            _ => return Err(Refusal::Qos),
        }
        if frame.flags & 1 == 1 {
            return Err(Refusal::Retain);
        }
        let mut fields = Fields(&frame.body);
        let topic = fields.binary().ok_or(Refusal::MalformedPacket)?;
        let packet_id = fields.u16().ok_or(Refusal::MalformedPacket)?;
        if version == Version::V5 {
            properties::judge(fields.properties().ok_or(Refusal::MalformedPacket)?, judge_property)?;
        }
        if packet_id == 0 {
            return Err(Refusal::PacketIdZero);
        }
        Ok(Self { packet_id, topic: frame.body.slice_ref(topic), payload: frame.body.slice_ref(fields.0) })
    }

    /// What is wrong with a topic or a payload, if the topic is not `own`.
    pub(crate) fn judge(&self, own: &str) -> Result<(), Refusal> {
        if self.topic != own.as_bytes() {
            return Err(if is_plain_topic(&self.topic) { Refusal::ForeignTopic } else { Refusal::TopicName });
        }
        if self.payload.len() > PAYLOAD_MAX { Err(Refusal::PayloadTooLarge) } else { Ok(()) }
    }
}

fn is_plain_topic(topic: &[u8]) -> bool {
    !topic.is_empty() && topic.iter().all(|byte| (b' '..=b'~').contains(byte) && !matches!(byte, b'+' | b'#'))
}

fn judge_property(property: &Property) -> Result<(), Refusal> {
    match property {
        // The CONNACK announces no topic alias, so any is above the maximum.
        Property::TopicAlias(_) => Err(Refusal::TopicAlias),
        Property::PayloadFormatIndicator(_)
        | Property::MessageExpiryInterval(_)
        | Property::ContentType(_)
        | Property::ResponseTopic(_)
        | Property::CorrelationData(_)
        | Property::UserProperty(_) => Ok(()),
        _ => Err(Refusal::Properties),
    }
}

/// The packet id that a client's PUBACK names. Its reason changes nothing: down messages are repeated by who makes them.
pub(crate) fn puback(version: Version, frame: &Frame) -> Result<u16, Refusal> {
    let mut fields = Fields(&frame.body);
    let packet_id = fields.u16().ok_or(Refusal::MalformedPacket)?;
    if version == Version::V3_1_1 && !fields.0.is_empty() {
        return Err(Refusal::MalformedPacket);
    }
    if packet_id == 0 { Err(Refusal::PacketIdZero) } else { Ok(packet_id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::Kind;

    const OWN: &str = "seal/v1/XA-7Q2K/up";

    fn frame(flags: u8, topic: &[u8], packet_id: Option<u16>, rest: &[u8]) -> Frame {
        let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
        body.extend_from_slice(topic);
        body.extend(packet_id.into_iter().flat_map(u16::to_be_bytes));
        body.extend_from_slice(rest);
        Frame { kind: Kind::Publish, flags, body: body.into() }
    }

    fn outcome(version: Version, frame: &Frame) -> Result<(), Refusal> {
        Publish::read(version, frame)?.judge(OWN)
    }

    #[test]
    fn a_report_on_the_own_topic_is_taken_in_both_versions() {
        assert_eq!(outcome(Version::V3_1_1, &frame(2, OWN.as_bytes(), Some(1), b"report")), Ok(()));
        let v5 = frame(2, OWN.as_bytes(), Some(1), b"\0report");
        assert_eq!(outcome(Version::V5, &v5), Ok(()));
        assert_eq!(Publish::read(Version::V5, &v5).unwrap().payload, &b"report"[..]);
    }

    #[test]
    fn what_breaks_a_rule_is_refused_by_its_name() {
        let own = OWN.as_bytes();
        for (case, refusal) in [
            (frame(0, own, None, b"x"), Refusal::Qos),
            (frame(4, own, Some(1), b"x"), Refusal::Qos),
            (frame(6, own, Some(1), b"x"), Refusal::MalformedPacket),
            (frame(3, own, Some(1), b"x"), Refusal::Retain),
            (frame(2, own, Some(0), b"x"), Refusal::PacketIdZero),
            (frame(2, b"", Some(1), b"x"), Refusal::TopicName),
            (frame(2, b"seal/v1/+/up", Some(1), b"x"), Refusal::TopicName),
            (frame(2, b"seal/v1/#", Some(1), b"x"), Refusal::TopicName),
            (frame(2, b"seal/v1/XA-7Q2K\0/up", Some(1), b"x"), Refusal::TopicName),
            (frame(2, "关/v1/XA-7Q2K/up".as_bytes(), Some(1), b"x"), Refusal::TopicName),
            (frame(2, &[0xFF, 0xFE], Some(1), b"x"), Refusal::TopicName),
            (frame(2, b"seal/v1/XA-7Q2L/up", Some(1), b"x"), Refusal::ForeignTopic),
            (frame(2, b"seal/v1/XA-7Q2K/down", Some(1), b"x"), Refusal::ForeignTopic),
            (frame(2, b"$SYS/x", Some(1), b"x"), Refusal::ForeignTopic),
            (frame(2, own, Some(1), &[0; PAYLOAD_MAX + 1]), Refusal::PayloadTooLarge),
            (frame(2, own, None, b""), Refusal::MalformedPacket),
            (Frame { kind: Kind::Publish, flags: 2, body: Bytes::from_static(&[0, 9, b'a']) }, Refusal::MalformedPacket),
        ] {
            assert_eq!(outcome(Version::V3_1_1, &case), Err(refusal), "{case:?}");
        }
    }

    #[test]
    fn properties_that_only_a_server_sends_and_aliases_are_refused() {
        let own = OWN.as_bytes();
        for (properties, refusal) in [
            (&[3, 0x23, 0, 1][..], Refusal::TopicAlias),
            (&[2, 0x0B, 1], Refusal::Properties),
            (&[8, 0x03, 0, 1, b'a', 0x03, 0, 1, b'b'], Refusal::Properties),
            (&[2, 0x7F, 1], Refusal::MalformedPacket),
            (&[9, 0x01], Refusal::MalformedPacket),
            (&[0x80, 0x80, 0x80, 0x80], Refusal::MalformedPacket),
        ] {
            assert_eq!(outcome(Version::V5, &frame(2, own, Some(1), properties)), Err(refusal), "{properties:x?}");
        }
        assert_eq!(outcome(Version::V5, &frame(2, own, Some(1), &[2, 0x01, 0, b'x'])), Ok(()));
    }

    #[test]
    fn a_puback_names_a_packet_id() {
        let ack = |body: &'static [u8]| Frame { kind: Kind::Puback, flags: 0, body: Bytes::from_static(body) };
        assert_eq!(puback(Version::V3_1_1, &ack(&[1, 2])), Ok(0x102));
        assert_eq!(puback(Version::V3_1_1, &ack(&[1, 2, 0])), Err(Refusal::MalformedPacket));
        assert_eq!(puback(Version::V5, &ack(&[1, 2, 0x10])), Ok(0x102));
        assert_eq!(puback(Version::V5, &ack(&[0, 0])), Err(Refusal::PacketIdZero));
        assert_eq!(puback(Version::V5, &ack(&[0])), Err(Refusal::MalformedPacket));
    }
}
