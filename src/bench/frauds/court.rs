//! The real judge as a play's platform: verify, order, judge as the driver does, without sockets, files or a clock.

use bytes::Bytes;
use sealway_core::keyring::Keyring;
use sealway_core::order::{Outcome, Past};
use sealway_core::verify::UnverifiedReport;
use sealway_core::{Core, Effect, Input, KeyChange};
use sealway_schemas::command::Signer;
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::Down;
use sealway_schemas::entry::Entry;
use sealway_schemas::event::AlertView;
use sealway_schemas::hello::Hello;
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use sealway_seal_sim::keys::KeyPair;
use sealway_seal_sim::scenario::{Platform, Published, Refusal};
use serde_json::Value;
use std::collections::BTreeMap;

/// Guards nothing: it signs for simulated seals.
const PLATFORM_SECRET: [u8; 32] = [41; 32];
/// One ack answers so many reports, unless something is missing or a device has just connected.
const REPORTS_PER_ACK: u32 = 16;

/// What the log would tell of reports that were kept.
#[derive(Debug, Default)]
struct Kept(BTreeMap<DeviceId, BTreeMap<u64, Vec<Digest>>>);

impl Past for Kept {
    fn versions(&self, device: &DeviceId, ctr: u64) -> Vec<Digest> {
        self.0.get(device).and_then(|of| of.get(&ctr)).cloned().unwrap_or_default()
    }
}

#[derive(Debug)]
pub(super) struct Court {
    core: Core,
    keyring: Keyring,
    key: KeyPair,
    kept: Kept,
    downs: BTreeMap<DeviceId, Vec<Down>>,
    /// Reports without an ack.
    acks_due: BTreeMap<DeviceId, u32>,
    commands: u64,
    reports: u64,
}

impl Court {
    pub(super) fn new() -> Self {
        Self {
            core: Core::default(),
            keyring: Keyring::default(),
            key: KeyPair::from_secret(PLATFORM_SECRET),
            kept: Kept::default(),
            downs: BTreeMap::new(),
            acks_due: BTreeMap::new(),
            commands: 0,
            reports: 0,
        }
    }

    /// Reports that were judged.
    pub(super) fn reports(&self) -> u64 {
        self.reports
    }

    pub(super) fn alerts_of(&self, device: &DeviceId) -> Vec<&AlertView> {
        self.core.alerts().filter(|alert| alert.device == *device).collect()
    }

    fn give(&mut self, at: Time, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core.handle(at, input, &self.kept, &mut effects);
        for effect in &effects {
            match effect {
                Effect::Append(Entry::Report { device, bytes, .. }) => self.keep(*device, bytes),
                Effect::Keys(change) => self.learn(*change),
                Effect::Ack(device) => *self.acks_due.entry(*device).or_default() += 1,
                Effect::Down { device, down } => self.downs.entry(*device).or_default().push(down.clone()),
                _ => {}
            }
        }
        effects
    }

    fn keep(&mut self, device: DeviceId, bytes: &Bytes) {
        if let Ok((_, report)) = sealway_schemas::report::Report::parse(bytes) {
            self.kept.0.entry(device).or_default().entry(report.ctr()).or_default().push(Digest::of(bytes));
        }
    }

    /// A key that the keyring refuses stays unknown; its reports are then refused.
    fn learn(&mut self, change: KeyChange) {
        match change {
            KeyChange::Enrolled { device, key } => drop(self.keyring.enrol(device, key)),
            KeyChange::EpochKey { device, key } => drop(self.keyring.epoch_key(device, key)),
            KeyChange::Revoked { device } => self.keyring.revoke(device),
        }
    }

    fn sign(&self, device: &DeviceId, down: &Down) -> Vec<u8> {
        self.key.seal(&down.encode(), &aad::down(device))
    }
}

impl Platform for Court {
    fn key(&self) -> PublicKey {
        self.key.public()
    }

    fn command(&mut self, at: Time, by: &Signer, body: &Value) -> Result<Option<Value>, Refusal> {
        self.commands += 1;
        let (key, body) = (format!("play-{}", self.commands), Bytes::from(body.to_string()));
        let effects = self.give(at, Input::Command { by: by.clone(), key, body, signature: None });
        let answer = effects.into_iter().find_map(|effect| match effect {
            Effect::Accepted(receipt) => Some(Ok(receipt.answer)),
            Effect::Refused(refusal) => Some(Err(Refusal { code: refusal.code.to_owned(), detail: refusal.detail })),
            _ => None,
        });
        answer.unwrap_or_else(|| Err(Refusal { code: "no-answer".to_owned(), detail: "the judge neither took nor refused it".to_owned() }))
    }

    fn login(&mut self, at: Time, device: &DeviceId, password: &str) -> bool {
        use base64::Engine as _;
        let Ok(bytes) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(password) else { return false };
        let Ok(login) = self.keyring.verify_login(device, &bytes) else { return false };
        let effects = self.give(at, Input::Login { device: *device, t: login.t() });
        !effects.iter().any(|effect| matches!(effect, Effect::LoginRefused { .. }))
    }

    fn hello(&mut self, at: Time, device: &DeviceId, bytes: &[u8]) {
        let Ok(message) = Sign1::parse(bytes) else { return };
        if let (Ok(hello), Ok(())) = (Hello::decode(message.payload()), self.keyring.verify_hello(device, &message)) {
            self.give(at, Input::Hello { device: *device, hello });
            self.acks_due.insert(*device, REPORTS_PER_ACK);
        }
    }

    fn publish(&mut self, at: Time, device: &DeviceId, payload: &[u8]) -> Published {
        let mut published = Published::default();
        for item in split(payload) {
            let Ok(UpItem::Report(message, report)) = item else {
                published.refused += 1;
                continue;
            };
            let bytes = Bytes::copy_from_slice(message.bytes());
            let unverified = UnverifiedReport::claimed(*device, &message, bytes, report);
            self.reports += 1;
            match self.keyring.screen_strict(vec![unverified]).pop() {
                Some(Ok(verified)) => {
                    let effects = self.give(at, Input::Report(verified));
                    let again = |effect: &&Effect| matches!(effect, Effect::Outcome { outcome: Outcome::Duplicate, .. });
                    published.duplicates += effects.iter().filter(again).count() as u64;
                }
                Some(Err(_)) | None => published.refused += 1,
            }
        }
        published
    }

    fn downs(&mut self, at: Time, device: &DeviceId) -> Vec<Vec<u8>> {
        let due = self.acks_due.get(device).copied().unwrap_or_default();
        let ack = self.core.ack(device, at).filter(|ack| due >= REPORTS_PER_ACK || due > 0 && !ack.wants.is_empty());
        if ack.is_some() {
            self.acks_due.remove(device);
        }
        let waiting = self.downs.remove(device).unwrap_or_default();
        ack.map(Down::Ack).into_iter().chain(waiting).map(|down| self.sign(device, &down)).collect()
    }

    fn pass(&mut self, at: Time) {
        self.give(at, Input::Tick);
    }
}
