//! A device's track and its reports as they are, read from the evidence log itself: the walk back along the device's chain.

use crate::log::{LogError, LogReader, Position};
use bytes::Bytes;
use sealway_schemas::Time;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::terminal::Sighting;
use serde::Serialize;
use std::collections::BTreeSet;

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

/// A report as it lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReport {
    /// Number of the log's entry.
    pub seq: u64,
    pub ctr: u64,
    pub received_at: Time,
    /// The COSE_Sign1 as it was received.
    pub bytes: Bytes,
}

/// Reports that were asked for, and what tells whose signature they carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptReports {
    /// Every version of the wanted counters, lowest counter first, versions in the order in which they came.
    pub reports: Vec<KeptReport>,
    /// The `sealed` reports of their epochs: they hold the epoch keys.
    pub sealings: Vec<KeptReport>,
}

pub(crate) fn find(reader: &LogReader, head: Option<Position>, counters: &BTreeSet<u64>) -> Result<KeptReports, LogError> {
    let (mut reports, mut sealings, mut epochs) = (Vec::new(), Vec::new(), BTreeSet::new());
    for frame in reader.walk_back(head).take(WALK_LIMIT) {
        let frame = frame?;
        let Ok(Entry::Report { at, bytes, .. }) = frame.decode() else { continue };
        let Ok((_, report)) = Report::parse(&bytes) else { continue };
        let kept = KeptReport { seq: frame.seq, ctr: report.ctr(), received_at: at, bytes };
        if report.event() == Event::Sealed {
            sealings.push((report.epoch(), kept.clone()));
        }
        if counters.contains(&report.ctr()) {
            epochs.insert(report.epoch());
            reports.push(kept);
        }
    }
    let mut sealings: Vec<KeptReport> = sealings.into_iter().filter(|(epoch, _)| epochs.contains(epoch)).map(|(_, kept)| kept).collect();
    for list in [&mut reports, &mut sealings] {
        list.sort_by_key(|kept| (kept.ctr, kept.seq));
    }
    Ok(KeptReports { reports, sealings })
}
