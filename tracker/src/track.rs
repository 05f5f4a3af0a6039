//! A device's track, read from the evidence log itself: the walk back along the device's chain.

use crate::log::{LogError, LogReader, Position};
use sealway_schemas::Time;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::terminal::Sighting;
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

    /// What a terminal said, in epoch 0; `number` is the platform's.
    fn sighted((number, sighting): (u64, &Sighting), received_at: Time) -> Self {
        let fix = sighting.fix;
        Self {
            ctr: number,
            epoch: 0,
            t: sighting.time(received_at),
            received_at,
            event: sighting.event(),
            status: sighting.status_bits(),
            battery: sighting.battery,
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
        let Ok(entry) = frame.decode() else { continue };
        if entry.at().plus_ms(CLOCK_AHEAD_MS) < from || points.len() >= limit {
            break;
        }
        points.extend(told(&entry).filter(|point| (from..=to).contains(&point.t)));
    }
    points.sort_by_key(|point| (point.t, point.ctr));
    // A terminal's frame may have brought more than were left.
    points.drain(..points.len().saturating_sub(limit));
    Ok(points)
}

/// The points of an entry, newest first.
fn told(entry: &Entry) -> impl Iterator<Item = TrackPoint> + '_ {
    let (report, frame) = match entry {
        Entry::Report { at, bytes, .. } => (Report::parse(bytes).ok().map(|(_, report)| TrackPoint::new(&report, *at)), None),
        Entry::Unsigned { at, first, frame } => (None, Some((*at, *first, frame))),
        _ => (None, None),
    };
    let sighted = frame.into_iter().flat_map(|(at, first, frame)| {
        frame.sightings().iter().zip(first..).map(move |(sighting, number)| TrackPoint::sighted((number, sighting), at))
    });
    report.into_iter().chain(sighted)
}
