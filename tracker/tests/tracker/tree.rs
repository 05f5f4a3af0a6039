//! The log's tree, as a stranger sees it who has the platform's public key and nothing else.

use crate::support::{START, Seal, World, config};
use sealway_core::proof::note::{Note, Scheme, Verifier};
use sealway_core::proof::tile::Tile;
use sealway_core::proof::{Checkpoint, Hash, consistency, inclusion};
use sealway_schemas::command::Role;
use sealway_tracker::{Tracker, rebuild};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Waits until every entry is under a checkpoint, and gives the newest after checking its signature.
async fn checked(tracker: &Tracker) -> Checkpoint {
    let entries = tracker.log().durable();
    let signed = loop {
        match tracker.tree().checkpoint() {
            Some(signed) if signed.checkpoint.size >= entries => break signed,
            _ => tokio::task::yield_now().await,
        }
    };
    let note = Note::parse(&signed.note).unwrap();
    let name = format!("sealway/{}", tracker.platform_key().key_id());
    assert_eq!(Verifier::new(&name, tracker.platform_key(), Scheme::Ed25519).unwrap().verify(&note), Ok(0));
    let checkpoint = Checkpoint::parse(note.text).unwrap();
    assert_eq!((&checkpoint, checkpoint.origin.as_str()), (&signed.checkpoint, name.as_str()));
    checkpoint
}

async fn lived(dir: &Path) -> World {
    let world = World::open(dir).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    for ticket in 1..=300 {
        world.send(1, seal.id, vec![(ticket, seal.periodic())]).await;
    }
    let mut settled = 0;
    while settled < 300 {
        settled += world.settled().await.len();
    }
    world
}

/// The leaves of a bundle, as anybody splits it.
fn split(mut bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (leaf, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        leaves.push(leaf.to_vec());
        bundle = rest;
    }
    leaves
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_proved_to_a_stranger_and_the_log_only_grew() {
    let dir = tempfile::tempdir().unwrap();
    let world = lived(dir.path()).await;
    let older = checked(&world.tracker).await;
    world.ok(Role::Admin, json!({"type": "register-party", "party": "late", "role": "carrier", "name_zh": "迟", "name_en": "Late"})).await;
    let newer = checked(&world.tracker).await;
    assert_eq!(newer.size, older.size + 1);
    let tree = world.tracker.tree();
    let growth = tree.prove_growth(older.size, newer.size).unwrap();
    assert_eq!(consistency::verify((older.size, older.root), (newer.size, newer.root), &growth), Ok(()));
    let second = u16::try_from(newer.size - 256).unwrap();
    let bundles = [tree.bundle(0, 256).unwrap().unwrap(), tree.bundle(1, second).unwrap().unwrap()];
    let leaves: Vec<Vec<u8>> = bundles.iter().flat_map(|bundle| split(bundle)).collect();
    assert_eq!(leaves.len() as u64, newer.size);
    for (seq, leaf) in (0..).zip(&leaves) {
        let (hash, proof) = (Hash::leaf(leaf), tree.prove(seq, newer.size).unwrap());
        assert_eq!(inclusion::verify(hash, seq, (newer.size, newer.root), &proof), Ok(()), "entry {seq}");
    }
    let row = tree.tile(Tile { level: 0, index: 0, width: 256 }).unwrap();
    assert_eq!(row[..32], *Hash::leaf(&leaves[0]).as_bytes());
    assert!(tree.tile(Tile { level: 1, index: 0, width: 2 }).is_none() && tree.bundle(2, 1).unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_wrote_is_not_in_the_tree_and_its_hash_is() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    let body = json!({"type": "register-party", "party": "p", "role": "carrier", "name_zh": "张三", "name_en": "Zhang San Haulage"});
    world.ok(Role::Admin, body).await;
    checked(&world.tracker).await;
    // Entry 0 is the policy.
    let bundle = world.tracker.tree().bundle(0, 2).unwrap().unwrap();
    let shows = |what: &[u8]| bundle.windows(what.len()).any(|window| window == what);
    assert!(!shows(b"Zhang San"));
    let entry = world.tracker.tree().entry(1).unwrap().unwrap();
    let sealway_schemas::entry::Entry::Command { body, salt, .. } = sealway_schemas::entry::Entry::decode(&entry).unwrap() else {
        panic!("a command")
    };
    assert!(shows(&salt.hash(&body)));
    assert_ne!(salt, sealway_schemas::entry::Salt::UNFILLED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_comes_back_after_a_restart_a_loss_and_a_bit_flip() {
    let dir = tempfile::tempdir().unwrap();
    let world = lived(dir.path()).await;
    let before = checked(&world.tracker).await;
    world.tracker.drain().await;
    let again = World::with(config(dir.path()), START).await;
    assert_eq!(again.tracker.tree().checkpoint().map(|signed| signed.checkpoint.clone()), Some(before.clone()));
    again.tracker.drain().await;
    let rows = dir.path().join("tree/0.rows");
    let mut bytes = fs::read(&rows).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&rows, bytes).unwrap();
    let healed = World::with(config(dir.path()), START).await;
    assert_eq!(checked(&healed.tracker).await, before);
    healed.tracker.drain().await;
    fs::remove_dir_all(dir.path().join("tree")).unwrap();
    rebuild(config(dir.path())).await.unwrap();
    let rebuilt = World::with(config(dir.path()), START).await;
    assert_eq!(checked(&rebuilt.tracker).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_names_a_tree_that_holds_the_reports_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let promised = checked(&world.tracker).await;
    world.send(1, seal.id, vec![(1, seal.periodic())]).await;
    world.pass_ms(1_000);
    let head = world.ack(&seal).await.tree.unwrap();
    assert_eq!((head.size, head.root), (promised.size, *promised.root.as_bytes()));
}
