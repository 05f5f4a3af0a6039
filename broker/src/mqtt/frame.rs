//! Cuts the byte stream into packets. The declared length is judged before anything is kept for it, and a chunk that was
//! read is copied once, at its exact size: a report waiting for its commit then holds its own bytes and not a whole read buffer.

use super::{Kind, PACKET_MAX};
use crate::Refusal;
use bytes::{Buf, Bytes, BytesMut};

/// One whole packet: fixed header's low bits, and everything after the fixed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) body: Bytes,
}

/// What a connection has received and not yet judged.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Whole packets.
    whole: Bytes,
    /// The beginning of one more.
    partial: BytesMut,
    /// What follows `whole` is no MQTT.
    fault: Option<Refusal>,
}

impl Inbox {
    /// Takes what one read brought.
    pub(crate) fn feed(&mut self, read: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        if self.partial.is_empty() && self.whole.is_empty() {
            let end = self.scan(read);
            let (whole, rest) = read.split_at_checked(end).unwrap_or((read, &[]));
            self.whole = Bytes::copy_from_slice(whole);
            if self.fault.is_none() && !rest.is_empty() {
                self.keep(rest);
            }
            return;
        }
        self.partial.extend_from_slice(read);
        self.promote();
    }

    /// Whether everything received so far has been taken by [`Inbox::next`].
    pub(crate) fn is_drained(&self) -> bool {
        self.whole.is_empty()
    }

    /// The next whole packet, `None` when more has to be read.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Refusal> {
        if self.whole.is_empty() {
            self.promote();
            if self.whole.is_empty() {
                return self.fault.map_or(Ok(None), Err);
            }
        }
        let Some(header) = Header::read(&self.whole)? else { return Err(Refusal::MalformedPacket) };
        let mut body = self.whole.split_to(header.total.min(self.whole.len()));
        body.advance(header.len.min(body.len()));
        if self.whole.is_empty() {
            self.whole = Bytes::new();
        }
        Ok(Some(Frame { kind: header.kind, flags: header.flags, body }))
    }

    fn promote(&mut self) {
        if !self.whole.is_empty() || self.partial.is_empty() {
            return;
        }
        let partial = std::mem::take(&mut self.partial);
        let end = self.scan(&partial);
        self.partial = partial;
        if end > 0 {
            self.whole = self.partial.split_to(end).freeze();
        }
        if self.partial.is_empty() || self.fault.is_some() {
            self.partial = BytesMut::new();
        }
    }

    fn keep(&mut self, rest: &[u8]) {
        // Room for the whole packet at once: a client that drips bytes must not make the buffer grow step by step.
        let room = Header::read(rest).ok().flatten().map_or(rest.len(), |header| header.total.max(rest.len()));
        self.partial.reserve(room);
        self.partial.extend_from_slice(rest);
    }

    /// Length of the whole packets at the front of `bytes`; leaves a fault where one follows them.
    fn scan(&mut self, bytes: &[u8]) -> usize {
        let mut end = 0;
        while let Some(rest) = bytes.get(end..).filter(|rest| !rest.is_empty()) {
            match Header::read(rest) {
                Ok(Some(header)) if header.total <= rest.len() => end += header.total,
                Ok(_) => break,
                Err(refusal) => {
                    self.fault = Some(refusal);
                    break;
                }
            }
        }
        end
    }
}

struct Header {
    kind: Kind,
    flags: u8,
    len: usize,
    total: usize,
}

impl Header {
    /// `None` while the header itself is incomplete.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let (kind, flags) = kind_of(first)?;
        let mut remaining = 0_usize;
        for (i, &byte) in rest.iter().take(4).enumerate() {
            remaining |= usize::from(byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                // MQTT 5, 1.5.5: the fewest bytes that hold the value.
                if byte == 0 && i > 0 {
                    return Err(Refusal::MalformedPacket);
                }
                let len = i + 2;
                let total = len + remaining;
                return if total > PACKET_MAX { Err(Refusal::PacketTooLarge) } else { Ok(Some(Self { kind, flags, len, total })) };
            }
        }
        if rest.len() >= 4 { Err(Refusal::MalformedPacket) } else { Ok(None) }
    }
}

fn kind_of(first: u8) -> Result<(Kind, u8), Refusal> {
    let flags = first & 0x0F;
    let (kind, expected) = match first >> 4 {
        1 => (Kind::Connect, 0),
        3 => return Ok((Kind::Publish, flags)),
        4 => (Kind::Puback, 0),
        8 => (Kind::Subscribe, 2),
        10 => (Kind::Unsubscribe, 2),
        12 => (Kind::Pingreq, 0),
        14 => (Kind::Disconnect, 0),
        0 => return Err(Refusal::MalformedPacket),
        15 => return Err(Refusal::EnhancedAuthentication),
        _ => return Err(Refusal::UnexpectedPacket),
    };
    if flags == expected { Ok((kind, flags)) } else { Err(Refusal::ReservedFlags) }
}

/// Reads the fields of a packet in order; `None` at its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*bytes))
    }

    /// Bytes behind a two-byte length.
    pub(crate) fn binary(&mut self) -> Option<&'a [u8]> {
        let len = usize::from(self.u16()?);
        self.take(len)
    }

    /// The properties behind their length, together with that length: what `Properties::parse` reads.
    pub(crate) fn properties(&mut self) -> Option<&'a [u8]> {
        let mut len = 0_usize;
        for i in 0..4 {
            let byte = *self.0.get(i)?;
            len |= usize::from(byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                return self.take(i + 1 + len);
            }
        }
        None
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(inbox: &mut Inbox) -> Vec<Frame> {
        std::iter::from_fn(|| inbox.next().unwrap()).collect()
    }

    #[test]
    fn packets_come_out_whole_however_the_stream_was_cut() {
        let stream: &[u8] = &[0xC0, 0, 0x32, 5, 0, 1, b'a', 0, 7, 0xC0, 0, 0x40, 2, 0, 9];
        let mut at_once = Inbox::default();
        at_once.feed(stream);
        let expected = frames(&mut at_once);
        assert_eq!(expected.len(), 4);
        for cut in 1..stream.len() {
            let mut inbox = Inbox::default();
            inbox.feed(&stream[..cut]);
            let mut got = frames(&mut inbox);
            inbox.feed(&stream[cut..]);
            got.extend(frames(&mut inbox));
            assert_eq!(got, expected, "cut at {cut}");
        }
        let mut inbox = Inbox::default();
        let got: Vec<_> = stream.iter().flat_map(|byte| (inbox.feed(&[*byte]), frames(&mut inbox)).1).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_declared_length_above_the_limit_is_refused_before_its_bytes_come() {
        let mut inbox = Inbox::default();
        inbox.feed(&[0xC0, 0, 0x32, 0xFF, 0xFF, 0x7F]);
        assert_eq!(inbox.next().unwrap().unwrap().kind, Kind::Pingreq, "what came before it still counts");
        assert_eq!(inbox.next(), Err(Refusal::PacketTooLarge));
        assert_eq!(inbox.partial.capacity(), 0);
    }

    #[test]
    fn the_limit_is_16_kib_and_256_bytes_with_the_fixed_header() {
        // 16,640 bytes in all: one for the type, three for the length 16,636 = 0xFC 0x81 0x01.
        assert_eq!(PACKET_MAX, 16_640);
        for (length, refused) in [([0xFC, 0x81, 0x01], false), ([0xFD, 0x81, 0x01], true)] {
            let mut inbox = Inbox::default();
            inbox.feed(&[&[0x32], &length[..]].concat());
            assert_eq!(inbox.next().is_err(), refused, "{length:x?}");
        }
    }

    #[test]
    fn reserved_flags_and_unknown_packets_are_refused() {
        for (first, refusal) in [
            (0x11, Refusal::ReservedFlags),
            (0x80, Refusal::ReservedFlags),
            (0xA0, Refusal::ReservedFlags),
            (0x41, Refusal::ReservedFlags),
            (0xC8, Refusal::ReservedFlags),
            (0xE1, Refusal::ReservedFlags),
            (0x00, Refusal::MalformedPacket),
            (0x20, Refusal::UnexpectedPacket),
            (0x50, Refusal::UnexpectedPacket),
            (0x62, Refusal::UnexpectedPacket),
            (0xF0, Refusal::EnhancedAuthentication),
        ] {
            let mut inbox = Inbox::default();
            inbox.feed(&[first, 0]);
            assert_eq!(inbox.next(), Err(refusal), "{first:#x}");
        }
    }

    #[test]
    fn a_length_in_more_bytes_than_it_needs_is_refused() {
        for length in [&[0x80, 0x00][..], &[0x80, 0x80, 0x80, 0x80], &[0xFF, 0xFF, 0xFF, 0xFF]] {
            let mut inbox = Inbox::default();
            inbox.feed(&[&[0xC0], length].concat());
            assert_eq!(inbox.next(), Err(Refusal::MalformedPacket), "{length:x?}");
        }
    }

    #[test]
    fn nothing_is_held_once_all_is_taken() {
        let mut inbox = Inbox::default();
        inbox.feed(&[0xC0]);
        inbox.feed(&[0]);
        frames(&mut inbox);
        assert!(inbox.is_drained());
        assert_eq!((inbox.whole.len(), inbox.partial.capacity()), (0, 0));
    }
}
