//! What a seal reports.

use crate::cbor::{Strict, UINT_END};
use crate::sensors::Sensors;
use crate::writer::Writer;
use crate::{Digest, Malformed, PublicKey, Time};
use serde::{Deserialize, Serialize};

/// Why a report was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReportEvent))]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    Periodic,
    Sealed,
    OpenedByGrant,
    Opened,
    CableCut,
    HousingOpened,
    MotorStuck,
    Shock,
    Light,
    MountLost,
    LowBattery,
    FixLost,
    Jammed,
    ZoneEntered,
    ZoneLeft,
    PowerOn,
    ChallengeAnswer,
    Gap,
    WrongCredential,
    SelfTest,
    /// 20..63: kept, no meaning.
    Unknown(u8),
}

impl Event {
    const KNOWN: [Event; 20] = [
        Event::Periodic,
        Event::Sealed,
        Event::OpenedByGrant,
        Event::Opened,
        Event::CableCut,
        Event::HousingOpened,
        Event::MotorStuck,
        Event::Shock,
        Event::Light,
        Event::MountLost,
        Event::LowBattery,
        Event::FixLost,
        Event::Jammed,
        Event::ZoneEntered,
        Event::ZoneLeft,
        Event::PowerOn,
        Event::ChallengeAnswer,
        Event::Gap,
        Event::WrongCredential,
        Event::SelfTest,
    ];

    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Event::Unknown(code) => code,
            known => Self::KNOWN.iter().zip(0..).find_map(|(event, code)| (*event == known).then_some(code)).unwrap_or(u8::MAX),
        }
    }

    pub fn from_code(code: u64) -> Result<Self, Malformed> {
        let code =
            u8::try_from(code).ok().filter(|code| *code < 64).ok_or(Malformed::Field { field: "event", expected: "a number below 64" })?;
        Ok(Self::KNOWN.get(usize::from(code)).copied().unwrap_or(Event::Unknown(code)))
    }
}

/// Status bits, as the seal's sensors stood when the report was made. Reserved bits are kept and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(u64);

impl Status {
    pub const CABLE_INSERTED: u64 = 1;
    pub const MOTOR_LOCKED: u64 = 1 << 1;
    pub const HOUSING_CLOSED: u64 = 1 << 2;
    pub const CABLE_CUT: u64 = 1 << 3;
    pub const EXTERNAL_POWER: u64 = 1 << 4;
    pub const CLOCK_DISCIPLINED: u64 = 1 << 5;
    pub const FROM_STORE: u64 = 1 << 6;
    pub const MOUNT_PRESENT: u64 = 1 << 7;
    pub const EPOCH_KEY_HELD: u64 = 1 << 8;
    const CLOSED: u64 = Self::CABLE_INSERTED | Self::MOTOR_LOCKED | Self::HOUSING_CLOSED | Self::EPOCH_KEY_HELD;

    /// Refuses what does not fit the contract's numbers.
    pub fn new(bits: u64) -> Result<Self, Malformed> {
        if bits < UINT_END { Ok(Self(bits)) } else { Err(Malformed::Field { field: "status", expected: "a number below 2^53" }) }
    }

    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    #[must_use]
    pub fn has(self, bits: u64) -> bool {
        self.0 & bits == bits
    }

    /// Only a closed seal holds custody.
    #[must_use]
    pub fn closed(self) -> bool {
        self.has(Self::CLOSED) && self.0 & Self::CABLE_CUT == 0
    }

    #[must_use]
    pub fn epoch_key_held(self) -> bool {
        self.has(Self::EPOCH_KEY_HELD)
    }
}

/// A position fix, WGS-84.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fix {
    /// 1e-7 degree.
    pub lat_e7: i64,
    /// 1e-7 degree.
    pub lon_e7: i64,
    /// Decimetre, 1 sigma.
    pub accuracy_dm: u64,
    pub speed_cm_s: u64,
    /// Tenth of a degree.
    pub heading_ddeg: u64,
    pub satellites: u64,
    /// Mean carrier-to-noise, tenth of dB-Hz.
    pub cn0_ddbhz: u64,
}

pub(crate) const LAT_LIMIT: i64 = 900_000_000;
pub(crate) const LON_LIMIT: i64 = 1_800_000_000;

impl Fix {
    /// Degrees.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "within 1.8e9")]
    pub fn lat(&self) -> f64 {
        self.lat_e7 as f64 / 1e7
    }

    /// Degrees.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "within 1.8e9")]
    pub fn lon(&self) -> f64 {
        self.lon_e7 as f64 / 1e7
    }

    pub(crate) fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        reader.array("fix", "an array of 7", 7..=7)?;
        let fix = Self {
            lat_e7: reader.int("latitude")?,
            lon_e7: reader.int("longitude")?,
            accuracy_dm: reader.uint("accuracy")?,
            speed_cm_s: reader.uint("speed")?,
            heading_ddeg: reader.uint("heading")?,
            satellites: reader.uint("satellites")?,
            cn0_ddbhz: reader.uint("cn0")?,
        };
        fix.check()?;
        Ok(fix)
    }

    pub(crate) fn check(&self) -> Result<(), Malformed> {
        check_position(self.lat_e7, self.lon_e7)?;
        if self.heading_ddeg >= 3600 {
            return Err(Malformed::Field { field: "heading", expected: "tenths of a degree below 3600" });
        }
        let small = [self.accuracy_dm, self.speed_cm_s, self.satellites, self.cn0_ddbhz].iter().all(|value| *value < UINT_END);
        if small { Ok(()) } else { Err(Malformed::Field { field: "fix", expected: "numbers below 2^53" }) }
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.array(7).int(self.lat_e7).int(self.lon_e7);
        for value in [self.accuracy_dm, self.speed_cm_s, self.heading_ddeg, self.satellites, self.cn0_ddbhz] {
            writer.uint(value);
        }
    }
}

pub(crate) fn check_position(lat_e7: i64, lon_e7: i64) -> Result<(), Malformed> {
    if lat_e7.abs() > LAT_LIMIT {
        return Err(Malformed::Field { field: "latitude", expected: "within 90 degrees" });
    }
    if lon_e7.abs() > LON_LIMIT {
        return Err(Malformed::Field { field: "longitude", expected: "within 180 degrees" });
    }
    Ok(())
}

/// Counters that the device can no longer deliver: `from <= to <` the report's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gap {
    pub from: u64,
    pub to: u64,
    pub reason: GapReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    Unknown,
    RingFull,
    FlashFault,
    StateLost,
}

impl Gap {
    fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        reader.array("gap", "[from, to, reason]", 3..=3)?;
        let (from, to) = (reader.uint("gap from")?, reader.uint("gap to")?);
        let reason = match reader.uint("gap reason")? {
            0 => GapReason::Unknown,
            1 => GapReason::RingFull,
            2 => GapReason::FlashFault,
            3 => GapReason::StateLost,
            _ => return Err(Malformed::Field { field: "gap reason", expected: "0 to 3" }),
        };
        Ok(Self { from, to, reason })
    }

    fn encode(&self, writer: &mut Writer) {
        let reason = match self.reason {
            GapReason::Unknown => 0,
            GapReason::RingFull => 1,
            GapReason::FlashFault => 2,
            GapReason::StateLost => 3,
        };
        writer.array(3).uint(self.from).uint(self.to).uint(reason);
    }
}

/// The parts of a report before their limits are checked: what [`ReportDraft::build`] takes.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportDraft {
    pub ctr: u64,
    pub epoch: u64,
    pub prev: Digest,
    pub t: Time,
    pub event: Event,
    pub status: Status,
    pub fix: Option<Fix>,
    pub battery: Option<u8>,
    pub epoch_key: Option<PublicKey>,
    /// Grant id or challenge nonce.
    pub reference: Option<[u8; 16]>,
    pub gap: Option<Gap>,
    pub sensors: Sensors,
    pub heard: Option<[u8; 8]>,
}

impl ReportDraft {
    /// A draft with nothing optional.
    #[must_use]
    pub fn new(ctr: u64, epoch: u64, prev: Digest, t: Time, event: Event) -> Self {
        Self {
            ctr,
            epoch,
            prev,
            t,
            event,
            status: Status::default(),
            fix: None,
            battery: None,
            epoch_key: None,
            reference: None,
            gap: None,
            sensors: Sensors::default(),
            heard: None,
        }
    }

    pub fn build(self) -> Result<Report, Malformed> {
        self.check_numbers()?;
        self.check_event()?;
        Ok(Report(self))
    }

    fn check_numbers(&self) -> Result<(), Malformed> {
        if !(1..UINT_END).contains(&self.ctr) {
            return Err(Malformed::Field { field: "ctr", expected: "1 to 2^53 - 1" });
        }
        if self.epoch >= UINT_END || self.t.as_ms() >= UINT_END {
            return Err(Malformed::Field { field: "epoch or t", expected: "numbers below 2^53" });
        }
        if self.battery.is_some_and(|percent| percent > 100) {
            return Err(Malformed::Field { field: "battery", expected: "0 to 100 percent" });
        }
        if self.event.code() >= 64 || matches!(self.event, Event::Unknown(code) if code < 20) {
            return Err(Malformed::Field { field: "event", expected: "a number below 64" });
        }
        self.fix.map_or(Ok(()), |fix| fix.check())
    }

    /// Fields 9, 10 and 11 stand exactly in the events that they belong to.
    fn check_event(&self) -> Result<(), Malformed> {
        let belongs = |field, event, present: bool, expected: bool| match (present, expected) {
            (true, false) => Err(Malformed::WrongEvent { field, event }),
            (false, true) => Err(Malformed::Missing(field)),
            _ => Ok(()),
        };
        belongs("epoch key", "sealed", self.epoch_key.is_some(), self.event == Event::Sealed)?;
        let refers = matches!(self.event, Event::OpenedByGrant | Event::ChallengeAnswer);
        belongs("reference", "opened_by_grant or challenge_answer", self.reference.is_some(), refers)?;
        belongs("gap", "gap", self.gap.is_some(), self.event == Event::Gap)?;
        match self.gap {
            Some(gap) if gap.from < 1 || gap.from > gap.to || gap.to >= self.ctr => {
                Err(Malformed::Field { field: "gap", expected: "1 <= from <= to < the report's own counter" })
            }
            _ => Ok(()),
        }
    }
}

/// A report whose content is within the contract's limits. Who made it is another question.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(ReportDraft);

impl Report {
    /// Reads the payload of a COSE_Sign1.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(payload);
        let count = reader.map("report")?;
        let mut draft = ReportDraft::new(0, 0, Digest::ZERO, Time::ZERO, Event::Periodic);
        let mut seen: u16 = 0;
        let mut last = None;
        for _ in 0..count {
            let key = reader.key(last)?;
            draft.decode_field(key, &mut reader)?;
            seen |= 1 << key;
            last = Some(key);
        }
        reader.end()?;
        for (key, field) in [(1, "ctr"), (2, "epoch"), (3, "prev"), (4, "t"), (5, "event"), (6, "status")] {
            if seen & (1 << key) == 0 {
                return Err(Malformed::Missing(field));
            }
        }
        draft.build()
    }

    /// The payload in its one permitted encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let report = &self.0;
        let optional = [
            report.fix.is_some(),
            report.battery.is_some(),
            report.epoch_key.is_some(),
            report.reference.is_some(),
            report.gap.is_some(),
            !report.sensors.is_empty(),
            report.heard.is_some(),
        ];
        let mut writer = Writer::with_capacity(128);
        writer.map(6 + optional.iter().filter(|present| **present).count());
        report.encode_required(&mut writer);
        report.encode_optional(&mut writer);
        writer.finish()
    }

    #[must_use]
    pub fn ctr(&self) -> u64 {
        self.0.ctr
    }

    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }

    #[must_use]
    pub fn prev(&self) -> Digest {
        self.0.prev
    }

    #[must_use]
    pub fn t(&self) -> Time {
        self.0.t
    }

    #[must_use]
    pub fn event(&self) -> Event {
        self.0.event
    }

    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status
    }

    #[must_use]
    pub fn fix(&self) -> Option<Fix> {
        self.0.fix
    }

    /// Percent.
    #[must_use]
    pub fn battery(&self) -> Option<u8> {
        self.0.battery
    }

    #[must_use]
    pub fn epoch_key(&self) -> Option<PublicKey> {
        self.0.epoch_key
    }

    /// Grant id of `opened_by_grant`, nonce of `challenge_answer`.
    #[must_use]
    pub fn reference(&self) -> Option<[u8; 16]> {
        self.0.reference
    }

    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        self.0.gap
    }

    #[must_use]
    pub fn sensors(&self) -> &Sensors {
        &self.0.sensors
    }

    #[must_use]
    pub fn heard(&self) -> Option<[u8; 8]> {
        self.0.heard
    }
}

impl ReportDraft {
    fn decode_field(&mut self, key: u64, reader: &mut Strict<'_>) -> Result<(), Malformed> {
        match key {
            1 => self.ctr = reader.uint("ctr")?,
            2 => self.epoch = reader.uint("epoch")?,
            3 => self.prev = Digest::from_bytes(reader.bytes("prev", "16 bytes")?),
            4 => self.t = Time::from_ms(reader.uint("t")?),
            5 => self.event = Event::from_code(reader.uint("event")?)?,
            6 => self.status = Status::new(reader.uint("status")?)?,
            7 => self.fix = Some(Fix::decode(reader)?),
            8 => {
                let percent = u8::try_from(reader.uint("battery")?).unwrap_or(u8::MAX);
                self.battery = Some(percent);
            }
            9 => self.epoch_key = Some(PublicKey::from_bytes(reader.bytes("epoch key", "32 bytes")?)),
            10 => self.reference = Some(reader.bytes("reference", "16 bytes")?),
            11 => self.gap = Some(Gap::decode(reader)?),
            12 => self.sensors = Sensors::decode(reader)?,
            13 => self.heard = Some(reader.bytes("heard", "8 bytes")?),
            unknown => return Err(Malformed::Key(unknown)),
        }
        Ok(())
    }

    fn encode_required(&self, writer: &mut Writer) {
        writer.uint(1).uint(self.ctr).uint(2).uint(self.epoch);
        writer.uint(3).bytes(self.prev.as_bytes()).uint(4).uint(self.t.as_ms());
        writer.uint(5).uint(u64::from(self.event.code())).uint(6).uint(self.status.bits());
    }

    fn encode_optional(&self, writer: &mut Writer) {
        if let Some(fix) = self.fix {
            fix.encode(writer.uint(7));
        }
        if let Some(percent) = self.battery {
            writer.uint(8).uint(u64::from(percent));
        }
        if let Some(key) = &self.epoch_key {
            writer.uint(9).bytes(key.as_bytes());
        }
        if let Some(reference) = &self.reference {
            writer.uint(10).bytes(reference);
        }
        if let Some(gap) = self.gap {
            gap.encode(writer.uint(11));
        }
        if !self.sensors.is_empty() {
            self.sensors.encode(writer.uint(12));
        }
        if let Some(heard) = &self.heard {
            writer.uint(13).bytes(heard);
        }
    }
}
