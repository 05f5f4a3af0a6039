//! The header, in the form of 2013 and in that of 2019.

use super::{bcd, u16_at};
use crate::terminal::Fault;
use sealway_schemas::terminal::CallSign;

const LENGTH: u16 = 0x03FF;
const ENCRYPTION: u16 = 0x1C00;
const PARTS: u16 = 0x2000;
const VERSIONED: u16 = 0x4000;
/// Of the form of 2019, in its byte for the version.
const VERSION_2019: u8 = 1;

/// Which form a terminal's header has; answers have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phone {
    /// 12 digits.
    Of2013([u8; 6]),
    /// 20 digits.
    Of2019([u8; 10]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) total: u16,
    /// From 1.
    pub(super) number: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) phone: Phone,
    pub(super) serial: u16,
    pub(super) part: Option<Part>,
}

impl Header {
    /// Header and body of a message.
    pub(super) fn parse(message: &[u8]) -> Result<(Self, &[u8]), Fault> {
        Self::read(message).ok_or(Fault::Malformed).and_then(|(header, attributes, body)| {
            if attributes & ENCRYPTION != 0 {
                return Err(Fault::Unsupported);
            }
            if body.len() != usize::from(attributes & LENGTH) {
                return Err(Fault::Malformed);
            }
            Ok((header, body))
        })
    }

    fn read(message: &[u8]) -> Option<(Self, u16, &[u8])> {
        let (id, attributes) = (u16_at(message, 0)?, u16_at(message, 2)?);
        let (phone, mut at) = if attributes & VERSIONED == 0 {
            (Phone::Of2013(*message.get(4..)?.first_chunk()?), 10)
        } else {
            (Phone::Of2019(*message.get(5..)?.first_chunk()?), 15)
        };
        let serial = u16_at(message, at)?;
        at += 2;
        let mut part = None;
        if attributes & PARTS != 0 {
            let (total, number) = (u16_at(message, at)?, u16_at(message, at + 2)?);
            if !(1..=total).contains(&number) {
                return None;
            }
            part = Some(Part { total, number });
            at += 4;
        }
        Some((Self { id, phone, serial, part }, attributes, message.get(at..)?))
    }

    /// The digits without leading zeros.
    pub(super) fn call_sign(&self) -> Result<CallSign, Fault> {
        let bytes = match &self.phone {
            Phone::Of2013(bytes) => bytes.as_slice(),
            Phone::Of2019(bytes) => bytes.as_slice(),
        };
        let mut digits = String::with_capacity(20);
        for byte in bytes {
            let pair = bcd(*byte).ok_or(Fault::Malformed)?;
            digits.push(char::from(b'0' + pair / 10));
            digits.push(char::from(b'0' + pair % 10));
        }
        digits.trim_start_matches('0').parse().map_err(|_| Fault::Malformed)
    }

    /// A message of the platform to the same terminal.
    pub(super) fn answer(&self, id: u16, serial: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap_or_default() & LENGTH;
        let mut message = Vec::with_capacity(body.len() + 20);
        message.extend(id.to_be_bytes());
        match &self.phone {
            Phone::Of2013(phone) => {
                message.extend(length.to_be_bytes());
                message.extend(phone);
            }
            Phone::Of2019(phone) => {
                message.extend((length | VERSIONED).to_be_bytes());
                message.push(VERSION_2019);
                message.extend(phone);
            }
        }
        message.extend(serial.to_be_bytes());
        message.extend(body);
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_2013: [u8; 14] = [0x00, 0x02, 0x00, 0x02, 0x01, 0x39, 0x12, 0x34, 0x56, 0x78, 0x00, 0x07, 0xAA, 0xBB];

    #[test]
    fn a_header_of_2013_has_twelve_digits() {
        let (header, body) = Header::parse(&OF_2013).unwrap();
        assert_eq!((header.id, header.serial, body), (2, 7, [0xAA, 0xBB].as_slice()));
        assert_eq!(header.call_sign().unwrap().as_str(), "13912345678");
    }

    #[test]
    fn a_header_of_2019_has_a_version_and_twenty_digits() {
        let message = [&[0x02, 0x00, 0x40, 0x01, 0x01], [0, 0, 0, 0, 1, 0x39, 0x12, 0x34, 0x56, 0x78].as_slice(), &[0, 9, 0xCC]].concat();
        let (header, body) = Header::parse(&message).unwrap();
        assert_eq!((header.serial, body), (9, [0xCC].as_slice()));
        assert_eq!(header.call_sign().unwrap().as_str(), "13912345678");
        let answer = header.answer(0x8001, 3, &[1, 2]);
        let (told, body) = Header::parse(&answer).unwrap();
        assert_eq!((told.phone, told.serial, body), (header.phone, 3, [1, 2].as_slice()));
    }

    #[test]
    fn a_length_that_lies_and_a_phone_that_is_no_number_are_refused() {
        let mut message = OF_2013;
        message[3] = 3;
        assert_eq!(Header::parse(&message), Err(Fault::Malformed));
        let mut message = OF_2013;
        message[4] = 0x0A;
        assert_eq!(Header::parse(&message).unwrap().0.call_sign(), Err(Fault::Malformed));
        message[4..10].fill(0);
        assert_eq!(Header::parse(&message).unwrap().0.call_sign(), Err(Fault::Malformed));
    }

    #[test]
    fn an_encrypted_body_is_not_taken() {
        let mut message = OF_2013;
        message[2] = 0x04;
        assert_eq!(Header::parse(&message), Err(Fault::Unsupported));
    }

    #[test]
    fn a_part_is_one_of_its_total() {
        let part = |total: u16, number: u16| {
            let numbers = [total.to_be_bytes(), number.to_be_bytes()].concat();
            Header::parse(&[&[0x07, 0x04, 0x20, 0x00], &OF_2013[4..12], &numbers].concat()).map(|(header, _)| header.part)
        };
        assert_eq!(part(3, 2), Ok(Some(Part { total: 3, number: 2 })));
        assert_eq!((part(3, 0), part(3, 4)), (Err(Fault::Malformed), Err(Fault::Malformed)));
    }
}
