//! Opening after whatever happened: only the newest segment can end in a torn commit, and only bytes that nobody was told of are cut.

use super::frame::{self, Chain, HEAD, Head};
use super::reader::Window;
use super::segment::{FIRST_FRAME, Segment, Segments, list};
use super::spare::SPARE_NAME;
use super::writer::Tail;
use super::{Fault, LogError};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const ZEROS: [u8; 4096] = [0; 4096];
/// A commit never holds more frames than this; a "frame" further away is chance.
const COMMIT_FRAMES: u64 = 1 << 24;

/// The segments of a log and its end; `None` for a log that does not exist yet.
pub(super) fn recover(dir: &Path, floor: u64) -> Result<Option<(Segments, Tail)>, LogError> {
    let spare = dir.join(SPARE_NAME);
    if spare.exists() {
        std::fs::remove_file(&spare).map_err(LogError::io("remove", &spare))?;
    }
    let segments = Segments::default();
    let mut last: Option<Arc<Segment>> = None;
    for path in list(dir)? {
        let segment = Arc::new(Segment::open(&path)?);
        let (number, seq) = last.as_ref().map_or((1, 0), |last| (last.head.number + 1, last.head.first_seq + 1));
        if segment.head.number != number || segment.head.first_seq < seq {
            return Err(segment.corrupt(0, seq, Fault::Sequence));
        }
        segments.push(segment.clone());
        last = Some(segment);
    }
    let Some(last) = last else { return Ok(None) };
    let tail = find_tail(&last)?;
    check_promises(&tail, floor)?;
    clear_after(&tail)?;
    Ok(Some((segments, tail)))
}

/// The end of the last whole frame that follows from the segment's beginning.
fn find_tail(segment: &Arc<Segment>) -> Result<Tail, LogError> {
    let mut window = Window::at_offset(u64::from(FIRST_FRAME));
    let (mut next_seq, mut chain): (u64, Chain) = (segment.head.first_seq, segment.head.chain);
    loop {
        let bytes = window.frame(segment)?;
        let Ok((head, entry)) = frame::read_next(bytes, next_seq, &chain) else { break };
        let len = HEAD + entry.len();
        next_seq += 1;
        chain = head.chain;
        window.advance(len);
    }
    let offset = u32::try_from(window.offset()).unwrap_or(u32::MAX);
    Ok(Tail { segment: segment.clone(), offset, next_seq, chain })
}

/// Refuses a tail behind which something stands, or stood, that was durable.
fn check_promises(tail: &Tail, floor: u64) -> Result<(), LogError> {
    let (segment, start) = (&tail.segment, u64::from(tail.offset));
    let rest = segment.read_at(start, usize::try_from(segment.len()?.saturating_sub(start)).unwrap_or_default())?;
    let fault = frame::read_next(&rest, tail.next_seq, &tail.chain).err().unwrap_or(Fault::Torn);
    let corrupt = || segment.corrupt(start, tail.next_seq, fault);
    if tail.next_seq < floor {
        return Err(corrupt());
    }
    let mut at = 0;
    while let Some(bytes) = rest.get(at..).filter(|bytes| bytes.len() >= HEAD) {
        if bytes.starts_with(&ZEROS) {
            // A frame may begin with zero bytes: its length is little endian.
            at += ZEROS.len() - 4;
            continue;
        }
        match good_frame(bytes, tail.next_seq) {
            Some(head) if head.seq.saturating_sub(u64::from(head.lead)) > tail.next_seq => return Err(corrupt()),
            Some(head) => at += HEAD + head.entry_len().unwrap_or_default(),
            None => at += 1,
        }
    }
    Ok(())
}

fn good_frame(bytes: &[u8], after: u64) -> Option<Head> {
    let head = Head::parse(bytes)?;
    let near = (after..after.saturating_add(COMMIT_FRAMES)).contains(&head.seq) && head.entry_len().is_some();
    if near { frame::read(bytes).ok().map(|(head, _)| head) } else { None }
}

/// Zeros the torn commit, so that no byte of it can be taken for a frame later.
fn clear_after(tail: &Tail) -> Result<(), LogError> {
    let (segment, start) = (&tail.segment, u64::from(tail.offset));
    let end = segment.len()?;
    let rest = segment.read_at(start, usize::try_from(end.saturating_sub(start)).unwrap_or_default())?;
    let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if torn == 0 {
        return Ok(());
    }
    tracing::warn!(file = %segment.path.display(), offset = start, bytes = torn, entry = tail.next_seq, "cut a commit that was never acknowledged");
    segment.file.write_all_at(&vec![0; torn], start).map_err(LogError::io("clear", &segment.path))?;
    segment.file.sync_all().map_err(LogError::io("sync", &segment.path))
}
