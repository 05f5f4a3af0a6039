//! A standby follows a primary; seals hear what lies in two places.

use crate::support::{Seal, World};
use sealway_tracker::proof::Hash;
use sealway_tracker::{Standby, Tracker, TreeError, backup, restore, verify};

/// What is under the newest checkpoint, once that covers everything.
async fn settled(tracker: &Tracker) -> u64 {
    let entries = tracker.log().durable();
    while tracker.tree().checkpoint().is_none_or(|signed| signed.checkpoint.size < entries) {
        tokio::task::yield_now().await;
    }
    entries
}

fn pull(tracker: &Tracker, standby: &mut Standby) -> (u64, Hash) {
    let entries = tracker.tree().entries(standby.next_seq(), 1_000, 1 << 20).unwrap();
    standby.take(&entries.iter().map(|entry| entry.to_vec()).collect::<Vec<_>>()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_standby_has_on_its_disk_is_released() {
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let copy = room.path().join("copy");
    backup(dir.path(), &copy, &|_| {}).unwrap();
    let mut standby = Standby::open(&copy).unwrap();
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    assert_eq!((world.ack(&seal).await.stored, world.tracker.confirmed()), (1, 0));
    settled(&world.tracker).await;
    let (size, root) = pull(&world.tracker, &mut standby);
    world.tracker.confirm(size, root).unwrap();
    let mut released = 0;
    // The first ack after the confirmation names what waits, a later one what the next confirmation covers.
    for ticket in 2..=4 {
        world.pass_ms(1_000);
        world.send(1, seal.id, vec![(ticket, seal.periodic())]).await;
        let ack = world.ack(&seal).await;
        assert!(ack.released < ack.stored);
        released = ack.released;
        settled(&world.tracker).await;
        let (size, root) = pull(&world.tracker, &mut standby);
        world.tracker.confirm(size, root).unwrap();
    }
    assert_eq!(released, 3);

    drop(standby);
    let new = room.path().join("new");
    let restored = restore(&copy, &crate::support::config(&new), &|_| {}).unwrap();
    assert_eq!(restored.copied.entries, world.tracker.log().durable(), "the standby had everything");
    assert_eq!(verify(crate::support::config(&new), |_| {}).await.unwrap().found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_of_another_log_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let size = settled(&world.tracker).await;
    assert!(matches!(world.tracker.confirm(size, Hash::leaf(b"other")), Err(TreeError::Other { .. })));
    assert!(matches!(world.tracker.confirm(size + 1, Hash::leaf(b"other")), Err(TreeError::Younger { .. })));
    assert_eq!(world.tracker.confirmed(), 0);
}
