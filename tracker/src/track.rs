//! A device's track, read from the evidence log itself: the walk back along the device's chain.

use crate::log::{LogError, LogReader, Position};
use sealway_schemas::Time;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use serde::Serialize;

/// Reports looked at for one question at most.
const WALK_LIMIT: usize = 500_000;
/// A report cannot be in range once the walk is this far before it in arrival time: a device's clock does not run ahead by more.
const CLOCK_AHEAD_MS: u64 = 86_400_000;

/// One report of a track. Without a fix it has no position, and says so by its absence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackPoint {
    pub ctr: u64,
    pub epoch: u64,
    /// Device time.
    pub t: Time,
    pub received_at: Time,
    pub event: Event,
    pub status: u64,
    /// Percent.
    pub battery: Option<u8>,
    /// Degrees, WGS-84.
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub speed_cm_s: Option<u64>,
    pub heading_ddeg: Option<u64>,
    pub accuracy_dm: Option<u64>,
}

impl TrackPoint {
    fn new(report: &Report, received_at: Time) -> Self {
        let fix = report.fix();
        Self {
            ctr: report.ctr(),
            epoch: report.epoch(),
            t: report.t(),
            received_at,
            event: report.event(),
            status: report.status().bits(),
            battery: report.battery(),
            lat: fix.map(|fix| fix.lat()),
            lon: fix.map(|fix| fix.lon()),
            speed_cm_s: fix.map(|fix| fix.speed_cm_s),
            heading_ddeg: fix.map(|fix| fix.heading_ddeg),
            accuracy_dm: fix.map(|fix| fix.accuracy_dm),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the tracker has stopped")]
    Stopped,
}

/// The newest `limit` reports made between `from` and `to`, both included, oldest first: by device time, then counter.
pub(crate) fn walk(reader: &LogReader, head: Option<Position>, from: Time, to: Time, limit: usize) -> Result<Vec<TrackPoint>, LogError> {
    let mut points = Vec::new();
    for frame in reader.walk_back(head).take(WALK_LIMIT) {
        let frame = frame?;
        let Ok(Entry::Report { at, bytes, .. }) = frame.decode() else { continue };
        if at.plus_ms(CLOCK_AHEAD_MS) < from || points.len() >= limit {
            break;
        }
        let Ok((_, report)) = Report::parse(&bytes) else { continue };
        if (from..=to).contains(&report.t()) {
            points.push(TrackPoint::new(&report, at));
        }
    }
    points.sort_by_key(|point| (point.t, point.ctr));
    Ok(points)
}
