//! The platform of a history: the product's judge and keyring over a disk that loses what was not synced.

use super::mutant::Mutant;
use sealway_core::keyring::Keyring;
use sealway_core::order::Past;
use sealway_core::verify::{Refusal, UnverifiedReport, VerifiedReport};
use sealway_core::{Core, Effect, Input, KeyChange, Policy};
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::Down;
use sealway_schemas::entry::Entry;
use sealway_schemas::hello::Hello;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use sealway_seal_sim::keys::KeyPair;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Entries as they lie on a disk.
pub(crate) type Disk = Vec<Vec<u8>>;

pub(crate) struct Platform {
    pub(crate) core: Core,
    keyring: Keyring,
    key: KeyPair,
    device: DeviceId,
    mutant: Option<Mutant>,
    pub(crate) log: Disk,
    /// Entries below this number survive a crash.
    pub(crate) durable: usize,
    /// PUBACKs that wait for the commit.
    waiting: Vec<u16>,
    /// What a second disk has.
    pub(crate) standby: Disk,
    /// Signatures ever seen, for the mistake that goes by them.
    seen: BTreeSet<Vec<u8>>,
    clock: Time,
    newest_t: Time,
    /// `stored` of acks, by the number of entries that were there.
    released: BTreeMap<usize, u64>,
    /// What verified once verifies again; histories are about everything else.
    verified: Verified,
}

/// By the report's bytes.
type Verified = HashMap<Vec<u8>, VerifiedReport>;

/// Kept versions, read from the log as the driver does.
struct Log<'a>(&'a [Vec<u8>]);

impl Past for Log<'_> {
    fn versions(&self, device: &DeviceId, ctr: u64) -> Vec<Digest> {
        reports(self.0).filter(|(of, number, _)| of == device && *number == ctr).map(|(.., bytes)| Digest::of(&bytes)).collect()
    }
}

/// Device, counter and bytes of every report.
pub(crate) fn reports(log: &[Vec<u8>]) -> impl Iterator<Item = (DeviceId, u64, Vec<u8>)> + '_ {
    log.iter().filter_map(|entry| match Entry::decode(entry).ok()? {
        Entry::Report { device, bytes, .. } => Some((device, Report::parse(&bytes).ok()?.1.ctr(), bytes.to_vec())),
        _ => None,
    })
}

impl Platform {
    pub(crate) fn new(mutant: Option<Mutant>, now: Time) -> Self {
        Self {
            core: Core::default(),
            keyring: Keyring::default(),
            key: KeyPair::from_secret([9; 32]),
            device: "XA-7Q2K".parse().unwrap(),
            mutant,
            log: Disk::new(),
            durable: 0,
            waiting: Vec::new(),
            standby: Disk::new(),
            seen: BTreeSet::new(),
            clock: now,
            newest_t: Time::ZERO,
            released: BTreeMap::new(),
            verified: Verified::new(),
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Time as the sequencer keeps it: it never goes back.
    pub(crate) fn at(&mut self, now: Time) {
        self.clock = self.clock.max(now);
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core.handle(self.clock, input, &Log(&self.log), &mut effects);
        for effect in &effects {
            match effect {
                Effect::Append(entry) => {
                    let forgotten = self.is(Mutant::ForgetLogins) && matches!(entry, Entry::Login { .. });
                    let mut bytes = Vec::new();
                    entry.encode_into(&mut bytes);
                    if !forgotten {
                        self.log.push(bytes);
                    }
                }
                Effect::Keys(change) => apply(&mut self.keyring, *change),
                _ => {}
            }
        }
        effects
    }

    pub(crate) fn command(&mut self, role: Role, body: &serde_json::Value) {
        let by = Signer { user: "someone".parse().unwrap(), party: "carrier".parse().unwrap(), role };
        let key = format!("k-{}", self.log.len());
        let effects = self.handle(Input::Command { by, key, body: body.to_string().into(), signature: None });
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Accepted(_))), "{body}: {effects:?}");
        self.durable = self.log.len();
    }

    /// The party and its seal.
    pub(crate) fn furnish(&mut self, public_key: PublicKey, proof: &[u8]) {
        self.command(
            Role::Admin,
            &json!({"type": "register-party", "party": "carrier", "role": "carrier", "name_zh": "某", "name_en": "C"}),
        );
        self.command(
            Role::Carrier,
            &json!({"type": "enrol-device", "device": self.device, "owner": "carrier", "public_key": public_key,
                "challenge": hex(&[7; 32]), "proof": hex(proof)}),
        );
    }

    /// Whether a login gets in.
    pub(crate) fn login(&mut self, cose: &[u8]) -> bool {
        let Ok(login) = self.keyring.verify_login(&self.device, cose) else { return false };
        let effects = self.handle(Input::Login { device: self.device, t: login.t() });
        let refused = effects.iter().any(|effect| matches!(effect, Effect::LoginRefused { .. }));
        // A login is on disk before the seal hears of it.
        self.durable = self.log.len();
        !refused
    }

    /// Takes a payload; the PUBACKs that are due at once.
    pub(crate) fn take(&mut self, ticket: u16, payload: &[u8]) -> Vec<u16> {
        for item in split(payload) {
            match item {
                Ok(UpItem::Report(message, report)) => self.take_report(message.bytes(), &report),
                Ok(UpItem::Hello(message, hello)) => self.take_hello(&message, hello),
                Err(_) => {}
            }
        }
        if self.is(Mutant::PubackBeforeCommit) {
            return vec![ticket];
        }
        self.waiting.push(ticket);
        Vec::new()
    }

    fn take_hello(&mut self, message: &Sign1<'_>, hello: Hello) {
        if self.keyring.verify_hello(&self.device, message).is_ok() {
            self.handle(Input::Hello { device: self.device, hello });
        }
    }

    fn take_report(&mut self, bytes: &[u8], report: &Report) {
        if self.is(Mutant::DedupeBySignature) && !self.seen.insert(bytes.to_vec()) {
            return;
        }
        if self.is(Mutant::OrderByClock) && report.t() < self.newest_t {
            return;
        }
        let stored = self.core.ack(&self.device, self.clock).map_or(0, |ack| ack.stored);
        if self.is(Mutant::DropAboveHole) && report.ctr() > stored + 1 {
            return;
        }
        let unverified = UnverifiedReport::decode(self.device, bytes.to_vec().into()).unwrap();
        let mut coin = 0_u8;
        let mut coins = |out: &mut [u8]| {
            for byte in out {
                coin = coin.wrapping_mul(31).wrapping_add(17);
                *byte = coin;
            }
        };
        match self.keyring.screen(vec![unverified], &mut coins).pop().unwrap() {
            Ok(verified) => {
                self.verified.insert(bytes.to_vec(), verified.clone());
                self.newest_t = self.newest_t.max(report.t());
                let before = self.log.len();
                self.handle(Input::Report(verified));
                if self.is(Mutant::NoDedupe) && self.log.len() == before {
                    self.keep(bytes);
                }
            }
            Err(_) if self.is(Mutant::KeepForged) => self.keep(bytes),
            Err(_) => {}
        }
    }

    /// Whether a report is signed by a key that is not known here.
    pub(crate) fn cannot_verify(&mut self, bytes: &[u8]) -> bool {
        if self.verified.contains_key(bytes) && reports(&self.log).any(|(.., kept)| kept == bytes) {
            return false;
        }
        let unverified = UnverifiedReport::decode(self.device, bytes.to_vec().into()).unwrap();
        self.keyring.screen_strict(vec![unverified]).pop().unwrap().is_err_and(|refusal| refusal == Refusal::UnknownKey)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let mut entry = Vec::new();
        Entry::Report { at: self.clock, device: self.device, bytes: bytes.to_vec().into() }.encode_into(&mut entry);
        self.log.push(entry);
    }

    /// One fdatasync; the PUBACKs that it lets go.
    pub(crate) fn commit(&mut self) -> Vec<u16> {
        self.durable = self.log.len();
        std::mem::take(&mut self.waiting)
    }

    /// A signed ack, and what it promises: stored, released. `None` where the seal is not known any more.
    pub(crate) fn ack(&mut self) -> Option<(Vec<u8>, u64, u64)> {
        if !self.is(Mutant::AckBeforeCommit) {
            self.durable = self.log.len();
        }
        let mut ack = self.core.ack(&self.device, self.clock)?;
        let confirmed = self.standby.len();
        let released = self.released.range(..=confirmed).next_back().map_or(0, |(_, stored)| *stored);
        self.released.insert(self.durable, ack.stored);
        ack.released = if self.is(Mutant::OneLevelAck) { ack.stored } else { released.min(ack.stored) };
        let (stored, released) = (ack.stored, ack.released);
        Some((self.key.seal(&Down::Ack(ack).encode(), &aad::down(&self.device)), stored, released))
    }

    /// The standby takes what is durable here, as far as it gets.
    pub(crate) fn copy_to_standby(&mut self, entries: usize) {
        let to = if self.is(Mutant::StandbyBeforeDisk) { self.log.len() } else { self.durable.min(self.standby.len() + entries) };
        if to > self.standby.len() && self.log.starts_with(&self.standby) {
            self.standby = self.log.iter().take(to).cloned().collect();
        }
    }

    /// kill -9: of what was not synced, the first `kept` entries are on the disk by chance, and half of the next one.
    pub(crate) fn crash(&mut self, kept: usize) {
        let survives = (self.durable + kept).min(self.log.len());
        let torn = self.log.get(survives).map(|entry| entry.iter().take(entry.len() / 2).copied().collect::<Vec<u8>>());
        self.log.truncate(survives);
        match torn {
            Some(torn) if self.is(Mutant::KeepTorn) => self.log.push(torn),
            _ => {}
        }
        if self.is(Mutant::ReplayOutOfOrder) && self.log.len() > self.durable.max(4) {
            let last = self.log.len() - 1;
            self.log.swap(last, last - 1);
        }
        self.waiting.clear();
        self.durable = self.log.len();
        self.start();
        if self.is(Mutant::ReplayMissesLast) {
            let last = self.log.pop();
            self.start();
            self.log.extend(last);
        }
    }

    /// The primary is lost; the standby's copy becomes the platform.
    pub(crate) fn restore(&mut self) {
        let generation = self.core.generation();
        self.log = if self.is(Mutant::StandbyBeforeDisk) {
            self.standby.iter().take(self.durable / 2).cloned().collect()
        } else {
            self.standby.clone()
        };
        self.waiting.clear();
        self.released.clear();
        self.start();
        if !self.is(Mutant::NoGeneration) {
            self.handle(Input::Generation(generation + 1));
        }
        self.durable = self.log.len();
    }

    /// State and keys from the log alone.
    fn start(&mut self) {
        (self.core, self.keyring) = replayed(&self.log, &mut self.verified);
        self.core.handle(self.clock, Input::Tick, &Log(&self.log), &mut Vec::new());
    }
}

fn apply(keyring: &mut Keyring, change: KeyChange) {
    // A key that is known already changes nothing.
    let _known = match change {
        KeyChange::Enrolled { device, key } => keyring.enrol(device, key),
        KeyChange::EpochKey { device, key } => keyring.epoch_key(device, key),
        KeyChange::Revoked { device } => {
            keyring.revoke(device);
            Ok(())
        }
    };
}

/// What a log gives.
pub(crate) fn replayed(log: &[Vec<u8>], known: &mut Verified) -> (Core, Keyring) {
    let (mut core, mut keyring) = (Core::default(), Keyring::default());
    for (number, bytes) in log.iter().enumerate() {
        let Ok(entry) = Entry::decode(bytes) else { continue };
        let at = entry.at();
        let input = match entry {
            Entry::Report { device, bytes, .. } => {
                let unverified = UnverifiedReport::decode(device, bytes.clone()).unwrap();
                let looked = match known.get(bytes.as_ref()) {
                    // Keys have to become known again.
                    Some(verified) if unverified.unverified().event() != Event::Sealed => Ok(verified.clone()),
                    _ => keyring.screen_logged(vec![unverified]).pop().unwrap(),
                };
                match looked {
                    Ok(report) => {
                        known.insert(bytes.to_vec(), report.clone());
                        Input::Report(report)
                    }
                    Err(_) => continue,
                }
            }
            Entry::Login { device, t, .. } => Input::Login { device, t },
            Entry::Command { by, key, body, .. } => Input::Command { by, key, body, signature: None },
            Entry::StrictFailed { device, ctr, digest, .. } => Input::StrictFailed { device, ctr, digest },
            Entry::Generation { number, .. } => Input::Generation(number),
            Entry::StateLost { device, stored, hi, .. } => Input::StateLost { device, stored, hi },
            Entry::Refusals { refusals, .. } => Input::Refusals(refusals),
            Entry::Unsigned { frame, .. } => Input::Unsigned(frame),
            Entry::Policy { numbers, .. } => Input::Policy(Policy::from_json(&numbers).unwrap()),
        };
        let mut effects = Vec::new();
        core.handle(at, input, &Log(log.get(..number).unwrap_or_default()), &mut effects);
        for effect in effects {
            if let Effect::Keys(change) = effect {
                apply(&mut keyring, change);
            }
        }
    }
    (core, keyring)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
