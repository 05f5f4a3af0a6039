//! A platform with people of every role, served on loopback.

use crate::client::Client;
use crate::seal::Seal;
use sealway_dashboard::{Dashboard, router, serve};
use sealway_schemas::command::{Command, RegistryCommand, Role, Signer};
use sealway_schemas::event::Change;
use sealway_schemas::link::{CloseReason, Downlink, SessionId, Settlement, UpMessage, Upload};
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, PublicKey, Time};
use sealway_tracker::{Clock, Tracker, TrackerConfig};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const START: u64 = 1_795_000_000_000;

/// User, party, role.
const PEOPLE: [(&str, &str, Role); 6] = [
    ("admin", "platform", Role::Admin),
    ("officer", "customs-xian", Role::Customs),
    ("auditor", "customs-xian", Role::Auditor),
    ("north", "north-rail", Role::Carrier),
    ("south", "south-road", Role::Carrier),
    ("gate", "qingdao-port", Role::Operator),
];

#[derive(Debug)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Relaxed))
    }
}

#[derive(Debug)]
struct Nowhere;

impl Downlink for Nowhere {
    fn settle(&self, _: Vec<Settlement>) {}

    fn publish(&self, _: &DeviceId, _: bytes::Bytes) -> bool {
        false
    }

    fn close(&self, _: &DeviceId, _: CloseReason) {}
}

pub(crate) struct House {
    runtime: Runtime,
    pub(crate) tracker: Tracker,
    address: SocketAddr,
    clock: Arc<TestClock>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<std::io::Result<()>>>,
    folder: Arc<tempfile::TempDir>,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::open_as(Dashboard::from)
    }

    pub(crate) fn open_as(dashboard: impl FnOnce(Tracker) -> Dashboard) -> Self {
        let house = Self::on(Arc::new(tempfile::tempdir().unwrap()), dashboard);
        house.people();
        house
    }

    /// Stops, lets something happen to the folder, and starts again.
    pub(crate) fn again(mut self, meanwhile: impl FnOnce()) -> Self {
        let (folder, passed) = (self.folder.clone(), self.now().as_ms() - START);
        self.stop().unwrap();
        drop(self);
        meanwhile();
        let house = Self::on(folder, Dashboard::from);
        house.later(passed);
        house
    }

    fn on(folder: Arc<tempfile::TempDir>, dashboard: impl FnOnce(Tracker) -> Dashboard) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Arc::new(TestClock(AtomicU64::new(START)));
        let mut config = TrackerConfig::new(folder.path());
        config.clock = clock.clone();
        config.workers = 1;
        let tracker = runtime.block_on(Tracker::open(config, Arc::new(Nowhere))).unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = runtime.spawn(serve(listener, router(dashboard(tracker.clone())), async move { drop(stopped.await) }));
        Self { runtime, tracker, address, clock, stop: Some(stop), served: Some(served), folder }
    }

    /// Where the platform keeps what it keeps.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Changes the file of the lists while the platform writes it.
    pub(crate) fn registry(&self, sql: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.folder().join("registry.sqlite"));
        let changed = async { sqlx::query(sql).execute(&mut SqliteConnection::connect_with(&options).await?).await };
        self.runtime.block_on(changed).unwrap();
    }

    fn people(&self) {
        for (user, party, role) in PEOPLE {
            let party_role = if role == Role::Auditor { Role::Customs } else { role };
            let (user, party) = (user.parse().unwrap(), party.parse().unwrap());
            let name = |text: &str| text.to_owned();
            let (name_zh, name_en) = (name("名"), name("Name"));
            self.command(RegistryCommand::RegisterParty {
                party: sealway_schemas::PartyId::clone(&party),
                role: party_role,
                name_zh,
                name_en,
                district: None,
            });
            self.command(RegistryCommand::RegisterUser { user: sealway_schemas::UserId::clone(&user), party, role, name: name("Name") });
            let digest = PublicKey::from_bytes(Sha256::digest(token_of(user.as_str()).as_bytes()).into());
            self.command(RegistryCommand::IssueToken { token: format!("token-{user}"), user, digest, not_after: None });
        }
    }

    /// As the platform's administrator. The same command may come again.
    pub(crate) fn command(&self, command: impl Into<Command>) {
        let by = Signer { user: "admin".parse().unwrap(), party: "platform".parse().unwrap(), role: Role::Admin };
        let body = serde_json::to_vec(&command.into()).unwrap();
        let key = format!("test-{}", self.tracker.metrics().commands);
        self.runtime.block_on(self.tracker.command(by, key, body.into(), None)).unwrap();
    }

    pub(crate) fn nobody(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn as_user(&self, user: &str) -> Client {
        self.nobody().bearer(&token_of(user))
    }

    pub(crate) fn later(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Relaxed);
    }

    /// Waits until every entry so far is under a checkpoint.
    pub(crate) fn checkpointed(&self) {
        let entries = self.tracker.log().durable();
        while self.tracker.tree().checkpoint().is_none_or(|signed| signed.checkpoint.size < entries) {
            std::thread::yield_now();
        }
    }

    /// Waits until the time series has the device's report `ctr`.
    pub(crate) fn followed(&self, device: &DeviceId, ctr: u64) {
        while self.tracker.series().latest(device).is_none_or(|latest| latest.point.ctr < ctr) {
            std::thread::yield_now();
        }
    }

    pub(crate) fn platform_key(&self) -> PublicKey {
        self.tracker.platform_key()
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(crate) fn challenge(&self, user: &str) -> Value {
        self.as_user(user).post("/api/v1/devices/enrolment-challenges", &Value::Null).ok()["challenge"].clone()
    }

    pub(crate) fn enrol(&self, user: &str, seal: &Seal) {
        let body = seal.enrolment(&self.challenge(user));
        self.as_user(user).post("/api/v1/devices", &body).ok();
    }

    /// Takes a report as from the seal's connection.
    pub(crate) fn hear(&self, seal: &mut Seal, event: Event) {
        let payload = seal.report(self.now(), event).into();
        let upload = Upload { session: SessionId(1), device: seal.id, messages: vec![UpMessage { ticket: 1, payload }] };
        self.runtime.block_on(self.tracker.upload(upload));
    }

    /// Takes a report that raises an alert, and returns when the registry shows what came of it.
    pub(crate) fn upload(&self, seal: &mut Seal, event: Event) {
        let mut listening = self.tracker.events().subscribe(None);
        let device = seal.id;
        self.hear(seal, event);
        self.runtime.block_on(async {
            loop {
                let (_, event) = listening.live.recv().await.unwrap();
                match &event.change {
                    Change::Alert(alert) if alert.device == device => return,
                    Change::Device(_) | Change::Position(_) | Change::Movement(_) | Change::Alert(_) | Change::Record(_) => {}
                }
            }
        });
        self.shown();
    }

    /// Returns when the registry shows what came so far: a command is answered no sooner.
    pub(crate) fn shown(&self) {
        let names = ("名".to_owned(), "Name".to_owned());
        self.command(RegistryCommand::RegisterParty {
            party: "platform".parse().unwrap(),
            role: Role::Admin,
            name_zh: names.0,
            name_en: names.1,
            district: None,
        });
    }

    /// Two places and the corridor between them.
    pub(crate) fn atlas(&self) {
        let officer = self.as_user("officer");
        officer.put("/api/v1/places/zone-a", &place("zone-a", 108.9)).ok();
        officer.put("/api/v1/places/zone-b", &place("zone-b", 110.9)).ok();
        officer.put("/api/v1/corridors/a-b", &corridor()).ok();
    }

    pub(crate) fn stop(&mut self) -> std::io::Result<()> {
        drop(self.stop.take());
        self.runtime.block_on(self.served.take().unwrap()).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.runtime.block_on(self.tracker.drain());
    }
}

pub(crate) fn token_of(user: &str) -> String {
    format!("slw_test-token-of-{user}")
}

pub(crate) fn place(id: &str, west: f64) -> Value {
    let (south, north, east) = (34.3, 34.4, west + 0.1);
    json!({"type": "Feature",
        "properties": {"id": id, "kind": "zone", "name_en": "Zone", "name_zh": "区", "operator": "qingdao-port", "source": "drawn for a test"},
        "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}})
}

pub(crate) fn corridor() -> Value {
    json!({"type": "Feature",
        "properties": {"id": "a-b", "mode": "road", "from": "zone-a", "to": "zone-b", "width_m": 1000, "name_en": "A-B", "name_zh": "甲乙",
            "source": "survey", "licence": "CC-BY-4.0"},
        "geometry": {"type": "LineString", "coordinates": [[108.95, 34.35], [109.9, 34.36], [110.95, 34.35]]}})
}

pub(crate) fn transfer(seal: &str, unit: &str) -> Value {
    json!({"unit": unit, "seal": seal, "origin": "zone-a", "destination": "zone-b", "corridor": "a-b"})
}
