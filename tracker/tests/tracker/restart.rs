//! State is a fold of the log: what comes back is what was there.

use crate::support::{START, Seal, World, config, open_registry};
use sealway_schemas::link::Verdict;
use sealway_tracker::{DataDirError, OpenError, Tracker, TrackerConfig, rebuild};
use sqlx::Connection as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Two seals, one of them with reports out of order, a lost one and a duplicate.
async fn lived(dir: &Path) -> (World, Seal, Vec<u8>) {
    let world = World::open(dir).await;
    world.populate().await;
    let (mut orderly, mut messy) = (Seal::new(1), Seal::new(2));
    world.enrol(&orderly).await;
    world.enrol(&messy).await;
    let mut reports = vec![messy.seal()];
    reports.extend((0..9).map(|_| messy.periodic()));
    reports.swap(2, 7);
    reports.remove(4);
    reports.extend(reports.get(5).cloned());
    for (ticket, report) in (1..).zip(reports.clone()) {
        world.send(2, messy.id, vec![(ticket, report)]).await;
        world.pass_ms(10);
    }
    for ticket in 1..=20 {
        world.send(1, orderly.id, vec![(ticket, orderly.periodic())]).await;
    }
    let mut settled = 0;
    while settled < 30 {
        settled += world.settled().await.len();
    }
    (world, messy, reports.remove(0))
}

/// What a crash leaves: the files as they are, without a drain.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { assert!(fs::copy(&path, &target).is_ok()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_brings_the_same_state_with_and_without_a_snapshot() {
    let (dir, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (world, ..) = lived(dir.path()).await;
    let before = world.tracker.fingerprint().await.unwrap();
    let now = START + 100;
    fs::remove_dir(crashed.path()).unwrap();
    copy(dir.path(), crashed.path());
    let replayed = World::with(config(crashed.path()), now).await;
    assert_eq!(replayed.tracker.fingerprint().await.unwrap(), before, "replayed");
    world.tracker.drain().await;
    let restarted = World::with(config(dir.path()), now).await;
    assert_eq!(restarted.tracker.fingerprint().await.unwrap(), before, "from the snapshot");
    restarted.tracker.drain().await;
    for snapshot in fs::read_dir(dir.path().join("snapshots")).unwrap() {
        let path = snapshot.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let restarted = World::with(config(dir.path()), now).await;
    assert_eq!(restarted.tracker.fingerprint().await.unwrap(), before, "with damaged snapshots");
}

/// What another version of the program leaves behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_other_rules_made_of_the_log_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (world, ..) = lived(dir.path()).await;
    let before = world.tracker.fingerprint().await.unwrap();
    world.tracker.drain().await;
    let mut registry = open_registry(dir.path()).await;
    sqlx::query("UPDATE cursor SET rules = 'of an older version'").execute(&mut registry).await.unwrap();
    sqlx::query("UPDATE devices SET owner = 'other-carrier'").execute(&mut registry).await.unwrap();
    registry.close().await.unwrap();
    for snapshot in fs::read_dir(dir.path().join("snapshots")).unwrap() {
        let path = snapshot.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        bytes[8..72].fill(b'0');
        fs::write(&path, bytes).unwrap();
    }
    let restarted = World::with(config(dir.path()), START + 100).await;
    assert_eq!(restarted.tracker.fingerprint().await.unwrap(), before);
    restarted.tracker.drain().await;
    let mut registry = open_registry(dir.path()).await;
    let others: i64 =
        sqlx::query_scalar("SELECT count(*) FROM devices WHERE owner = 'other-carrier'").fetch_one(&mut registry).await.unwrap();
    assert_eq!(others, 0, "its rows are those of the state");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_sent_again_after_a_restart_is_acknowledged_and_not_stored_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (world, messy, first) = lived(dir.path()).await;
    let entries = world.tracker.log().durable();
    world.tracker.drain().await;
    let world = World::with(config(dir.path()), START + 1_000).await;
    world.send(9, messy.id, vec![(1, first)]).await;
    assert_eq!(world.settled().await, [(1, Verdict::Stored)]);
    assert_eq!((world.tracker.metrics().duplicates, world.tracker.log().durable()), (1, entries));
}

#[tokio::test(flavor = "multi_thread")]
async fn thrown_away_views_are_made_again_equal() {
    let dir = tempfile::tempdir().unwrap();
    let (world, ..) = lived(dir.path()).await;
    world.tracker.drain().await;
    let rebuilt = rebuild(config(dir.path())).await.unwrap();
    assert!(rebuilt.equal());
    assert!(rebuilt.rows >= 5 && rebuilt.entries > 30, "{rebuilt:?}");
}

async fn refusal(config: TrackerConfig) -> OpenError {
    struct Nowhere;
    impl sealway_schemas::link::Downlink for Nowhere {
        fn settle(&self, _settlements: Vec<sealway_schemas::link::Settlement>) {}
        fn publish(&self, _device: &sealway_schemas::DeviceId, _message: bytes::Bytes) -> bool {
            false
        }
        fn close(&self, _device: &sealway_schemas::DeviceId, _reason: sealway_schemas::link::CloseReason) {}
    }
    Tracker::open(config, Arc::new(Nowhere)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_used_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    assert!(matches!(refusal(config(dir.path())).await, OpenError::DataDir(DataDirError::Locked { .. })));
    world.tracker.drain().await;
    fs::write(dir.path().join("VERSION"), "sealway-data 2\n").unwrap();
    let newer = refusal(config(dir.path())).await.to_string();
    assert!(newer.ends_with("version 2, expected at most 1: it was written by a newer sealway"), "{newer}");
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("VERSION"), "postgres 17\n").unwrap();
    assert!(matches!(refusal(config(other.path())).await, OpenError::DataDir(DataDirError::NotOurs { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_report_in_the_log_is_found_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (world, ..) = lived(dir.path()).await;
    world.tracker.drain().await;
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let path = dir.path().join("log/00000000000000000000.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[2_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = refusal(config(dir.path())).await.to_string();
    assert!(error.contains("00000000000000000000.seg: offset "), "{error}");
}
