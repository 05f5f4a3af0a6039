//! What a machine does to a platform: a disk without room, a clock that jumps.

use crate::gateways::unix_ms;
use crate::seal::Seal;
use crate::series::until;
use sealway_tests::{Answer, Api, Sealway, SmallDisk, run};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// Far enough in the future that it stays planned.
const PLANNED: u64 = 30 * 86_400_000;

/// A word of so many letters: a feature is taken up to 256 KiB.
const LONG: usize = 250_000;

/// The same planned version of a place again and again, with a long word in it: the log grows by it, and no view does.
fn put(api: &Api, from: u64, version: u64) -> Answer {
    let ring = json!([[108.0, 34.0], [108.1, 34.0], [108.1, 34.1], [108.0, 34.1], [108.0, 34.0]]);
    let place = json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {
        "id": "depot", "kind": "depot", "name_zh": "场", "name_en": "Depot", "version": version, "note": "x".repeat(LONG)}});
    api.put(&format!("/api/v1/places/depot?effective_from={from}"), &place)
}

#[test]
fn a_full_disk_takes_nothing_says_so_and_goes_on_when_there_is_room() {
    let room = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted(&room.path().join("disk"), 330) else {
        println!("skipped: a full disk needs a user who may mount a tmpfs");
        return;
    };
    let data = disk.path().join("data");
    let platform = Sealway::serve(&data);
    let admin = platform.admin();
    let from = unix_ms() + PLANNED;
    let filler = disk.path().join("filler");
    std::fs::write(&filler, vec![1_u8; 150 << 20]).unwrap();
    // The first request that finds no room waits for some until its deadline; those after it are told at once.
    let refused = (0..1_600).map(|version| put(&admin, from, version)).find(|answer| answer.status != 200);
    assert_eq!(refused.map(|answer| answer.status), Some(503));
    let told = put(&admin, from, 1_900);
    assert!(told.status == 507 && told.body.contains("disk-full"), "{} {}", told.status, told.body);
    std::fs::remove_file(&filler).unwrap();
    let shown = (2_000..2_060).find(|version| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let _taken_or_not = put(&admin, from, *version);
        let place = admin.get(&format!("/api/v1/places/depot/versions/{from}")).json();
        place["properties"]["version"].as_u64() >= Some(2_000)
    });
    assert!(shown.is_some(), "nothing is taken and shown although there is room again");
    assert!(platform.stop().success());
    let output = run(&["verify", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Registers parties while calls of one file fail, and looks afterwards whether all that was answered is there and nothing torn.
/// `false` where nothing can be made to fail; `ends`: whether the platform has to give up.
fn survives(file: &str, fault: &str, ends: bool) -> bool {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    assert!(Sealway::serve(&data).stop().success());
    let Some(platform) = Sealway::serve_failing(&data, file, fault) else { return false };
    let admin = platform.admin();
    let mut answered = Vec::new();
    for number in 0..60 {
        let id = format!("party-{number}");
        let party = json!({"party": id, "role": "carrier", "name_zh": "某", "name_en": "Some"});
        match admin.try_post("/api/v1/parties", &party) {
            Some(answer) if answer.status == 201 => answered.push(id),
            Some(answer) => panic!("{file} {fault}: {} {}", answer.status, answer.body),
            None => break,
        }
    }
    assert_eq!(answered.len() < 60, ends, "{file} {fault}: {} answered", answered.len());
    if ends {
        assert!(!platform.ended().success(), "{file} {fault}");
    } else {
        assert!(platform.stop().success(), "{file} {fault}");
    }
    let platform = Sealway::serve(&data);
    let parties = platform.admin().all("/api/v1/parties");
    let known: Vec<&str> = parties.iter().filter_map(|party| party["id"].as_str()).collect();
    let lost: Vec<&String> = answered.iter().filter(|id| !known.contains(&id.as_str())).collect();
    assert!(lost.is_empty(), "{file} {fault}: answered and lost: {lost:?}");
    assert!(platform.stop().success());
    let output = run(&["verify", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{file} {fault}: {}", String::from_utf8_lossy(&output.stdout));
    true
}

#[test]
fn a_disk_that_fails_in_the_log_ends_the_platform_and_in_a_view_does_not_and_nothing_answered_is_lost() {
    const SEGMENT: &str = "log/00000000000000000000.seg";
    let faults = [
        (SEGMENT, "fdatasync:error=EIO:when=7", true),
        (SEGMENT, "fdatasync:error=EIO:when=8+", true),
        (SEGMENT, "pwrite64:error=EIO:when=9", true),
        ("tree/0.rows", "pwrite64:error=EIO:when=1..3", false),
        ("tree/0.rows", "fdatasync:error=EIO:when=1", false),
        ("registry.sqlite-wal", "pwrite64:error=EIO:when=20..24", false),
    ];
    for (file, fault, ends) in faults {
        if !survives(file, fault, ends) {
            println!("skipped: failing disks need strace");
            return;
        }
    }
}

#[test]
fn a_clock_that_jumps_forty_days_loses_nothing_and_stops_nobody() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    let mut seal = None;
    for (number, moved) in ["+0d", "+40d", "-40d", "+0d"].into_iter().enumerate() {
        let Some(platform) = Sealway::serve_at(&data, moved) else {
            println!("skipped: clock jumps need libfaketime");
            return;
        };
        let party = json!({"party": format!("party-{number}"), "role": "carrier", "name_zh": "某", "name_en": "Some"});
        let _receipt = platform.admin().post("/api/v1/parties", &party).ok();
        let parties = platform.admin().all("/api/v1/parties");
        let found = parties.iter().filter(|party| party["id"].as_str().is_some_and(|id| id.starts_with("party-"))).count();
        assert_eq!(found, number + 1, "{moved}");
        let seal = seal.get_or_insert_with(|| Seal::enrolled(0, &platform));
        let (address, pubacks) = (platform.mqtt, AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| seal.send_until_the_end(address, &pubacks));
            until("the seal is heard", || pubacks.load(Ordering::Relaxed) >= 20);
            assert!(platform.stop().success());
        });
    }
    let (platform, seal) = (Sealway::serve(&data), seal.unwrap());
    let stored: BTreeSet<u64> = seal.stored(&platform.admin()).into_iter().collect();
    assert!(seal.pubacked.is_subset(&stored), "{:?}", seal.pubacked.difference(&stored));
    assert!(platform.stop().success());
    for arguments in [["verify", "--data"], ["rebuild", "--data"]] {
        let output = run(&[arguments[0], arguments[1], data.to_str().unwrap()]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
