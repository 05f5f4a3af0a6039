//! The questions that every backend answers alike, and the answers.

use super::{Point, PointTime};
use sealway_schemas::{PlaceId, Time};

/// Points of one answer at most, whatever is asked.
pub const POINTS_LIMIT: usize = 2_000;
pub const HOUR_MS: u64 = 3_600_000;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;

/// Device time: `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: Time,
    to: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("from {from} to {to}: expected a time before and a time after")]
pub struct NoSpan {
    from: Time,
    to: Time,
}

impl Span {
    pub fn new(from: Time, to: Time) -> Result<Self, NoSpan> {
        if from < to { Ok(Self { from, to }) } else { Err(NoSpan { from, to }) }
    }

    #[must_use]
    pub fn from(self) -> Time {
        self.from
    }

    #[must_use]
    pub fn to(self) -> Time {
        self.to
    }

    #[must_use]
    pub fn contains(self, at: PointTime) -> bool {
        (self.from..self.to).contains(&at.t())
    }

    /// Width in ms of buckets that begin at multiples of it, so that at most `at_most` of them touch the span.
    #[must_use]
    pub fn bucket_ms(self, at_most: usize) -> u64 {
        let gaps = u64::try_from(at_most).unwrap_or(u64::MAX).saturating_sub(1).max(1);
        self.to.since(self.from).div_ceil(gaps).max(1)
    }

    /// The same in whole hours.
    #[must_use]
    pub fn bucket_hours_ms(self, at_most: usize) -> u64 {
        self.bucket_ms(at_most).next_multiple_of(HOUR_MS)
    }
}

/// The bucket of that width that a time falls into.
#[must_use]
pub fn bucket_of(t: Time, width_ms: u64) -> Time {
    Time::from_ms(t.as_ms() - t.as_ms() % width_ms.max(1))
}

/// What can be drawn as a curve. The names are those of the stored fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Percent.
    Battery,
    /// cm/s.
    Speed,
    /// Degrees Celsius.
    Temperature,
    /// Decimetres.
    Accuracy,
    /// Tenths of dBHz.
    Cn0,
    Satellites,
}

impl Field {
    pub const ALL: [Self; 6] = [Self::Battery, Self::Speed, Self::Temperature, Self::Accuracy, Self::Cn0, Self::Satellites];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Battery => "battery",
            Self::Speed => "speed_cm_s",
            Self::Temperature => "temperature",
            Self::Accuracy => "accuracy_dm",
            Self::Cn0 => "cn0_ddbhz",
            Self::Satellites => "satellites",
        }
    }

    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "readings are far below 2^52")]
    pub fn of(self, point: &Point) -> Option<f64> {
        let fix = point.fix.as_ref();
        match self {
            Self::Battery => point.battery.map(f64::from),
            Self::Speed => fix.map(|fix| fix.speed_cm_s as f64),
            Self::Temperature => point.temperature.filter(|value| value.is_finite()),
            Self::Accuracy => fix.map(|fix| fix.accuracy_dm as f64),
            Self::Cn0 => fix.map(|fix| fix.cn0_ddbhz as f64),
            Self::Satellites => fix.map(|fix| fix.satellites as f64),
        }
    }
}

/// One field over one stretch of time; only stretches with a reading are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub start: Time,
    pub count: u64,
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    pub last: f64,
}

/// Reports in a stretch of whole hours; only stretches with a report are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub start: Time,
    pub reports: u64,
}

/// A report with which a device came into places or left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    pub at: PointTime,
    pub ctr: u64,
    pub entered: Vec<PlaceId>,
    pub left: Vec<PlaceId>,
}

/// A track, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Every report, or, where there are more than were asked for, one a bucket: the newest value of each field in it.
    pub points: Vec<Point>,
    /// Reports in the span.
    pub reports: u64,
}

/// Takes a later point of the same bucket in: what it says replaces what was said.
pub(super) fn fold(kept: &mut Point, later: &Point) {
    kept.at = later.at;
    kept.received_at = later.received_at;
    kept.ctr = later.ctr;
    kept.epoch = later.epoch;
    kept.event = later.event;
    kept.status = later.status;
    kept.fix = later.fix.or(kept.fix);
    kept.battery = later.battery.or(kept.battery);
    kept.temperature = later.temperature.or(kept.temperature);
}
