//! SUBSCRIBE, UNSUBSCRIBE and DISCONNECT as a client sends them.

use super::frame::{Fields, Frame};
use super::{Version, properties};
use crate::Refusal;
use mqtt_protocol_core::mqtt::packet::Property;

/// More filters than this in one packet are nobody's need here.
const FILTERS_MAX: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subscribe {
    pub(crate) packet_id: u16,
    /// Filter as sent, not yet judged, and the QoS asked for, cut down to 1.
    pub(crate) entries: Vec<(String, u8)>,
}

impl Subscribe {
    pub(crate) fn read(version: Version, frame: &Frame) -> Result<Self, Refusal> {
        let (packet_id, mut fields) = begin(version, frame)?;
        let mut entries = Vec::new();
        while !fields.0.is_empty() {
            let filter = filter_text(&mut fields)?;
            let options = fields.u8().ok_or(Refusal::MalformedPacket)?;
            let allowed = if version == Version::V5 { 0x3F } else { 0x03 };
            if options & !allowed != 0 || options & 3 == 3 || options >> 4 & 3 == 3 {
                return Err(Refusal::ReservedFlags);
            }
            push(&mut entries, (filter, (options & 3).min(1)))?;
        }
        if entries.is_empty() { Err(Refusal::MalformedPacket) } else { Ok(Self { packet_id, entries }) }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsubscribe {
    pub(crate) packet_id: u16,
    pub(crate) filters: Vec<String>,
}

impl Unsubscribe {
    pub(crate) fn read(version: Version, frame: &Frame) -> Result<Self, Refusal> {
        let (packet_id, mut fields) = begin(version, frame)?;
        let mut filters = Vec::new();
        while !fields.0.is_empty() {
            push(&mut filters, filter_text(&mut fields)?)?;
        }
        if filters.is_empty() { Err(Refusal::MalformedPacket) } else { Ok(Self { packet_id, filters }) }
    }
}

/// A DISCONNECT of 3.1.1 is empty; in 5 its reason and how long a session should live matter to nobody, for there are no wills and no
/// sessions.
pub(crate) fn disconnect(version: Version, frame: &Frame) -> Result<(), Refusal> {
    let mut fields = Fields(&frame.body);
    match (version, fields.u8()) {
        (_, None) => return Ok(()),
        (Version::V3_1_1, Some(_)) => return Err(Refusal::MalformedPacket),
        (Version::V5, Some(_)) if fields.0.is_empty() => return Ok(()),
        (Version::V5, Some(_)) => {}
    }
    let properties = fields.properties().filter(|_| fields.0.is_empty()).ok_or(Refusal::MalformedPacket)?;
    properties::judge(properties, |property| match property {
        Property::SessionExpiryInterval(_) | Property::ReasonString(_) | Property::UserProperty(_) => Ok(()),
        _ => Err(Refusal::Properties),
    })
}

fn begin(version: Version, frame: &Frame) -> Result<(u16, Fields<'_>), Refusal> {
    let mut fields = Fields(&frame.body);
    let packet_id = fields.u16().ok_or(Refusal::MalformedPacket)?;
    if version == Version::V5 {
        properties::judge(fields.properties().ok_or(Refusal::MalformedPacket)?, |property| match property {
            Property::UserProperty(_) => Ok(()),
            Property::SubscriptionIdentifier(_) => Err(Refusal::SubscriptionIdentifier),
            _ => Err(Refusal::Properties),
        })?;
    }
    if packet_id == 0 { Err(Refusal::PacketIdZero) } else { Ok((packet_id, fields)) }
}

fn filter_text(fields: &mut Fields<'_>) -> Result<String, Refusal> {
    let bytes = fields.binary().ok_or(Refusal::MalformedPacket)?;
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::MalformedPacket)?;
    if text.is_empty() || text.contains('\0') { Err(Refusal::MalformedPacket) } else { Ok(text.to_owned()) }
}

fn push<T>(entries: &mut Vec<T>, entry: T) -> Result<(), Refusal> {
    if entries.len() == FILTERS_MAX {
        return Err(Refusal::TooManySubscriptions);
    }
    entries.push(entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::Kind;
    use bytes::Bytes;

    fn frame(body: &'static [u8]) -> Frame {
        Frame { kind: Kind::Subscribe, flags: 2, body: Bytes::from_static(body) }
    }

    #[test]
    fn filters_and_their_qos_are_read_in_both_versions() {
        let expected = Subscribe { packet_id: 7, entries: vec![("a/b".to_owned(), 1), ("#".to_owned(), 0)] };
        assert_eq!(Subscribe::read(Version::V3_1_1, &frame(b"\0\x07\0\x03a/b\x02\0\x01#\0")).as_ref(), Ok(&expected));
        assert_eq!(Subscribe::read(Version::V5, &frame(b"\0\x07\0\0\x03a/b\x01\0\x01#\x2C")), Ok(expected));
    }

    #[test]
    fn what_breaks_a_rule_is_refused_by_its_name() {
        for (version, body, refusal) in [
            (Version::V3_1_1, &b"\0\0\0\x01a\x01"[..], Refusal::PacketIdZero),
            (Version::V3_1_1, b"\0\x01", Refusal::MalformedPacket),
            (Version::V3_1_1, b"\0\x01\0\0\x01", Refusal::MalformedPacket),
            (Version::V3_1_1, b"\0\x01\0\x01\0\x01", Refusal::MalformedPacket),
            (Version::V3_1_1, b"\0\x01\0\x01a\x04", Refusal::ReservedFlags),
            (Version::V3_1_1, b"\0\x01\0\x01a\x03", Refusal::ReservedFlags),
            (Version::V3_1_1, b"\0\x01\0\x01a", Refusal::MalformedPacket),
            (Version::V5, b"\0\x01\0\0\x01a\x41", Refusal::ReservedFlags),
            (Version::V5, b"\0\x01\0\0\x01a\x31", Refusal::ReservedFlags),
            (Version::V5, b"\0\x01\x02\x0B\x01\0\x01a\x01", Refusal::SubscriptionIdentifier),
            (Version::V5, b"\0\x01\x02\x01\x01\0\x01a\x01", Refusal::Properties),
        ] {
            assert_eq!(Subscribe::read(version, &frame(body)), Err(refusal), "{body:x?}");
        }
    }

    #[test]
    fn an_unsubscribe_without_a_filter_is_refused() {
        assert_eq!(Unsubscribe::read(Version::V3_1_1, &frame(b"\0\x01")), Err(Refusal::MalformedPacket));
        let expected = Unsubscribe { packet_id: 1, filters: vec!["a".to_owned()] };
        assert_eq!(Unsubscribe::read(Version::V5, &frame(b"\0\x01\0\0\x01a")), Ok(expected));
    }
}
