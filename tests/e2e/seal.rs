//! A seal that speaks as fast as its window lets it, over TCP, and remembers what it was promised.

use sealway_schemas::report::Event;
use sealway_schemas::topics;
use sealway_schemas::up::{UpItem, split};
use sealway_seal_sim::device::Device;
use sealway_seal_sim::enrol;
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::mqtt::{self, Incoming};
use sealway_tests::{Api, Sealway};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const IN_FLIGHT: usize = 16;
const PAGE: usize = 10_000;

/// As its owner does it over the API.
pub(crate) fn enrol(platform: &Sealway, owner: &str, device: &mut Device) {
    let api = enrol::Api::new(&platform.http.to_string(), &platform.token("carrier", owner));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(api.enrol(device, &owner.parse().unwrap())).unwrap();
}

pub(crate) struct Seal {
    pub(crate) device: Device,
    pub(crate) pubacked: BTreeSet<u64>,
    uptime_ms: u64,
}

impl Seal {
    pub(crate) fn enrolled(number: u8, platform: &Sealway) -> Self {
        let mut device = Device::new(format!("LOAD-{number:03}").parse().unwrap(), [number + 1; 32], 100_000);
        enrol(platform, "load-carrier", &mut device);
        Self { device, pubacked: BTreeSet::new(), uptime_ms: 1000 }
    }

    /// Until the platform ends, in whatever way.
    pub(crate) fn send_until_the_end(&mut self, address: SocketAddr, pubacks: &AtomicU64) {
        // An error is that end; what was not PUBACKed goes out again after the next start.
        let _ended = self.send(address, pubacks);
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
    pub(crate) fn stored(&self, admin: &Api) -> Vec<u64> {
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

fn counters(payload: &[u8]) -> Vec<u64> {
    let items = split(payload).into_iter();
    items
        .map(|item| match item {
            Ok(UpItem::Report(_, report)) => report.ctr(),
            other => panic!("not a report: {other:?}"),
        })
        .collect()
}
