//! The platform's key is handed on: devices hear of it from the key that they know, and what the old key signed stays true.

use crate::bundles::{bundle, declared};
use crate::support::{Seal, World, config};
use bytes::Bytes;
use sealway_core::evidence::Verdict;
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::{Down, Rekey};
use sealway_schemas::{PublicKey, aad};
use sealway_tracker::{backup, evidence, log_keys, rekey, restore, trust_root};
use std::io::Cursor;

/// What a message says to a seal that knows this key, and nothing where another one signed it.
fn opened(key: PublicKey, seal: &Seal, message: &Bytes) -> Option<Down> {
    let signed = Sign1::parse(message).unwrap();
    let mut bytes = Vec::new();
    signed.to_be_signed(&aad::down(&seal.id), &mut bytes);
    let signature = ed25519_dalek::Signature::from_bytes(signed.signature());
    let known = signed.key_id() == key.key_id()
        && ed25519_dalek::VerifyingKey::from_bytes(key.as_bytes()).unwrap().verify_strict(&bytes, &signature).is_ok();
    known.then(|| Down::decode(signed.payload()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_hears_of_the_next_key_from_the_one_it_knows_and_old_roots_verify_new_bundles() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let transfer = declared(&world, &seal).await;
    world.send(1, seal.id, vec![(1, seal.seal())]).await;
    world.settled().await;
    let before = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    let (known, old_root) = (world.tracker.platform_key(), trust_root(dir.path()).unwrap());
    assert!(rekey(dir.path()).is_err(), "not while the platform runs");
    world.tracker.drain().await;

    let second = rekey(dir.path()).unwrap();
    let third = rekey(dir.path()).unwrap();
    let world = World::open(dir.path()).await;
    assert_eq!((world.tracker.platform_key(), log_keys(dir.path()).unwrap().all().len()), (third, 3));
    world.send(2, seal.id, vec![(1, seal.hello()), (2, seal.periodic())]).await;
    let (first_heard, next_heard) = (world.published().await.1, world.published().await.1);
    assert_eq!(opened(known, &seal, &first_heard), Some(Down::Rekey(Rekey { seq: 1, public_key: second })));
    assert_eq!(opened(known, &seal, &next_heard), None);
    assert_eq!(opened(second, &seal, &next_heard), Some(Down::Rekey(Rekey { seq: 2, public_key: third })));
    assert_eq!(world.ack(&seal).await.stored, 2, "signed by the newest");

    let after = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    for (what, file, root) in [
        ("an old bundle by an old root", &before, &old_root),
        ("a new bundle by an old root", &after, &old_root),
        ("an old bundle by a new root", &before, &trust_root(dir.path()).unwrap()),
        ("a new bundle by a new root", &after, &trust_root(dir.path()).unwrap()),
    ] {
        let checked = evidence::read(Cursor::new(file), root).unwrap();
        assert_eq!(checked.verdict, Verdict::Genuine, "{what}: {:?}", checked.reasons);
    }
    world.tracker.drain().await;
    let verified = sealway_tracker::verify(config(dir.path()), |_| {}).await.unwrap();
    assert_eq!(verified.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_without_the_newest_key_does_not_become_the_platform() {
    let room = tempfile::tempdir().unwrap();
    let (dir, copy, new) = (room.path().join("data"), room.path().join("copy"), room.path().join("new"));
    let world = World::open(&dir).await;
    world.populate().await;
    world.tracker.drain().await;
    let old_keys = std::fs::read(dir.join("platform.key")).unwrap();
    let next = rekey(&dir).unwrap();
    World::open(&dir).await.tracker.drain().await;
    backup(&dir, &copy, &|_| {}).unwrap();
    let keys = std::fs::read(copy.join("platform.key")).unwrap();
    std::fs::write(copy.join("platform.key"), old_keys).unwrap();
    let refused = restore(&copy, &config(&new), &|_| {}).unwrap_err().to_string();
    assert!(refused.contains(&next.to_string()), "{refused}");
    let new = room.path().join("new-again");
    std::fs::write(copy.join("platform.key"), keys).unwrap();
    restore(&copy, &config(&new), &|_| {}).unwrap();
    let tracker = World::open(&new).await.tracker;
    assert_eq!(tracker.platform_key(), next);
    tracker.drain().await;
}
