//! A damaged folder: each damage is found, and named by file, entry and row.

use crate::support::{START, Seal, World, config, open_registry};
use sealway_tracker::{Found, TrackerConfig, Verified, log::LogConfig, rebuild, verify};
use sqlx::Connection as _;
use std::fs;
use std::path::{Path, PathBuf};

const REPORTS: u16 = 300;

async fn drained(dir: &Path) -> u64 {
    drained_into(config(dir)).await
}

async fn drained_into(config: TrackerConfig) -> u64 {
    let world = World::with(config, START).await;
    world.populate().await;
    let mut seal = Seal::new(1);
    world.enrol(&seal).await;
    for ticket in 1..=REPORTS {
        world.send(1, seal.id, vec![(ticket, seal.periodic())]).await;
    }
    let mut settled = 0;
    while settled < usize::from(REPORTS) {
        settled += world.settled().await.len();
    }
    let entries = world.tracker.log().durable();
    world.tracker.drain().await;
    entries
}

async fn looked_at(dir: &Path) -> Verified {
    verify(config(dir), |_| {}).await.unwrap()
}

fn segment(dir: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join("log")).unwrap().map(|item| item.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    files.sort();
    files.remove(0)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.get_mut(at).unwrap() ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_folder_has_no_faults() {
    let dir = tempfile::tempdir().unwrap();
    let entries = drained(dir.path()).await;
    let verified = looked_at(dir.path()).await;
    assert_eq!(verified.found, []);
    assert_eq!((verified.entries, verified.checkpoint), (entries, Some(entries)));
    assert!(verified.registry_rows.is_some_and(|rows| rows > 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_the_log_is_named_with_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    let path = segment(dir.path());
    let bytes = fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for at in [100, used / 2, used - 5] {
        flip(&path, at);
        let verified = looked_at(dir.path()).await;
        let [Found { file, entry: Some(entry), fault, .. }, ..] = verified.found.as_slice() else { panic!("{:?}", verified.found) };
        assert_eq!((file.as_str(), *entry), ("log/00000000000000000000.seg", verified.entries), "byte {at}: {fault}");
        assert_eq!(verified.registry_rows, None);
        flip(&path, at);
    }
    assert_eq!(looked_at(dir.path()).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_the_tree_is_named_with_its_row() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    flip(&dir.path().join("tree/0.rows"), 77 * 32 + 5);
    flip(&dir.path().join("tree/1.rows"), 3);
    let found: Vec<String> = looked_at(dir.path()).await.found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["tree/0.rows, entry 77, row 77: not the hash that the log gives", "tree/1.rows, row 0: not the hash that the log gives"]
    );
    flip(&dir.path().join("tree/checkpoint"), 30);
    let found = looked_at(dir.path()).await.found;
    assert!(found.iter().any(|found| found.file == "tree/checkpoint"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_a_missing_and_a_further_row_of_the_registry_are_named() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    let mut connection = open_registry(dir.path()).await;
    for sql in [
        "UPDATE devices SET owner = 'other-carrier'",
        "DELETE FROM parties WHERE id = 'other-carrier'",
        "INSERT INTO parties (id, role, body) VALUES ('shell-company', 'carrier', '{}')",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    let found: Vec<String> = looked_at(dir.path()).await.found.into_iter().filter_map(|found| found.row).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    for row in ["devices ", "parties other-carrier", "parties shell-company"] {
        assert!(found.iter().any(|found| found.starts_with(row)), "{row}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_bit_in_any_page_of_the_registry_is_found_and_stays_for_whoever_looks_next() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    let path = dir.path().join("registry.sqlite");
    let whole = fs::read(&path).unwrap();
    let told = whole.windows(9).position(|bytes| bytes == b"silk-road").unwrap();
    // The version of the tables, the first byte of each page, and a letter of a row.
    for at in (0..8).map(|page| page * 4096).chain([63, told]) {
        flip(&path, at);
        for _ in 0..2 {
            let found = looked_at(dir.path()).await.found;
            assert!(!found.is_empty() && found.iter().all(|found| found.file == "registry.sqlite"), "byte {at}: {found:?}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(looked_at(dir.path()).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_the_trees_index_is_named_with_its_row() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    flip(&dir.path().join("tree/index"), 9);
    let found: Vec<String> = looked_at(dir.path()).await.found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["tree/index, row 1: not where the entry stands in the log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_key_gets_no_other_one() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    let key = dir.path().join("platform.key");
    fs::remove_file(&key).unwrap();
    for refused in [verify(config(dir.path()), |_| {}).await.map(drop), rebuild(config(dir.path())).await.map(drop)] {
        assert!(refused.unwrap_err().to_string().contains("bring it from the backup"));
        assert!(!key.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_platform_finds_a_turned_bit_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    drained(dir.path()).await;
    flip(&dir.path().join("tree/0.rows"), 5 * 32 + 1);
    // A start reads the tree's edge alone.
    let world = World::open(dir.path()).await;
    while world.tracker.metrics().scrub_faults == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_bit_of_a_sealed_segment_is_told_once_in_a_round() {
    let dir = tempfile::tempdir().unwrap();
    let small = || TrackerConfig { log: LogConfig { segment_bytes: 1 << 15, ..LogConfig::default() }, ..config(dir.path()) };
    drained_into(small()).await;
    flip(&segment(dir.path()), 2_000);
    // A start reads the newest segment alone.
    let world = World::with(small(), START).await;
    let told = loop {
        let told = world.tracker.metrics();
        if told.scrub_rounds > 0 || told.scrub_faults > 1 {
            break told;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((told.scrub_rounds, told.scrub_faults), (1, 1));
}
