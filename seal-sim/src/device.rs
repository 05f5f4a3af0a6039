//! A seal as a pure state machine: keys, epochs, counters, the `prev` chain, the flash ring.
//!
//! No clock, socket or file. Uptime is an argument (milliseconds since the boot), secrets are arguments, and what goes out is
//! asked for. Guarantees of `wire.md`, "What the device guarantees", each a test in `tests/device.rs`.

use crate::acked::Acked;
use crate::clock::Clock;
use crate::keys::{KeyPair, PlatformKey};
use crate::outbox::Outbox;
use crate::ring::{Record, Ring, RingFull};
use crate::span::{Span, Spans};
use base64::Engine as _;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Fix, Gap, GapReason, ReportDraft, Status};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::{DeviceId, Digest, Malformed, PublicKey, Time, aad};
use serde::{Deserialize, Serialize};

mod hearing;
mod opening;
mod sensing;
pub use hearing::{Heard, Ignored};
pub use opening::GrantRefusal;
use sensing::Senses;
pub use sensing::{Lock, Observation};

/// Periods until the platform configures others.
const PERIOD_S: u64 = 600;
const MOVING_PERIOD_S: u64 = 60;

/// Why no report was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// The platform has counters that this device never used: silent until it is enrolled anew.
    #[error("the state of {0} is lost: it is silent until it is enrolled anew with a new key")]
    StateLost(DeviceId),
    #[error(transparent)]
    RingFull(#[from] RingFull),
    #[error("what was measured does not fit a report: {0}")]
    Malformed(#[from] Malformed),
    #[error("a seal is sealed when it is open, with its cable in and its housing closed")]
    CannotSeal,
}

/// A gap that was owned up to, and the report that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Declared {
    span: Span,
    by: u64,
}

/// All that a device keeps. Serialised, it is the device: guard it like its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    id: DeviceId,
    identity: KeyPair,
    epoch: u64,
    /// Held from sealing to opening; `None` means erased.
    epoch_key: Option<KeyPair>,
    next_ctr: u64,
    prev: Digest,
    ring: Ring,
    acked: Acked,
    lost: Spans,
    declared: Vec<Declared>,
    login_t: Time,
    last_t: Time,
    platform: Option<PublicKey>,
    grants: hearing::Grants,
    challenges: hearing::Challenges,
    configured: hearing::Configured,
    heard: Option<[u8; 8]>,
    state_lost: bool,
    lock: Lock,
    #[serde(skip)]
    clock: Clock,
    #[serde(skip)]
    senses: Senses,
    #[serde(skip)]
    outbox: Outbox,
    #[serde(skip)]
    online: bool,
}

impl Device {
    /// A new device, open, with its cable in and its housing closed. `ring` is the number of reports that its flash holds.
    #[must_use]
    pub fn new(id: DeviceId, identity_secret: [u8; 32], ring: usize) -> Self {
        Self {
            id,
            identity: KeyPair::from_secret(identity_secret),
            epoch: 0,
            epoch_key: None,
            next_ctr: 1,
            prev: Digest::ZERO,
            ring: Ring::new(ring),
            acked: Acked::default(),
            lost: Spans::default(),
            declared: Vec::new(),
            login_t: Time::ZERO,
            last_t: Time::ZERO,
            platform: None,
            grants: hearing::Grants::default(),
            challenges: hearing::Challenges::default(),
            configured: hearing::Configured::new(PERIOD_S, MOVING_PERIOD_S),
            heard: None,
            state_lost: false,
            lock: Lock::default(),
            clock: Clock::default(),
            senses: Senses::default(),
            outbox: Outbox::default(),
            online: false,
        }
    }

    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.id
    }

    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.identity.public()
    }

    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The public half of the epoch key while it is held.
    #[must_use]
    pub fn epoch_key(&self) -> Option<PublicKey> {
        self.epoch_key.as_ref().map(KeyPair::public)
    }

    /// The highest counter used; 0 before the first report.
    #[must_use]
    pub fn highest(&self) -> u64 {
        self.next_ctr - 1
    }

    #[must_use]
    pub fn acked(&self) -> &Acked {
        &self.acked
    }

    #[must_use]
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    #[must_use]
    pub fn lock(&self) -> Lock {
        self.lock
    }

    /// Seconds between reports, standing and moving.
    #[must_use]
    pub fn periods_s(&self) -> (u64, u64) {
        self.configured.periods_s()
    }

    /// Reports that were sent more than once.
    #[must_use]
    pub fn resent(&self) -> u64 {
        self.outbox.resent()
    }

    /// Whether the signed acks cover every report.
    #[must_use]
    pub fn all_acked(&self) -> bool {
        self.acked.stored >= self.highest()
    }

    /// Remembers the platform's key, which enrolment brings.
    pub fn trust(&mut self, platform: PublicKey) {
        self.platform = Some(platform);
    }

    fn platform_key(&self) -> Option<PlatformKey> {
        self.platform.as_ref().and_then(PlatformKey::new)
    }

    /// A new identity key, for an enrolment anew: the counters go on, and what the old keys signed stays with whoever has it. A seal that
    /// was closed is so no longer, for its epoch key goes too.
    pub fn renew(&mut self, identity_secret: [u8; 32]) {
        self.identity = KeyPair::from_secret(identity_secret);
        self.epoch_key = None;
        self.ring.erase_all();
        (self.lost, self.declared) = (Spans::default(), Vec::new());
        (self.grants, self.heard, self.state_lost) = (hearing::Grants::default(), None, false);
        self.outbox = Outbox::default();
        self.acked.stored = self.highest();
    }

    /// The proof that its owner sends: a COSE_Sign1 over the platform's challenge.
    #[must_use]
    pub fn enrolment(&self, challenge: [u8; 32]) -> Vec<u8> {
        let enrolment = Enrolment { challenge, next_ctr: self.next_ctr, prev: self.prev, epoch: self.epoch };
        self.identity.seal(&enrolment.encode(), &aad::enrol(&self.id))
    }

    /// The password of one CONNECT. Its time is kept before use: save the state before connecting.
    pub fn login(&mut self, unix_now: Time, nonce: [u8; 16]) -> String {
        self.login_t = unix_now.max(self.login_t.plus_ms(1));
        let login = Login { t: self.login_t, nonce };
        let bytes = self.identity.seal(&login.encode(), &aad::login(&self.id));
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The first message of a connection. What was sent before is forgotten: everything above `stored` goes out again.
    pub fn connected(&mut self) -> Vec<u8> {
        self.online = true;
        self.outbox.restart(&self.acked);
        let hi = self.highest();
        let hello = Hello {
            lo: self.ring.lowest().unwrap_or(hi + 1),
            hi,
            epoch: self.epoch,
            generation: self.acked.generation,
            released: self.acked.released,
            login_t: self.login_t.as_ms(),
        };
        self.identity.seal(&hello.encode(), &aad::hello(&self.id))
    }

    pub fn disconnected(&mut self) {
        self.online = false;
    }

    /// The next PUBLISH payload, oldest report first, or `None`. `ticket` is its MQTT packet id.
    pub fn next_payload(&mut self, ticket: u16) -> Option<Vec<u8>> {
        if self.state_lost { None } else { self.outbox.next_payload(ticket, &self.ring, &self.acked) }
    }

    /// The PUBACK of a payload.
    pub fn settled(&mut self, ticket: u16) {
        self.outbox.settle(ticket);
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outbox.in_flight()
    }

    /// What a thief of the keys has: this device without its flash ring.
    #[must_use]
    pub fn stolen_keys(&self) -> Self {
        let mut copy = self.clone();
        copy.ring.erase_all();
        copy.acked.stored = self.highest();
        copy.outbox = Outbox::default();
        copy
    }

    /// A fraud: erases reports and hides that they were ever made.
    pub fn suppress(&mut self, from: u64, to: u64) {
        self.ring.erase_between(from, to);
        self.declared.push(Declared { span: Span { from, to }, by: to });
    }

    /// Makes a report that needs nothing further: any event but those that have a door of their own.
    pub fn report(&mut self, uptime_ms: u64, event: Event) -> Result<u64, NotMade> {
        self.make(uptime_ms, event, |_| {})
    }

    /// Seals: makes an epoch key of `epoch_secret`, locks the motor, and announces the epoch.
    pub fn seal(&mut self, uptime_ms: u64, epoch_secret: [u8; 32]) -> Result<u64, NotMade> {
        if self.epoch_key.is_some() || !self.lock.can_lock() {
            return Err(NotMade::CannotSeal);
        }
        let before = (self.lock, self.epoch);
        let key = KeyPair::from_secret(epoch_secret);
        let public = key.public();
        self.lock = self.lock.sealed();
        self.epoch += 1;
        self.epoch_key = Some(key);
        let made = self.make(uptime_ms, Event::Sealed, |draft| draft.epoch_key = Some(public));
        if made.is_err() {
            (self.lock, self.epoch) = before;
            self.epoch_key = None;
        }
        made
    }

    /// The one place where reports are made: signed whole, written to the ring, then counted.
    fn make(&mut self, uptime_ms: u64, event: Event, further: impl FnOnce(&mut ReportDraft)) -> Result<u64, NotMade> {
        if self.state_lost {
            return Err(NotMade::StateLost(self.id));
        }
        let mut draft = ReportDraft::new(self.next_ctr, self.epoch, self.prev, self.clock.now(uptime_ms), event);
        draft.status = Status::new(self.status_bits())?;
        draft.fix = self.senses.fix_at(uptime_ms);
        draft.battery = self.senses.battery();
        draft.sensors = self.senses.sensors().clone();
        draft.heard = self.heard;
        further(&mut draft);
        let report = draft.build()?;
        let signer = match (&self.epoch_key, event) {
            (Some(key), event) if event != Event::Sealed => key,
            _ => &self.identity,
        };
        let bytes = signer.seal(&report.encode(), &aad::up(&self.id));
        let (ctr, digest) = (self.next_ctr, Digest::of(&bytes));
        let record = Record { ctr, periodic: event == Event::Periodic, brings_key: event == Event::Sealed, bytes };
        if let Some(lost) = self.ring.push(record, &self.acked)? {
            self.lost.add(lost);
        }
        (self.next_ctr, self.prev, self.last_t) = (ctr + 1, digest, report.t());
        Ok(ctr)
    }

    /// Signs one `gap` for each run that was lost, as far as that loses nothing further.
    fn own_up(&mut self, uptime_ms: u64) {
        use crate::ring::Room;
        while matches!(self.ring.room(&self.acked), Room::Free | Room::Overwrites(_)) {
            let Some(span) = self.lost.pop_first() else { return };
            let gap = Gap { from: span.from, to: span.to, reason: GapReason::RingFull };
            match self.make(uptime_ms, Event::Gap, |draft| draft.gap = Some(gap)) {
                Ok(by) => self.declared.push(Declared { span, by }),
                Err(_) => return self.lost.restore(span),
            }
        }
    }

    fn status_bits(&self) -> u64 {
        let mut bits = self.lock.bits();
        let further = [
            (Status::EPOCH_KEY_HELD, self.epoch_key.is_some()),
            (Status::CLOCK_DISCIPLINED, self.clock.disciplined()),
            (Status::FROM_STORE, !self.online),
            (Status::EXTERNAL_POWER, self.senses.external_power()),
        ];
        further.iter().filter(|(_, set)| *set).for_each(|(bit, _)| bits |= bit);
        bits
    }

    /// The fix at this moment, never an old one.
    #[must_use]
    pub fn fix_at(&self, uptime_ms: u64) -> Option<Fix> {
        self.senses.fix_at(uptime_ms)
    }

    /// Takes in what the sensors measure now. A GNSS time sets the clock, also backwards.
    pub fn observe(&mut self, uptime_ms: u64, observation: Observation) {
        if let Some(time) = observation.gnss_time {
            self.clock.discipline(uptime_ms, time);
        }
        self.senses.take(uptime_ms, observation);
    }

    /// The last time that it wrote down before it was switched on: its clock goes on from there until GNSS sets it.
    pub fn set_last_time(&mut self, last: Time) {
        self.last_t = last;
        self.clock.boot(last);
    }

    /// Further readings for the reports to come.
    pub fn sense(&mut self, sensors: Sensors) {
        self.senses.set_sensors(sensors);
    }
}
