//! A message in parts, put together. One at a time: a terminal sends the parts of a message one after the other. What a gateway holds
//! of all its terminals has a bound.

use super::header::{Header, Part};
use crate::terminal::Fault;
use bytes::{Bytes, BytesMut};
use sealway_schemas::terminal::FRAME_LIMIT;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// What a part comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    More,
    Whole(Whole),
    /// The last part is there and these are not.
    Lost(Missing),
}

/// Parts that are not there: the terminal sends them again when it is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) first_serial: u16,
    pub(super) numbers: Vec<u16>,
}

/// What all terminals of a gateway may have in parts, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }
}

#[derive(Debug)]
pub(super) struct Parts {
    room: Room,
    open: Open,
}

/// The message that is being put together.
#[derive(Debug, Default)]
struct Open {
    id: u16,
    total: u16,
    /// The serial that the first part has: those of the others follow it.
    base: u16,
    parts: BTreeMap<u16, Kept>,
}

#[derive(Debug)]
struct Kept {
    serial: u16,
    raw: Bytes,
    body: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl Parts {
    pub(super) fn new(room: Room) -> Self {
        Self { room, open: Open::default() }
    }

    /// For another terminal of the same gateway.
    pub(super) fn another(&self) -> Self {
        Self::new(self.room.clone())
    }

    /// Takes a part; the whole message with the last one. `Err`: it cannot be put together, or not now.
    pub(super) fn take(&mut self, header: &Header, part: Part, raw: Bytes, body: &[u8]) -> Result<Taken, Fault> {
        if part.total > PARTS_LIMIT {
            return Err(Fault::TooLong);
        }
        let base = header.serial.wrapping_sub(part.number - 1);
        if (self.open.id, self.open.total, self.open.base) != (header.id, part.total, base) {
            self.open = Open { id: header.id, total: part.total, base, parts: BTreeMap::new() };
        }
        let parts = &mut self.open.parts;
        // What is said again needs no further room.
        parts.remove(&part.number);
        let room = self.room.take(raw.len() + body.len()).ok_or(Fault::PartsFull)?;
        parts.insert(part.number, Kept { serial: header.serial, raw, body: body.to_vec(), _room: room });
        if parts.values().map(|part| part.raw.len()).sum::<usize>() > FRAME_LIMIT {
            self.open = Open::default();
            return Err(Fault::TooLong);
        }
        if parts.len() == usize::from(part.total) {
            return Ok(Taken::Whole(std::mem::take(&mut self.open).whole()));
        }
        if part.number < part.total {
            return Ok(Taken::More);
        }
        Ok(Taken::Lost(self.open.missing()))
    }

    /// Of the message that is being put together; `None` where there is none.
    pub(super) fn missing(&self) -> Option<Missing> {
        (!self.open.parts.is_empty()).then(|| self.open.missing())
    }
}

impl Open {
    fn missing(&self) -> Missing {
        Missing { first_serial: self.base, numbers: (1..=self.total).filter(|number| !self.parts.contains_key(number)).collect() }
    }

    fn whole(self) -> Whole {
        let mut whole = Whole { body: Vec::new(), raw: Bytes::new(), serials: Vec::new() };
        let mut frames = BytesMut::new();
        for Kept { serial, raw, body, _room: _ } in self.parts.into_values() {
            whole.body.extend(body);
            frames.extend_from_slice(&raw);
            whole.serials.push(serial);
        }
        whole.raw = frames.freeze();
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Phone;
    use super::*;

    fn parts() -> Parts {
        Parts::new(Room::of(1 << 20))
    }

    fn take(parts: &mut Parts, serial: u16, total: u16, number: u16) -> Result<Taken, Fault> {
        let part = Part { total, number };
        let header = Header { id: 0x0704, phone: Phone::Of2013([0; 6]), serial, part: Some(part) };
        let body = [u8::try_from(number).unwrap()];
        parts.take(&header, part, Bytes::copy_from_slice(&body), &body)
    }

    fn whole(taken: Result<Taken, Fault>) -> Whole {
        let Ok(Taken::Whole(whole)) = taken else { panic!("{taken:?}") };
        whole
    }

    #[test]
    fn parts_come_together_in_their_order() {
        let mut parts = parts();
        assert_eq!(take(&mut parts, 7, 3, 1), Ok(Taken::More));
        assert_eq!(parts.missing(), Some(Missing { first_serial: 7, numbers: vec![2, 3] }));
        assert_eq!(take(&mut parts, 9, 3, 3), Ok(Taken::Lost(Missing { first_serial: 7, numbers: vec![2] })));
        let whole = whole(take(&mut parts, 8, 3, 2));
        assert_eq!((whole.body, whole.serials, parts.missing()), (vec![1, 2, 3], vec![7, 8, 9], None));
    }

    #[test]
    fn a_part_of_another_message_begins_anew() {
        let mut parts = parts();
        assert_eq!(take(&mut parts, 7, 2, 1), Ok(Taken::More));
        assert_eq!(take(&mut parts, 21, 2, 2), Ok(Taken::Lost(Missing { first_serial: 20, numbers: vec![1] })));
        assert_eq!(whole(take(&mut parts, 20, 2, 1)).serials, [20, 21]);
    }

    fn big(parts: &mut Parts, number: u16) -> Result<Taken, Fault> {
        let part = Part { total: 64, number };
        let header = Header { id: 1, phone: Phone::Of2013([0; 6]), serial: number, part: Some(part) };
        parts.take(&header, part, Bytes::from(vec![0; 2_000]), &[0; 1_000])
    }

    #[test]
    fn no_terminal_fills_the_memory_with_parts() {
        let mut parts = parts();
        assert_eq!(take(&mut parts, 1, PARTS_LIMIT + 1, 1), Err(Fault::TooLong));
        assert!((1..=64).any(|number| big(&mut parts, number) == Err(Fault::TooLong)));
    }

    #[test]
    fn all_terminals_together_do_not_and_room_comes_back() {
        let mut first = Parts::new(Room::of(30_000));
        let mut second = first.another();
        assert!((1..=6).all(|number| big(&mut first, number) == Ok(Taken::More)));
        assert!((1..=6).all(|_| big(&mut first, 6) == Ok(Taken::More)), "said again");
        let taken: Vec<_> = (1..=6).map(|number| big(&mut second, number)).collect();
        let (more, full) = (Ok(Taken::More), Err(Fault::PartsFull));
        assert_eq!(taken.iter().map(|taken| *taken == more).collect::<Vec<_>>(), [true, true, true, true, false, false]);
        assert_eq!(taken[5], full);
        drop(first);
        assert!((5..=10).all(|number| big(&mut second, number) == more));
    }
}
