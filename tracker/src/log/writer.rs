//! The one writer: frames are gathered in memory and become durable together.

use super::fault::{DiskFaults, NoFaults};
use super::frame::{self, Chain, ENTRY_LIMIT, HEAD};
use super::mark::Mark;
use super::reader::LogReader;
use super::segment::{FIRST_FRAME, Segment, SegmentHead, Segments, path_of};
use super::spare::Spare;
use super::{Frame, LogError, Position, recover};
use sealway_schemas::entry::Entry;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Size of a segment file, preallocated.
    pub segment_bytes: u32,
    pub faults: Arc<dyn DiskFaults>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, faults: Arc::new(NoFaults) }
    }
}

/// Where an appended entry will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub seq: u64,
    pub position: Position,
}

/// The end of the log, as recovery found it.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) segment: Arc<Segment>,
    pub(super) offset: u32,
    pub(super) next_seq: u64,
    pub(super) chain: Chain,
}

#[derive(Debug)]
pub struct EvidenceLog {
    dir: PathBuf,
    config: LogConfig,
    segments: Segments,
    current: Arc<Segment>,
    /// End of what is durable in the current segment.
    offset: u32,
    /// Frames since the last commit.
    pending: Vec<u8>,
    pending_frames: u32,
    next_seq: u64,
    chain: Chain,
    durable: Arc<AtomicU64>,
    spare: Spare,
    mark: Mark,
    syncs: u64,
    entry: Vec<u8>,
}

impl EvidenceLog {
    /// Opens or creates the log in `dir`. `floor`: entries below it are known to have been durable, so that their loss is corruption
    /// and not a torn tail.
    pub fn open(dir: &Path, config: LogConfig, floor: u64) -> Result<Self, LogError> {
        std::fs::create_dir_all(dir).map_err(LogError::io("create", dir))?;
        let mut spare = Spare::new(dir, u64::from(config.segment_bytes), config.faults.clone());
        let (segments, tail) = match recover::recover(dir, floor.max(Mark::read(dir)))? {
            Some(found) => found,
            None => {
                let head = SegmentHead { number: 1, first_seq: 0, chain: Chain::default() };
                let first = Arc::new(place(dir, spare.take()?, spare.path(), head)?);
                let segments = Segments::default();
                segments.push(first.clone());
                (segments, Tail { segment: first, offset: FIRST_FRAME, next_seq: 0, chain: Chain::default() })
            }
        };
        spare.begin();
        Ok(Self {
            dir: dir.to_owned(),
            config,
            segments,
            current: tail.segment,
            offset: tail.offset,
            pending: Vec::with_capacity(1 << 20),
            pending_frames: 0,
            next_seq: tail.next_seq,
            chain: tail.chain,
            durable: Arc::new(AtomicU64::new(tail.next_seq)),
            spare,
            mark: Mark::open(dir)?,
            syncs: 0,
            entry: Vec::with_capacity(1024),
        })
    }

    #[must_use]
    pub fn reader(&self) -> LogReader {
        LogReader::new(self.segments.clone(), self.durable.clone())
    }

    /// The number that the next entry gets.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// How many fdatasync calls were made.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.syncs
    }

    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.pending_frames > 0
    }

    /// Takes an entry into the coming commit. Where it does not fit into the segment, what is pending is committed first and the
    /// next segment begins; a full disk shows here, with nothing lost and the call repeatable.
    pub fn append(&mut self, entry: &Entry, back: Option<Position>) -> Result<Appended, LogError> {
        let mut bytes = std::mem::take(&mut self.entry);
        bytes.clear();
        entry.encode_into(&mut bytes);
        let appended = self.append_bytes(&bytes, back);
        self.entry = bytes;
        appended
    }

    fn append_bytes(&mut self, entry: &[u8], back: Option<Position>) -> Result<Appended, LogError> {
        if entry.is_empty() || entry.len() > ENTRY_LIMIT {
            return Err(LogError::EntrySize { size: entry.len(), limit: ENTRY_LIMIT });
        }
        let needed = self.pending.len() + HEAD + entry.len();
        let room = u64::from(self.config.segment_bytes.saturating_sub(self.offset));
        let at_start = self.offset == FIRST_FRAME && self.pending.is_empty();
        if needed as u64 > room && !at_start {
            self.commit()?;
            self.roll()?;
        }
        let offset = u64::from(self.offset) + self.pending.len() as u64;
        let position = Position::new(self.current.head.number, u32::try_from(offset).unwrap_or(u32::MAX));
        let seq = self.next_seq;
        self.chain = frame::write(&mut self.pending, seq, back, self.pending_frames, &self.chain, entry);
        self.pending_frames += 1;
        self.next_seq += 1;
        Ok(Appended { seq, position })
    }

    /// Makes everything appended so far durable: one write, one fdatasync. After an error nothing may be acknowledged any more:
    /// the kernel may have dropped the pages, so a second fdatasync would lie.
    pub fn commit(&mut self) -> Result<(), LogError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (file, path) = (&self.current.file, &self.current.path);
        let written =
            self.config.faults.before_write(self.pending.len()).and_then(|()| file.write_all_at(&self.pending, u64::from(self.offset)));
        written.map_err(LogError::io("write", path))?;
        self.config.faults.before_sync().and_then(|()| file.sync_data()).map_err(LogError::io("fdatasync", path))?;
        self.offset += u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
        self.pending.clear();
        self.pending_frames = 0;
        self.syncs += 1;
        self.durable.store(self.next_seq, Ordering::Release);
        self.mark.write(self.next_seq);
        Ok(())
    }

    /// Reads a frame, also one that is not yet committed.
    pub fn read(&self, position: Position) -> Result<Frame, LogError> {
        let start = u64::from(self.offset);
        if position.segment() != self.current.head.number || position.offset() < start {
            return super::reader::read_frame(&self.segments, position);
        }
        let pending = usize::try_from(position.offset() - start).ok().and_then(|from| self.pending.get(from..)).unwrap_or_default();
        let read = frame::read(pending).map_err(|fault| self.current.corrupt(position.offset(), self.next_seq, fault))?;
        Ok(Frame::new(position, read))
    }

    fn roll(&mut self) -> Result<(), LogError> {
        let number = self.current.head.number + 1;
        let head = SegmentHead { number, first_seq: self.next_seq, chain: self.chain };
        let next = Arc::new(place(&self.dir, self.spare.take()?, self.spare.path(), head)?);
        // The end of a full segment is cut to its frames; whoever copies segments sees where it ends.
        let end = u64::from(self.offset);
        self.current.file.set_len(end).map_err(LogError::io("cut", &self.current.path))?;
        self.segments.push(next.clone());
        self.current = next;
        self.offset = FIRST_FRAME;
        self.spare.begin();
        Ok(())
    }
}

/// Gives a spare file its head and its name, durably.
fn place(dir: &Path, file: File, spare: &Path, head: SegmentHead) -> Result<Segment, LogError> {
    let path = path_of(dir, head.first_seq);
    file.write_all_at(&head.encode(), 0).map_err(LogError::io("write", spare))?;
    file.sync_all().map_err(LogError::io("sync", spare))?;
    std::fs::rename(spare, &path).map_err(LogError::io("rename", spare))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(LogError::io("sync", dir))?;
    Ok(Segment { head, path, file })
}
