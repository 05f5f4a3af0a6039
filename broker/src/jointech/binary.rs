//! Binary frames: a position with the lock's status word.

use super::ACCURACY_DM;
use super::digits::{angle, number, of_bcd, time};
use crate::terminal::Fault;
use crate::terminal::unread::{self, Unread};
use sealway_schemas::report::{Fix, Status};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::terminal::{CallSign, LockWord, Sighting};

pub(super) const HEAD: usize = 10;
const LENGTH_LIMIT: usize = 512;
/// From the date to the number of the frame.
const BODY: usize = 52;
/// Older versions are answered without a number.
const NUMBERED: u8 = 0x19;
const LOCATED: u8 = 1;
const NORTH: u8 = 2;
const EAST: u8 = 4;
/// Of the status word: the position is that of a radio mast.
const BY_MAST: u16 = 1;
/// Instead of a percentage.
const CHARGING: u8 = 0xFF;
/// A knot in cm/h.
const KNOT_CM_H: u64 = 185_200;

/// Of a whole frame, from `$` on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Binary {
    pub(super) call_sign: CallSign,
    pub(super) sighting: Sighting,
    /// Something in it could not be read; the sighting is marked.
    pub(super) odd: bool,
    pub(super) answer: String,
}

/// Length of the frame that begins with these bytes; `None` before its head is there, `Err` for what is no head.
pub(super) fn length(bytes: &[u8]) -> Option<Result<usize, Fault>> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(8..HEAD)?.first_chunk()?));
    Some(if (BODY..=LENGTH_LIMIT).contains(&length) { Ok(HEAD + length) } else { Err(Fault::Malformed) })
}

pub(super) fn read(frame: &[u8]) -> Result<Binary, Fault> {
    decode(frame).ok_or(Fault::Malformed)
}

fn decode(frame: &[u8]) -> Option<Binary> {
    let call_sign = number(&of_bcd(frame.get(1..6)?)?).to_string().parse().ok()?;
    let version = *frame.get(6)?;
    let body: &[u8; BODY] = frame.get(HEAD..)?.first_chunk()?;
    let word = u16::from_be_bytes([body[26], body[27]]);
    let mut unread = Unread::default();
    let t = unread.or_mark(Unread::TIME, of_bcd(&body[..6]).and_then(|digits| time(&digits))).flatten();
    let flags = body[14] & 15;
    let located = flags & LOCATED != 0 && word & BY_MAST == 0;
    let fix = if located { unread.or_mark(Unread::POSITION, fix(body, flags)) } else { None };
    let mileage = u32::from_be_bytes([body[17], body[18], body[19], body[20]]);
    let readings = [("m:mileage".to_owned(), f64::from(mileage) * 1000.0), ("/:signal".to_owned(), f64::from(body[33]))];
    let charging = body[28] == CHARGING;
    let sighting = Sighting {
        t,
        fix,
        status: if charging { Status::new(Status::EXTERNAL_POWER).ok()? } else { Status::default() },
        lock: Some(LockWord::new(word)),
        battery: Some(body[28]).filter(|percent| *percent <= 100),
        sensors: Sensors::new(readings.into_iter().chain(unread.reading().map(|bits| (unread::SENSOR.to_owned(), bits)))).ok()?,
        event: None,
    };
    let answer = if version < NUMBERED { "(P35)".to_owned() } else { format!("(P69,0,{})", body[51]) };
    Some(Binary { call_sign, sighting, odd: unread.reading().is_some(), answer })
}

fn fix(body: &[u8; BODY], flags: u8) -> Option<Fix> {
    let latitude = of_bcd(&body[6..10])?;
    // Nine digits; the tenth is the flags.
    let longitude = of_bcd(&[body[10], body[11], body[12], body[13], body[14] & 0xF0])?;
    Some(Fix {
        lat_e7: angle(&latitude, (2, 90), flags & NORTH == 0)?,
        lon_e7: angle(longitude.get(..9)?, (3, 180), flags & EAST == 0)?,
        accuracy_dm: ACCURACY_DM,
        speed_cm_s: u64::from(body[15]) * KNOT_CM_H / 3_600,
        heading_ddeg: (u64::from(body[16]) * 20) % 3_600,
        satellites: body[21].into(),
        cn0_ddbhz: 0,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Number 7010100014, in Xi'an on 2026-09-01 08:30:05 UTC.
    pub(in super::super) fn frame(version: u8, word: u16, battery: u8) -> Vec<u8> {
        let mut frame = vec![b'$', 0x70, 0x10, 0x10, 0x00, 0x14, version, 0x11, 0, 52];
        frame.extend([0x01, 0x09, 0x26, 0x08, 0x30, 0x05]);
        // 34 20.4942 N, 108 56.4105 E
        frame.extend([0x34, 0x20, 0x49, 0x42, 0x10, 0x85, 0x64, 0x10, 0x57]);
        // 20 knots, 90 degrees, 1234 km, 9 satellites
        frame.extend([20, 45, 0, 0, 0x04, 0xD2, 9, 0, 0, 0, 0]);
        frame.extend(word.to_be_bytes());
        frame.push(battery);
        frame.extend([0; 22]);
        frame.push(7);
        frame
    }

    #[test]
    fn a_lock_tells_where_it_is_and_how_it_stands() {
        let closed = LockWord::CABLE_INSERTED | LockWord::MOTOR_LOCKED | LockWord::COVER_CLOSED;
        let bytes = frame(0x19, closed, 85);
        assert_eq!(length(&bytes), Some(Ok(bytes.len())));
        let Binary { call_sign, sighting, answer, odd: false } = read(&bytes).unwrap() else { panic!("all of it can be read") };
        assert_eq!((call_sign.as_str(), answer.as_str()), ("7010100014", "(P69,0,7)"));
        let fix = sighting.fix.unwrap();
        assert_eq!((fix.lat_e7, fix.lon_e7, fix.satellites), (343_415_700, 1_089_401_750, 9));
        assert_eq!((fix.speed_cm_s, fix.heading_ddeg), (1_028, 900));
        assert_eq!((sighting.t.map(sealway_schemas::Time::as_ms), sighting.battery), (Some(1_788_251_405_000), Some(85)));
        assert_eq!(sighting.lock, Some(LockWord::new(closed)));
        assert_eq!(sighting.status_bits(), Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED);
    }

    #[test]
    fn each_bit_of_the_status_word_has_its_number() {
        for (bit, of) in [
            (3, LockWord::CABLE_CUT),
            (6, LockWord::CABLE_INSERTED),
            (7, LockWord::MOTOR_LOCKED),
            (8, LockWord::UNLOCK_ALARM),
            (9, LockWord::WRONG_PASSWORD),
            (10, LockWord::UNAUTHORISED_RFID),
            (11, LockWord::LOW_BATTERY),
            (12, LockWord::BACK_COVER_OPEN),
            (13, LockWord::COVER_CLOSED),
            (14, LockWord::MOTOR_STUCK),
        ] {
            let lock = read(&frame(0x19, 1 << bit, 85)).unwrap().sighting.lock.unwrap();
            assert!(lock.has(of) && lock.bits() == 1 << bit, "bit {bit}");
        }
    }

    #[test]
    fn a_radio_mast_and_a_lock_that_is_not_located_are_no_fix() {
        assert_eq!(read(&frame(0x19, BY_MAST, 85)).unwrap().sighting.fix, None);
        let mut lost = frame(0x19, 0, 85);
        lost[24] = 0x56;
        assert_eq!(read(&lost).unwrap().sighting.fix, None);
    }

    #[test]
    fn a_charging_lock_tells_no_percent_and_an_old_one_is_answered_without_a_number() {
        let charging = read(&frame(0x18, 0, 0xFF)).unwrap();
        assert_eq!((charging.sighting.battery, charging.answer.as_str()), (None, "(P35)"));
        assert!(charging.sighting.status.has(Status::EXTERNAL_POWER));
    }

    #[test]
    fn digits_that_are_none_are_marked_and_a_length_that_lies_is_refused() {
        for (at, byte, mark) in [(10, 0x32, 1.0), (16, 0x9A, 2.0), (17, 0x70, 2.0)] {
            let mut bytes = frame(0x19, 0, 85);
            bytes[at] = byte;
            let Binary { sighting, odd, answer, .. } = read(&bytes).unwrap();
            let told = sighting.sensors.iter().find(|sensor| sensor.name() == unread::SENSOR).map(sealway_schemas::sensors::Sensor::value);
            assert_eq!((told, odd, answer.as_str(), sighting.battery), (Some(mark), true, "(P69,0,7)", Some(85)), "byte {at}");
        }
        let mut nobody = frame(0x19, 0, 85);
        nobody[1] = 0xA0;
        assert_eq!(read(&nobody), Err(Fault::Malformed));
        let mut short = frame(0x19, 0, 85);
        short[9] = 27;
        assert_eq!(length(&short), Some(Err(Fault::Malformed)));
        assert_eq!(length(&short[..9]), None);
        assert_eq!(read(&short[..60]), Err(Fault::Malformed));
    }
}
