//! A platform of its own for each attack, honest traffic beside it, and what is held against what.

use crate::client::Client;
use crate::honest::{Honest, Speaker};
use crate::seal::Seal;
use sealway_tests::{Api, Sealway, certificate};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};

const CALM: Duration = Duration::from_millis(1_500);
const ATTACK: Duration = Duration::from_millis(2_500);
/// Longer than any attack takes to come to what it counts, also where much else runs.
const PATIENCE: Duration = Duration::from_secs(120);
const HONEST: usize = 6;
/// What the honest may wait longer than twice the calm's p99, because the attackers and their victim share two cores with the honest and
/// with whatever else runs there: on a machine of their own the attackers would take none of that time.
const NOISE: Duration = Duration::from_millis(50);
/// Asked is the median p99 of 1, then 3, then 5 rounds, each of a calm window and an attack: a machine has hiccups of its own, which most
/// rounds do not see, and an attack that slows the honest does so in most. The lines that are printed have the figures of each.
const ROUNDS: [usize; 3] = [1, 3, 5];
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
        Self::beside("", |_, _| Vec::new())
    }

    /// With this in its configuration too, and with others who report beside the seals.
    pub(crate) fn beside(gateways: &str, others: impl FnOnce(&Sealway, &Api) -> Vec<Speaker>) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let room = tempfile::tempdir().unwrap();
        certificate(room.path(), "server", "first");
        let platform = Sealway::serve_by(&configuration(&room, gateways), &room.path().join("data"));
        let owner = platform.api("carrier", "honest-carrier");
        let mqtts = platform.mqtts();
        let seals = (0..HONEST).map(|number| {
            let seal = Seal::enrolled(&format!("HONEST-{number}"), &owner);
            if number.is_multiple_of(2) { Speaker::plain(seal, platform.mqtt) } else { Speaker::secured(seal, mqtts) }
        });
        let honest = Honest::begin(seals.chain(others(&platform, &owner)).collect());
        Self { platform, mqtts, owner, honest, room, _alone: alone }
    }

    pub(crate) fn rogues(&self, count: usize) -> Vec<Seal> {
        (0..count).map(|number| Seal::enrolled(&format!("ROGUE-{number:03}"), &self.owner)).collect()
    }

    /// Lets the attack run and holds honest p99 and memory against the calm before it. What it counted in the last round is given back.
    pub(crate) fn under<F>(&self, name: &str, attack: impl Fn(Field) -> F) -> BTreeMap<&'static str, u64>
    where
        F: Future<Output = ()>,
    {
        let (mut calm, mut attacked) = (Vec::new(), Vec::new());
        for rounds in ROUNDS {
            let mut counts = BTreeMap::new();
            while attacked.len() < rounds {
                let begin = Instant::now();
                std::thread::sleep(CALM);
                let (_, p99) = self.honest.between(begin, Instant::now());
                println!("{name}: honest p99 {p99:.1?} in calm");
                calm.push(p99);
                let (p99, counted) = self.round(name, attacked.len(), &attack);
                attacked.push(p99);
                counts = counted;
            }
            if median(&attacked) <= median(&calm) * 2 + NOISE {
                return counts;
            }
        }
        panic!("{name}: honest p99 {attacked:.1?}, in the calm before each {calm:.1?}");
    }

    fn round<F>(&self, name: &str, number: usize, attack: &impl Fn(Field) -> F) -> (Duration, BTreeMap<&'static str, u64>)
    where
        F: Future<Output = ()>,
    {
        let before = self.platform.forget_peak();
        let (from, field) = (Instant::now(), self.field(u8::try_from(number + 1).unwrap()));
        runtime().block_on(async {
            let ended = tokio::time::timeout(PATIENCE, attack(field.clone())).await;
            assert!(ended.is_ok(), "{name}: not what was meant after {PATIENCE:?}, but {:?}", field.counts);
            // So that the honest are looked at for as long as each time.
            field.wait_for_the_end().await;
        });
        let (receipts, p99) = self.honest.between(from, Instant::now());
        let grown = self.platform.peak_memory().saturating_sub(before);
        let counts = field.counts.lock().unwrap().clone();
        println!(
            "{name}: {counts:?}; honest {receipts} receipts, p99 {p99:.1?}; memory {} MiB, grew by {} KiB; {:.1?}",
            before >> 20,
            grown >> 10,
            from.elapsed()
        );
        assert!(before + grown < MEMORY && grown < GROWTH, "{name}: memory {before} grew by {grown} bytes");
        (p99, counts)
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

    /// Whether an event comes to one who listens. It is the end of the first rogue.
    pub(crate) fn routes_events(&self, token: &str) -> bool {
        self.alone(async |field: Field| {
            let mut listener = Client::listener(&field, 4, 5, "any", token).await;
            assert_eq!(listener.subscribe(4, "events/v1/#", 1).await, 1);
            let _revoked = self.owner.post("/api/v1/devices/ROGUE-000/revoke", &serde_json::json!({ "reason": "found" })).ok();
            listener.packet().await.is_some_and(|event| event.first & 0xF0 == 0x30)
        })
    }

    fn field(&self, attempt: u8) -> Field {
        Field { mqtt: self.platform.mqtt, mqtts: self.mqtts, attempt, until: Instant::now() + ATTACK, counts: Arc::default() }
    }

    /// For what is no storm: one attacker, once.
    pub(crate) fn alone<T>(&self, attack: impl AsyncFnOnce(Field) -> T) -> T {
        runtime().block_on(attack(self.field(0)))
    }
}

fn median(of: &[Duration]) -> Duration {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn configuration(room: &tempfile::TempDir, gateways: &str) -> PathBuf {
    let path = room.path().join("sealway.toml");
    let (certificate, key) = (room.path().join("server.pem"), room.path().join("server.key"));
    let text = format!(
        "[mqtt]\nlisten = \"127.0.0.1:0\"\n[mqtt.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {certificate:?}\nkey = {key:?}\n\
         [http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"error\"\n{gateways}"
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
        self.count_all(what, 1);
    }

    pub(crate) fn count_all(&self, what: &'static str, times: usize) {
        *self.counts.lock().unwrap().entry(what).or_default() += times as u64;
    }

    pub(crate) fn counted(&self, what: &'static str) -> u64 {
        self.counts.lock().unwrap().get(what).copied().unwrap_or_default()
    }

    /// A connection to `to` from an address of its own for each `number`; never that of the honest.
    pub(crate) async fn connect(&self, to: SocketAddr, number: u32) -> std::io::Result<TcpStream> {
        let stream = self.socket(number)?.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The same through which little goes at once: some ten KiB that the client does not read fill it, where loopback takes megabytes.
    pub(crate) async fn connect_narrow(&self, to: SocketAddr, number: u32) -> std::io::Result<TcpStream> {
        let socket = self.socket(number)?;
        socket.set_recv_buffer_size(2_048)?;
        socket2::SockRef::from(&socket).set_tcp_mss(1_400)?;
        socket.connect(to).await
    }

    fn socket(&self, number: u32) -> std::io::Result<TcpSocket> {
        let [_, high, middle, low] = number.to_be_bytes();
        let from = Ipv4Addr::new(127, 16 * (self.attempt + 1) + high, middle, low);
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        Ok(socket)
    }
}
