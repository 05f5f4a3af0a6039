//! The second look: every periodic report that a batch let pass is checked by the strict equation, in idle time, from the log itself. A
//! report that fails is marked through the sequencer and its device quarantined by the judge.

use super::keyrings::Keyrings;
use super::replay::unverified;
use super::work::Work;
use crate::log::{Frame, LogReader};
use crate::metrics::{Counters, charge, thread_cpu_ns};
use sealway_core::verify::{Refusal, UnverifiedReport};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, Digest};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// Reports looked at before intake is asked again whether it needs the core: half a millisecond.
const PIECE: usize = 16;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct StrictCheck {
    pub(crate) reader: LogReader,
    pub(crate) keyrings: Keyrings,
    pub(crate) counters: Arc<Counters>,
    pub(crate) next: SyncSender<Vec<Work>>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl StrictCheck {
    pub(crate) fn run(self) {
        let mut frames = self.reader.frames_from(self.counters.strict_cursor.load(Relaxed));
        while !self.stop.load(Relaxed) {
            if self.counters.in_flight.load(Relaxed) > 0 {
                std::thread::park_timeout(PAUSE);
                continue;
            }
            let began = thread_cpu_ns();
            let piece: Result<Vec<Frame>, _> = frames.by_ref().take(PIECE).collect();
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => {
                    tracing::error!(%error, "the strict check cannot go on");
                    return;
                }
            };
            let Some(last) = piece.last().map(|frame| frame.seq) else {
                std::thread::park_timeout(PAUSE);
                continue;
            };
            let failed = self.check(&piece);
            charge(&self.counters.cpu_strict_ns, began);
            if !failed.is_empty() && self.next.send(failed).is_err() {
                return;
            }
            self.counters.strict_cursor.store(last + 1, Relaxed);
        }
    }

    fn check(&self, piece: &[Frame]) -> Vec<Work> {
        let mut shares: Vec<Vec<(DeviceId, u64, Digest, UnverifiedReport)>> = (0..self.keyrings.len()).map(|_| Vec::new()).collect();
        for (device, digest, report) in piece.iter().filter_map(pre_screened) {
            if let Some(share) = shares.get_mut(self.keyrings.worker_of(&device)) {
                share.push((device, report.unverified().ctr(), digest, report));
            }
        }
        let mut failed = Vec::new();
        for (worker, share) in shares.into_iter().enumerate().filter(|(_, share)| !share.is_empty()) {
            let Some(mut keyring) = self.keyrings.lock(worker) else { continue };
            let reports = share.iter().map(|(.., report)| report.clone()).collect();
            for ((device, ctr, digest, _), result) in share.iter().zip(keyring.screen_strict(reports)) {
                if result.is_err_and(|refusal| refusal == Refusal::BadSignature) {
                    failed.push(Work::StrictFailed { device: *device, ctr: *ctr, digest: *digest });
                }
            }
        }
        failed
    }
}

/// Only periodic reports went through a batch; what changes custody was checked strictly at once.
fn pre_screened(frame: &Frame) -> Option<(DeviceId, Digest, UnverifiedReport)> {
    let entry = frame.decode().ok()?;
    let report = unverified(&entry)?.ok()?;
    let periodic = report.unverified().event() == Event::Periodic;
    let Entry::Report { device, bytes, .. } = entry else { return None };
    periodic.then(|| (device, Digest::of(&bytes), report))
}
