//! Recorded receivers turned into what a seal would have seen: NMEA 0183 logs, or CSV `unix_ms,lat,lon,alt_m,speed_mps`.
//!
//! Recordings are kept as they are: a clock that steps back steps back, an epoch without a fix has none.

mod nmea;
mod track;

use crate::device::{Device, NotMade, Observation};
use crate::line::Door;
use crate::link::{Around, Link, LinkError, Traffic};
use sealway_schemas::Time;
use sealway_schemas::report::{Event, Fix};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("recording {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("recording {}: line {line}: {what}", path.display())]
    Line { path: PathBuf, line: usize, what: String },
    #[error("recording {}: no sentence of a receiver and no line of a track in it", path.display())]
    Nothing { path: PathBuf },
    #[error(transparent)]
    NotMade(#[from] NotMade),
}

/// One moment of a recording, and one report of the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPoint {
    /// Unix milliseconds, as the recording says; see `timed`.
    pub t_ms: u64,
    /// False where the receiver did not know the time yet: `t_ms` then goes on from the moment before, a second each.
    pub timed: bool,
    pub fix: Option<Fix>,
}

/// What was read, sentence by sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    pub rmc: usize,
    /// Status V, or a mode that is no fix.
    pub rmc_void: usize,
    pub gga: usize,
    /// Quality 0, or one that is no fix.
    pub gga_no_fix: usize,
    /// Sentences that are neither.
    pub skipped: usize,
    pub bad_checksum: usize,
}

/// Reads a recording, whatever its kind.
pub fn read(path: &Path) -> Result<Vec<ReplayPoint>, ReplayError> {
    read_counted(path).map(|(points, _)| points)
}

/// Reads a recording, with what was in it.
pub fn read_counted(path: &Path) -> Result<(Vec<ReplayPoint>, Summary), ReplayError> {
    let bytes = std::fs::read(path).map_err(|source| ReplayError::Io { path: path.to_owned(), source })?;
    // A receiver's log may hold bytes of a binary protocol between its sentences.
    let text = String::from_utf8_lossy(&bytes);
    let (points, summary) = if track::is_track(&text) {
        let points = track::read(&text).map_err(|(line, what)| ReplayError::Line { path: path.to_owned(), line, what })?;
        (points, Summary::default())
    } else {
        nmea::read(&text)
    };
    if points.is_empty() { Err(ReplayError::Nothing { path: path.to_owned() }) } else { Ok((points, summary)) }
}

/// Makes one report for each moment. The device's clock follows the recording.
pub fn report_all(device: &mut Device, points: &[ReplayPoint], battery: u8) -> Result<(), ReplayError> {
    let mut uptime_ms = 0;
    let mut last: Option<&ReplayPoint> = None;
    if let Some(first) = points.first().filter(|first| !first.timed) {
        device.set_last_time(Time::from_ms(first.t_ms));
    }
    for point in points {
        uptime_ms += last.map_or(0, |last| point.t_ms.saturating_sub(last.t_ms).max(1_000));
        report_one(device, uptime_ms, point, battery)?;
        last = Some(point);
    }
    Ok(())
}

/// Sends what the device holds, over as many connections as it takes, until the signed acks cover it or the time is over.
pub async fn send_all(device: &mut Device, door: &Door, time: Duration) -> Result<Traffic, LinkError> {
    let until = Instant::now() + time;
    let mut traffic = Traffic::default();
    loop {
        let mut link = Link::open(device, door, |_| {}).await?;
        traffic.connects += 1;
        match link.turn_until_acked(device, &mut Parked, until, &mut traffic).await {
            Ok(_) => {
                link.close(device).await;
                return Ok(traffic);
            }
            Err(lost) if Instant::now() >= until => return Err(lost),
            Err(lost) => tracing::warn!(%lost, "connecting again"),
        }
    }
}

/// A device at rest in a drawer: it sees nothing, and for it no time passes.
struct Parked;

impl Around for Parked {
    fn look(&mut self, _device: &mut Device) -> u64 {
        0
    }
}

fn report_one(device: &mut Device, uptime_ms: u64, point: &ReplayPoint, battery: u8) -> Result<u64, NotMade> {
    let gnss_time = point.timed.then_some(Time::from_ms(point.t_ms));
    device.observe(uptime_ms, Observation { gnss_time, fix: point.fix, battery: Some(battery), external_power: false });
    device.report(uptime_ms, Event::Periodic)
}
