//! From the socket to the disk, and only then back.

use crate::support::{START, Seal, World, config};
use sealway_core::Policy;
use sealway_schemas::Time;
use sealway_schemas::down::Range;
use sealway_schemas::entry::Entry;
use sealway_schemas::link::Verdict;
use sealway_schemas::refusals::RefusedKind;
use sealway_tracker::log::{DiskFaults, LogConfig, LogReader};
use sealway_tracker::{AdmitRefusal, Fatal, LoginRefusal, TrackerConfig};
use std::io;
use std::sync::{Arc, Condvar, Mutex};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_stored_acknowledged_and_found_in_the_track() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let (first, second) = (seal.seal(), seal.periodic());
    world.send(1, seal.id, vec![(10, [first, second].concat())]).await;
    let ack = world.ack(&seal).await;
    assert_eq!((ack.generation, ack.stored, ack.released), (1, 2, 0));
    let track = world.tracker.track(seal.id, Time::ZERO, Time::from_ms(START * 2), 100).await.unwrap();
    assert_eq!(track.iter().map(|point| point.ctr).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(track[1].lon, Some(108.9002));
    assert_eq!(world.tracker.metrics().accepted, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_gets_its_own_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let good = seal.periodic();
    let mut forged = seal.periodic();
    *forged.last_mut().unwrap() ^= 1;
    world
        .send(1, seal.id, vec![(1, good.clone()), (2, forged), (3, b"nonsense".to_vec()), (0, good.clone()), (4, good), (5, seal.hello())])
        .await;
    let (yes, no) = (Verdict::Stored, Verdict::NothingAcceptable);
    assert_eq!(world.settled().await, [(1, yes), (2, no), (3, no), (4, yes), (5, yes)]);
    let metrics = world.tracker.metrics();
    assert_eq!((metrics.accepted, metrics.duplicates, metrics.refused.bad_signature, metrics.refused.malformed), (1, 2, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_counted_and_sampled_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let mut forged = seal.periodic();
    *forged.last_mut().unwrap() ^= 1;
    let messages = (1..=20).map(|ticket| (ticket, forged.clone())).collect();
    world.send(1, seal.id, messages).await;
    assert_eq!(world.settled().await.len(), 20);
    world.tracker.drain().await;
    let log = LogReader::open(&dir.path().join("log")).unwrap();
    let refusals = log.frames_from(0).find_map(|frame| match frame.unwrap().decode().unwrap() {
        Entry::Refusals { refusals, .. } => Some(refusals),
        _ => None,
    });
    let refusals = refusals.unwrap();
    assert_eq!(refusals.counts, [(RefusedKind::BadSignature, 20)]);
    assert!(refusals.samples.len() == 8 && refusals.samples.iter().all(|sample| sample.device == seal.id && sample.bytes == forged));
    assert_eq!(World::with(config(dir.path()), START).await.tracker.metrics().log_entries, log.durable(), "a start adds nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_is_an_entry_and_the_old_one_judges_what_came_before() {
    let dir = tempfile::tempdir().unwrap();
    World::open(dir.path()).await.tracker.drain().await;
    let mut changed = config(dir.path());
    changed.policy.battery_low_percent = 33;
    let world = World::with(changed, START).await;
    let fingerprint = world.tracker.fingerprint().await.unwrap();
    world.tracker.drain().await;
    std::fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let log = LogReader::open(&dir.path().join("log")).unwrap();
    let numbers: Vec<u8> = log
        .frames_from(0)
        .filter_map(|frame| match frame.unwrap().decode().unwrap() {
            Entry::Policy { numbers, .. } => Some(Policy::from_json(&numbers).unwrap().battery_low_percent),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [15, 33]);
    let mut same = config(dir.path());
    same.policy.battery_low_percent = 33;
    assert_eq!(World::with(same, START).await.tracker.fingerprint().await.unwrap(), fingerprint, "a replay takes both, each in its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_is_asked_for_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let first = seal.periodic();
    let (_lost, _too) = (seal.periodic(), seal.periodic());
    world.send(1, seal.id, vec![(1, first), (2, seal.periodic())]).await;
    let ack = world.ack(&seal).await;
    assert_eq!((ack.stored, ack.ranges, ack.wants), (1, vec![Range { from: 4, to: 4 }], vec![Range { from: 2, to: 3 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_with_an_unknown_key_is_not_stored_and_asks_for_what_lies_below() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let _sealed = seal.seal();
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    let ack = world.ack(&seal).await;
    assert_eq!((ack.stored, ack.ranges, ack.wants), (0, vec![], vec![Range { from: 1, to: 1 }]));
    assert_eq!(world.tracker.metrics().refused.unknown_key, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_worth_something_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let seal = Seal::new(1);
    world.enrol(&seal).await;
    let login = seal.login(START);
    assert_eq!(world.tracker.admit_device(seal.id, login.clone()).await, Ok(()));
    let replayed = |answer| matches!(answer, Err(AdmitRefusal::Login(LoginRefusal::Replayed { .. })));
    assert!(replayed(world.tracker.admit_device(seal.id, login.clone()).await));
    world.tracker.drain().await;
    let world = World::open(dir.path()).await;
    assert!(replayed(world.tracker.admit_device(seal.id, login).await));
    assert_eq!(world.tracker.admit_device(seal.id, seal.login(START + 1)).await, Ok(()));
    assert!(matches!(world.tracker.admit_device(Seal::new(2).id, Seal::new(2).login(START)).await, Err(AdmitRefusal::Signature { .. })));
    assert_eq!(world.tracker.admit_certificate(seal.id, seal.public_key()).await, Ok(()));
    assert!(matches!(world.tracker.admit_certificate(seal.id, Seal::new(2).public_key()).await, Err(AdmitRefusal::OtherKey(_))));
}

/// Holds every fdatasync until it is let go, or makes it fail.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, bool, usize)>,
    changed: Condvar,
}

impl Gate {
    fn shut(&self) {
        self.state.lock().unwrap().0 = true;
    }

    fn open(&self, failing: bool) {
        let mut state = self.state.lock().unwrap();
        (state.0, state.1) = (false, failing);
        self.changed.notify_all();
    }

    /// Returns when a sync stands at the gate.
    fn wait_for_sync(&self) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.2 == 0).unwrap());
    }
}

impl DiskFaults for Gate {
    fn before_write(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    fn before_sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.2 += 1;
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.0).unwrap();
        state.2 -= 1;
        if state.1 { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn before_preallocate(&self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
}

/// Writes down that the process would have ended.
#[derive(Debug, Default)]
struct Ended(Mutex<bool>);

impl Fatal for Ended {
    fn fatal(&self, _error: &sealway_tracker::log::LogError) {
        *self.0.lock().unwrap() = true;
    }
}

async fn at_the_gate(gate: &Arc<Gate>, ended: &Arc<Ended>, dir: &std::path::Path) -> (World, Seal) {
    let log = LogConfig { segment_bytes: 1 << 20, faults: gate.clone() };
    let world = World::with(TrackerConfig { log, fatal: ended.clone(), ..config(dir) }, START).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    gate.shut();
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    let held = gate.clone();
    tokio::task::spawn_blocking(move || held.wait_for_sync()).await.unwrap();
    (world, seal)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_before_the_commit_is_durable() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::new(Gate::default()));
    let (world, _seal) = at_the_gate(&gate, &Arc::default(), dir.path()).await;
    assert!(world.is_silent());
    gate.open(false);
    assert_eq!(world.settled().await, [(1, Verdict::Stored)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_fdatasync_ends_the_process_and_acknowledges_nothing() {
    let (dir, gate, ended) = (tempfile::tempdir().unwrap(), Arc::new(Gate::default()), Arc::<Ended>::default());
    let (world, seal) = at_the_gate(&gate, &ended, dir.path()).await;
    gate.open(true);
    assert_eq!(world.tracker.admit_device(seal.id, seal.login(START)).await, Err(AdmitRefusal::Stopped));
    assert!(*ended.0.lock().unwrap());
    assert!(world.is_silent());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_tracker_makes_the_socket_wait_and_drops_nothing() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::new(Gate::default()));
    let log = LogConfig { segment_bytes: 1 << 20, faults: gate.clone() };
    let world = Arc::new(World::with(TrackerConfig { log, queue_uploads: 1, ..config(dir.path()) }, START).await);
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    gate.shut();
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    let held = gate.clone();
    tokio::task::spawn_blocking(move || held.wait_for_sync()).await.unwrap();
    let sender = world.clone();
    // More than worker, queues and sequencer can hold together.
    let sending = tokio::spawn(async move {
        for ticket in 2..=400 {
            sender.send(1, seal.id, vec![(ticket, seal.periodic())]).await;
        }
    });
    let in_flight = world.tracker.metrics().in_flight_uploads;
    assert!(in_flight < 400 && !sending.is_finished());
    gate.open(false);
    sending.await.unwrap();
    let mut settled = 0;
    while settled < 400 {
        settled += world.settled().await.len();
    }
    assert_eq!(world.tracker.metrics().accepted, 400);
}
