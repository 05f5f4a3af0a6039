//! The platform of a history: the product's judge and keyring over a disk that loses what was not synced.

use super::mutant::Mutant;
use super::told::Told;
use super::world;
use bytes::Bytes;
use sealway_core::keyring::Keyring;
use sealway_core::order::{Outcome, Past};
use sealway_core::verify::{Refusal, UnverifiedReport, VerifiedReport};
use sealway_core::{Core, Effect, Input, KeyChange, Policy};
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::{Ack, Down};
use sealway_schemas::entry::Entry;
use sealway_schemas::hello::Hello;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, Digest, PartyId, PublicKey, Time, aad};
use sealway_seal_sim::keys::KeyPair;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::OnceLock;

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
    pub(crate) told: Told,
    /// What verified once verifies again; histories are about everything else.
    verified: Verified,
}

/// What every history begins with, made once: state, log, what was told, and the seal's key.
static FURNISHED: OnceLock<(Core, Disk, Told)> = OnceLock::new();

/// By the report's bytes.
pub(crate) type Verified = HashMap<Vec<u8>, VerifiedReport>;

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
            device: world::seal(),
            mutant,
            log: Disk::new(),
            durable: 0,
            waiting: Vec::new(),
            standby: Disk::new(),
            seen: BTreeSet::new(),
            clock: now,
            newest_t: Time::ZERO,
            released: BTreeMap::new(),
            told: Told::default(),
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

    /// What is due by now happens, as it would with whatever arrives next.
    pub(crate) fn tick(&mut self) {
        self.handle(Input::Tick);
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core.handle(self.clock, input, &Log(&self.log), &mut effects);
        if self.is(Mutant::TellEveryone) {
            tell_everyone(&mut effects);
        }
        self.told.note(&effects);
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

    /// Whether it was taken; it is on disk then.
    pub(crate) fn command(&mut self, user: &str, body: &Value) -> bool {
        let by = signer(user, body);
        let key = format!("k-{}", self.log.len());
        let effects = self.handle(Input::Command { by, key, body: body.to_string().into(), signature: None });
        self.durable = self.log.len();
        effects.iter().any(|effect| matches!(effect, Effect::Accepted(_)))
    }

    /// The parties, the road, the seal and its transfer. Every history begins with the same, so it is made once.
    pub(crate) fn furnish(&mut self, public_key: PublicKey, proof: &[u8]) {
        let (core, log, told) = FURNISHED.get_or_init(|| {
            let mut first = Self::new(None, self.clock);
            for body in world::commands(public_key, proof) {
                assert!(first.command("someone", &body), "{body}");
            }
            (first.core, first.log, first.told)
        });
        (self.core, self.log, self.told) = (core.clone(), log.clone(), told.clone());
        self.durable = self.log.len();
        apply(&mut self.keyring, KeyChange::Enrolled { device: self.device, key: public_key });
    }

    /// What a mistake of the platform takes into its own hands: an officer decides over a held custody, nobody else.
    fn heal_by_itself(&mut self) {
        let held = self.core.transfer(&world::transfer()).is_some_and(|transfer| transfer.custody_held);
        if self.is(Mutant::HealByItself) && held {
            self.command("nobody", &json!({"type": "lift-quarantine", "device": self.device, "reason": "it will be well"}));
        }
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
                let effects = self.handle(Input::Report(verified));
                if self.is(Mutant::NoDedupe) && self.log.len() == before {
                    self.keep(bytes);
                }
                if self.is(Mutant::DropFaulty) && faulty(&effects) {
                    self.log.truncate(before);
                }
                self.heal_by_itself();
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

    /// A signed ack, and what it promises. `None` where the seal is not known any more.
    pub(crate) fn ack(&mut self) -> Option<(Vec<u8>, Ack)> {
        if !self.is(Mutant::AckBeforeCommit) {
            self.durable = self.log.len();
        }
        let mut ack = self.core.ack(&self.device, self.clock)?;
        let confirmed = self.standby.len();
        let released = self.released.range(..=confirmed).next_back().map_or(0, |(_, stored)| *stored);
        self.released.insert(self.durable, ack.stored);
        ack.released = if self.is(Mutant::OneLevelAck) { ack.stored } else { released.min(ack.stored) };
        Some((self.key.seal(&Down::Ack(ack.clone()).encode(), &aad::down(&self.device)), ack))
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
        self.log = if self.is(Mutant::StandbyBeforeDisk) {
            self.standby.iter().take(self.durable / 2).cloned().collect()
        } else {
            self.standby.clone()
        };
        self.waiting.clear();
        self.released.clear();
        self.start();
        if !self.is(Mutant::NoGeneration) {
            self.handle(Input::Generation(self.core.generation_after(self.clock)));
        }
        self.durable = self.log.len();
    }

    /// State and keys from the log alone.
    fn start(&mut self) {
        let replayed = replayed(&self.log, &mut self.verified);
        (self.core, self.keyring, self.told) = (replayed.core, replayed.keyring, replayed.told);
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

/// Customs decides, the carrier does what is its own.
fn signer(user: &str, body: &Value) -> Signer {
    let (party, role) = match body["type"].as_str() {
        Some("register-party") => (world::CUSTOMS, Role::Admin),
        // Under way only an officer enrols a seal anew.
        Some("enrol-device" | "declare-transfer") if user != "officer" => (world::CARRIER, Role::Carrier),
        _ => (world::CUSTOMS, Role::Customs),
    };
    Signer { user: user.parse().unwrap(), party: party.parse().unwrap(), role }
}

fn tell_everyone(effects: &mut [Effect]) {
    for effect in effects {
        if let Effect::Event(event) = effect {
            event.visible_to.push(world::STRANGER.parse::<PartyId>().unwrap());
        }
    }
}

fn faulty(effects: &[Effect]) -> bool {
    let mut told = Told::default();
    told.note(effects);
    !told.faulty.is_empty()
}

/// What a log gives.
#[derive(Default)]
pub(crate) struct Replayed {
    pub(crate) core: Core,
    pub(crate) keyring: Keyring,
    pub(crate) told: Told,
}

/// The whole log again. A report before its key waits, as its device would send it again.
pub(crate) fn replayed(log: &[Vec<u8>], known: &mut Verified) -> Replayed {
    let (mut replayed, begun) = Replayed::begun(log);
    let mut waiting = VecDeque::new();
    let mut at = Time::ZERO;
    for (number, bytes) in log.iter().enumerate().skip(begun) {
        let Ok(entry) = Entry::decode(bytes) else { continue };
        at = entry.at();
        let past = Log(log.get(..number).unwrap_or_default());
        match entry {
            Entry::Report { bytes, .. } => waiting.push_back(bytes),
            other => replayed.handle(at, input(other), &past),
        }
        replayed.take_waiting(at, &mut waiting, known, &past);
    }
    while replayed.take_waiting(at, &mut waiting, known, &Log(log)) {}
    replayed
}

fn input(entry: Entry) -> Input {
    match entry {
        Entry::Report { .. } => panic!("a report is verified first"),
        Entry::Login { device, t, .. } => Input::Login { device, t },
        Entry::Command { by, key, body, .. } => Input::Command { by, key, body, signature: None },
        Entry::StrictFailed { device, ctr, digest, .. } => Input::StrictFailed { device, ctr, digest },
        Entry::Generation { number, .. } => Input::Generation(number),
        Entry::StateLost { device, stored, hi, .. } => Input::StateLost { device, stored, hi },
        Entry::Refusals { refusals, .. } => Input::Refusals(refusals),
        Entry::Unsigned { frame, .. } => Input::Unsigned(frame),
        Entry::Rekey { succession, .. } => Input::Rekey(succession),
        Entry::Policy { numbers, .. } => Input::Policy(Policy::from_json(&numbers).unwrap()),
    }
}

impl Replayed {
    /// With the beginning that every log of a history has, which is long to read; and how many entries that is.
    fn begun(log: &[Vec<u8>]) -> (Self, usize) {
        let Some((core, furnished, told)) = FURNISHED.get().filter(|(_, furnished, _)| log.starts_with(furnished)) else {
            return (Self::default(), 0);
        };
        let mut keyring = Keyring::default();
        for (device, key, _) in core.keys() {
            apply(&mut keyring, KeyChange::Enrolled { device, key });
        }
        (Self { core: core.clone(), keyring, told: told.clone() }, furnished.len())
    }

    /// Whether any of them could be taken.
    fn take_waiting(&mut self, at: Time, waiting: &mut VecDeque<Bytes>, known: &mut Verified, past: &Log<'_>) -> bool {
        let before = waiting.len();
        for _ in 0..before {
            let Some(bytes) = waiting.pop_front() else { break };
            if !self.take_report(at, &bytes, known, past) {
                waiting.push_back(bytes);
            }
        }
        waiting.len() < before
    }

    fn take_report(&mut self, at: Time, bytes: &Bytes, known: &mut Verified, past: &Log<'_>) -> bool {
        let unverified = UnverifiedReport::decode(world::seal(), bytes.clone()).unwrap();
        let looked = match known.get(bytes.as_ref()) {
            // Keys have to become known again.
            Some(verified) if unverified.unverified().event() != Event::Sealed => Ok(verified.clone()),
            _ => self.keyring.screen_logged(vec![unverified]).pop().unwrap(),
        };
        let Ok(report) = looked else { return false };
        known.insert(bytes.to_vec(), report.clone());
        let effects = self.effects(at, Input::Report(report), past);
        !effects.iter().any(|effect| matches!(effect, Effect::Outcome { outcome: Outcome::Overflow, .. }))
    }

    fn handle(&mut self, at: Time, input: Input, past: &Log<'_>) {
        self.effects(at, input, past);
    }

    fn effects(&mut self, at: Time, input: Input, past: &Log<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core.handle(at, input, past, &mut effects);
        self.told.note(&effects);
        for effect in &effects {
            if let Effect::Keys(change) = effect {
                apply(&mut self.keyring, *change);
            }
        }
        effects
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
