//! What is told of what happened, beside what the lists say.

use crate::support::{START, Seal, World, open_registry};
use sealway_schemas::event::{Change, PositionView};
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::{Numbered, Scope};
use std::path::Path;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

const PATIENCE: Duration = Duration::from_secs(30);

/// A seal that may report, and who listens.
async fn listening(dir: &Path) -> (World, Seal, Receiver<Numbered>) {
    let world = World::open(dir).await;
    world.populate().await;
    let seal = Seal::new(1);
    world.enrol(&seal).await;
    let live = world.tracker.events().subscribe(None).live;
    (world, seal, live)
}

async fn next_position(live: &mut Receiver<Numbered>) -> PositionView {
    loop {
        let (_, event) = live.recv().await.unwrap();
        if let Change::Position(position) = &event.change {
            return position.clone();
        }
    }
}

/// The newest report that the list of devices has.
async fn listed(world: &World, device: &DeviceId) -> Option<u64> {
    world.tracker.registry().device(&Scope::All, device).await.unwrap().unwrap().last.map(|last| last.ctr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_was_away_gets_what_he_missed() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let feed = world.tracker.events();
    let before = feed.newest();
    world.enrol(&Seal::new(1)).await;
    world.enrol(&Seal::new(2)).await;
    let all = feed.subscribe(Some(before));
    let devices = |backlog: &[sealway_tracker::Numbered]| {
        backlog.iter().filter(|(_, event)| matches!(event.change, Change::Device(_))).map(|(seq, _)| *seq).collect::<Vec<_>>()
    };
    let seqs = devices(&all.backlog);
    assert_eq!((seqs.len(), all.missed), (2, false));
    assert_eq!(devices(&feed.subscribe(Some(seqs[0])).backlog), [seqs[1]]);
    assert!(feed.subscribe(Some(0)).missed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_under_way_is_seen_to_move() {
    let dir = tempfile::tempdir().unwrap();
    let (world, mut seal, mut live) = listening(dir.path()).await;
    world.pass_ms(2_000);
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    let position = next_position(&mut live).await;
    assert_eq!((position.device, position.ctr, position.received_at), (seal.id, 1, Time::from_ms(START + 2_000)));
}

/// Who listens first and reads the lists then would miss for good what was told before and written after.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_told_the_lists_tell_too() {
    let dir = tempfile::tempdir().unwrap();
    let (world, mut seal, mut live) = listening(dir.path()).await;
    for ctr in 1..=3 {
        world.pass_ms(2_000);
        world.send(1, seal.id, vec![(1, seal.periodic())]).await;
        assert_eq!(next_position(&mut live).await.ctr, ctr);
        assert_eq!(listed(&world, &seal.id).await, Some(ctr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_cannot_be_written_stop_no_event_and_are_read_again_once_they_can() {
    let dir = tempfile::tempdir().unwrap();
    let (world, mut seal, mut live) = listening(dir.path()).await;
    let mut relisted = world.tracker.events().relisted();
    let mut registry = open_registry(dir.path()).await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON devices BEGIN SELECT RAISE(ABORT, 'no room'); END";
    sqlx::query(refuse).execute(&mut registry).await.unwrap();
    world.pass_ms(2_000);
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    assert_eq!(next_position(&mut live).await.ctr, 1);
    assert_eq!((listed(&world, &seal.id).await, relisted.has_changed().unwrap()), (None, false));
    sqlx::query("DROP TRIGGER refuse").execute(&mut registry).await.unwrap();
    tokio::time::timeout(PATIENCE, relisted.changed()).await.unwrap().unwrap();
    assert_eq!(listed(&world, &seal.id).await, Some(1));
}
