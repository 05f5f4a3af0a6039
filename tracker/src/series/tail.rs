//! Points of the evidence log, in its order, from a cursor on.

use super::Point;
use crate::log::{Frames, LogError, LogReader};
use bytes::Bytes;
use sealway_schemas::Time;
use sealway_schemas::entry::Entry;
use sealway_schemas::{DeviceId, Digest, report::Report};

/// What one step along the log gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub points: Vec<Point>,
    /// Bodies of commands, each with the number of points that come before it and its time.
    pub commands: Vec<(usize, Time, Bytes)>,
    /// The number of the first entry that was not looked at: where to go on once the points are kept.
    pub cursor: u64,
    /// Of the last entry that was looked at: what the log looks like just before the cursor.
    pub tip: Option<Digest>,
    /// Reports that no point can be made of.
    pub left_out: u64,
}

#[derive(Debug)]
pub struct Tail {
    reader: LogReader,
    frames: Frames,
    cursor: u64,
}

impl Tail {
    /// From the entry numbered `cursor`; 0 is the log's beginning.
    #[must_use]
    pub fn new(reader: LogReader, cursor: u64) -> Self {
        let frames = reader.frames_from(cursor);
        Self { reader, frames, cursor }
    }

    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Durable entries not yet looked at.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.reader.durable().saturating_sub(self.cursor)
    }

    /// The points of the next `entries` entries at most. Where none is durable yet the cursor stays, and a later call finds what came.
    /// After an error the cursor stays too: the points read before it are not lost, the next call reads them again.
    pub fn next_batch(&mut self, entries: usize) -> Result<Batch, LogError> {
        let read = self.read(entries);
        match &read {
            Ok(batch) => self.cursor = batch.cursor,
            Err(_) => self.frames = self.reader.frames_from(self.cursor),
        }
        read
    }

    fn read(&mut self, entries: usize) -> Result<Batch, LogError> {
        let mut batch = Batch { points: Vec::new(), commands: Vec::new(), cursor: self.cursor, tip: None, left_out: 0 };
        let mut last = None;
        for frame in self.frames.by_ref().take(entries) {
            let frame = frame?;
            let entry = frame.decode().map_err(|fault| self.reader.corrupt(&frame, fault))?;
            match entry {
                Entry::Report { at, device, bytes } => match point(device, &bytes, at) {
                    Some(point) => batch.points.push(point),
                    None => batch.left_out += 1,
                },
                Entry::Command { at, body, .. } => batch.commands.push((batch.points.len(), at, body)),
                Entry::Login { .. }
                | Entry::StrictFailed { .. }
                | Entry::Generation { .. }
                | Entry::StateLost { .. }
                | Entry::Refusals { .. }
                | Entry::Policy { .. }
                | Entry::Rekey { .. } => {}
                Entry::Unsigned { at, first, frame } => {
                    for (sighting, number) in frame.sightings().iter().zip(first..) {
                        match Point::sighted(frame.terminal, (number, sighting), at) {
                            Ok(point) => batch.points.push(point),
                            Err(_) => batch.left_out += 1,
                        }
                    }
                }
            }
            batch.cursor = frame.seq + 1;
            last = Some(frame.entry);
        }
        batch.tip = last.map(|entry| Digest::of(&entry));
        Ok(batch)
    }
}

/// What the log looks like just before the entry numbered `cursor`; `None` where it has no such entry.
pub(super) fn tip(reader: &LogReader, cursor: u64) -> Result<Option<Digest>, LogError> {
    let Some(before) = cursor.checked_sub(1).filter(|before| *before < reader.durable()) else { return Ok(None) };
    reader.frames_from(before).next().map(|frame| Ok(Digest::of(&frame?.entry))).transpose()
}

fn point(device: DeviceId, bytes: &[u8], received_at: Time) -> Option<Point> {
    let (_, report) = Report::parse(bytes).ok()?;
    Point::new(device, &report, received_at).ok()
}
