//! The second look: every periodic report that a batch let pass is checked by the strict equation, in idle time, from the log itself. A
//! report that fails is marked through the sequencer and its device quarantined by the judge.

use super::keyrings::Keyrings;
use super::replay::unverified;
use super::work::Work;
use crate::log::{EvidenceLog, Frame, LogReader, Position};
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
            // A fleet that never rests must not put the check off for ever: a fortieth of a core is its own.
            if self.counters.in_flight.load(Relaxed) > 0 {
                std::thread::park_timeout(PAUSE);
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
            let failed = failed(&self.keyrings, &piece);
            charge(&self.counters.cpu_strict_ns, began);
            if !failed.is_empty() && self.next.send(failed).is_err() {
                return;
            }
            self.counters.strict_cursor.store(last + 1, Relaxed);
        }
    }
}

/// What a device said that the check has not reached, looked at by the keys that it has now: after a revocation or a new enrolment nobody
/// could any more. `cursor`: where the check is.
pub(crate) fn look_back(log: &EvidenceLog, keyrings: &Keyrings, (newest, cursor): (Option<Position>, u64)) -> Vec<Work> {
    let (mut frames, mut next) = (Vec::new(), newest);
    while let Some(position) = next {
        match log.read(position) {
            Ok(frame) if frame.seq >= cursor => {
                next = frame.back.filter(|back| *back < position);
                frames.push(frame);
            }
            Ok(_) => break,
            Err(error) => {
                tracing::error!(%error, "a device's chain cannot be walked");
                break;
            }
        }
    }
    failed(keyrings, &frames)
}

fn failed(keyrings: &Keyrings, piece: &[Frame]) -> Vec<Work> {
    let mut shares: Vec<Vec<(DeviceId, u64, Digest, UnverifiedReport)>> = (0..keyrings.len()).map(|_| Vec::new()).collect();
    for (device, digest, report) in piece.iter().filter_map(pre_screened) {
        if let Some(share) = shares.get_mut(keyrings.worker_of(&device)) {
            share.push((device, report.unverified().ctr(), digest, report));
        }
    }
    let mut failed = Vec::new();
    for (worker, share) in shares.into_iter().enumerate().filter(|(_, share)| !share.is_empty()) {
        let Some(mut keyring) = keyrings.lock(worker) else { continue };
        let reports = share.iter().map(|(.., report)| report.clone()).collect();
        for ((device, ctr, digest, _), result) in share.iter().zip(keyring.screen_strict(reports)) {
            if result.is_err_and(|refusal| refusal == Refusal::BadSignature) {
                failed.push(Work::StrictFailed { device: *device, ctr: *ctr, digest: *digest });
            }
        }
    }
    failed
}

/// Only periodic reports went through a batch; what changes custody was checked strictly at once.
fn pre_screened(frame: &Frame) -> Option<(DeviceId, Digest, UnverifiedReport)> {
    let entry = frame.decode().ok()?;
    let report = unverified(&entry)?.ok()?;
    let periodic = report.unverified().event() == Event::Periodic;
    let Entry::Report { device, bytes, .. } = entry else { return None };
    periodic.then(|| (device, Digest::of(&bytes), report))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogConfig;
    use ed25519_dalek::{Signer as _, SigningKey};
    use sealway_core::KeyChange;
    use sealway_schemas::report::ReportDraft;
    use sealway_schemas::{PublicKey, Time, aad, cose};

    fn device() -> DeviceId {
        "XA-0001".parse().unwrap()
    }

    /// A log with reports of an enrolled device; the second has a signature that is none.
    fn lived(dir: &std::path::Path) -> (EvidenceLog, Keyrings, Option<Position>) {
        let key = SigningKey::from_bytes(&[3; 32]);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        let mut log = EvidenceLog::open(dir, LogConfig::default(), 0).unwrap();
        let mut newest = None;
        for ctr in 1..=3 {
            let payload = ReportDraft::new(ctr, 0, Digest::ZERO, Time::from_ms(ctr), Event::Periodic).build().unwrap().encode();
            let signed = |bytes: &[u8]| if ctr == 2 { [1; 64] } else { key.sign(bytes).to_bytes() };
            let bytes = cose::seal(&payload, &aad::up(&device()), public.key_id(), signed).into();
            newest = Some(log.append(&Entry::Report { at: Time::ZERO, device: device(), bytes }, newest).unwrap().position);
        }
        let keyrings = Keyrings::new(2);
        keyrings.apply(KeyChange::Enrolled { device: device(), key: public });
        (log, keyrings, newest)
    }

    #[test]
    fn what_a_device_said_is_looked_at_before_its_keys_go() {
        let dir = tempfile::tempdir().unwrap();
        let (log, keyrings, newest) = lived(dir.path());
        let found = look_back(&log, &keyrings, (newest, 0));
        assert!(matches!(found.as_slice(), [Work::StrictFailed { ctr: 2, .. }]), "also what is not committed yet: {found:?}");
        assert!(look_back(&log, &keyrings, (newest, 2)).is_empty(), "the check was behind it");
        keyrings.apply(KeyChange::Revoked { device: device() });
        assert!(look_back(&log, &keyrings, (newest, 0)).is_empty(), "nobody can look any more");
    }

    #[test]
    fn a_fleet_that_never_rests_does_not_put_the_check_off() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, keyrings, _) = lived(dir.path());
        log.commit().unwrap();
        let (next, works) = std::sync::mpsc::sync_channel(1);
        let (counters, stop) = (Arc::new(Counters::default()), Arc::new(AtomicBool::new(false)));
        counters.in_flight.store(1, Relaxed);
        let check = StrictCheck { reader: log.reader(), keyrings, counters, next, stop: stop.clone() };
        let checking = std::thread::spawn(move || check.run());
        let found = works.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(found.as_slice(), [Work::StrictFailed { ctr: 2, .. }]), "{found:?}");
        stop.store(true, Relaxed);
        checking.join().unwrap();
    }
}
