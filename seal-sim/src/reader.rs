//! A reader of seals on a serial line, and a seal in its reach: the framing of the contract, written from its text.

use crate::device::{Device, Heard};
use sealway_schemas::{DeviceId, Time};
use std::io::{Read, Write};

const CALL: u8 = 0x01;
const UP: u8 = 0x02;
const GONE: u8 = 0x03;
const ANSWER: u8 = 0x81;
const SETTLED: u8 = 0x82;
const DOWN: u8 = 0x83;
const END: u8 = 0x84;

/// One frame of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub ticket: u16,
    pub device: String,
    pub body: Vec<u8>,
}

impl Frame {
    #[must_use]
    pub fn new(kind: u8, ticket: u16, device: &DeviceId, body: &[u8]) -> Self {
        Self { kind, ticket, device: device.to_string(), body: body.to_vec() }
    }

    /// Magic, version, kind, ticket, two lengths, id, body, checksum.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![b'S', b'W', 1, self.kind];
        bytes.extend(self.ticket.to_be_bytes());
        bytes.push(u8::try_from(self.device.len()).unwrap_or_default());
        bytes.extend(u16::try_from(self.body.len()).unwrap_or_default().to_be_bytes());
        bytes.extend(self.device.bytes());
        bytes.extend(&self.body);
        let sum = checksum(bytes.get(2..).unwrap_or_default());
        bytes.extend(sum.to_be_bytes());
        bytes
    }

    /// The first frame of `bytes` and its length; `None` where more are needed. Bytes that begin no frame are skipped.
    #[must_use]
    pub fn first(bytes: &[u8]) -> Option<(Self, usize)> {
        (0..bytes.len()).find_map(|start| Self::at(bytes.get(start..)?).map(|(frame, length)| (frame, start + length)))
    }

    fn at(bytes: &[u8]) -> Option<(Self, usize)> {
        let [b'S', b'W', 1, kind, t1, t2, id, b1, b2] = bytes.first_chunk::<9>().copied()? else { return None };
        let (id, body) = (usize::from(id), usize::from(u16::from_be_bytes([b1, b2])));
        let length = 9 + id + body + 4;
        let sum = checksum(bytes.get(2..length - 4)?);
        if bytes.get(length - 4..length)? != sum.to_be_bytes() {
            return None;
        }
        let device = String::from_utf8(bytes.get(9..9 + id)?.to_vec()).ok()?;
        let body = bytes.get(9 + id..length - 4)?.to_vec();
        Some((Self { kind, ticket: u16::from_be_bytes([t1, t2]), device, body }, length))
    }
}

/// CRC-32 of Ethernet, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0xEDB8_8320 })
    });
    !sum
}

/// What went wrong between reader and platform.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the line ended")]
    Ended,
    #[error("the platform does not hear the seal: {0}")]
    NotHeard(u8),
}

/// The reader's end of a serial line.
#[derive(Debug)]
pub struct Reader<P> {
    port: P,
    read: Vec<u8>,
}

impl<P: Read + Write> Reader<P> {
    pub fn new(port: P) -> Self {
        Self { port, read: Vec::new() }
    }

    pub fn send(&mut self, frame: &Frame) -> Result<(), ReaderError> {
        self.write(&frame.encode())
    }

    /// Bytes as they are: noise, or half a frame.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ReaderError> {
        Ok(self.port.write_all(bytes)?)
    }

    /// The next frame from the platform.
    pub fn hear(&mut self) -> Result<Frame, ReaderError> {
        loop {
            if let Some((frame, length)) = Frame::first(&self.read) {
                self.read.drain(..length);
                return Ok(frame);
            }
            let mut bytes = [0; 1024];
            let count = self.port.read(&mut bytes)?;
            if count == 0 {
                return Err(ReaderError::Ended);
            }
            self.read.extend(bytes.iter().take(count));
        }
    }

    /// Lets a seal log in and say hello.
    pub fn call(&mut self, device: &mut Device, now: Time, nonce: [u8; 16]) -> Result<(), ReaderError> {
        use base64::Engine as _;
        let id = device.id();
        let login = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(device.login(now, nonce)).unwrap_or_default();
        self.send(&Frame::new(CALL, 0, &id, &login))?;
        loop {
            let frame = self.hear()?;
            match (frame.kind, frame.body.as_slice()) {
                (ANSWER, [0]) => break,
                (ANSWER, [refused, ..]) => return Err(ReaderError::NotHeard(*refused)),
                _ => {}
            }
        }
        let hello = device.connected();
        self.send(&Frame::new(UP, u16::MAX, &id, &hello))
    }

    /// Sends what the seal holds until the platform has acknowledged all of it. The orders that came meanwhile.
    pub fn deliver(&mut self, device: &mut Device, uptime_ms: u64) -> Result<Vec<Heard>, ReaderError> {
        let id = device.id();
        let mut orders = Vec::new();
        let mut ticket = 0;
        while !device.all_acked() {
            ticket += 1;
            match device.next_payload(ticket) {
                Some(payload) => self.send(&Frame::new(UP, ticket, &id, &payload))?,
                None => orders.extend(self.answered(device, uptime_ms)?),
            }
        }
        Ok(orders)
    }

    /// Takes the next frame as the seal hears it; an order, where it was one.
    pub fn answered(&mut self, device: &mut Device, uptime_ms: u64) -> Result<Option<Heard>, ReaderError> {
        let frame = self.hear()?;
        match frame.kind {
            SETTLED => device.settled(frame.ticket),
            DOWN => return Ok(Some(device.hear(uptime_ms, &frame.body))),
            END => return Err(ReaderError::Ended),
            ANSWER => return Err(ReaderError::NotHeard(frame.body.first().copied().unwrap_or_default())),
            _ => {}
        }
        Ok(None)
    }

    /// The seal is out of reach.
    pub fn gone(&mut self, device: &Device) -> Result<(), ReaderError> {
        self.send(&Frame::new(GONE, 0, &device.id(), &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_ethernet() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_frame_comes_back_behind_noise() {
        let frame = Frame::new(UP, 7, &"XA-7Q2K".parse().unwrap(), &[1, 2, 3]);
        let bytes = [b"SW\x01noise".as_slice(), &frame.encode(), b"SW"].concat();
        assert_eq!(Frame::first(&bytes), Some((frame, bytes.len() - 2)));
        assert_eq!(Frame::first(&bytes[..bytes.len() - 4]), None);
    }
}
