//! A copy of what a log has promised, taken while it is written: each frame is looked at on the way, so a copy is never worse than what
//! it was taken from.

use super::mark::Mark;
use super::scan::scan;
use super::segment::list;
use super::{Frame, LogError};
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::Path;

const PROGRESS: u64 = 100_000;

/// How much was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub entries: u64,
    pub segments: u32,
    pub bytes: u64,
}

/// Copies every durable entry from one folder into another, which must be empty. `progress` is told how many entries were looked at.
pub fn copy(from: &Path, to: &Path, progress: &dyn Fn(u64)) -> Result<Copied, LogError> {
    std::fs::create_dir_all(to).map_err(LogError::io("create", to))?;
    let promised = Mark::read(from);
    let mut copied = Copied { entries: 0, segments: 0, bytes: 0 };
    let mut last: Option<Frame> = None;
    for frame in scan(from)? {
        let frame = frame?;
        if frame.seq >= promised {
            break;
        }
        if let Some(end) = last.take().filter(|last| last.position.segment() != frame.position.segment()) {
            copied.bytes += copy_segment(from, to, &end)?;
            copied.segments += 1;
        }
        copied.entries = frame.seq + 1;
        if copied.entries.is_multiple_of(PROGRESS) {
            progress(copied.entries);
        }
        last = Some(frame);
    }
    if let Some(end) = last {
        copied.bytes += copy_segment(from, to, &end)?;
        copied.segments += 1;
    }
    Mark::open(to)?.write(copied.entries);
    File::open(to).and_then(|dir| dir.sync_all()).map_err(LogError::io("sync", to))?;
    Ok(copied)
}

/// The segment of `last`, up to its end.
fn copy_segment(from: &Path, to: &Path, last: &Frame) -> Result<u64, LogError> {
    let number = last.position.segment();
    let files = list(from)?;
    let source = usize::try_from(number).ok().and_then(|number| files.get(number.checked_sub(1)?));
    let source = source.ok_or(LogError::NoSegment(last.position.as_u64()))?;
    let target = to.join(source.file_name().unwrap_or_default());
    let mut bytes = File::open(source).map_err(LogError::io("open", source))?.take(last.end());
    let mut file = OpenOptions::new().write(true).create_new(true).open(&target).map_err(LogError::io("create", &target))?;
    let copied = std::io::copy(&mut bytes, &mut file).and_then(|copied| file.sync_all().map(|()| copied));
    copied.map_err(LogError::io("copy", &target))
}
