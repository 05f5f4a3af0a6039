//! What the series keeps of a report.

use sealway_schemas::report::{Event, Fix, Report, Status};
use sealway_schemas::sensors::{Sensor, Sensors};
use sealway_schemas::terminal::Sighting;
use sealway_schemas::{DeviceId, PlaceId, Time};
use serde::{Deserialize, Serialize};

const NS_PER_MS: u64 = 1_000_000;
/// Databases count nanoseconds in an `i64`.
const LAST_MS: u64 = i64::MAX.unsigned_abs() / NS_PER_MS - 1;
/// The SenML name of a reading in degrees Celsius that no label sets apart.
const CELSIUS: &str = "Cel";

/// Nanoseconds since 1970, by the contract: device time in ms, and the counter's last six digits as nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PointTime(u64);

impl PointTime {
    /// Every point is before it.
    pub(super) const END: Time = Time::from_ms(LAST_MS + 1);

    pub fn new(t: Time, ctr: u64) -> Result<Self, NotAPoint> {
        if t.as_ms() > LAST_MS {
            return Err(NotAPoint { t });
        }
        Ok(Self(t.as_ms() * NS_PER_MS + ctr % NS_PER_MS))
    }

    #[must_use]
    pub fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    #[must_use]
    pub fn as_ns(self) -> u64 {
        self.0
    }

    /// The device time in it.
    #[must_use]
    pub fn t(self) -> Time {
        Time::from_ms(self.0 / NS_PER_MS)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("device time {t}: expected at most {LAST_MS} ms, the last that nanoseconds in 64 bits can tell")]
pub struct NotAPoint {
    t: Time,
}

/// One report as the series keeps it. What the report did not say is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub device: DeviceId,
    pub at: PointTime,
    pub received_at: Time,
    pub ctr: u64,
    pub epoch: u64,
    pub event: Event,
    pub status: Status,
    pub fix: Option<Fix>,
    /// Percent.
    pub battery: Option<u8>,
    /// Degrees Celsius.
    pub temperature: Option<f64>,
    /// Places that the device was found in with this report, and not with the one before.
    pub entered: Vec<PlaceId>,
    pub left: Vec<PlaceId>,
}

impl Point {
    pub fn new(device: DeviceId, report: &Report, received_at: Time) -> Result<Self, NotAPoint> {
        Ok(Self {
            device,
            at: PointTime::new(report.t(), report.ctr())?,
            received_at,
            ctr: report.ctr(),
            epoch: report.epoch(),
            event: report.event(),
            status: report.status(),
            fix: report.fix(),
            battery: report.battery(),
            temperature: celsius(report.sensors()),
            entered: Vec::new(),
            left: Vec::new(),
        })
    }

    /// What a terminal said: of the grade that its device id has, in epoch 0. `number`: of the sighting, counted by the platform.
    pub fn sighted(terminal: DeviceId, (number, sighting): (u64, &Sighting), received_at: Time) -> Result<Self, NotAPoint> {
        Ok(Self {
            device: terminal,
            at: PointTime::new(sighting.time(received_at), number)?,
            received_at,
            ctr: number,
            epoch: 0,
            event: sighting.event(),
            status: Status::new(sighting.status_bits()).unwrap_or(sighting.status),
            fix: sighting.fix,
            battery: sighting.battery,
            temperature: celsius(&sighting.sensors),
            entered: Vec::new(),
            left: Vec::new(),
        })
    }
}

fn celsius(sensors: &Sensors) -> Option<f64> {
    sensors.iter().find(|sensor| sensor.name() == CELSIUS).map(Sensor::value)
}
