//! A tracker on a folder of its own, a clock that stands still, a downlink that writes down what it is told, and a seal with real keys.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::cose::{self, Sign1};
use sealway_schemas::down::{Ack, Down};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::link::{CloseReason, Downlink, SessionId, Settlement, UpMessage, Upload, Verdict};
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Fix, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use sealway_tracker::log::LogConfig;
use sealway_tracker::{Clock, Tracker, TrackerConfig};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) const START: u64 = 1_790_000_000_000;
const CLOSED: u64 = Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED | Status::CLOCK_DISCIPLINED;

#[derive(Debug)]
pub(crate) struct StillClock(AtomicU64);

impl Clock for StillClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
pub(crate) struct Wire {
    told: UnboundedSender<Settlement>,
    published: UnboundedSender<(DeviceId, Bytes)>,
}

impl Downlink for Wire {
    fn settle(&self, settlements: Vec<Settlement>) {
        settlements.into_iter().for_each(|settlement| drop(self.told.send(settlement)));
    }

    fn publish(&self, device: &DeviceId, message: Bytes) -> bool {
        self.published.send((*device, message)).is_ok()
    }

    fn close(&self, _device: &DeviceId, _reason: CloseReason) {}
}

pub(crate) struct World {
    pub(crate) tracker: Tracker,
    pub(crate) clock: Arc<StillClock>,
    told: Mutex<UnboundedReceiver<Settlement>>,
    published: Mutex<UnboundedReceiver<(DeviceId, Bytes)>>,
    keys: AtomicU64,
}

pub(crate) fn still(now: u64) -> Arc<StillClock> {
    Arc::new(StillClock(AtomicU64::new(now)))
}

pub(crate) fn config(dir: &Path) -> TrackerConfig {
    let log = LogConfig { segment_bytes: 1 << 20, ..LogConfig::default() };
    TrackerConfig { workers: 2, log, clock: still(START), ..TrackerConfig::new(dir) }
}

impl World {
    pub(crate) async fn open(dir: &Path) -> Self {
        Self::with(config(dir), START).await
    }

    pub(crate) async fn with(config: TrackerConfig, now: u64) -> Self {
        let (told, told_here) = unbounded_channel();
        let (published, published_here) = unbounded_channel();
        let clock = still(now);
        let config = TrackerConfig { clock: clock.clone(), ..config };
        let tracker = Tracker::open(config, Arc::new(Wire { told, published })).await.unwrap();
        Self { tracker, clock, told: Mutex::new(told_here), published: Mutex::new(published_here), keys: AtomicU64::new(now) }
    }

    pub(crate) async fn ok(&self, role: Role, body: Value) {
        let key = format!("k-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.tracker.command(signer(role), key, Bytes::from(body.to_string()), None).await.unwrap();
    }

    /// Two carriers, customs, and a user of each.
    pub(crate) async fn populate(&self) {
        for (party, role) in [("xian-customs", Role::Customs), ("silk-road", Role::Carrier), ("other-carrier", Role::Carrier)] {
            self.ok(Role::Admin, json!({"type": "register-party", "party": party, "role": role, "name_zh": "某", "name_en": "Some"})).await;
        }
    }

    pub(crate) async fn enrol(&self, seal: &Seal) {
        self.ok(Role::Carrier, seal.enrolment("silk-road")).await;
    }

    pub(crate) async fn send(&self, session: u64, device: DeviceId, messages: Vec<(u16, Vec<u8>)>) {
        let messages = messages.into_iter().map(|(ticket, payload)| UpMessage { ticket, payload: payload.into() }).collect();
        self.tracker.upload(Upload { session: SessionId(session), device, messages }).await;
    }

    /// The next settlement that answers a message.
    pub(crate) async fn settled(&self) -> Vec<(u16, Verdict)> {
        loop {
            let settlement = self.told.lock().await.recv().await.unwrap();
            if !settlement.settled.is_empty() {
                return settlement.settled;
            }
        }
    }

    /// The next signed ack of `seal`.
    pub(crate) async fn ack(&self, seal: &Seal) -> Ack {
        loop {
            let settlement = self.told.lock().await.recv().await.unwrap();
            if let Some(message) = settlement.down.first() {
                match self.opened(seal, message) {
                    Down::Ack(ack) => return ack,
                    other => panic!("expected an ack, not {other:?}"),
                }
            }
        }
    }

    /// A down message whose signature is the platform's.
    pub(crate) fn opened(&self, seal: &Seal, message: &Bytes) -> Down {
        let signed = Sign1::parse(message).unwrap();
        assert_eq!(signed.key_id(), self.tracker.platform_key().key_id());
        let mut bytes = Vec::new();
        signed.to_be_signed(&aad::down(&seal.id), &mut bytes);
        let key = ed25519_dalek::VerifyingKey::from_bytes(self.tracker.platform_key().as_bytes()).unwrap();
        key.verify_strict(&bytes, &ed25519_dalek::Signature::from_bytes(signed.signature())).unwrap();
        Down::decode(signed.payload()).unwrap()
    }

    /// The next down message that is not an ack.
    pub(crate) async fn published(&self) -> (DeviceId, Bytes) {
        self.published.lock().await.recv().await.unwrap()
    }

    /// Nothing that waits to be told.
    pub(crate) fn is_silent(&self) -> bool {
        self.told.try_lock().unwrap().try_recv().is_err()
    }

    pub(crate) fn pass_ms(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
}

/// The file that the lists are in, beside the tracker that writes it.
pub(crate) async fn open_registry(dir: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(dir.join("registry.sqlite"))).await.unwrap()
}

pub(crate) fn signer(role: Role) -> Signer {
    let party = if role == Role::Carrier { "silk-road" } else { "xian-customs" };
    Signer { user: format!("{role}-1").parse().unwrap(), party: party.parse().unwrap(), role }
}

/// An honest seal, or nearly.
pub(crate) struct Seal {
    pub(crate) id: DeviceId,
    identity: SigningKey,
    epoch_key: Option<SigningKey>,
    epoch: u64,
    pub(crate) next: u64,
    prev: Digest,
    t: u64,
}

impl Seal {
    pub(crate) fn new(seed: u8) -> Self {
        let identity = SigningKey::from_bytes(&[seed; 32]);
        let id = format!("XA-{seed:04}").parse().unwrap();
        Self { id, identity, epoch_key: None, epoch: 0, next: 1, prev: Digest::ZERO, t: START }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.identity.verifying_key().to_bytes())
    }

    fn by_identity(&self, payload: &[u8], aad: &str) -> Vec<u8> {
        cose::seal(payload, aad, self.public_key().key_id(), |bytes| self.identity.sign(bytes).to_bytes())
    }

    fn enrolment(&self, owner: &str) -> Value {
        let enrolment = Enrolment { challenge: [7; 32], next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
        let proof = self.by_identity(&enrolment.encode(), &aad::enrol(&self.id));
        json!({"type": "enrol-device", "device": self.id, "owner": owner, "public_key": self.public_key(),
               "challenge": hex::encode([7; 32]), "proof": hex::encode(proof)})
    }

    pub(crate) fn login(&self, t: u64) -> Vec<u8> {
        let login = Login { t: Time::from_ms(t), nonce: [1; 16] };
        self.by_identity(&login.encode(), &aad::login(&self.id))
    }

    pub(crate) fn hello(&self) -> Vec<u8> {
        let hello = Hello { lo: 1, hi: self.next - 1, epoch: self.epoch, generation: 0, released: 0, login_t: 0 };
        self.by_identity(&hello.encode(), &aad::hello(&self.id))
    }

    pub(crate) fn periodic(&mut self) -> Vec<u8> {
        self.report(Event::Periodic, None)
    }

    /// Closes, with a new epoch key.
    pub(crate) fn seal(&mut self) -> Vec<u8> {
        self.epoch += 1;
        let seed = self.identity.to_bytes()[0].wrapping_add(100).wrapping_mul(7).wrapping_add(u8::try_from(self.epoch).unwrap());
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
        self.epoch_key = Some(key);
        self.report(Event::Sealed, Some(public))
    }

    fn report(&mut self, event: Event, epoch_key: Option<PublicKey>) -> Vec<u8> {
        self.t += 1_000;
        let mut draft = ReportDraft::new(self.next, self.epoch, self.prev, Time::from_ms(self.t), event);
        let held = if self.epoch_key.is_some() { CLOSED | Status::EPOCH_KEY_HELD } else { Status::CLOCK_DISCIPLINED };
        draft.status = Status::new(held).unwrap();
        draft.epoch_key = epoch_key;
        draft.battery = Some(80);
        let lon_e7 = 1_089_000_000 + i64::try_from(self.next).unwrap() * 1_000;
        draft.fix =
            Some(Fix { lat_e7: 343_000_000, lon_e7, accuracy_dm: 30, speed_cm_s: 1500, heading_ddeg: 900, satellites: 9, cn0_ddbhz: 400 });
        let payload = draft.build().unwrap().encode();
        let key = self.epoch_key.as_ref().filter(|_| event != Event::Sealed).unwrap_or(&self.identity);
        let key_id = PublicKey::from_bytes(key.verifying_key().to_bytes()).key_id();
        let bytes = cose::seal(&payload, &aad::up(&self.id), key_id, |bytes| key.sign(bytes).to_bytes());
        self.prev = Digest::of(&bytes);
        self.next += 1;
        bytes
    }
}
