//! The log against a disk that breaks.

use super::segment::FIRST_FRAME;
use super::*;
use bytes::Bytes;
use sealway_schemas::Time;
use sealway_schemas::entry::Entry;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn entry(n: u64, size: usize) -> Entry {
    let bytes = Bytes::from(vec![u8::try_from(n % 251).unwrap(); size]);
    Entry::Report { at: Time::from_ms(n), device: "XA-7Q2K".parse().unwrap(), bytes }
}

fn small() -> LogConfig {
    LogConfig { segment_bytes: 4096, ..LogConfig::default() }
}

fn open(dir: &Path) -> Result<EvidenceLog, LogError> {
    EvidenceLog::open(dir, small(), 0)
}

fn times(log: &EvidenceLog) -> Vec<u64> {
    log.reader().frames_from(0).map(|frame| frame.unwrap().decode().unwrap().at().as_ms()).collect()
}

/// The mark as it stands before the last of the commits was durable.
fn unmark(dir: &Path, durable: u64) {
    mark::Mark::open(dir).unwrap().write(durable);
}

fn only_segment(dir: &Path) -> std::path::PathBuf {
    let mut found = segment::list(dir).unwrap();
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

/// A log of `commits` commits, each of `frames` entries.
fn made(commits: u64, frames: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).unwrap();
    for n in 0..commits * frames {
        log.append(&entry(n, 40), None).unwrap();
        if (n + 1) % frames == 0 {
            log.commit().unwrap();
        }
    }
    dir
}

#[test]
fn entries_come_back_in_order_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).unwrap();
    for n in 0..200 {
        log.append(&entry(n, 100), None).unwrap();
        if n % 3 == 0 {
            log.commit().unwrap();
        }
    }
    log.commit().unwrap();
    assert!(segment::list(dir.path()).unwrap().len() > 5);
    assert_eq!(times(&log), (0..200).collect::<Vec<_>>());
    drop(log);
    let log = open(dir.path()).unwrap();
    assert_eq!(times(&log), (0..200).collect::<Vec<_>>());
    let from: Vec<u64> = log.reader().frames_from(150).map(|frame| frame.unwrap().seq).collect();
    assert_eq!(from, (150..200).collect::<Vec<_>>());
}

#[test]
fn what_is_not_committed_is_not_read_in_order_but_by_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).unwrap();
    let appended = log.append(&entry(7, 40), None).unwrap();
    assert!(times(&log).is_empty());
    assert_eq!(log.read(appended.position).unwrap().decode().unwrap(), entry(7, 40));
    log.commit().unwrap();
    assert_eq!(times(&log), [7]);
    assert_eq!(log.read(appended.position).unwrap().decode().unwrap(), entry(7, 40));
}

#[test]
fn a_devices_chain_is_walked_from_its_newest_frame() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).unwrap();
    let mut heads = [None, None];
    for n in 0..100_u64 {
        let head = &mut heads[usize::from(n % 3 == 0)];
        *head = Some(log.append(&entry(n, 60), *head).unwrap().position);
    }
    log.commit().unwrap();
    let walked: Vec<u64> = log.reader().walk_back(heads[1]).map(|frame| frame.unwrap().seq).collect();
    assert_eq!(walked, (0..100).rev().filter(|n| n % 3 == 0).collect::<Vec<_>>());
}

#[test]
fn a_write_torn_at_any_byte_of_the_last_commit_is_cut_and_nothing_else() {
    let dir = made(3, 1);
    let path = only_segment(dir.path());
    let whole = fs::read(&path).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let frame = (end - usize::try_from(FIRST_FRAME).unwrap()) / 3;
    for kept in end - frame..end {
        for garbage in [0_u8, 0xff] {
            let mut torn = whole.clone();
            torn[kept..end].fill(garbage);
            if torn == whole {
                continue;
            }
            fs::write(&path, &torn).unwrap();
            unmark(dir.path(), 2);
            let mut log = open(dir.path()).unwrap();
            assert_eq!(times(&log), [0, 1], "kept {kept} of {end}");
            log.append(&entry(9, 40), None).unwrap();
            log.commit().unwrap();
            drop(log);
            assert_eq!(times(&open(dir.path()).unwrap()), [0, 1, 9]);
        }
    }
}

#[test]
fn a_commit_whose_later_pages_came_to_disk_first_is_cut_whole() {
    let dir = made(2, 4);
    let path = only_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let frame = (end - usize::try_from(FIRST_FRAME).unwrap()) / 8;
    let second = end - 4 * frame;
    bytes[second..second + frame].fill(0);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::Corrupt { seq: 4, .. })), "it was promised");
    unmark(dir.path(), 4);
    assert_eq!(times(&open(dir.path()).unwrap()), [0, 1, 2, 3]);
}

#[test]
fn every_flipped_bit_of_a_promised_entry_is_found() {
    let dir = made(6, 1);
    let path = only_segment(dir.path());
    let whole = fs::read(&path).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let head = usize::try_from(FIRST_FRAME).unwrap();
    let frame = (end - head) / 6;
    for at in head..end {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let error = open(dir.path()).unwrap_err();
        let expected = u64::try_from((at - head) / frame).unwrap();
        assert!(matches!(error, LogError::Corrupt { seq, .. } if seq == expected), "byte {at}: {error}");
    }
}

#[test]
fn a_damaged_older_segment_is_found_when_it_is_read() {
    let dir = made(100, 2);
    let first = segment::list(dir.path()).unwrap().remove(0);
    let mut bytes = fs::read(&first).unwrap();
    bytes[300] ^= 4;
    fs::write(&first, &bytes).unwrap();
    let log = open(dir.path()).unwrap();
    let error = log.reader().frames_from(0).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("00000000000000000000.seg: offset "), "{error}");
}

#[test]
fn two_swapped_entries_break_the_chain() {
    let dir = made(4, 1);
    let path = only_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    let head = usize::try_from(FIRST_FRAME).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let frame = (end - head) / 4;
    let (first, second) = bytes[head..].split_at_mut(frame);
    first.swap_with_slice(&mut second[..frame]);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::Corrupt { seq: 0, fault: Fault::Sequence, .. })));
}

#[test]
fn a_missing_segment_is_found() {
    let dir = made(100, 2);
    fs::remove_file(segment::list(dir.path()).unwrap().remove(1)).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::Corrupt { fault: Fault::Sequence, .. })));
}

#[test]
fn a_log_shorter_than_its_snapshot_is_refused() {
    let dir = made(3, 1);
    assert!(matches!(EvidenceLog::open(dir.path(), small(), 4), Err(LogError::Corrupt { seq: 3, .. })));
    assert!(EvidenceLog::open(dir.path(), small(), 3).is_ok());
}

/// Fails what it is told to.
#[derive(Debug, Default)]
struct Faulty {
    write: AtomicBool,
    sync: AtomicBool,
    room: AtomicBool,
}

impl DiskFaults for Faulty {
    fn before_write(&self, _bytes: usize) -> io::Result<()> {
        if self.write.load(Ordering::Relaxed) { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn before_sync(&self) -> io::Result<()> {
        if self.sync.load(Ordering::Relaxed) { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn before_preallocate(&self, _bytes: u64) -> io::Result<()> {
        if self.room.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[test]
fn a_failed_write_or_sync_is_an_error_and_nothing_becomes_durable() {
    for which in ["write", "sync"] {
        let dir = tempfile::tempdir().unwrap();
        let faults = Arc::new(Faulty::default());
        let mut log = EvidenceLog::open(dir.path(), LogConfig { faults: faults.clone(), ..small() }, 0).unwrap();
        if which == "write" { &faults.write } else { &faults.sync }.store(true, Ordering::Relaxed);
        log.append(&entry(0, 40), None).unwrap();
        assert!(matches!(log.commit(), Err(LogError::Io { .. })));
        assert_eq!(log.reader().durable(), 0);
    }
}

#[test]
fn a_full_disk_is_said_and_the_append_can_be_repeated_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faulty::default());
    let mut log = EvidenceLog::open(dir.path(), LogConfig { faults: faults.clone(), ..small() }, 0).unwrap();
    faults.room.store(true, Ordering::Relaxed);
    let refused = (0..200).find_map(|n| log.append(&entry(n, 100), None).err().map(|error| (n, error)));
    let (at, error) = refused.unwrap();
    assert!(error.is_full(), "{error}");
    faults.room.store(false, Ordering::Relaxed);
    log.append(&entry(at, 100), None).unwrap();
    log.commit().unwrap();
    assert_eq!(times(&log), (0..=at).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_is_full_from_the_start_is_a_clear_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let faults = Faulty::default();
    faults.room.store(true, Ordering::Relaxed);
    let error = EvidenceLog::open(dir.path(), LogConfig { faults: Arc::new(faults), ..small() }, 0).unwrap_err();
    assert!(error.to_string().contains("disk full: no room for a log segment of 4096 bytes"), "{error}");
}
