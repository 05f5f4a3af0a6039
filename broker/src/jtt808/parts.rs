//! A message in parts, put together. One at a time: a terminal sends the parts of a message one after the other.

use super::header::{Header, Part};
use bytes::{Bytes, BytesMut};
use sealway_schemas::terminal::FRAME_LIMIT;
use std::collections::BTreeMap;

const PARTS_LIMIT: u16 = 64;

/// A message that came in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) body: Vec<u8>,
    /// All frames as they came, in the order of the parts.
    pub(super) raw: Bytes,
    /// Of every part: each is answered.
    pub(super) serials: Vec<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Parts {
    id: u16,
    total: u16,
    /// The serial that the first part has: those of the others follow it.
    base: u16,
    parts: BTreeMap<u16, (u16, Bytes, Vec<u8>)>,
}

impl Parts {
    /// Takes a part; the whole message with the last one. `Err`: the message cannot be put together.
    pub(super) fn take(&mut self, header: &Header, part: Part, raw: Bytes, body: &[u8]) -> Result<Option<Whole>, ()> {
        if part.total > PARTS_LIMIT {
            return Err(());
        }
        let base = header.serial.wrapping_sub(part.number - 1);
        if (self.id, self.total, self.base) != (header.id, part.total, base) {
            *self = Self { id: header.id, total: part.total, base, parts: BTreeMap::new() };
        }
        self.parts.insert(part.number, (header.serial, raw, body.to_vec()));
        if self.parts.values().map(|(_, raw, _)| raw.len()).sum::<usize>() > FRAME_LIMIT {
            *self = Self::default();
            return Err(());
        }
        if self.parts.len() < usize::from(self.total) {
            return Ok(None);
        }
        let mut whole = Whole { body: Vec::new(), raw: Bytes::new(), serials: Vec::new() };
        let mut raw = BytesMut::new();
        for (serial, frame, body) in std::mem::take(self).parts.into_values() {
            whole.body.extend(body);
            raw.extend_from_slice(&frame);
            whole.serials.push(serial);
        }
        whole.raw = raw.freeze();
        Ok(Some(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Phone;
    use super::*;

    fn take(parts: &mut Parts, serial: u16, total: u16, number: u16) -> Result<Option<Whole>, ()> {
        let part = Part { total, number };
        let header = Header { id: 0x0704, phone: Phone::Of2013([0; 6]), serial, part: Some(part) };
        let body = [u8::try_from(number).unwrap()];
        parts.take(&header, part, Bytes::copy_from_slice(&body), &body)
    }

    #[test]
    fn parts_come_together_in_their_order() {
        let mut parts = Parts::default();
        assert_eq!(take(&mut parts, 7, 3, 1), Ok(None));
        assert_eq!(take(&mut parts, 9, 3, 3), Ok(None));
        let whole = take(&mut parts, 8, 3, 2).unwrap().unwrap();
        assert_eq!((whole.body, whole.serials), (vec![1, 2, 3], vec![7, 8, 9]));
    }

    #[test]
    fn a_part_of_another_message_begins_anew() {
        let mut parts = Parts::default();
        assert_eq!(take(&mut parts, 7, 2, 1), Ok(None));
        assert_eq!(take(&mut parts, 21, 2, 2), Ok(None));
        assert_eq!(take(&mut parts, 20, 2, 1).unwrap().unwrap().serials, [20, 21]);
    }

    #[test]
    fn nobody_fills_the_memory_with_parts() {
        let mut parts = Parts::default();
        assert_eq!(take(&mut parts, 1, PARTS_LIMIT + 1, 1), Err(()));
        let part = |number| Part { total: 64, number };
        let big = vec![0; 2_000];
        let mut taken = (1..=64).map(|number| {
            let header = Header { id: 1, phone: Phone::Of2013([0; 6]), serial: number, part: Some(part(number)) };
            parts.take(&header, part(number), Bytes::from(big.clone()), &big)
        });
        assert!(taken.any(|taken| taken.is_err()));
    }
}
