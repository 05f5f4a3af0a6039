//! A platform of its own for each attack, honest traffic beside it, and what is held against what.

use crate::honest::Honest;
use crate::seal::Seal;
use sealway_tests::{Api, Sealway};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};

const CALM: Duration = Duration::from_millis(1_500);
const ATTACK: Duration = Duration::from_millis(2_500);
const HONEST: usize = 6;
/// Below this a p99 says how two cores share their time between a debug build, its attackers, its honest seals and whatever else runs
/// there, and nothing more. The lines that are printed have the figures.
const NOISE: Duration = Duration::from_millis(400);
/// Machines have hiccups of their own: an attack that slows the honest does so each time.
const ATTEMPTS: u8 = 3;
const MEMORY: u64 = 512 << 20;
const GROWTH: u64 = 50 << 20;
/// Attackers of one platform would disturb the measurements of another.
static ALONE: Mutex<()> = Mutex::new(());

pub(crate) struct Stage {
    pub(crate) platform: Sealway,
    mqtts: SocketAddr,
    pub(crate) owner: Api,
    honest: Honest,
    pub(crate) room: tempfile::TempDir,
    _alone: std::sync::MutexGuard<'static, ()>,
}

/// Where an attack goes, from where, and until when.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) mqtt: SocketAddr,
    pub(crate) mqtts: SocketAddr,
    attempt: u8,
    until: Instant,
    counts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Stage {
    pub(crate) fn open() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let room = tempfile::tempdir().unwrap();
        crate::certificate::write(room.path(), "first");
        let platform = Sealway::serve_by(&configuration(&room), &room.path().join("data"));
        let owner = platform.api("carrier", "honest-carrier");
        let seals = (0..HONEST).map(|number| Seal::enrolled(&format!("HONEST-{number}"), &owner)).collect();
        let honest = Honest::begin(platform.mqtt, seals);
        let mqtts = platform.mqtts();
        Self { platform, mqtts, owner, honest, room, _alone: alone }
    }

    pub(crate) fn rogues(&self, count: usize) -> Vec<Seal> {
        (0..count).map(|number| Seal::enrolled(&format!("ROGUE-{number:03}"), &self.owner)).collect()
    }

    /// Lets the attack run and holds honest p99 and memory against the calm before it. What it counts is given back.
    pub(crate) fn under<F>(&self, name: &str, attack: impl Fn(Field) -> F) -> BTreeMap<&'static str, u64>
    where
        F: Future<Output = ()>,
    {
        for attempt in 1..=ATTEMPTS {
            let begin = Instant::now();
            std::thread::sleep(CALM);
            let (_, calm) = self.honest.between(begin, Instant::now());
            let before = self.platform.forget_peak();
            let (from, field) = (Instant::now(), self.field(attempt));
            runtime().block_on(async {
                attack(field.clone()).await;
                // So that the honest are looked at for as long as each time.
                field.wait_for_the_end().await;
            });
            let (receipts, attacked) = self.honest.between(from, Instant::now());
            let grown = self.platform.peak_memory().saturating_sub(before);
            let counts = field.counts.lock().unwrap().clone();
            println!(
                "{name}: {counts:?}; honest {receipts} receipts, p99 {attacked:.1?} after {calm:.1?} in calm; memory {} MiB, grew by {} KiB",
                before >> 20,
                grown >> 10
            );
            assert!(before + grown < MEMORY && grown < GROWTH, "{name}: memory {before} grew by {grown} bytes");
            if attacked <= (calm * 2).max(NOISE) {
                return counts;
            }
        }
        panic!("{name}: the honest were slowed each time");
    }

    /// How often the front refused for this reason.
    pub(crate) fn refused(&self, reason: &str) -> u64 {
        let figures = self.platform.admin().get("/metrics").body;
        let head = format!("sealway_front_refused_total{{reason=\"{reason}\"}} ");
        figures.lines().find_map(|line| line.strip_prefix(&head)).expect(reason).parse().unwrap()
    }

    /// The honest were served to the end, events are routed, and the platform ends in order.
    pub(crate) fn close(self) {
        let figures = self.platform.admin().get("/metrics").body;
        assert!(figures.contains("sealway_front_event_router_alive 1"), "the event router has ended");
        self.honest.end();
        assert!(self.platform.stop().success());
    }

    fn field(&self, attempt: u8) -> Field {
        Field { mqtt: self.platform.mqtt, mqtts: self.mqtts, attempt, until: Instant::now() + ATTACK, counts: Arc::default() }
    }

    /// For what is no storm: one attacker, once.
    pub(crate) fn alone<T>(&self, attack: impl AsyncFnOnce(Field) -> T) -> T {
        runtime().block_on(attack(self.field(0)))
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn configuration(room: &tempfile::TempDir) -> PathBuf {
    let path = room.path().join("sealway.toml");
    let (certificate, key) = (room.path().join("server.pem"), room.path().join("server.key"));
    let text = format!(
        "[mqtt]\nlisten = \"127.0.0.1:0\"\n[mqtt.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {certificate:?}\nkey = {key:?}\n\
         [http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"error\"\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

impl Field {
    pub(crate) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    pub(crate) async fn wait_for_the_end(&self) {
        tokio::time::sleep_until(self.until.into()).await;
    }

    pub(crate) fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    /// A connection to `to` from an address of its own for each `number`; never that of the honest.
    pub(crate) async fn connect(&self, to: SocketAddr, number: u32) -> std::io::Result<TcpStream> {
        let [_, high, middle, low] = number.to_be_bytes();
        let from = Ipv4Addr::new(127, 16 * (self.attempt + 1) + high, middle, low);
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
