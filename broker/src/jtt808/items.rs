//! Additional items of a location: identifier, length, value. What is not known is left to the raw frame.
//!
//! | item | of | read |
//! |---|---|---|
//! | 0x01 | the standard | mileage, 0.1 km |
//! | 0x30 | the standard | signal strength |
//! | 0x31 | the standard | satellites |
//! | 0x0B | padlocks | the last unlocking: command and result; the password in it is not read |
//! | 0x63 | locks by radio | 11 bytes a lock: id 6, battery in mV 2, sealed `1` 1, physical state 1, signal 1 |
//! | 0xD5 | lock groups | count, then 13 bytes a lock: id 5, card 5, battery in percent 1, status 2 with bit 5 for not locked; of 2 bytes: battery, 0.01 V |

use super::{u16_at, u32_at};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::terminal::LockWord;

const RADIO_LOCK: usize = 11;
const GROUP_LOCK: usize = 13;
const NOT_LOCKED: u16 = 1 << 5;

/// What the items of one location tell.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) satellites: Option<u8>,
    pub(super) lock: Option<LockWord>,
    pub(super) battery: Option<u8>,
    /// An item goes beyond the location's end, so that nothing from it on could be read.
    pub(super) cut: bool,
    readings: Vec<(&'static str, f64)>,
}

impl Items {
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        let mut items = Self::default();
        while let [id, length, rest @ ..] = bytes {
            let Some((value, after)) = rest.split_at_checked(usize::from(*length)) else { break };
            items.take(*id, value);
            bytes = after;
        }
        // One byte alone is no item.
        items.cut = !bytes.is_empty();
        items
    }

    fn take(&mut self, id: u8, value: &[u8]) {
        match (id, value) {
            (0x01, [_, _, _, _]) => {
                if let Some(tenths) = u32_at(value, 0) {
                    self.reading("m:mileage", f64::from(tenths) * 100.0);
                }
            }
            (0x30, [strength]) => self.reading("/:signal", f64::from(*strength)),
            (0x31, [satellites]) => self.satellites = Some(*satellites),
            (0x0B, [command, rest @ ..]) => self.unlocking(*command, rest),
            (0x63, locks) => self.radio_locks(locks),
            (0xD5, [_, _]) => {
                if let Some(hundredths) = u16_at(value, 0) {
                    self.reading("V:battery", f64::from(hundredths) / 100.0);
                }
            }
            (0xD5, [count, locks @ ..]) => self.group(*count, locks),
            _ => {}
        }
    }

    /// A card's number or a password lies between command and result; the result is there where the length is even.
    fn unlocking(&mut self, command: u8, rest: &[u8]) {
        self.reading("/:lock-command", f64::from(command));
        if let (false, Some(result)) = (rest.len().is_multiple_of(2), rest.last()) {
            self.reading("/:unlock-result", f64::from(*result));
        }
    }

    fn radio_locks(&mut self, locks: &[u8]) {
        let locks = locks.chunks_exact(RADIO_LOCK);
        let weakest = locks.clone().filter_map(|lock| u16_at(lock, 6)).min();
        self.locks(locks.map(|lock| lock.get(8) == Some(&b'1')));
        if let Some(millivolts) = weakest {
            self.reading("V:lock", f64::from(millivolts) / 1000.0);
        }
    }

    fn group(&mut self, count: u8, locks: &[u8]) {
        let locks = locks.chunks_exact(GROUP_LOCK).take(usize::from(count));
        self.battery = locks.clone().filter_map(|lock| lock.get(10).copied()).filter(|percent| *percent <= 100).min();
        self.locks(locks.map(|lock| u16_at(lock, 11).is_some_and(|status| status & NOT_LOCKED == 0)));
    }

    /// Locked is what is locked at every lock.
    fn locks(&mut self, locked: impl Iterator<Item = bool>) {
        let (count, all) = locked.fold((0_u32, true), |(count, all), locked| (count + 1, all && locked));
        if count > 0 {
            self.lock = Some(LockWord::new(if all { LockWord::MOTOR_LOCKED } else { 0 }));
            self.reading("/:locks", f64::from(count));
        }
    }

    /// A name that came before keeps its value.
    pub(super) fn reading(&mut self, name: &'static str, value: f64) {
        if self.readings.iter().all(|(known, _)| *known != name) {
            self.readings.push((name, value));
        }
    }

    pub(super) fn sensors(self) -> Sensors {
        let readings = self.readings.into_iter().map(|(name, value)| (name.to_owned(), value));
        // Fewer names than the contract's limit are ever read, each once and finite.
        Sensors::new(readings).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(bytes: &[u8]) -> Vec<(String, f64)> {
        let sensors = Items::read(bytes).sensors();
        sensors.iter().map(|sensor| (sensor.name().to_owned(), sensor.value())).collect()
    }

    #[test]
    fn the_standards_items_are_read_in_their_units() {
        let bytes = [0x01, 4, 0, 0, 0, 100, 0x30, 1, 23, 0x31, 1, 12];
        assert_eq!(readings(&bytes), [("/:signal".to_owned(), 23.0), ("m:mileage".to_owned(), 10_000.0)]);
        assert_eq!(Items::read(&bytes).satellites, Some(12));
    }

    #[test]
    fn locks_by_radio_are_locked_when_each_is_sealed() {
        let lock = |sealed: u8| [&[1, 2, 3, 4, 5, 6, 0x0E, 0x74], [sealed, 0, 200].as_slice()].concat();
        let item = |locks: &[Vec<u8>]| {
            let locks = locks.concat();
            [&[0x63, u8::try_from(locks.len()).unwrap()], locks.as_slice()].concat()
        };
        let both = Items::read(&item(&[lock(b'1'), lock(b'1')]));
        assert_eq!(both.lock, Some(LockWord::new(LockWord::MOTOR_LOCKED)));
        let one = item(&[lock(b'1'), lock(b'0')]);
        assert_eq!(Items::read(&one).lock, Some(LockWord::default()));
        assert_eq!(readings(&one), [("V:lock".to_owned(), 3.7), ("/:locks".to_owned(), 2.0)]);
    }

    #[test]
    fn a_group_of_locks_tells_its_weakest_battery() {
        let lock = |battery: u8, status: u8| [[7; 10].as_slice(), &[battery, 0, status]].concat();
        let locks = [vec![2], lock(80, 0), lock(35, 0x20)].concat();
        let items = Items::read(&[&[0xD5, u8::try_from(locks.len()).unwrap()], locks.as_slice()].concat());
        assert_eq!((items.lock, items.battery), (Some(LockWord::default()), Some(35)));
        assert_eq!(readings(&[0xD5, 2, 0x01, 0x90]), [("V:battery".to_owned(), 4.0)]);
    }

    #[test]
    fn an_unlocking_tells_its_result_and_never_its_password() {
        assert_eq!(readings(&[0x0B, 2, 0x61, 1]), [("/:lock-command".to_owned(), 97.0), ("/:unlock-result".to_owned(), 1.0)]);
        let password = [0x0B, 8, 0x62, b'8', b'8', b'8', b'8', b'8', b'8', 0];
        assert_eq!(readings(&password), [("/:lock-command".to_owned(), 98.0), ("/:unlock-result".to_owned(), 0.0)]);
        assert_eq!(readings(&[0x0B, 5, 0x61, 1, 2, 3, 4]), [("/:lock-command".to_owned(), 97.0)]);
    }

    #[test]
    fn an_item_that_goes_beyond_the_end_spoils_none_before_it() {
        assert!(Items::read(&[0x01, 4, 0, 0]).cut && Items::read(&[0x01]).cut);
        let strange = Items::read(&[0xEB, 3, 1, 2, 3]);
        assert!(!strange.cut && strange.sensors().is_empty());
        let spoilt = Items::read(&[0x31, 1, 12, 0x01, 40, 0, 0]);
        assert_eq!((spoilt.cut, spoilt.satellites), (true, Some(12)));
    }
}
