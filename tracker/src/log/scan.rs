//! Looking through a log that nobody writes to, without changing a byte of it: what can be read goes on behind what cannot.

use super::frame::{self, Chain, HEAD};
use super::mark::Mark;
use super::reader::Window;
use super::segment::{FIRST_FRAME, Segment, list};
use super::{Fault, Frame, LogError, Position};
use std::path::{Path, PathBuf};

/// Every entry in order, and every fault where it stands.
#[derive(Debug)]
pub struct Scan {
    files: std::vec::IntoIter<PathBuf>,
    /// Entries below this number were promised.
    promised: u64,
    current: Option<Place>,
    /// What the next segment has to begin with; `None` behind a fault.
    expected: Option<(u64, Chain)>,
}

#[derive(Debug)]
struct Place {
    segment: Segment,
    window: Window,
    next_seq: u64,
    chain: Chain,
}

/// Begins at the first entry.
pub fn scan(dir: &Path) -> Result<Scan, LogError> {
    let files = list(dir)?.into_iter();
    Ok(Scan { files, promised: Mark::read(dir), current: None, expected: Some((0, Chain::default())) })
}

impl Scan {
    fn enter(&mut self, path: &Path) -> Result<(), LogError> {
        let expected = self.expected.take();
        let segment = Segment::open_to_read(path)?;
        let (next_seq, chain) = (segment.head.first_seq, segment.head.chain);
        let fault = match expected {
            Some((seq, _)) if seq != next_seq => Some(segment.corrupt(0, seq, Fault::Sequence)),
            // The first segment's chain begins with nothing.
            Some((seq, before)) if seq > 0 && before != chain => Some(segment.corrupt(0, seq, Fault::Chain)),
            Some(_) | None => None,
        };
        self.current = Some(Place { segment, window: Window::at_offset(u64::from(FIRST_FRAME)), next_seq, chain });
        fault.map_or(Ok(()), Err)
    }

    /// The next frame of the segment; `None` at its end.
    fn step(&mut self, place: &mut Place) -> Option<Result<Frame, LogError>> {
        let offset = place.window.offset();
        let Place { segment, window, next_seq, chain } = place;
        let bytes = match window.frame(segment) {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error)),
        };
        match frame::read_next(bytes, *next_seq, chain) {
            Ok((head, entry)) => {
                let position = Position::new(segment.head.number, u32::try_from(offset).unwrap_or(u32::MAX));
                let frame = Frame::new(position, (head, entry));
                window.advance(HEAD + frame.entry.len());
                (*next_seq, *chain) = (head.seq + 1, head.chain);
                self.expected = Some((head.seq + 1, head.chain));
                Some(Ok(frame))
            }
            // Behind the last promised entry lies nothing, or a commit that nobody was told of.
            Err(_) if bytes.iter().all(|byte| *byte == 0) || self.at_the_end() && *next_seq >= self.promised => None,
            Err(fault) => {
                self.expected = None;
                Some(Err(segment.corrupt(offset, *next_seq, fault)))
            }
        }
    }

    fn at_the_end(&self) -> bool {
        self.files.len() == 0
    }
}

impl Iterator for Scan {
    type Item = Result<Frame, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mut place) = self.current.take() {
                match self.step(&mut place) {
                    Some(Ok(frame)) => {
                        self.current = Some(place);
                        return Some(Ok(frame));
                    }
                    Some(Err(error)) => return Some(Err(error)),
                    None if self.at_the_end() && self.expected.is_some_and(|(seq, _)| seq < self.promised) => {
                        self.expected = None;
                        return Some(Err(place.segment.corrupt(place.window.offset(), place.next_seq, Fault::Torn)));
                    }
                    None => {}
                }
            }
            let path = self.files.next()?;
            if let Err(error) = self.enter(&path) {
                return Some(Err(error));
            }
        }
    }
}
