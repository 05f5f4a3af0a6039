//! `kill -9` under load: what was PUBACKed is there afterwards, and nothing is there twice.

use crate::seal::Seal;
use crate::series::{gauge, reports, until};
use sealway_schemas::DeviceId;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Report;
use sealway_tests::{Api, Sealway};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// `SEALWAY_KILLS=1000` for a night.
const KILLS: usize = 50;
const DEVICES: u8 = 4;
/// So many PUBACKs after each start, and the next kill comes.
const PUBACKS: u64 = 300;

#[test]
fn nothing_that_was_pubacked_is_lost_or_doubled_by_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = Sealway::serve(&data);
    let mut seals: Vec<Seal> = (0..DEVICES).map(|number| Seal::enrolled(number, &platform)).collect();
    platform.kill();
    let kills = std::env::var("SEALWAY_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    for _ in 0..kills {
        let platform = Sealway::serve(&data);
        let (address, pubacks) = (platform.mqtt, AtomicU64::new(0));
        std::thread::scope(|scope| {
            for seal in &mut seals {
                let pubacks = &pubacks;
                scope.spawn(move || seal.send_until_the_end(address, pubacks));
            }
            while pubacks.load(Ordering::Relaxed) < PUBACKS {
                std::thread::yield_now();
            }
            platform.kill();
        });
    }
    let platform = Sealway::serve(&data);
    let admin = platform.admin();
    let written = written(&admin);
    until("the series have caught up", || gauge(&admin, "series_lag_entries") == 0);
    for seal in &seals {
        let stored = seal.stored(&admin);
        let unique: BTreeSet<u64> = stored.iter().copied().collect();
        assert_eq!(stored.len(), unique.len(), "{} has reports twice", seal.device.id());
        let lost: Vec<u64> = seal.pubacked.difference(&unique).copied().collect();
        assert!(lost.is_empty(), "{}: {} were PUBACKed and are gone: {lost:?}", seal.device.id(), lost.len());
        // A track shows one point for two reports of one time: only the log says what is there twice.
        let kept = written.get(&seal.device.id()).map_or(&[][..], Vec::as_slice);
        let once: BTreeSet<u64> = kept.iter().copied().collect();
        assert_eq!(kept.len(), once.len(), "{} has reports twice in the log", seal.device.id());
        let promised: BTreeSet<u64> = seal.pubacked.iter().copied().chain(1..=seal.device.acked().stored).collect();
        let lost: Vec<u64> = promised.difference(&once).copied().collect();
        assert!(lost.is_empty(), "{}: {} were acknowledged and are not in the log: {lost:?}", seal.device.id(), lost.len());
        assert!(seal.pubacked.len() > kills, "{} hardly spoke: {}", seal.device.id(), seal.pubacked.len());
        assert_eq!(reports(&admin, seal.device.id().as_str()), unique.len() as u64, "{} in the series", seal.device.id());
    }
    let rebuilt = platform.stop();
    assert!(rebuilt.success());
    let output = sealway_tests::run(&["rebuild", "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Counters of the reports in the log, by device, as often as they are there.
fn written(admin: &Api) -> BTreeMap<DeviceId, Vec<u64>> {
    let (mut written, mut from) = (BTreeMap::<DeviceId, Vec<u64>>::new(), 0);
    loop {
        let frames = admin.bytes(&format!("/api/v1/log/frames?from={from}"));
        let mut rest = frames.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (entry, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            if let Entry::Report { device, bytes, .. } = Entry::decode(entry).unwrap() {
                written.entry(device).or_default().push(Report::parse(&bytes).unwrap().1.ctr());
            }
            (rest, from) = (after, from + 1);
        }
        // The route waits ten seconds for a further entry.
        if frames.is_empty() {
            return written;
        }
    }
}
