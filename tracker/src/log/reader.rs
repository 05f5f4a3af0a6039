//! Reading: in order from a sequence number, by position, or back along one device's chain.

use super::frame::{self, Chain, HEAD, Head};
use super::mark::Mark;
use super::segment::{FIRST_FRAME, Segment, Segments, list};
use super::{Fault, LogError, Position};
use bytes::Bytes;
use sealway_schemas::entry::Entry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most frames are a report: one read brings head and entry.
const GUESS: usize = 700;
const PIECE: usize = 1 << 20;

/// A frame whose checksum is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub seq: u64,
    pub position: Position,
    /// The device's previous frame.
    pub back: Option<Position>,
    pub entry: Bytes,
}

impl Frame {
    pub(super) fn new(position: Position, (head, entry): (Head, &[u8])) -> Self {
        Self { seq: head.seq, position, back: head.back, entry: Bytes::copy_from_slice(entry) }
    }

    /// Where the frame ends in its segment.
    pub(super) fn end(&self) -> u64 {
        self.position.offset() + (HEAD + self.entry.len()) as u64
    }

    pub fn decode(&self) -> Result<Entry, Fault> {
        Entry::decode(&self.entry).map_err(|_| Fault::Entry)
    }
}

#[derive(Debug, Clone)]
pub struct LogReader {
    segments: Segments,
    durable: Arc<AtomicU64>,
}

impl LogReader {
    pub(super) fn new(segments: Segments, durable: Arc<AtomicU64>) -> Self {
        Self { segments, durable }
    }

    /// Of a folder that somebody else may be writing to: what is promised now.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let promised = Mark::read(dir);
        let segments = Segments::default();
        for path in list(dir)? {
            segments.push(Arc::new(Segment::open_to_read(&path)?));
        }
        Ok(Self { segments, durable: Arc::new(AtomicU64::new(promised)) })
    }

    /// Entries below this number are durable.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub fn read(&self, position: Position) -> Result<Frame, LogError> {
        read_frame(&self.segments, position)
    }

    /// Where the entry after `frame` stands; `None` where none is durable.
    #[must_use]
    pub fn following(&self, frame: &Frame) -> Option<Position> {
        let seq = frame.seq + 1;
        if seq >= self.durable() {
            return None;
        }
        let number = frame.position.segment();
        if self.segments.numbered(number + 1).is_some_and(|segment| segment.head.first_seq == seq) {
            return Some(Position::new(number + 1, FIRST_FRAME));
        }
        u32::try_from(frame.end()).ok().map(|end| Position::new(number, end))
    }

    /// The error of a frame whose checksum is good and whose content is not.
    #[must_use]
    pub fn corrupt(&self, frame: &Frame, fault: Fault) -> LogError {
        match self.segments.at(frame.position) {
            Ok(segment) => segment.corrupt(frame.position.offset(), frame.seq, fault),
            Err(error) => error,
        }
    }

    /// Durable entries from `seq` on, each checked against the chain; ends at what is durable when it gets there.
    #[must_use]
    pub fn frames_from(&self, seq: u64) -> Frames {
        Frames { reader: self.clone(), segment: None, window: Window::default(), next_seq: seq, from: seq, chain: Chain::default() }
    }

    /// A device's frames from `newest` back to its first.
    #[must_use]
    pub fn walk_back(&self, newest: Option<Position>) -> Walk {
        Walk { reader: self.clone(), next: newest }
    }
}

pub(super) fn read_frame(segments: &Segments, position: Position) -> Result<Frame, LogError> {
    let segment = segments.at(position)?;
    let mut bytes = segment.read_at(position.offset(), GUESS)?;
    if let Some(len) = Head::parse(&bytes).and_then(|head| head.entry_len()).filter(|len| HEAD + len > GUESS) {
        bytes = segment.read_at(position.offset(), HEAD + len)?;
    }
    let read = frame::read(&bytes).map_err(|fault| segment.corrupt(position.offset(), 0, fault))?;
    Ok(Frame::new(position, read))
}

/// A device's frames, newest first.
#[derive(Debug)]
pub struct Walk {
    reader: LogReader,
    next: Option<Position>,
}

impl Iterator for Walk {
    type Item = Result<Frame, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.reader.read(self.next.take()?);
        if let Ok(frame) = &frame {
            // A frame never points forward, so a walk always ends.
            self.next = frame.back.filter(|back| *back < frame.position);
        }
        Some(frame)
    }
}

/// Bytes of a segment from `start` on.
#[derive(Debug, Default)]
pub(super) struct Window {
    start: u64,
    at: usize,
    bytes: Vec<u8>,
}

impl Window {
    pub(super) fn at_offset(start: u64) -> Self {
        Self { start, at: 0, bytes: Vec::new() }
    }

    pub(super) fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    /// What lies at the offset, at least a whole frame where there is one.
    pub(super) fn frame(&mut self, segment: &Segment) -> Result<&[u8], LogError> {
        let left = self.bytes.len().saturating_sub(self.at);
        let needed = self.bytes.get(self.at..).and_then(Head::parse).and_then(|head| head.entry_len()).map_or(HEAD, |len| HEAD + len);
        if left < needed {
            self.start = self.offset();
            self.at = 0;
            self.bytes = segment.read_at(self.start, PIECE)?;
            let whole = Head::parse(&self.bytes).and_then(|head| head.entry_len()).map_or(0, |len| HEAD + len);
            if whole > self.bytes.len() && self.bytes.len() == PIECE {
                self.bytes = segment.read_at(self.start, whole)?;
            }
        }
        Ok(self.bytes.get(self.at..).unwrap_or_default())
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

/// Entries in order.
#[derive(Debug)]
pub struct Frames {
    reader: LogReader,
    segment: Option<Arc<Segment>>,
    window: Window,
    next_seq: u64,
    /// Entries below it are read for the chain and not given out.
    from: u64,
    chain: Chain,
}

impl Frames {
    fn step(&mut self) -> Result<Option<Frame>, LogError> {
        if self.segment.is_none() {
            let Some(first) = self.reader.segments.holding(self.from) else { return Ok(None) };
            self.enter(first);
        }
        while self.next_seq < self.reader.durable() {
            let Some(segment) = self.segment.clone() else { return Ok(None) };
            let following = self.reader.segments.numbered(segment.head.number + 1);
            if let Some(following) = following.filter(|following| following.head.first_seq == self.next_seq) {
                if following.head.chain != self.chain {
                    return Err(following.corrupt(0, self.next_seq, Fault::Chain));
                }
                self.enter(following);
                continue;
            }
            let frame = self.read_next(&segment)?;
            if frame.seq >= self.from {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn enter(&mut self, segment: Arc<Segment>) {
        self.window = Window::at_offset(u64::from(FIRST_FRAME));
        self.next_seq = segment.head.first_seq;
        self.chain = segment.head.chain;
        self.segment = Some(segment);
    }

    fn read_next(&mut self, segment: &Segment) -> Result<Frame, LogError> {
        let offset = self.window.offset();
        if frame::read_next(self.window.frame(segment)?, self.next_seq, &self.chain).is_err() {
            // The window may be older than the frame: it was read when the frame was not yet written.
            self.window = Window::at_offset(offset);
        }
        let bytes = self.window.frame(segment)?;
        let read = frame::read_next(bytes, self.next_seq, &self.chain);
        let (head, entry) = read.map_err(|fault| segment.corrupt(offset, self.next_seq, fault))?;
        let position = Position::new(segment.head.number, u32::try_from(offset).unwrap_or(u32::MAX));
        let frame = Frame::new(position, (head, entry));
        self.window.advance(HEAD + frame.entry.len());
        self.next_seq = head.seq + 1;
        self.chain = head.chain;
        Ok(frame)
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, LogError>;

    /// After an error the same error again: nothing behind a bad frame is given out.
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
