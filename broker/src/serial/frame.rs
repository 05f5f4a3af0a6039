//! Frames between a reader of seals and the platform, as `schemas/README.md` writes them down.
//!
//! ```text
//! 0   2  "SW"
//! 2   1  version, 1
//! 3   1  kind
//! 4   2  ticket, big-endian
//! 6   1  length of the device id, n
//! 7   2  length of the body, m, at most 16384, big-endian
//! 9   n  device id
//! ..  m  body
//! ..  4  CRC-32 (of Ethernet) over everything from the version on, big-endian
//! ```

use crate::mqtt::PAYLOAD_MAX;
use crate::terminal::Fault;
use bytes::{Buf as _, Bytes, BytesMut};
use sealway_schemas::DeviceId;

const MAGIC: [u8; 2] = *b"SW";
const VERSION: u8 = 1;
const HEAD: usize = 9;
const ID_MAX: usize = 32;
const SUM: usize = 4;
/// Bytes outside frames, one after the other, until they are told once more: a reader that is heard at another speed never says a frame.
const STRAY: usize = 256;
/// A frame at most.
pub(super) const FRAME_MAX: usize = HEAD + ID_MAX + PAYLOAD_MAX + SUM;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// To the platform: a seal came into reach; the body is its login.
    Call,
    /// To the platform: what the seal would PUBLISH on its `up` topic.
    Up,
    /// To the platform: the seal is out of reach.
    Gone,
    /// From the platform: 0, or why the seal is not heard.
    Answer,
    /// From the platform, where MQTT has a PUBACK: 0 stored, 1 nothing acceptable.
    Settled,
    /// From the platform: what the seal would hear on its `down` topic.
    Down,
    /// From the platform: the seal has to call again.
    End,
}

impl FrameKind {
    const ALL: [(Self, u8); 7] = [
        (Self::Call, 0x01),
        (Self::Up, 0x02),
        (Self::Gone, 0x03),
        (Self::Answer, 0x81),
        (Self::Settled, 0x82),
        (Self::Down, 0x83),
        (Self::End, 0x84),
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().find_map(|(kind, number)| (*number == byte).then_some(*kind))
    }

    fn byte(self) -> u8 {
        Self::ALL.iter().find_map(|(kind, number)| (*kind == self).then_some(*number)).unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderFrame {
    pub kind: FrameKind,
    /// Of an `Up` and the `Settled` that answers it; otherwise 0.
    pub ticket: u16,
    pub device: DeviceId,
    /// At most 16 KiB.
    pub body: Bytes,
}

impl ReaderFrame {
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let id = self.device.as_str().as_bytes();
        let body = self.body.get(..PAYLOAD_MAX).unwrap_or(&self.body);
        let mut frame = Vec::with_capacity(HEAD + id.len() + body.len() + SUM);
        frame.extend(MAGIC);
        frame.extend([VERSION, self.kind.byte()]);
        frame.extend(self.ticket.to_be_bytes());
        frame.push(u8::try_from(id.len()).unwrap_or_default());
        frame.extend(u16::try_from(body.len()).unwrap_or_default().to_be_bytes());
        frame.extend(id);
        frame.extend(body);
        let sum = crc32fast::hash(frame.get(MAGIC.len()..).unwrap_or_default());
        frame.extend(sum.to_be_bytes());
        frame
    }
}

/// Finds frames in what a line brings.
#[derive(Debug, Default)]
pub struct ReaderFrames {
    buffer: BytesMut,
    /// Bytes of this run outside frames: told at its first, and at each [`STRAY`] after it.
    astray: usize,
}

impl ReaderFrames {
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Result<ReaderFrame, Fault>> {
        let mut found = Vec::new();
        for piece in bytes.chunks(FRAME_MAX) {
            self.buffer.extend_from_slice(piece);
            self.find(&mut found);
        }
        found
    }

    /// The line is silent: what waits for its rest has lost it. Whole frames may lie behind it.
    pub fn pause(&mut self) -> Vec<Result<ReaderFrame, Fault>> {
        let mut found = Vec::new();
        while !self.buffer.is_empty() {
            self.stray(1, &mut found);
            self.find(&mut found);
        }
        self.astray = 0;
        found
    }

    fn find(&mut self, found: &mut Vec<Result<ReaderFrame, Fault>>) {
        loop {
            let Some(at) = self.buffer.windows(MAGIC.len()).position(|window| window == MAGIC) else {
                // Its last byte may be the first of a frame.
                let kept = usize::from(self.buffer.last() == MAGIC.first());
                self.stray(self.buffer.len() - kept, found);
                return;
            };
            self.stray(at, found);
            match parse(&self.buffer) {
                Parsed::Short => return,
                Parsed::No => self.stray(1, found),
                Parsed::Frame(frame, length) => {
                    self.buffer.advance(length);
                    self.astray = 0;
                    found.push(Ok(frame));
                }
            }
        }
    }

    fn stray(&mut self, bytes: usize, found: &mut Vec<Result<ReaderFrame, Fault>>) {
        if bytes == 0 {
            return;
        }
        self.buffer.advance(bytes);
        let before = self.astray.div_ceil(STRAY);
        self.astray += bytes;
        found.extend((before..self.astray.div_ceil(STRAY)).map(|_| Err(Fault::Garbage)));
    }
}

enum Parsed {
    Short,
    No,
    Frame(ReaderFrame, usize),
}

/// Of bytes that begin with the magic.
fn parse(bytes: &[u8]) -> Parsed {
    let Some([_, _, version, kind, t1, t2, id, b1, b2]) = bytes.first_chunk::<HEAD>().copied() else { return Parsed::Short };
    let (id, body) = (usize::from(id), usize::from(u16::from_be_bytes([b1, b2])));
    let Some(kind) = FrameKind::from_byte(kind).filter(|_| version == VERSION && id <= ID_MAX && body <= PAYLOAD_MAX) else {
        return Parsed::No;
    };
    let length = HEAD + id + body + SUM;
    let Some(frame) = bytes.get(..length) else { return Parsed::Short };
    let (content, sum) = frame.split_at(length - SUM);
    if crc32fast::hash(content.get(MAGIC.len()..).unwrap_or_default()).to_be_bytes() != sum {
        return Parsed::No;
    }
    let device = content.get(HEAD..HEAD + id).and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
    let body = content.get(HEAD + id..).map(Bytes::copy_from_slice);
    match (device, body) {
        (Some(device), Some(body)) => Parsed::Frame(ReaderFrame { kind, ticket: u16::from_be_bytes([t1, t2]), device, body }, length),
        _ => Parsed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(body: &[u8]) -> ReaderFrame {
        ReaderFrame { kind: FrameKind::Up, ticket: 7, device: "XA-7Q2K".parse().unwrap(), body: Bytes::copy_from_slice(body) }
    }

    #[test]
    fn a_frame_is_as_it_is_written_down() {
        let bytes = frame(&[0xAA, 0xBB]).encode();
        assert_eq!(hex::encode(&bytes[..bytes.len() - 4]), "53570102000707000258412d3751324baabb");
        assert_eq!(bytes[bytes.len() - 4..], crc32fast::hash(&bytes[2..bytes.len() - 4]).to_be_bytes());
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_spoilt_frame_and_noise_do_not_hide_the_next_one() {
        let mut spoilt = frame(b"one").encode();
        spoilt[14] ^= 1;
        let bytes = [b"SSWSW\x01noise".as_slice(), &spoilt, &frame(b"two").encode()].concat();
        let mut frames = ReaderFrames::default();
        assert_eq!(frames.read(&bytes), [Err(Fault::Garbage), Ok(frame(b"two"))]);
    }

    #[test]
    fn noise_without_an_end_is_told_again_and_again_however_it_comes() {
        let noise = [0x1F; 20 * STRAY];
        for piece in [1, 7, STRAY, noise.len()] {
            let mut frames = ReaderFrames::default();
            let told: Vec<_> = noise.chunks(piece).flat_map(|bytes| frames.read(bytes)).collect();
            assert_eq!(told, vec![Err(Fault::Garbage); 20], "{piece} bytes at a time");
            assert_eq!(frames.read(&frame(b"x").encode()), [Ok(frame(b"x"))]);
        }
    }

    #[test]
    fn a_length_that_lies_holds_the_next_frame_up_no_longer_than_a_pause() {
        let mut liar = frame(b"one").encode();
        liar[7] = 0x3F;
        let bytes = [liar, frame(b"two").encode()].concat();
        let mut frames = ReaderFrames::default();
        assert_eq!(frames.read(&bytes), []);
        assert_eq!(frames.pause(), [Err(Fault::Garbage), Ok(frame(b"two"))]);
        assert_eq!(frames.pause(), []);
    }

    proptest! {
        #[test]
        fn every_frame_comes_back_however_it_is_cut(body in proptest::collection::vec(any::<u8>(), 0..600), cuts in proptest::collection::vec(1_usize..40, 1..40)) {
            let sent = [frame(&body).encode(), frame(b"next").encode()].concat();
            let mut frames = ReaderFrames::default();
            let mut found = Vec::new();
            let mut rest = sent.as_slice();
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                found.extend(frames.read(now));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, [Ok(frame(&body)), Ok(frame(b"next"))]);
        }

        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(prop_oneof![Just(b'S'), Just(b'W'), Just(1_u8), any::<u8>()], 0..4000)) {
            let mut frames = ReaderFrames::default();
            frames.read(&bytes);
            frames.pause();
            prop_assert!(frames.buffer.is_empty());
            prop_assert_eq!(frames.read(&frame(b"x").encode()), [Ok(frame(b"x"))]);
        }
    }
}
