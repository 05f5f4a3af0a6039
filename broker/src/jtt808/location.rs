//! Locations: 0x0200, and the list of them in 0x0704.

use super::items::Items;
use super::{bcd, u16_at, u32_at};
use crate::terminal::Fault;
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

/// A location of 0x0200.
pub(super) fn one(body: &[u8]) -> Result<Sighting, Fault> {
    read(body, Status::default()).ok_or(Fault::Malformed)
}

/// The locations of 0x0704: count, type, and each with its length before it.
pub(super) fn many(body: &[u8]) -> Result<Vec<Sighting>, Fault> {
    list(body).filter(|sightings| (1..=SIGHTINGS_LIMIT).contains(&sightings.len())).ok_or(Fault::Malformed)
}

fn list(body: &[u8]) -> Option<Vec<Sighting>> {
    let count = u16_at(body, 0)?;
    let status = if *body.get(2)? == STORED { Status::new(Status::FROM_STORE).ok()? } else { Status::default() };
    let mut rest = body.get(3..)?;
    let mut sightings = Vec::new();
    while !rest.is_empty() {
        let (location, after) = rest.get(2..)?.split_at_checked(usize::from(u16_at(rest, 0)?))?;
        sightings.push(read(location, status)?);
        rest = after;
    }
    (sightings.len() == usize::from(count)).then_some(sightings)
}

fn read(body: &[u8], status: Status) -> Option<Sighting> {
    let (alarm, state) = (u32_at(body, 0)?, u32_at(body, 4)?);
    let t = time(body.get(22..FIXED)?)?;
    let mut items = Items::read(body.get(FIXED..)?)?;
    if alarm != 0 {
        items.reading("/:alarm", f64::from(alarm));
    }
    let fix = if state & LOCATED == 0 { None } else { Some(fix(body, state, items.satellites)?) };
    let (lock, battery) = (items.lock, items.battery);
    Some(Sighting { t, fix, status, lock, battery, sensors: items.sensors(), event: None })
}

/// Latitude and longitude in 1e-6 degree, speed in 0.1 km/h.
fn fix(body: &[u8], state: u32, satellites: Option<u8>) -> Option<Fix> {
    let degrees = |at: usize, limit: i64, negative: bool| {
        let e7 = i64::from(u32_at(body, at)?) * 10;
        (e7 <= limit).then_some(if negative { -e7 } else { e7 })
    };
    let heading = u16_at(body, 20).filter(|heading| *heading <= 360)?;
    Some(Fix {
        lat_e7: degrees(8, 900_000_000, state & SOUTH != 0)?,
        lon_e7: degrees(12, 1_800_000_000, state & WEST != 0)?,
        accuracy_dm: ACCURACY_DM,
        // 0.1 km/h are 100 m in 3600 s.
        speed_cm_s: u64::from(u16_at(body, 18)?) * 10_000 / 3_600,
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

    #[test]
    fn a_location_is_read_in_the_contracts_units_and_in_utc() {
        let sighting = one(&location(LOCATED, &[0x31, 1, 9])).unwrap();
        let fix = sighting.fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7, fix.satellites), (343_415_700, 1_089_401_750, 9));
        assert_eq!((fix.speed_cm_s, fix.heading_ddeg), (1_666, 1_800));
        // 2026-09-01T08:30:05Z
        assert_eq!(sighting.t, Some(Time::from_ms(1_788_251_405_000)));
    }

    #[test]
    fn south_and_west_are_negative_and_an_unlocated_terminal_has_no_fix() {
        let fix = one(&location(LOCATED | SOUTH | WEST, &[])).unwrap().fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7), (-343_415_700, -1_089_401_750));
        assert_eq!(one(&location(0, &[])).unwrap().fix, None);
    }

    #[test]
    fn a_place_that_is_not_on_earth_and_a_day_that_is_none_are_refused() {
        let spoil = |at: usize, bytes: &[u8]| {
            let mut body = location(LOCATED, &[]);
            body[at..at + bytes.len()].copy_from_slice(bytes);
            one(&body)
        };
        assert_eq!(spoil(8, &90_000_001_u32.to_be_bytes()), Err(Fault::Malformed));
        assert_eq!(spoil(20, &361_u16.to_be_bytes()), Err(Fault::Malformed));
        assert_eq!(spoil(23, &[0x13]), Err(Fault::Malformed));
        assert_eq!(spoil(22, &[0x25, 0x02, 0x29]), Err(Fault::Malformed));
        assert_eq!(spoil(22, &[0x2A]), Err(Fault::Malformed));
        assert_eq!(spoil(22, &[0; 6]).unwrap().t, None);
        assert_eq!(one(&location(LOCATED, &[])[..27]), Err(Fault::Malformed));
    }

    #[test]
    fn a_batch_from_a_dead_zone_says_that_it_was_stored() {
        let batch = |count: u16, kind: u8| {
            let mut body = count.to_be_bytes().to_vec();
            body.push(kind);
            for _ in 0..2 {
                let location = location(LOCATED, &[]);
                body.extend(u16::try_from(location.len()).unwrap().to_be_bytes());
                body.extend(location);
            }
            body
        };
        let stored = many(&batch(2, 1)).unwrap();
        assert_eq!(stored.len(), 2);
        assert!(stored.iter().all(|sighting| sighting.status.has(Status::FROM_STORE)));
        assert!(many(&batch(2, 0)).unwrap().iter().all(|sighting| sighting.status == Status::default()));
        assert_eq!(many(&batch(3, 0)), Err(Fault::Malformed));
        assert_eq!(many(&[0, 0, 0]), Err(Fault::Malformed));
        let whole = batch(2, 0);
        assert_eq!(many(&whole[..whole.len() - 1]), Err(Fault::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn no_body_stops_the_decoder(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _read = (one(&bytes), many(&bytes));
        }
    }
}
