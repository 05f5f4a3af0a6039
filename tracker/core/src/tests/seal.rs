//! A seal with real keys.

use crate::geometry::Position;
use crate::keyring::Keyring;
use crate::verify::{UnverifiedReport, VerifiedReport};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::cose;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Fix, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use serde_json::{Value, json};

const CLOSED: u64 =
    Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED | Status::CLOCK_DISCIPLINED | Status::EPOCH_KEY_HELD;

#[derive(Clone)]
pub(super) struct Seal {
    pub(super) id: DeviceId,
    identity: SigningKey,
    epoch_key: Option<SigningKey>,
    pub(super) epoch: u64,
    /// Of the last report made.
    pub(super) ctr: u64,
    pub(super) prev: Digest,
    pub(super) battery: u8,
    seed: u8,
    start: Time,
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().to_bytes())
}

fn fix(at: Position) -> Fix {
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let e7 = |degrees: f64| (degrees * 1e7).round() as i64;
    Fix { lat_e7: e7(at.lat), lon_e7: e7(at.lon), accuracy_dm: 50, speed_cm_s: 1666, heading_ddeg: 900, satellites: 12, cn0_ddbhz: 420 }
}

impl Seal {
    pub(super) fn new(seed: u8, start: Time) -> Self {
        let id = format!("XA-{seed:04}").parse().unwrap();
        Self {
            id,
            identity: SigningKey::from_bytes(&[seed; 32]),
            epoch_key: None,
            epoch: 0,
            ctr: 0,
            prev: Digest::ZERO,
            battery: 90,
            seed,
            start,
        }
    }

    pub(super) fn enrolment(&self, owner: &str) -> Value {
        let challenge = [7; 32];
        let content = Enrolment { challenge, next_ctr: self.ctr + 1, prev: self.prev, epoch: self.epoch };
        let proof = self.sign(&self.identity, &content.encode(), &aad::enrol(&self.id));
        json!({"type": "enrol-device", "device": self.id, "owner": owner, "public_key": public(&self.identity),
               "challenge": hex::encode(challenge), "proof": hex::encode(proof)})
    }

    pub(super) fn public_key(&self) -> PublicKey {
        public(&self.identity)
    }

    fn sign(&self, key: &SigningKey, payload: &[u8], aad: &str) -> Bytes {
        Bytes::from(cose::seal(payload, aad, public(key).key_id(), |message| key.sign(message).to_bytes()))
    }

    /// Draws the next report; the chain goes on from it.
    pub(super) fn make(&mut self, now: Time, event: Event, at: Option<Position>, change: impl FnOnce(&mut ReportDraft)) -> Bytes {
        let bytes = self.fork(now, event, at, change);
        self.ctr += 1;
        self.prev = Digest::of(&bytes);
        bytes
    }

    /// Draws the next report without going on: another one may take its counter.
    pub(super) fn fork(&self, now: Time, event: Event, at: Option<Position>, change: impl FnOnce(&mut ReportDraft)) -> Bytes {
        let mut draft = ReportDraft::new(self.ctr + 1, self.epoch, self.prev, now.max(self.start), event);
        draft.fix = at.map(fix);
        draft.battery = Some(self.battery);
        let held = if self.epoch_key.is_some() { CLOSED } else { Status::CLOCK_DISCIPLINED | Status::HOUSING_CLOSED };
        draft.status = Status::new(held).unwrap();
        change(&mut draft);
        let by_epoch = draft.status.epoch_key_held() && draft.event != Event::Sealed;
        let key = self.epoch_key.as_ref().filter(|_| by_epoch).unwrap_or(&self.identity);
        self.sign(key, &draft.build().unwrap().encode(), &aad::up(&self.id))
    }

    pub(super) fn periodic(&mut self, now: Time, at: Position) -> Bytes {
        self.make(now, Event::Periodic, Some(at), |_| {})
    }

    /// Closes, with a new epoch and its key.
    pub(super) fn seal(&mut self, now: Time, at: Position) -> Bytes {
        self.epoch += 1;
        let mut secret = [self.seed; 32];
        secret[0] = 200;
        secret[1] = u8::try_from(self.epoch).unwrap();
        let key = SigningKey::from_bytes(&secret);
        let announced = public(&key);
        self.epoch_key = Some(key);
        self.make(now, Event::Sealed, Some(at), |draft| draft.epoch_key = Some(announced))
    }

    /// Erases the epoch key, then says so.
    pub(super) fn open(&mut self, now: Time, at: Option<Position>, grant: Option<[u8; 16]>) -> Bytes {
        self.epoch_key = None;
        let event = if grant.is_some() { Event::OpenedByGrant } else { Event::Opened };
        self.make(now, event, at, |draft| draft.reference = grant)
    }
}

/// Through decode and the strict check; `None` where the report is refused.
pub(super) fn try_verify(keyring: &mut Keyring, device: DeviceId, bytes: &Bytes) -> Option<VerifiedReport> {
    let unverified = UnverifiedReport::decode(device, bytes.clone()).unwrap();
    keyring.screen_strict(vec![unverified]).pop().unwrap().ok()
}

pub(super) fn verify(keyring: &mut Keyring, device: DeviceId, bytes: &Bytes) -> VerifiedReport {
    try_verify(keyring, device, bytes).unwrap()
}
