//! GPX 1.1: a track for each seal, of the reports that have a fix. Where a report is older than the one before it, another segment begins.

use super::{Out, Sink};
use sealway_schemas::{DeviceId, Time, TransferId};
use sealway_tracker::series::Point;
use std::io::Write as _;

pub(super) struct Gpx {
    out: Out,
    /// The newest point of the segment that is open.
    last: Option<Time>,
    within: bool,
}

impl Gpx {
    /// Ids need no escaping: they are of A-Z, 0-9 and '-'.
    pub(super) fn begin(mut out: Out, transfer: &TransferId) -> anyhow::Result<Self> {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<gpx version=\"1.1\" creator=\"Sealway\" xmlns=\"http://www.topografix.com/GPX/1/1\">")?;
        writeln!(out, "<metadata><name>{transfer}</name></metadata>")?;
        Ok(Self { out, last: None, within: false })
    }

    fn end_segment(&mut self) -> anyhow::Result<()> {
        if self.last.take().is_some() {
            writeln!(self.out, "</trkseg>")?;
        }
        Ok(())
    }

    fn end_track(&mut self) -> anyhow::Result<()> {
        self.end_segment()?;
        if std::mem::take(&mut self.within) {
            writeln!(self.out, "</trk>")?;
        }
        Ok(())
    }
}

impl Sink for Gpx {
    fn begin(&mut self, device: &DeviceId) -> anyhow::Result<()> {
        self.end_track()?;
        self.within = true;
        Ok(writeln!(self.out, "<trk><name>{device}</name>")?)
    }

    fn put(&mut self, point: &Point) -> anyhow::Result<()> {
        let (t, Some(fix)) = (point.at.t(), point.fix) else { return Ok(()) };
        if self.last.is_some_and(|last| t < last) {
            self.end_segment()?;
        }
        if self.last.replace(t).is_none() {
            writeln!(self.out, "<trkseg>")?;
        }
        let (lat, lon, time) = (fix.lat_e7 as f64 / 1e7, fix.lon_e7 as f64 / 1e7, t.rfc3339());
        let satellites = fix.satellites;
        Ok(writeln!(self.out, "<trkpt lat=\"{lat}\" lon=\"{lon}\"><time>{time}</time><sat>{satellites}</sat></trkpt>")?)
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.end_track()?;
        writeln!(self.out, "</gpx>")?;
        Ok(self.out.flush()?)
    }
}
