//! The keys of the devices that one verify worker looks after, and its look at a batch of reports.
//!
//! Periodic reports that change nothing go through a batch; every other one is checked by the contract's equation at once. A device whose
//! signature failed goes alone for a while, so that garbage cannot slow the honest.

#[cfg(test)]
mod agreement;
mod batch;
#[cfg(test)]
mod tests;

use crate::verify::{Refusal, SignedBy, UnverifiedReport, VerifiedLogin, VerifiedReport, WeakKey, check_key, check_message, verify_strict};
use batch::{Batch, passes_batch};
use ed25519_dalek::VerifyingKey;
use hashbrown::HashMap;
use sealway_schemas::cose::Sign1;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, KeyId, PublicKey, aad};

/// Reports that a device goes alone for after a bad signature.
const ALONE_FOR: u16 = 1024;
/// Keys that one keyring keeps decompressed: those of the devices that speak. Beyond it all are let go, and each comes back when it is
/// needed, for a hundredth of what a check costs; a quiet device then holds 32 bytes instead of 240.
const READY_LIMIT: usize = 16_384;
const UP_AAD: &str = "sealway/v1/up/";

/// Why a key was not taken into the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    #[error(transparent)]
    Weak(#[from] WeakKey),
    #[error("device {0}: not enrolled")]
    UnknownDevice(DeviceId),
    #[error("public key {0}: another key of the device has its key id")]
    EqualId(PublicKey),
}

/// What checks a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// A batch where it may.
    Batch,
    /// The contract's equation.
    Strict,
    /// The contract's equation, or else what a batch lets pass.
    Logged,
}

/// A key that was checked when it became known.
#[derive(Debug)]
struct Known {
    id: KeyId,
    public: PublicKey,
    ready: Option<Box<VerifyingKey>>,
}

impl Known {
    fn new(public: PublicKey) -> Self {
        Self { id: public.key_id(), public, ready: None }
    }

    fn key(&self) -> Option<VerifyingKey> {
        self.ready.as_deref().copied().or_else(|| VerifyingKey::from_bytes(self.public.as_bytes()).ok())
    }
}

#[derive(Debug)]
struct DeviceKeys {
    identity: Known,
    /// Oldest first.
    epochs: Vec<Known>,
    revoked: bool,
    /// So many reports more are looked at alone.
    alone_for: u16,
    /// Whether the last strictly checked report showed a closed seal.
    closed: Option<bool>,
}

/// The keys of a device, by its id. Pure: holds no secret, knows no clock, draws no randomness.
#[derive(Debug, Default)]
pub struct Keyring {
    devices: HashMap<DeviceId, DeviceKeys>,
    /// How many keys are decompressed.
    ready: usize,
    bench: Bench,
}

/// Memory that is used again.
#[derive(Debug, Default)]
struct Bench {
    batch: Batch,
    aad: String,
    message: Vec<u8>,
}

/// What became of a report so far.
enum Fate {
    Refused(Refusal),
    Verified(SignedBy),
    InBatch(SignedBy),
}

impl Keyring {
    /// Takes a device, or the new identity key of a known one: its old keys are forgotten.
    pub fn enrol(&mut self, device: DeviceId, key: PublicKey) -> Result<(), KeyRefusal> {
        check_key(&key)?;
        let keys = DeviceKeys { identity: Known::new(key), epochs: Vec::new(), revoked: false, alone_for: 0, closed: None };
        self.devices.insert(device, keys);
        Ok(())
    }

    /// Makes an epoch key known. Known already: nothing happens.
    pub fn epoch_key(&mut self, device: DeviceId, key: PublicKey) -> Result<(), KeyRefusal> {
        let keys = self.devices.get_mut(&device).ok_or(KeyRefusal::UnknownDevice(device))?;
        keys.learn(key)
    }

    /// Whether a signature of this device failed lately: it costs more than others, and may wait behind them.
    #[must_use]
    pub fn goes_alone(&self, device: &DeviceId) -> bool {
        self.devices.get(device).is_some_and(|keys| keys.alone_for > 0)
    }

    /// From here on every report of the device is refused as [`Refusal::Revoked`].
    pub fn revoke(&mut self, device: DeviceId) {
        if let Some(keys) = self.devices.get_mut(&device) {
            keys.revoked = true;
            keys.epochs = Vec::new();
        }
    }

    /// Checks a login: the bytes of the COSE_Sign1.
    pub fn verify_login(&self, device: &DeviceId, bytes: &[u8]) -> Result<VerifiedLogin, Refusal> {
        if !self.devices.contains_key(device) {
            return Err(Refusal::UnknownDevice);
        }
        let message = Sign1::parse(bytes)?;
        let login = Login::decode(message.payload())?;
        self.check_by_identity(device, &message, &aad::login(device))?;
        Ok(VerifiedLogin::new(login))
    }

    /// Checks the signature of a hello.
    pub fn verify_hello(&self, device: &DeviceId, message: &Sign1<'_>) -> Result<(), Refusal> {
        self.check_by_identity(device, message, &aad::hello(device))
    }

    fn check_by_identity(&self, device: &DeviceId, message: &Sign1<'_>, aad: &str) -> Result<(), Refusal> {
        let keys = self.devices.get(device).ok_or(Refusal::UnknownDevice)?;
        if keys.revoked {
            return Err(Refusal::Revoked);
        }
        if message.key_id() != keys.identity.id {
            return Err(Refusal::UnknownKey);
        }
        check_message(&keys.identity.key().ok_or(Refusal::UnknownKey)?, message, aad)
    }

    /// Looks at reports, in batches where that is allowed. The answers stand in the order of the reports. A verified `sealed` makes its
    /// key known at once, also for later reports of the same call. `coins` fills what it is given with unforeseeable bytes.
    pub fn screen(&mut self, reports: Vec<UnverifiedReport>, coins: &mut dyn FnMut(&mut [u8])) -> Vec<Result<VerifiedReport, Refusal>> {
        self.let_go();
        let mut bench = std::mem::take(&mut self.bench);
        let mut fates: Vec<Fate> = Vec::with_capacity(reports.len());
        for report in &reports {
            let fate = self.look(report, fates.len(), Lane::Batch, &mut bench);
            fates.push(fate);
        }
        let Bench { batch, aad, message } = &mut bench;
        let alone = batch.look(coins, |place| {
            let report = reports.get(place);
            report.is_some_and(|report| self.check(report, Lane::Strict, aad, message).is_ok())
        });
        for (place, good) in alone {
            let (Some(fate), Some(report)) = (fates.get_mut(place), reports.get(place)) else {
                continue;
            };
            fate.after_strict(good);
            if !good {
                self.send_alone(report.device());
            }
        }
        self.bench = bench;
        reports.into_iter().zip(fates).map(|(report, fate)| fate.settle(report)).collect()
    }

    /// The same by the contract's equation for every report: what leaves in evidence.
    pub fn screen_strict(&mut self, reports: Vec<UnverifiedReport>) -> Vec<Result<VerifiedReport, Refusal>> {
        self.screen_alone(reports, Lane::Strict)
    }

    /// The same for reports of the log. One that only a batch could let pass is not strict; every other one is.
    pub fn screen_logged(&mut self, reports: Vec<UnverifiedReport>) -> Vec<Result<VerifiedReport, Refusal>> {
        self.screen_alone(reports, Lane::Logged)
    }

    fn screen_alone(&mut self, reports: Vec<UnverifiedReport>, lane: Lane) -> Vec<Result<VerifiedReport, Refusal>> {
        self.let_go();
        let mut bench = std::mem::take(&mut self.bench);
        let answers = reports.into_iter().map(|report| self.look(&report, 0, lane, &mut bench).settle(report)).collect();
        self.bench = bench;
        answers
    }

    /// Lets the decompressed keys go when there are too many.
    fn let_go(&mut self) {
        if self.ready <= READY_LIMIT {
            return;
        }
        self.ready = 0;
        for keys in self.devices.values_mut() {
            keys.identity.ready = None;
            keys.epochs.iter_mut().for_each(|known| known.ready = None);
        }
    }

    fn look(&mut self, report: &UnverifiedReport, place: usize, lane: Lane, bench: &mut Bench) -> Fate {
        let device = report.device();
        let Some(keys) = self.devices.get_mut(device).filter(|keys| !keys.revoked) else {
            let known = self.devices.contains_key(device);
            return Fate::Refused(if known { Refusal::Revoked } else { Refusal::UnknownDevice });
        };
        self.ready += keys.make_ready(report.key_id());
        let (fate, failed) = match lane {
            Lane::Batch if keys.may_wait(report.unverified()) => (keys.put_in_batch(report, place, bench), false),
            Lane::Batch | Lane::Strict | Lane::Logged => {
                let checked = self.check(report, lane, &mut bench.aad, &mut bench.message);
                (checked.map_or_else(Fate::Refused, |(by, strict)| if strict { Fate::Verified(by) } else { Fate::InBatch(by) }), true)
            }
        };
        match &fate {
            Fate::Verified(by) => self.took(report, *by),
            Fate::Refused(Refusal::BadSignature) if failed => self.send_alone(device),
            Fate::Refused(_) | Fate::InBatch(_) => {}
        }
        fate
    }

    /// One report by the contract's equation; `true` if it holds, `false` if only a batch would let it pass.
    fn check(&self, report: &UnverifiedReport, lane: Lane, aad: &mut String, message: &mut Vec<u8>) -> Result<(SignedBy, bool), Refusal> {
        let keys = self.devices.get(report.device()).ok_or(Refusal::UnknownDevice)?;
        let signed = Sign1::parse(report.bytes())?;
        let (signed_by, key) = keys.find(signed.key_id()).ok_or(Refusal::UnknownKey)?;
        to_be_signed(report.device(), &signed, aad, message);
        if verify_strict(&key, message, signed.signature()) {
            return Ok((signed_by, true));
        }
        let passes = lane == Lane::Logged && passes_batch(&key, message, signed.signature());
        if passes { Ok((signed_by, false)) } else { Err(Refusal::BadSignature) }
    }

    /// What a strictly checked report tells about its device's next ones.
    fn took(&mut self, report: &UnverifiedReport, signed_by: SignedBy) {
        let Some(keys) = self.devices.get_mut(report.device()) else {
            return;
        };
        keys.closed = Some(report.unverified().status().closed());
        if let (Some(key), SignedBy::Identity) = (report.unverified().epoch_key(), signed_by) {
            // A weak or ambiguous key stays unknown; the order door names the fault.
            let _refused = keys.learn(key);
        }
    }

    fn send_alone(&mut self, device: &DeviceId) {
        if let Some(keys) = self.devices.get_mut(device) {
            keys.alone_for = ALONE_FOR;
        }
    }
}

impl DeviceKeys {
    fn learn(&mut self, key: PublicKey) -> Result<(), KeyRefusal> {
        let id = key.key_id();
        if let Some(known) = self.epochs.iter().find(|known| known.id == id) {
            return if known.public == key { Ok(()) } else { Err(KeyRefusal::EqualId(key)) };
        }
        if id == self.identity.id {
            return Err(KeyRefusal::EqualId(key));
        }
        check_key(&key)?;
        self.epochs.push(Known::new(key));
        Ok(())
    }

    /// Newest first: nearly every report is signed by the newest.
    fn find(&self, id: KeyId) -> Option<(SignedBy, VerifyingKey)> {
        if let Some(known) = self.epochs.iter().rev().find(|known| known.id == id) {
            return Some((SignedBy::Epoch(known.public), known.key()?));
        }
        if self.identity.id == id { Some((SignedBy::Identity, self.identity.key()?)) } else { None }
    }

    /// Decompresses the key that a report names; how many are ready that were not.
    fn make_ready(&mut self, id: KeyId) -> usize {
        let known = self.epochs.iter_mut().rev().chain([&mut self.identity]).find(|known| known.id == id);
        let Some(known) = known.filter(|known| known.ready.is_none()) else { return 0 };
        known.ready = known.key().map(Box::new);
        1
    }

    /// Whether a batch may look at a report first: it is periodic, shows what the one before it showed, and its device is not alone.
    fn may_wait(&mut self, report: &Report) -> bool {
        if self.alone_for > 0 {
            self.alone_for -= 1;
            return false;
        }
        report.event() == Event::Periodic && self.closed == Some(report.status().closed())
    }

    fn put_in_batch(&self, report: &UnverifiedReport, place: usize, bench: &mut Bench) -> Fate {
        let signed = match Sign1::parse(report.bytes()) {
            Ok(signed) => signed,
            Err(malformed) => return Fate::Refused(malformed.into()),
        };
        let Some((signed_by, key)) = self.find(signed.key_id()) else {
            return Fate::Refused(Refusal::UnknownKey);
        };
        to_be_signed(report.device(), &signed, &mut bench.aad, &mut bench.message);
        if bench.batch.push(place, &key, &bench.message, signed.signature()) {
            Fate::InBatch(signed_by)
        } else {
            Fate::Refused(Refusal::BadSignature)
        }
    }
}

impl Fate {
    fn after_strict(&mut self, good: bool) {
        *self = match *self {
            Self::InBatch(signed_by) if good => Self::Verified(signed_by),
            Self::InBatch(_) | Self::Verified(_) | Self::Refused(_) => Self::Refused(Refusal::BadSignature),
        };
    }

    fn settle(self, report: UnverifiedReport) -> Result<VerifiedReport, Refusal> {
        match self {
            Self::Refused(refusal) => Err(refusal),
            Self::Verified(signed_by) => Ok(report.into_verified(signed_by, true)),
            Self::InBatch(signed_by) => Ok(report.into_verified(signed_by, false)),
        }
    }
}

fn to_be_signed(device: &DeviceId, signed: &Sign1<'_>, aad: &mut String, message: &mut Vec<u8>) {
    aad.clear();
    aad.push_str(UP_AAD);
    aad.push_str(device.as_str());
    message.clear();
    signed.to_be_signed(aad, message);
}
