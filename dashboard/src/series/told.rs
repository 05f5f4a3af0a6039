//! The shapes of the answers.

use sealway_schemas::report::Event;
use sealway_schemas::terminal::Grade;
use sealway_schemas::{DeviceId, PlaceId, Time};
use sealway_tracker::series::{Bucket, Crossing, Field, Latest, Point};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChartField {
    /// Percent.
    Battery,
    /// cm/s.
    Speed,
    /// Degrees Celsius.
    Temperature,
    /// Decimetres, one sigma.
    Accuracy,
    /// Mean carrier-to-noise, tenths of dBHz.
    CarrierToNoise,
    Satellites,
}

impl From<ChartField> for Field {
    fn from(field: ChartField) -> Self {
        match field {
            ChartField::Battery => Self::Battery,
            ChartField::Speed => Self::Speed,
            ChartField::Temperature => Self::Temperature,
            ChartField::Accuracy => Self::Accuracy,
            ChartField::CarrierToNoise => Self::Cn0,
            ChartField::Satellites => Self::Satellites,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct Points {
    pub(super) device: DeviceId,
    pub(super) grade: Grade,
    /// Reports in the range.
    pub(super) reports: u64,
    /// Where there are more reports than were asked for, a point stands for a stretch of time: the newest value of each field in it.
    pub(super) thinned: bool,
    /// Oldest first.
    pub(super) points: Vec<SeriesPoint>,
}

/// A report, or the newest values of a stretch of time.
#[derive(Serialize, ToSchema)]
pub(super) struct SeriesPoint {
    pub(super) ctr: u64,
    pub(super) epoch: u64,
    /// Device time.
    pub(super) t: Time,
    pub(super) received_at: Time,
    pub(super) event: Event,
    pub(super) status: u64,
    /// Percent.
    pub(super) battery: Option<u8>,
    /// Degrees Celsius.
    pub(super) temperature: Option<f64>,
    /// Degrees, WGS-84.
    pub(super) lat: Option<f64>,
    pub(super) lon: Option<f64>,
    pub(super) speed_cm_s: Option<u64>,
    pub(super) heading_ddeg: Option<u64>,
    pub(super) accuracy_dm: Option<u64>,
    /// Tenths of dBHz.
    pub(super) cn0_ddbhz: Option<u64>,
    pub(super) satellites: Option<u64>,
}

impl From<Point> for SeriesPoint {
    fn from(point: Point) -> Self {
        let fix = point.fix;
        Self {
            ctr: point.ctr,
            epoch: point.epoch,
            t: point.at.t(),
            received_at: point.received_at,
            event: point.event,
            status: point.status.bits(),
            battery: point.battery,
            temperature: point.temperature,
            lat: fix.map(|fix| fix.lat()),
            lon: fix.map(|fix| fix.lon()),
            speed_cm_s: fix.map(|fix| fix.speed_cm_s),
            heading_ddeg: fix.map(|fix| fix.heading_ddeg),
            accuracy_dm: fix.map(|fix| fix.accuracy_dm),
            cn0_ddbhz: fix.map(|fix| fix.cn0_ddbhz),
            satellites: fix.map(|fix| fix.satellites),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct Chart {
    pub(super) device: DeviceId,
    pub(super) grade: Grade,
    pub(super) field: ChartField,
    /// Width of each stretch of time.
    pub(super) width_ms: u64,
    /// Oldest first; only stretches with a reading.
    pub(super) buckets: Vec<ChartBucket>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ChartBucket {
    pub(super) start: Time,
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    pub(super) last: f64,
}

impl From<Bucket> for ChartBucket {
    fn from(bucket: Bucket) -> Self {
        let Bucket { start, count, min, max, mean, last } = bucket;
        Self { start, count, min, max, mean, last }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct Counts {
    pub(super) device: DeviceId,
    pub(super) grade: Grade,
    /// Whole hours.
    pub(super) width_ms: u64,
    /// Oldest first; only stretches with a report.
    pub(super) counts: Vec<HourCount>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct HourCount {
    pub(super) start: Time,
    pub(super) reports: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Crossings {
    pub(super) device: DeviceId,
    pub(super) grade: Grade,
    /// Oldest first.
    pub(super) crossings: Vec<PlaceCrossing>,
}

/// A report with which the seal came into places or left them.
#[derive(Serialize, ToSchema)]
pub(super) struct PlaceCrossing {
    /// Device time.
    pub(super) t: Time,
    pub(super) ctr: u64,
    pub(super) entered: Vec<PlaceId>,
    pub(super) left: Vec<PlaceId>,
}

impl From<Crossing> for PlaceCrossing {
    fn from(crossing: Crossing) -> Self {
        Self { t: crossing.at.t(), ctr: crossing.ctr, entered: crossing.entered, left: crossing.left }
    }
}

/// The newest value of each field, and the places that the seal is in.
#[derive(Serialize, ToSchema)]
pub(super) struct LatestPoint {
    pub(super) device: DeviceId,
    pub(super) grade: Grade,
    pub(super) point: SeriesPoint,
    /// Device time of the report that brought the position.
    pub(super) fixed_at: Option<Time>,
    pub(super) inside: Vec<PlaceId>,
}

impl LatestPoint {
    pub(super) fn new(grade: Grade, latest: Latest) -> Self {
        let Latest { point, fixed_at, inside } = latest;
        Self { device: point.device, grade, point: point.into(), fixed_at: fixed_at.map(|at| at.t()), inside }
    }
}

/// How far the time series is
#[derive(Serialize, ToSchema)]
pub(super) struct Progress {
    /// `embedded` or `influxdb`.
    pub(super) backend: &'static str,
    /// Entries of the log that are not looked at yet.
    pub(super) lag: u64,
    /// Entries below this number are durable in the series.
    pub(super) cursor: u64,
    /// Points that the server will never take.
    pub(super) dead_letters: u64,
    /// Since when it fails; absent while all is well.
    pub(super) failing_since: Option<Time>,
    /// Told to administrators and auditors.
    pub(super) failing: Option<String>,
}
