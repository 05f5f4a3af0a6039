//! Terminals: devices of other makers whose frames carry no signature. What they say is kept as it came, with what an adapter read in it,
//! and told with its grade: it moves a marker on the map and proves nothing.

use crate::cbor::Strict;
use crate::hello::expect_key;
use crate::record::Recorded;
use crate::report::{Event, Fix, Status};
use crate::sensors::Sensors;
use crate::writer::Writer;
use crate::{DeviceId, Malformed, PartyId, Time, TransferId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A frame is kept as it came, up to so many bytes.
pub const FRAME_LIMIT: usize = 32 * 1024;
/// Sightings of one frame: a message of many parts with what a terminal stored in a dead zone.
pub const SIGHTINGS_LIMIT: usize = 1_024;
/// Of frame and sightings in an entry: the leaf's length has two bytes in a bundle (C2SP tlog-tiles), and the rest needs 100.
const WRITTEN_LIMIT: usize = 65_000;
const SOURCE_LIMIT: usize = 128;
const NAME_LIMIT: usize = 32;

/// How far a position can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The seal signed it.
    Signed,
    /// A terminal said it: whoever speaks its protocol can say the same.
    Unsigned,
}

/// What a terminal speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// JT/T 808-2013 and -2019 over TCP.
    Jtt808,
    /// Jointech's text and binary frames.
    Jointech,
    /// NMEA 0183 on a serial line.
    Nmea,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jtt808 => "jtt808",
            Self::Jointech => "jointech",
            Self::Nmea => "nmea",
        })
    }
}

/// What a terminal is fixed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TerminalUse {
    Vehicle,
    Gate,
    /// A reader of seals.
    Reader,
    /// A lock of another maker.
    Lock,
}

/// The name by which a terminal calls itself in its protocol: the digits of JT/T 808's phone number without leading zeros or of Jointech's
/// number, or the name of a serial line in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallSign(String);

impl CallSign {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no call sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("call sign {0:?}: expected 1 to 32 of a-z, 0-9 and '-'; a number without leading zeros")]
pub struct NotACallSign(String);

impl FromStr for CallSign {
    type Err = NotACallSign;

    fn from_str(text: &str) -> Result<Self, NotACallSign> {
        let number = text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (1..=NAME_LIMIT).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !(number && text.starts_with('0'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotACallSign(text.chars().take(64).collect())) }
    }
}

impl TryFrom<String> for CallSign {
    type Error = NotACallSign;

    fn try_from(text: String) -> Result<Self, NotACallSign> {
        text.parse()
    }
}

impl From<CallSign> for String {
    fn from(sign: CallSign) -> Self {
        sign.0
    }
}

impl fmt::Display for CallSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The status word of an electronic lock, bit for bit as Jointech numbers it; other makers' words are told in these bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct LockWord(u16);

impl LockWord {
    pub const CABLE_CUT: u16 = 1 << 3;
    pub const CABLE_INSERTED: u16 = 1 << 6;
    pub const MOTOR_LOCKED: u16 = 1 << 7;
    pub const UNLOCK_ALARM: u16 = 1 << 8;
    pub const WRONG_PASSWORD: u16 = 1 << 9;
    pub const UNAUTHORISED_RFID: u16 = 1 << 10;
    pub const LOW_BATTERY: u16 = 1 << 11;
    pub const BACK_COVER_OPEN: u16 = 1 << 12;
    pub const COVER_CLOSED: u16 = 1 << 13;
    pub const MOTOR_STUCK: u16 = 1 << 14;

    #[must_use]
    pub fn new(bits: u16) -> Self {
        Self(bits)
    }

    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    #[must_use]
    pub fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// The contract's status bits. A lock without an epoch key never has bit 8, so that it is never closed in the contract's sense.
    #[must_use]
    pub fn status(self) -> u64 {
        let pairs = [
            (Self::CABLE_INSERTED, Status::CABLE_INSERTED),
            (Self::MOTOR_LOCKED, Status::MOTOR_LOCKED),
            (Self::COVER_CLOSED, Status::HOUSING_CLOSED),
            (Self::CABLE_CUT, Status::CABLE_CUT),
        ];
        pairs.into_iter().filter(|(bit, _)| self.has(*bit)).fold(0, |status, (_, bit)| status | bit)
    }

    /// The gravest thing that the word says.
    #[must_use]
    pub fn event(self) -> Event {
        let signs = [
            (Self::CABLE_CUT, Event::CableCut),
            (Self::BACK_COVER_OPEN, Event::HousingOpened),
            (Self::UNLOCK_ALARM, Event::Opened),
            (Self::WRONG_PASSWORD, Event::WrongCredential),
            (Self::UNAUTHORISED_RFID, Event::WrongCredential),
            (Self::MOTOR_STUCK, Event::MotorStuck),
            (Self::LOW_BATTERY, Event::LowBattery),
        ];
        signs.into_iter().find_map(|(bit, event)| self.has(bit).then_some(event)).unwrap_or(Event::Periodic)
    }
}

/// What an adapter read in a frame: where the terminal says it was, and how its lock stood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sighting {
    /// Terminal time; absent where it told none.
    pub t: Option<Time>,
    /// Absent where the terminal has no fix. The accuracy is the adapter's estimate, `cn0` is 0 where it is not told.
    pub fix: Option<Fix>,
    /// External power, sent from the store; what the lock says is in `lock`.
    pub status: Status,
    /// A bit that the maker's protocol does not tell is 0.
    pub lock: Option<LockWord>,
    /// Why it was made, where the terminal says so; otherwise the gravest sign of the lock.
    pub event: Option<Event>,
    /// Percent.
    pub battery: Option<u8>,
    pub sensors: Sensors,
}

impl Sighting {
    /// Status bits with those of the lock.
    #[must_use]
    pub fn status_bits(&self) -> u64 {
        self.status.bits() | self.lock.map_or(0, LockWord::status)
    }

    #[must_use]
    pub fn event(&self) -> Event {
        self.event.unwrap_or_else(|| self.lock.map_or(Event::Periodic, LockWord::event))
    }

    /// Terminal time, or that of its arrival.
    #[must_use]
    pub fn time(&self, received_at: Time) -> Time {
        self.t.unwrap_or(received_at)
    }

    fn check(&self) -> Result<(), Malformed> {
        if self.battery.is_some_and(|percent| percent > 100) {
            return Err(Malformed::Field { field: "battery", expected: "0 to 100" });
        }
        self.fix.map_or(Ok(()), |fix| fix.check())
    }

    fn write(&self, writer: &mut Writer) {
        let (lock, sensors) = (self.lock.is_some(), !self.sensors.is_empty());
        let optional = [self.t.is_some(), self.fix.is_some(), lock, self.battery.is_some(), sensors, self.event.is_some()];
        writer.map(1 + optional.into_iter().filter(|there| *there).count());
        if let Some(t) = self.t {
            writer.uint(1).uint(t.as_ms());
        }
        if let Some(fix) = self.fix {
            fix.encode(writer.uint(2));
        }
        writer.uint(3).uint(self.status.bits());
        if let Some(lock) = self.lock {
            writer.uint(4).uint(lock.bits().into());
        }
        if let Some(battery) = self.battery {
            writer.uint(5).uint(battery.into());
        }
        if !self.sensors.is_empty() {
            self.sensors.encode(writer.uint(6));
        }
        if let Some(event) = self.event {
            writer.uint(7).uint(event.code().into());
        }
    }

    fn read(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        let mut sighting = Self::default();
        let mut status = None;
        let mut last = None;
        for _ in 0..reader.map("sighting")? {
            let key = reader.key(last)?;
            match key {
                1 => sighting.t = Some(Time::from_ms(reader.uint("t")?)),
                2 => sighting.fix = Some(Fix::decode(reader)?),
                3 => status = Some(Status::new(reader.uint("status")?)?),
                4 => {
                    let lock = u16::try_from(reader.uint("lock")?).map_err(|_| Malformed::Field { field: "lock", expected: "16 bits" })?;
                    sighting.lock = Some(LockWord(lock));
                }
                5 => {
                    let battery = u8::try_from(reader.uint("battery")?);
                    sighting.battery = Some(battery.map_err(|_| Malformed::Field { field: "battery", expected: "0 to 100" })?);
                }
                6 => sighting.sensors = Sensors::decode(reader)?,
                7 => sighting.event = Some(Event::from_code(reader.uint("event")?)?),
                _ => return Err(Malformed::Field { field: "sighting key", expected: "1 to 7" }),
            }
            last = Some(key);
        }
        sighting.status = status.ok_or(Malformed::Field { field: "status", expected: "in every sighting" })?;
        sighting.check()?;
        Ok(sighting)
    }
}

/// A frame of a registered terminal, and what an adapter read in it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsignedFrame {
    pub terminal: DeviceId,
    /// By which line it came: protocol and peer, or the serial line.
    source: String,
    frame: Bytes,
    sightings: Vec<Sighting>,
}

impl UnsignedFrame {
    /// Refuses what would not come back from the log, and what a bundle of the log's entries could not tell whole.
    pub fn new(terminal: DeviceId, source: String, frame: Bytes, sightings: Vec<Sighting>) -> Result<Self, Malformed> {
        let unsigned = Self::checked(terminal, source, frame, sightings)?;
        let mut writer = Writer::default();
        unsigned.write(&mut writer);
        match writer.finish().len() {
            size if size > WRITTEN_LIMIT => Err(Malformed::TooLong { size, limit: WRITTEN_LIMIT }),
            _ => Ok(unsigned),
        }
    }

    fn checked(terminal: DeviceId, source: String, frame: Bytes, sightings: Vec<Sighting>) -> Result<Self, Malformed> {
        if !(1..=SOURCE_LIMIT).contains(&source.len()) {
            return Err(Malformed::Field { field: "source", expected: "1 to 128 bytes" });
        }
        if !(1..=FRAME_LIMIT).contains(&frame.len()) {
            return Err(Malformed::Field { field: "frame", expected: "1 to 32768 bytes" });
        }
        if !(1..=SIGHTINGS_LIMIT).contains(&sightings.len()) {
            return Err(SIGHTINGS);
        }
        sightings.iter().try_for_each(Sighting::check)?;
        Ok(Self { terminal, source, frame, sightings })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// As it came.
    #[must_use]
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// At least one.
    #[must_use]
    pub fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }

    /// Four entries of a map: keys 4, 5, 6 after the terminal in key 2 and the first number in key 3.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.uint(4).text(&self.source).uint(5).bytes(&self.frame).uint(6).array(self.sightings.len());
        self.sightings.iter().for_each(|sighting| sighting.write(writer));
    }

    /// After key 3 and its value.
    pub(crate) fn read(reader: &mut Strict<'_>, terminal: DeviceId) -> Result<Self, Malformed> {
        expect_key(reader, 4)?;
        let source = reader.text("source")?.to_owned();
        expect_key(reader, 5)?;
        let frame = Bytes::copy_from_slice(reader.byte_string("frame", "bytes")?);
        expect_key(reader, 6)?;
        let count = reader.array("sightings", "1 to 1024", 1..=SIGHTINGS_LIMIT as u64)?;
        let sightings = (0..count).map(|_| Sighting::read(reader)).collect::<Result<_, _>>()?;
        Self::checked(terminal, source, frame, sightings)
    }
}

const SIGHTINGS: Malformed = Malformed::Field { field: "sightings", expected: "1 to 1024" };

/// A terminal, and where it says it was last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TerminalView {
    pub id: DeviceId,
    pub owner: PartyId,
    pub protocol: Protocol,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub call_sign: CallSign,
    pub used_as: TerminalUse,
    pub registered_at: Time,
    pub revoked_at: Option<Time>,
    /// Always `unsigned`.
    pub grade: Grade,
    pub last: Option<LastSighting>,
}

/// The newest sighting in the terminal's time, and its newest fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastSighting {
    /// Counted by the platform, in the order of arrival.
    pub number: u64,
    pub t: Time,
    pub received_at: Time,
    pub event: Event,
    pub status: u64,
    /// Status word of a lock: bit 3 cable cut, 6 cable inserted, 7 motor locked, 8 unlock alarm, 9 wrong password, 10 unauthorised RFID,
    /// 11 low battery, 12 back cover open, 13 cover closed, 14 motor stuck.
    pub lock: Option<LockWord>,
    pub battery: Option<u8>,
    pub fix: Option<crate::event::LastFix>,
}

impl Recorded for TerminalView {
    const KIND: &'static str = "terminal";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn at(&self) -> Time {
        let heard = self.last.as_ref().map(|last| last.received_at);
        [Some(self.registered_at), self.revoked_at, heard].into_iter().flatten().max().unwrap_or(self.registered_at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_without_an_epoch_key_is_never_closed() {
        let all = LockWord::new(!LockWord::CABLE_CUT);
        assert!(!Status::new(all.status()).unwrap().closed());
        assert_eq!(all.status(), Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED);
    }

    #[test]
    fn the_gravest_sign_of_a_lock_is_told_first() {
        for (bits, event) in [
            (LockWord::CABLE_CUT | LockWord::LOW_BATTERY, Event::CableCut),
            (LockWord::BACK_COVER_OPEN, Event::HousingOpened),
            (LockWord::UNAUTHORISED_RFID, Event::WrongCredential),
            (LockWord::MOTOR_STUCK | LockWord::LOW_BATTERY, Event::MotorStuck),
            (LockWord::CABLE_INSERTED | LockWord::MOTOR_LOCKED, Event::Periodic),
        ] {
            assert_eq!(LockWord::new(bits).event(), event);
        }
    }

    #[test]
    fn a_call_sign_is_told_in_one_way_only() {
        for good in ["13912345678", "gate-3-gps", "7"] {
            assert_eq!(good.parse::<CallSign>().unwrap().as_str(), good);
        }
        for bad in ["", "013912345678", "0", "Gate", "a b", &"9".repeat(33)] {
            assert!(bad.parse::<CallSign>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_frame_that_would_not_come_back_is_refused() {
        let terminal: DeviceId = "TRUCK-1".parse().unwrap();
        let frame = |bytes: usize, sightings: usize| {
            UnsignedFrame::new(terminal, "jtt808".into(), vec![0; bytes].into(), vec![Sighting::default(); sightings])
        };
        assert!(frame(1, 1).is_ok() && frame(FRAME_LIMIT, SIGHTINGS_LIMIT).is_ok());
        assert!(frame(0, 1).is_err() && frame(FRAME_LIMIT + 1, 1).is_err());
        assert!(frame(1, 0).is_err() && frame(1, SIGHTINGS_LIMIT + 1).is_err());
        let moving = Sighting { t: Some(Time::from_ms(1 << 50)), lock: Some(LockWord::new(u16::MAX)), ..Sighting::default() };
        let fix = Fix {
            lat_e7: 343_000_000,
            lon_e7: 1_080_000_000,
            accuracy_dm: 150,
            speed_cm_s: 2_500,
            heading_ddeg: 900,
            satellites: 9,
            cn0_ddbhz: 0,
        };
        let moving = Sighting { fix: Some(fix), ..moving };
        let long = UnsignedFrame::new(terminal, "jtt808".into(), vec![0; FRAME_LIMIT].into(), vec![moving; SIGHTINGS_LIMIT]);
        assert!(matches!(long, Err(Malformed::TooLong { .. })), "a leaf has two bytes for its length");
        let full = Sighting { battery: Some(101), ..Sighting::default() };
        assert!(UnsignedFrame::new(terminal, "jtt808".into(), vec![0].into(), vec![full]).is_err());
    }
}
