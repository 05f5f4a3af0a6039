//! Evidence of a transfer out of a running platform.

use crate::support::{START, Seal, World, config};
use sealway_core::evidence::Verdict;
use sealway_core::proof::note::{Scheme, Verifier};
use sealway_core::proof::witness::request;
use sealway_schemas::TransferId;
use sealway_schemas::command::Role;
use sealway_tracker::{TreeReader, WitnessKeeper, backup, evidence, log_keys, rebuild, restore, trust_root};
use serde_json::json;
use std::io::Cursor;
use std::path::Path;

/// A transfer of `seal` between two places.
pub(crate) async fn declared(world: &World, seal: &Seal) -> TransferId {
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let ring = |lon: f64| json!([[[lon, 34.0], [lon + 0.01, 34.0], [lon + 0.01, 34.01], [lon, 34.01], [lon, 34.0]]]);
    for (place, lon) in [("yard", 108.9), ("port", 109.1)] {
        let feature = json!({"type": "Feature", "id": place, "geometry": {"type": "Polygon", "coordinates": ring(lon)},
            "properties": {"id": place, "kind": "port", "name_zh": "某", "name_en": "Some"}});
        world.ok(Role::Customs, json!({"type": "put-place", "feature": feature})).await;
    }
    let line = json!([[108.905, 34.005], [109.105, 34.005]]);
    let road = json!({"type": "Feature", "id": "road", "geometry": {"type": "LineString", "coordinates": line},
        "properties": {"id": "road", "mode": "road", "from": "yard", "to": "port", "length_km": 18.4, "width_m": 500, "name_zh": "某", "name_en": "Some"}});
    world.ok(Role::Customs, json!({"type": "put-corridor", "feature": road})).await;
    let declare = json!({"type": "declare-transfer", "transfer": id, "carrier": "silk-road", "unit": "LOOSE-1", "seal": seal.id,
        "origin": "yard", "destination": "port", "corridor": "road"});
    world.ok(Role::Carrier, declare).await;
    id
}

/// The file of its evidence, once so many entries are under a checkpoint.
pub(crate) async fn bundle(world: &World, dir: &Path, transfer: &TransferId, entries: u64) -> Vec<u8> {
    while world.tracker.tree().checkpoint().is_none_or(|signed| signed.checkpoint.size < entries) {
        tokio::task::yield_now().await;
    }
    let tree = TreeReader::open(dir).unwrap();
    evidence::write(&evidence::gather(&tree, transfer, &|_| {}).unwrap(), &log_keys(dir).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_over_gives_the_same_bytes_when_the_log_has_grown() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let transfer = declared(&world, &seal).await;
    world.send(1, seal.id, vec![(1, seal.seal()), (2, seal.periodic())]).await;
    world.settled().await;
    let first = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    // What others do afterwards: another seal's reports, and new places that the transfer was not judged by.
    let mut other = Seal::new(2);
    world.enrol(&other).await;
    for ticket in 1..=40 {
        world.send(2, other.id, vec![(ticket, other.periodic())]).await;
        world.settled().await;
    }
    world
        .ok(Role::Admin, json!({"type": "register-party", "party": "silk-road", "role": "carrier", "name_zh": "新名", "name_en": "New"}))
        .await;
    let again = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    assert!(first == again, "{} and {} bytes", first.len(), again.len());
    let checked = evidence::read(Cursor::new(&again), &trust_root(dir.path()).unwrap()).unwrap();
    assert_eq!((checked.verdict, checked.devices.len()), (Verdict::Genuine, 1), "{:?}", checked.reasons);

    world.send(1, seal.id, vec![(3, seal.periodic())]).await;
    world.settled().await;
    let longer = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    assert!(longer != again, "another report of its own seal is more evidence");
    world.tracker.drain().await;
}

/// Lets a witness cosign the newest checkpoint, which covers so many entries at least.
async fn cosigned(world: &World, witness: &Path, (entries, seconds): (u64, u64)) {
    let tree = world.tracker.tree();
    let signed = loop {
        match tree.checkpoint() {
            Some(signed) if signed.checkpoint.size >= entries => break signed,
            _ => tokio::task::yield_now().await,
        }
    };
    let old = tree.cosigned().map_or(0, |cosigned| cosigned.checkpoint.size);
    let growth = tree.prove_growth(old, signed.checkpoint.size).unwrap();
    let name = format!("sealway/{}", world.tracker.platform_key().key_id());
    let log = Verifier::new(&name, world.tracker.platform_key(), Scheme::Ed25519).unwrap();
    let keeper = WitnessKeeper::open(witness, "witness.example", vec![log]).unwrap();
    let line = keeper.add(&request(old, &growth, &signed.note), seconds).unwrap();
    tree.cosign(&signed, &Verifier::parse(&keeper.key()).unwrap(), &line).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_keeps_its_bytes_over_a_rebuild_and_over_a_restore() {
    let (dir, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [witness, copy, new] = ["witness", "copy", "new"].map(|name| room.path().join(name));
    let world = World::open(dir.path()).await;
    world.populate().await;
    cosigned(&world, &witness, (1, 1_000)).await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    let transfer = declared(&world, &seal).await;
    world.send(1, seal.id, vec![(1, seal.seal()), (2, seal.periodic())]).await;
    world.settled().await;
    let entries = world.tracker.log().durable();
    cosigned(&world, &witness, (entries, 2_000)).await;
    let before = bundle(&world, dir.path(), &transfer, entries).await;
    world.ok(Role::Admin, json!({"type": "register-party", "party": "q", "role": "carrier", "name_zh": "某", "name_en": "Q"})).await;
    world.tracker.drain().await;
    backup(dir.path(), &copy, &|_| {}).unwrap();

    rebuild(config(dir.path())).await.unwrap();
    let rebuilt = World::with(config(dir.path()), START).await;
    assert!(bundle(&rebuilt, dir.path(), &transfer, entries).await == before, "after a rebuild");
    rebuilt.tracker.drain().await;
    restore(&copy, &config(&new), &|_| {}).unwrap();
    let restored = World::with(config(&new), START + 10).await;
    assert!(bundle(&restored, &new, &transfer, entries).await == before, "after a restore");
    let checked = evidence::read(Cursor::new(&before), &trust_root(&new).unwrap()).unwrap();
    assert_eq!(checked.verdict, Verdict::Genuine, "{:?}", checked.reasons);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_a_standing_order_let_through_has_its_officer_in_the_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path()).await;
    world.populate().await;
    let order = |id: &str, carrier: Option<&str>, origin: Option<&str>| json!({"type": "put-standing-order", "order": id, "carrier": carrier, "origin": origin, "arrows": ["accept"]});
    let seal = Seal::new(1);
    world.enrol(&seal).await;
    for (id, carrier) in [("all", None), ("ours", Some("silk-road")), ("theirs", Some("other-carrier")), ("gone", None)] {
        world.ok(Role::Customs, order(id, carrier, None)).await;
    }
    world.ok(Role::Customs, json!({"type": "remove-standing-order", "order": "gone"})).await;
    let transfer = declared(&world, &seal).await;
    let file = bundle(&world, dir.path(), &transfer, world.tracker.log().durable()).await;
    let checked = evidence::read(Cursor::new(&file), &trust_root(dir.path()).unwrap()).unwrap();
    let orders = checked.decisions.iter().filter(|decision| decision.command.ends_with("-standing-order"));
    let orders: Vec<_> = orders.map(|decision| (decision.command.as_str(), decision.subject.as_str(), decision.user.as_str())).collect();
    let put = |id| ("put-standing-order", id, "customs-1");
    assert_eq!(orders, [put("all"), put("ours"), put("gone"), ("remove-standing-order", "gone", "customs-1")]);
}
