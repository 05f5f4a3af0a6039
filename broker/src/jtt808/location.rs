//! Locations: 0x0200, and the list of them in 0x0704.

use super::items::Items;
use super::{bcd, u16_at, u32_at};
use crate::terminal::unread::{self, Unread};
use crate::wall::unix_ms;
use sealway_schemas::Time;
use sealway_schemas::report::{Fix, Status};
use sealway_schemas::terminal::{SIGHTINGS_LIMIT, Sighting};

/// Alarm, status, latitude, longitude, altitude, speed, direction, time.
const FIXED: usize = 28;
const LOCATED: u32 = 1 << 1;
const SOUTH: u32 = 1 << 2;
const WEST: u32 = 1 << 3;
/// The terminal does not tell it; JT/T 794 asks for 15 m of every terminal.
const ACCURACY_DM: u64 = 150;
/// Beijing time.
const EAST_MS: u64 = 8 * 3_600_000;
/// Type of a 0x0704: what was stored in a dead zone.
const STORED: u8 = 1;

/// What a message tells: whatever of it is good, and at least one sighting.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) sightings: Vec<Sighting>,
    /// Something in it could not be read; the sighting that lacks it is marked.
    pub(super) odd: bool,
}

/// A location of 0x0200.
pub(super) fn one(body: &[u8]) -> Told {
    let mut told = Told { sightings: Vec::new(), odd: false };
    told.take(body, Status::default());
    told
}

/// The locations of 0x0704: count, type, and each with its length before it.
pub(super) fn many(body: &[u8]) -> Told {
    let mut told = Told { sightings: Vec::new(), odd: false };
    let (count, mut rest) = (u16_at(body, 0).map(usize::from), body.get(3..).unwrap_or_default());
    let stored = if body.get(2) == Some(&STORED) { Status::new(Status::FROM_STORE) } else { Ok(Status::default()) };
    let status = stored.unwrap_or_default();
    // One place is left for what cannot be read.
    while let Some(length) = u16_at(rest, 0).filter(|_| told.sightings.len() + 1 < SIGHTINGS_LIMIT) {
        let Some((location, after)) = rest.get(2..).and_then(|rest| rest.split_at_checked(usize::from(length))) else { break };
        told.take(location, status);
        rest = after;
    }
    if !rest.is_empty() || count != Some(told.sightings.len()) || told.sightings.is_empty() {
        told.odd = true;
        told.sightings.push(unread::rest(status));
    }
    told
}

impl Told {
    fn take(&mut self, body: &[u8], status: Status) {
        let mut unread = Unread::default();
        self.sightings.push(read(body, status, &mut unread).unwrap_or_else(|| unread::rest(status)));
        self.odd |= unread != Unread::default();
    }
}

/// `None` where it is too short for a location.
fn read(body: &[u8], status: Status, unread: &mut Unread) -> Option<Sighting> {
    let Some((fixed, items)) = body.split_at_checked(FIXED) else {
        unread.mark(Unread::REST);
        return None;
    };
    let (alarm, state) = (u32_at(fixed, 0)?, u32_at(fixed, 4)?);
    let t = unread.or_mark(Unread::TIME, time(fixed.get(22..)?)).flatten();
    let mut items = Items::read(items);
    if items.cut {
        unread.mark(Unread::ITEMS);
    }
    if alarm != 0 {
        items.reading("/:alarm", f64::from(alarm));
    }
    let fix = if state & LOCATED == 0 { None } else { fix(fixed, state, items.satellites, unread) };
    if let Some(bits) = unread.reading() {
        items.reading(unread::SENSOR, bits);
    }
    let (lock, battery) = (items.lock, items.battery);
    Some(Sighting { t, fix, status, lock, battery, sensors: items.sensors(), event: None })
}

/// Latitude and longitude in 1e-6 degree, speed in 0.1 km/h.
fn fix(fixed: &[u8], state: u32, satellites: Option<u8>, unread: &mut Unread) -> Option<Fix> {
    let degrees = |at: usize, limit: i64, negative: bool| {
        let e7 = i64::from(u32_at(fixed, at)?) * 10;
        (e7 <= limit).then_some(if negative { -e7 } else { e7 })
    };
    let at = degrees(8, 900_000_000, state & SOUTH != 0).zip(degrees(12, 1_800_000_000, state & WEST != 0));
    let (lat_e7, lon_e7) = unread.or_mark(Unread::POSITION, at)?;
    let heading = unread.or_mark(Unread::COURSE, u16_at(fixed, 20).filter(|heading| *heading <= 360)).unwrap_or_default();
    Some(Fix {
        lat_e7,
        lon_e7,
        accuracy_dm: ACCURACY_DM,
        // 0.1 km/h are 100 m in 3600 s.
        speed_cm_s: u64::from(u16_at(fixed, 18)?) * 10_000 / 3_600,
        heading_ddeg: u64::from(heading % 360) * 10,
        satellites: satellites.unwrap_or_default().into(),
        cn0_ddbhz: 0,
    })
}

/// `YYMMDDhhmmss` in Beijing time. All zeros: the terminal has no time. `None`: no time at all.
fn time(bytes: &[u8]) -> Option<Option<Time>> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Some(None);
    }
    let mut numbers = [0; 6];
    for (number, byte) in numbers.iter_mut().zip(bytes) {
        *number = bcd(*byte)?;
    }
    let [year, month, day, hour, minute, second] = numbers;
    let local = unix_ms((2000 + u16::from(year), month, day), (hour, minute, second))?;
    Some(Some(Time::from_ms(local.checked_sub(EAST_MS)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Xi'an, north and east, 60 km/h to the south at 2026-09-01 16:30:05 Beijing time.
    pub(crate) fn location(state: u32, items: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(0_u32.to_be_bytes());
        body.extend(state.to_be_bytes());
        body.extend(34_341_570_u32.to_be_bytes());
        body.extend(108_940_175_u32.to_be_bytes());
        body.extend(405_u16.to_be_bytes());
        body.extend(600_u16.to_be_bytes());
        body.extend(180_u16.to_be_bytes());
        body.extend([0x26, 0x09, 0x01, 0x16, 0x30, 0x05]);
        body.extend(items);
        body
    }

    fn good(body: &[u8]) -> Sighting {
        let Told { sightings, odd: false } = one(body) else { panic!("all of it can be read") };
        sightings[0].clone()
    }

    #[test]
    fn a_location_is_read_in_the_contracts_units_and_in_utc() {
        let sighting = good(&location(LOCATED, &[0x31, 1, 9]));
        let fix = sighting.fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7, fix.satellites), (343_415_700, 1_089_401_750, 9));
        assert_eq!((fix.speed_cm_s, fix.heading_ddeg), (1_666, 1_800));
        // 2026-09-01T08:30:05Z
        assert_eq!(sighting.t, Some(Time::from_ms(1_788_251_405_000)));
    }

    #[test]
    fn south_and_west_are_negative_and_an_unlocated_terminal_has_no_fix() {
        let fix = good(&location(LOCATED | SOUTH | WEST, &[])).fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7), (-343_415_700, -1_089_401_750));
        assert_eq!(good(&location(0, &[])).fix, None);
    }

    /// With its mark and whether its fix is there.
    fn shown(sighting: &Sighting) -> (Option<u64>, bool, Option<f64>) {
        let mark = sighting.sensors.iter().find(|sensor| sensor.name() == unread::SENSOR).map(sealway_schemas::sensors::Sensor::value);
        (sighting.t.map(Time::as_ms), sighting.fix.is_some(), mark)
    }

    const T: Option<u64> = Some(1_788_251_405_000);

    #[test]
    fn what_cannot_be_read_is_marked_and_costs_nothing_else() {
        let spoil = |at: usize, bytes: &[u8]| {
            let mut body = location(LOCATED, &[]);
            body[at..at + bytes.len()].copy_from_slice(bytes);
            let told = one(&body);
            (told.odd, shown(&told.sightings[0]))
        };
        assert_eq!(spoil(8, &90_000_001_u32.to_be_bytes()), (true, (T, false, Some(2.0))));
        assert_eq!(spoil(20, &361_u16.to_be_bytes()), (true, (T, true, Some(4.0))));
        for (at, day) in [(23, [0x13].as_slice()), (22, &[0x25, 0x02, 0x29]), (22, &[0x2A])] {
            assert_eq!(spoil(at, day), (true, (None, true, Some(1.0))), "{day:?}");
        }
        assert_eq!(spoil(22, &[0; 6]), (false, (None, true, None)), "no time is told as no time");
        let items = one(&location(LOCATED, &[0x31, 1, 9, 0x01, 4, 0]));
        assert_eq!((items.odd, shown(&items.sightings[0])), (true, (T, true, Some(8.0))));
        assert_eq!(items.sightings[0].fix.unwrap().satellites, 9);
        let short = one(&location(LOCATED, &[])[..27]);
        assert_eq!((short.odd, shown(&short.sightings[0])), (true, (None, false, Some(16.0))));
    }

    fn batch(count: u16, kind: u8, locations: &[Vec<u8>]) -> Vec<u8> {
        let mut body = count.to_be_bytes().to_vec();
        body.push(kind);
        for location in locations {
            body.extend(u16::try_from(location.len()).unwrap().to_be_bytes());
            body.extend(location);
        }
        body
    }

    #[test]
    fn a_batch_from_a_dead_zone_says_that_it_was_stored() {
        let two = [location(LOCATED, &[]), location(LOCATED, &[])];
        for (kind, status) in [(1, Status::new(Status::FROM_STORE).unwrap()), (0, Status::default())] {
            let told = many(&batch(2, kind, &two));
            assert_eq!((told.odd, told.sightings.len()), (false, 2));
            assert!(told.sightings.iter().all(|sighting| sighting.status == status));
        }
    }

    #[test]
    fn the_good_records_of_a_batch_are_taken_beside_a_bad_one() {
        let good = location(LOCATED, &[]);
        let mut bad = good.clone();
        bad[20] = 0xFF;
        let marks = |body: &[u8]| {
            let told = many(body);
            (told.odd, told.sightings.iter().map(|sighting| shown(sighting).2).collect::<Vec<_>>())
        };
        let three = [good.clone(), bad, good.clone()];
        assert_eq!(marks(&batch(3, 0, &three)), (true, vec![None, Some(4.0), None]));
        assert_eq!(marks(&batch(3, 0, &[good.clone(), vec![1, 2], good.clone()])), (true, vec![None, Some(16.0), None]));
        let two = batch(2, 0, &[good.clone(), good.clone()]);
        assert_eq!(marks(&two[..two.len() - 1]), (true, vec![None, Some(16.0)]), "its last record is cut");
        assert_eq!(marks(&batch(3, 0, &[good.clone(), good])), (true, vec![None, None, Some(16.0)]), "one is missing");
        assert_eq!(marks(&[0, 0, 0]), (true, vec![Some(16.0)]));
        assert_eq!(marks(&[]), (true, vec![Some(16.0)]));
    }

    proptest! {
        #[test]
        fn no_body_stops_the_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(!one(&bytes).sightings.is_empty() && !many(&bytes).sightings.is_empty());
        }
    }
}
