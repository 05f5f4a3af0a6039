//! `kill -9` under load: what was PUBACKed is there afterwards, and nothing is there twice.

use crate::series::{gauge, reports, until};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, PublicKey, topics};
use sealway_seal_sim::device::Device;
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::mqtt::{self, Incoming};
use sealway_tests::{Api, Sealway};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// `SEALWAY_KILLS=1000` for a night.
const KILLS: usize = 50;
const DEVICES: u8 = 4;
/// So many PUBACKs after each start, and the next kill comes.
const PUBACKS: u64 = 300;
const IN_FLIGHT: usize = 16;
const PAGE: usize = 10_000;

#[test]
fn nothing_that_was_pubacked_is_lost_or_doubled_by_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = Sealway::serve(&data);
    let mut seals: Vec<Seal> = (0..DEVICES).map(|number| Seal::enrolled(number, &platform.admin())).collect();
    platform.kill();
    let kills = std::env::var("SEALWAY_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    for _ in 0..kills {
        let platform = Sealway::serve(&data);
        let (address, pubacks) = (platform.mqtt, AtomicU64::new(0));
        std::thread::scope(|scope| {
            for seal in &mut seals {
                let pubacks = &pubacks;
                scope.spawn(move || seal.send_until_killed(address, pubacks));
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

struct Seal {
    device: Device,
    pubacked: BTreeSet<u64>,
    uptime_ms: u64,
}

impl Seal {
    fn enrolled(number: u8, admin: &Api) -> Self {
        let device = Device::new(format!("KILL-{number:03}").parse().unwrap(), [number + 1; 32], 100_000);
        if number == 0 {
            let party = json!({ "party": "kill-carrier", "role": "carrier", "name_zh": "x", "name_en": "x" });
            assert_eq!(admin.post("/api/v1/parties", &party).status, 201);
        }
        let given = admin.post("/api/v1/devices/enrolment-challenges", &json!({})).ok();
        let challenge: [u8; 32] = bytes(given["challenge"].as_str().unwrap()).try_into().unwrap();
        let proof: String = device.enrolment(challenge).iter().map(|byte| format!("{byte:02x}")).collect();
        let enrol = json!({ "device": device.id(), "public_key": device.public_key(), "challenge": given["challenge"], "proof": proof, "owner": "kill-carrier" });
        let answer = admin.post("/api/v1/devices", &enrol).ok();
        let mut device = device;
        device.trust(answer["platform_key"].as_str().unwrap().parse::<PublicKey>().unwrap());
        Self { device, pubacked: BTreeSet::new(), uptime_ms: 1000 }
    }

    fn send_until_killed(&mut self, address: SocketAddr, pubacks: &AtomicU64) {
        // An error is the kill; what was not PUBACKed goes out again after the next start.
        let _killed = self.send(address, pubacks);
        self.device.disconnected();
    }

    fn send(&mut self, address: SocketAddr, pubacks: &AtomicU64) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let id = self.device.id();
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&unix_now().as_ms().to_be_bytes());
        let mut out = Vec::new();
        mqtt::connect(id.as_str(), &self.device.login(unix_now(), nonce), 60, &mut out);
        mqtt::subscribe(&topics::down(&id), 1, &mut out);
        mqtt::publish_once(&topics::up(&id), 2, &self.device.connected(), &mut out);
        stream.write_all(&out)?;
        let mut flying: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
        let mut ticket = 2_u16;
        let (mut input, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            out.clear();
            while flying.len() < IN_FLIGHT {
                self.uptime_ms += 1000;
                self.device.report(self.uptime_ms, Event::Periodic).unwrap();
                ticket = if ticket == u16::MAX { 3 } else { ticket + 1 };
                let Some(payload) = self.device.next_payload(ticket) else { break };
                flying.insert(ticket, counters(&payload));
                mqtt::publish_once(&topics::up(&id), ticket, &payload, &mut out);
            }
            stream.write_all(&out)?;
            let read = stream.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            input.extend_from_slice(&piece[..read]);
            while let Some((packet, length)) = mqtt::first(&input).unwrap() {
                match packet {
                    Incoming::PubAck(ticket) => {
                        self.device.settled(ticket);
                        self.pubacked.extend(flying.remove(&ticket).unwrap_or_default());
                        pubacks.fetch_add(1, Ordering::Relaxed);
                    }
                    Incoming::Publish { ticket, payload } => {
                        self.device.hear(self.uptime_ms, payload);
                        let mut receipt = Vec::new();
                        mqtt::puback(ticket, &mut receipt);
                        stream.write_all(&receipt)?;
                    }
                    Incoming::ConnAck(_) | Incoming::SubAck(_) | Incoming::PingResp => {}
                }
                input.drain(..length);
            }
        }
    }

    /// The API tells at most [`PAGE`] reports at a time, the newest first; no two of this seal's have one time.
    fn stored(&self, admin: &Api) -> Vec<u64> {
        let (mut stored, mut to) = (Vec::new(), i64::MAX);
        loop {
            let track = admin.get(&format!("/api/v1/devices/{}/track?limit={PAGE}&to={to}", self.device.id())).ok();
            let points = track["points"].as_array().unwrap();
            let Some(oldest) = points.first() else { return stored };
            to = oldest["t"].as_i64().unwrap() - 1;
            stored.extend(points.iter().map(|point| point["ctr"].as_u64().unwrap()));
        }
    }
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

fn counters(payload: &[u8]) -> Vec<u64> {
    let items = split(payload).into_iter();
    items
        .map(|item| match item {
            Ok(UpItem::Report(_, report)) => report.ctr(),
            other => panic!("not a report: {other:?}"),
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
