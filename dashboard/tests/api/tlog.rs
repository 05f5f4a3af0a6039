//! The log as tools of the tlog family and auditors read it.

use crate::house::House;
use sealway_tracker::proof::note::{Note, Scheme, Verifier};
use sealway_tracker::proof::{Checkpoint, Hash, consistency, inclusion};
use serde_json::Value;

fn checkpoint(house: &House) -> Checkpoint {
    house.checkpointed();
    let text = house.nobody().get("/tlog/checkpoint").text();
    let (note, key) = (Note::parse(&text).unwrap(), house.platform_key());
    Verifier::new(&format!("sealway/{}", key.key_id()), key, Scheme::Ed25519).unwrap().verify(&note).unwrap();
    Checkpoint::parse(note.text).unwrap()
}

fn hash(text: &Value) -> Hash {
    Hash::from_bytes(hex::decode(text.as_str().unwrap()).unwrap().try_into().unwrap())
}

fn hashes(list: &Value) -> Vec<Hash> {
    list.as_array().unwrap().iter().map(hash).collect()
}

#[test]
fn anyone_reads_hashes_and_only_those_who_see_all_read_entries() {
    let house = House::open();
    let size = checkpoint(&house).size;
    let tile = house.nobody().get(&format!("/tlog/tile/0/000.p/{size}"));
    assert_eq!((tile.status, tile.body.len() as u64), (200, size * 32));
    assert!(tile.header("cache-control").unwrap().contains("immutable"));
    let entries = format!("/tlog/tile/entries/000.p/{size}");
    assert_eq!(house.nobody().get(&entries).problem(401), "not-authenticated");
    assert_eq!(house.as_user("north").get(&entries).problem(403), "role-forbids");
    let bundle = house.as_user("auditor").get(&entries);
    let length = usize::from(u16::from_be_bytes([bundle.body[0], bundle.body[1]]));
    assert_eq!(Hash::leaf(&bundle.body[2..2 + length]).as_bytes(), &tile.body[..32]);
    for missing in ["0/001", "0/000.p/0", "9/000", "entries/x", "../checkpoint", "0/000.p/00001"] {
        let answer = house.as_user("auditor").get(&format!("/tlog/tile/{missing}"));
        assert_eq!(answer.problem(404), "not-found", "{missing}");
    }
}

#[test]
fn an_auditor_proves_an_entry_and_that_the_log_only_grew() {
    let house = House::open();
    let (older, auditor) = (checkpoint(&house), house.as_user("auditor"));
    let proved = auditor.get(&format!("/api/v1/log/entries/2?size={}", older.size)).ok();
    let entry = hex::decode(proved["entry"].as_str().unwrap()).unwrap();
    let leaf = Hash::leaf(&sealway_schemas::entry::Entry::leaf(&entry).unwrap());
    assert_eq!(leaf, hash(&proved["leaf"]));
    assert_eq!(inclusion::verify(leaf, 2, (older.size, older.root), &hashes(&proved["proof"])), Ok(()));
    house.atlas();
    let newer = checkpoint(&house);
    let growth = auditor.get(&format!("/api/v1/log/growth?old={}&size={}", older.size, newer.size)).ok();
    let proof = hashes(&growth["proof"]);
    assert_eq!(consistency::verify((older.size, older.root), (newer.size, newer.root), &proof), Ok(()));
    assert_eq!(auditor.get("/api/v1/log/entries/999999").problem(404), "not-found");
    assert_eq!(auditor.get("/api/v1/log/growth?old=0&size=999999").problem(404), "not-in-the-tree");
}

#[test]
fn the_log_is_listed_newest_first_and_by_the_millisecond_of_arrival() {
    let house = House::open();
    let quiet = house.now().as_ms();
    house.later(5_000);
    house.atlas();
    let size = checkpoint(&house).size;
    let auditor = house.as_user("auditor");
    let first = auditor.get("/api/v1/log/entries?limit=2").ok();
    let numbers = |page: &Value| page["items"].as_array().unwrap().iter().map(|head| head["seq"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(&first), [size - 1, size - 2]);
    let corridor = &first["items"][0];
    assert_eq!(
        (corridor["kind"].as_str(), corridor["command"].as_str(), corridor["subject"].as_str()),
        (Some("command"), Some("put-corridor"), Some("a-b"))
    );
    assert_eq!((corridor["user"].as_str(), corridor["signed"].as_bool()), (Some("officer"), Some(false)));
    let second = auditor.get(&format!("/api/v1/log/entries?limit=2&after={}", first["next"].as_str().unwrap())).ok();
    assert_eq!(numbers(&second), [size - 3, size - 4]);
    let now = auditor.get(&format!("/api/v1/log/entries?at={}", house.now().as_ms())).ok();
    assert_eq!(numbers(&now), [size - 1, size - 2, size - 3], "two places and a corridor came in this millisecond");
    let before = auditor.get(&format!("/api/v1/log/entries?at={quiet}")).ok();
    assert_eq!(numbers(&before).len() as u64, size - 3);
    assert_eq!(numbers(&auditor.get("/api/v1/log/entries?at=1").ok()), Vec::<u64>::new());
    assert_eq!(house.as_user("north").get("/api/v1/log/entries").problem(403), "role-forbids");
}
