//! One history: what happens, and what has to hold afterwards.

mod officer;
mod promises;

use super::chance::Chance;
use super::mutant::Mutant;
use super::platform::Platform;
use super::world;
use base64::Engine as _;
use sealway_schemas::report::Event;
use sealway_schemas::{Digest, Time};
use sealway_seal_sim::device::{Device, Heard, Lock, Observation};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const START: u64 = 1_790_000_000_000;
const STEPS: usize = 60;
const RING: usize = 24;
/// Of good weather, until everything has to be acknowledged.
const ROUNDS: usize = 400;
/// Between two steps of a seal under way.
const STEP_KM: f64 = 0.15;
/// Hellos of which one is looked at: it costs two looks at the whole state.
const LOOK_AT_HELLO: usize = 12;
/// What wire.md gives an ack room for.
const RANGES: usize = 8;
const WANTS: usize = 4;

pub(crate) struct History {
    seed: u64,
    chance: Chance,
    device: Device,
    platform: Platform,
    mutant: Option<Mutant>,
    now: Time,
    uptime_ms: u64,
    connected: bool,
    ticket: u16,
    /// Payloads on their way, with their tickets: any may be lost, doubled or overtaken.
    up: Vec<(u16, Vec<u8>)>,
    /// Signed acks on their way.
    down: Vec<Vec<u8>>,
    /// Reports of each payload that was sent; once it was taken, those that were acceptable.
    sent: BTreeMap<u16, Vec<u64>>,
    /// Counters that a PUBACK or a signed ack promised, since the last restore.
    promised: BTreeSet<u64>,
    /// Counters that were said to lie in two places.
    released: u64,
    /// Recorded logins.
    recorded: Vec<Vec<u8>>,
    events: BTreeSet<u64>,
    clone_spoke: bool,
    epochs: u8,
    sealings: BTreeSet<u64>,
    /// Every report that the seal or its copy signed.
    made: BTreeSet<Digest>,
    /// Up to this counter the seal's are in `made`.
    noted: u64,
    /// Steps under way since the first sealing.
    driven: f64,
    /// Decisions of an officer to let custody go on.
    lifts: usize,
    /// Counter and gap of each report of the log that was looked at.
    parsed: RefCell<HashMap<Vec<u8>, Numbers>>,
    /// The first counter of the newest enrolment: what lies below has no meaning.
    begins: u64,
}

type Broken = String;

/// A report's counter, and the counters that its gap names.
type Numbers = Option<(u64, Option<(u64, u64)>)>;

impl History {
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let now = Time::from_ms(START);
        let mut platform = Platform::new(mutant, now);
        let mut device = Device::new(world::seal(), [1; 32], RING);
        device.trust(platform.public_key());
        platform.furnish(device.public_key(), &device.enrolment([7; 32]));
        platform.copy_to_standby(usize::MAX / 2);
        Self {
            seed,
            chance: Chance::new(seed),
            device,
            platform,
            mutant,
            now,
            uptime_ms: 0,
            connected: false,
            ticket: 0,
            up: Vec::new(),
            down: Vec::new(),
            sent: BTreeMap::new(),
            promised: BTreeSet::new(),
            released: 0,
            recorded: Vec::new(),
            events: BTreeSet::new(),
            clone_spoke: false,
            epochs: 0,
            sealings: BTreeSet::new(),
            made: BTreeSet::new(),
            noted: 0,
            driven: 0.0,
            lifts: 0,
            parsed: RefCell::default(),
            begins: 1,
        }
    }

    /// Lives through it; the promise that broke, if one did.
    pub(crate) fn live(mut self) -> Result<(), Broken> {
        for _ in 0..STEPS {
            self.step()?;
        }
        self.settle()?;
        self.look_back()
    }

    fn pass(&mut self, ms: u64) {
        self.uptime_ms += ms;
        self.now = self.now.plus_ms(ms);
        self.platform.at(self.now);
    }

    fn step(&mut self) -> Result<(), Broken> {
        let ms = self.chance.next() % 30_000;
        self.pass(ms);
        if self.epochs > 0 {
            self.driven += STEP_KM;
        }
        match self.chance.below(22) {
            0..=4 => self.report(Event::Periodic),
            5 => self.report(Event::Shock),
            6 => self.turn_lock(),
            7 => self.boot(),
            8 => self.clock_jumps(),
            9 | 10 => return self.connect(),
            11..=13 => self.send(),
            14 | 15 => return self.arrive(),
            16 => return self.commit(),
            17 => return self.ack(),
            18 => return self.hear(),
            19 => self.attack()?,
            20 => self.platform.copy_to_standby(self.chance.below(20)),
            _ => return self.disaster(),
        }
        Ok(())
    }

    fn report(&mut self, event: Event) {
        self.observe();
        let made = self.device.report(self.uptime_ms, event).ok();
        if event == Event::Periodic { self.note_made() } else { self.made(made) }
    }

    /// Receiver and clock as they are where the seal stands.
    fn observe(&mut self) {
        let gnss_time = self.chance.once_in(3).then_some(self.now);
        let observation = Observation { gnss_time, fix: Some(world::fix_at(self.driven)), ..Observation::default() };
        self.device.observe(self.uptime_ms, observation);
    }

    /// Events that may never be lost.
    fn made(&mut self, counters: impl IntoIterator<Item = u64>) {
        self.events.extend(counters);
        self.note_made();
    }

    fn note_made(&mut self) {
        self.made.extend(self.device.ring().from(self.noted + 1).map(|record| Digest::of(&record.bytes)));
        self.noted = self.device.highest();
    }

    fn turn_lock(&mut self) {
        self.observe();
        if self.device.epoch_key().is_none() {
            self.epochs += 1;
            let sealed = self.device.seal(self.uptime_ms, [self.epochs.wrapping_add(50); 32]);
            self.sealings.extend(sealed.iter());
            self.made(sealed.ok());
        } else {
            let open = Lock { motor_locked: false, ..self.device.lock() };
            let opened = self.device.found(self.uptime_ms, open).unwrap_or_default();
            self.made(opened);
        }
    }

    fn boot(&mut self) {
        self.cut();
        self.uptime_ms = 0;
        let booted = self.device.boot(self.device.lock()).ok();
        self.made(booted);
    }

    fn clock_jumps(&mut self) {
        let jump = self.chance.next() % (80 * 86_400_000);
        let t = if self.chance.once_in(2) { self.now.plus_ms(jump) } else { self.now.minus_ms(jump) };
        self.device.observe(self.uptime_ms, Observation { gnss_time: Some(t), ..Observation::default() });
    }

    /// The broker forgets what was on its way.
    fn cut(&mut self) {
        self.connected = false;
        self.device.disconnected();
        self.up.clear();
        self.down.clear();
        self.sent.clear();
    }

    fn connect(&mut self) -> Result<(), Broken> {
        self.cut();
        let nonce = [u8::try_from(self.chance.below(256)).unwrap(); 16];
        let login = self.device.login(self.now, nonce);
        let login = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(login).unwrap();
        if !self.platform.login(&login) {
            // Its clock is behind the copy's time, and it makes a later one the next time.
            return Ok(());
        }
        if self.platform.login(&login) {
            return Err("a login was taken twice".to_owned());
        }
        self.recorded.push(login);
        self.connected = true;
        let hello = self.device.connected();
        if self.chance.once_in(LOOK_AT_HELLO) {
            self.changes_nothing(&hello, "a hello")?;
        } else {
            self.platform.take(0, &hello);
        }
        self.ack()?;
        self.hear()
    }

    fn send(&mut self) {
        if !self.connected {
            return;
        }
        self.ticket = self.ticket % 60_000 + 1;
        let Some(payload) = self.device.next_payload(self.ticket) else { return };
        self.sent.insert(self.ticket, counters(&payload));
        self.up.push((self.ticket, payload));
    }

    /// A message arrives, any of those on their way; perhaps twice, perhaps changed, perhaps never.
    fn arrive(&mut self) -> Result<(), Broken> {
        if self.up.is_empty() {
            return Ok(());
        }
        let at = self.chance.below(self.up.len());
        let (ticket, payload) = self.up.remove(at);
        if self.chance.once_in(5) {
            // Lost: MQTT gives up the connection sooner or later.
            self.cut();
            return Ok(());
        }
        if self.chance.once_in(4) {
            self.platform.take(0, &payload);
        }
        if self.chance.once_in(6) {
            self.forge(&payload)?;
        }
        self.take(ticket, &payload);
        Ok(())
    }

    /// What is not written down must change nothing.
    fn changes_nothing(&mut self, payload: &[u8], what: &str) -> Result<(), Broken> {
        self.platform.tick();
        let before = (self.platform.log.len(), self.platform.core.fingerprint());
        self.platform.take(0, payload);
        let silent = self.platform.log.len() == before.0;
        if silent && self.platform.core.fingerprint() != before.1 {
            return Err(format!("{what} changed the state and is not in the log"));
        }
        Ok(())
    }

    fn forge(&mut self, payload: &[u8]) -> Result<(), Broken> {
        let mut changed = payload.to_vec();
        let at = self.chance.below(changed.len());
        if let Some(byte) = changed.get_mut(at) {
            *byte ^= 1 << self.chance.below(8);
        }
        self.changes_nothing(&changed, "a forged message")
    }

    fn take(&mut self, ticket: u16, payload: &[u8]) {
        let due = self.platform.take(ticket, payload);
        // A PUBACK will say that what is acceptable now is stored; a report whose key becomes known a moment later is not.
        let acceptable = |ctr: &u64| self.device.ring().get(*ctr).is_some_and(|record| !self.platform.cannot_verify(&record.bytes));
        if let Some(sent) = self.sent.get_mut(&ticket) {
            sent.retain(acceptable);
        }
        self.pubacked(due);
    }

    fn pubacked(&mut self, due: Vec<u16>) {
        for ticket in due {
            let Some(counters) = self.sent.remove(&ticket) else { continue };
            self.promised.extend(counters);
            self.device.settled(ticket);
        }
    }

    fn commit(&mut self) -> Result<(), Broken> {
        let due = self.platform.commit();
        self.pubacked(due);
        Ok(())
    }

    fn ack(&mut self) -> Result<(), Broken> {
        let due = if self.mutant == Some(Mutant::AckBeforeCommit) { Vec::new() } else { self.platform.commit() };
        self.pubacked(due);
        let Some((message, ack)) = self.platform.ack() else { return Err("the platform does not know its seal".to_owned()) };
        let (stored, released) = (ack.stored, ack.released);
        if ack.ranges.len() > RANGES || ack.wants.len() > WANTS {
            return Err(format!("an ack of {} ranges and {} wants", ack.ranges.len(), ack.wants.len()));
        }
        let there = self.accounted(self.platform.durable);
        if let Some(missing) = (self.begins..=stored).find(|ctr| !there.contains(ctr)) {
            return Err(format!("an ack says stored up to {stored}, and {missing} is not on the disk"));
        }
        if released > stored {
            return Err(format!("an ack releases up to {released} and stores up to {stored}"));
        }
        self.released = self.released.max(released);
        self.down.push(message);
        Ok(())
    }

    fn hear(&mut self) -> Result<(), Broken> {
        let Some(message) = (!self.down.is_empty()).then(|| self.down.remove(0)) else { return Ok(()) };
        if !self.connected || self.chance.once_in(6) {
            return Ok(());
        }
        let heard = self.device.hear(self.uptime_ms, &message);
        // It may have owned up to what it lost.
        self.note_made();
        if self.mutant == Some(Mutant::HideLosses) {
            // The memory of what was lost is lost.
            let kept = self.device.ring().lowest().unwrap_or(1);
            self.device.suppress(kept, kept);
        }
        if heard == Heard::StateLost { Err("the seal believes that it lost its state".to_owned()) } else { Ok(()) }
    }

    /// A recorded login, or a copy of the keys that speaks elsewhere.
    fn attack(&mut self) -> Result<(), Broken> {
        if let Some(login) = self.recorded.last().cloned()
            && self.platform.login(&login)
        {
            return Err("a recorded login was taken again".to_owned());
        }
        if self.chance.once_in(8) && self.connected && self.device.highest() > 2 {
            let mut twin = self.device.stolen_keys();
            if twin.report(self.uptime_ms, Event::WrongCredential).is_ok() && self.device.report(self.uptime_ms, Event::Periodic).is_ok() {
                let _hello = twin.connected();
                if let Some(payload) = twin.next_payload(1) {
                    self.made.extend(twin.ring().from(0).map(|record| Digest::of(&record.bytes)));
                    self.note_made();
                    self.platform.take(0, &payload);
                    self.clone_spoke = !counters(&payload).is_empty();
                }
            }
        }
        Ok(())
    }

    fn disaster(&mut self) -> Result<(), Broken> {
        self.cut();
        if self.chance.once_in(4) {
            let before = self.released;
            // It takes more than a second, by which two restores of one copy differ.
            self.pass(1_000);
            self.platform.restore();
            self.promised.clear();
            let there = self.accounted(self.platform.durable);
            if let Some(missing) = (self.begins..=before).find(|ctr| !there.contains(ctr)) {
                return Err(format!("released up to {before}, and the second copy lacks {missing}"));
            }
        } else {
            let kept = self.chance.below(6);
            let before = self.platform.log.get(..self.platform.durable).unwrap_or_default().to_vec();
            self.platform.crash(kept);
            if !self.platform.log.starts_with(&before) {
                return Err("a crash changed what was durable".to_owned());
            }
        }
        Ok(())
    }

    /// Good weather: everything arrives and is committed. Where it does not help, an officer has to be able to.
    fn settle(&mut self) -> Result<(), Broken> {
        if self.good_weather()? {
            return Ok(());
        }
        if self.may_need_an_officer() {
            self.lift();
            if self.good_weather()? {
                return Ok(());
            }
            self.enrol_anew()?;
            self.turn_lock();
            self.report(Event::Periodic);
            if self.good_weather()? {
                return Ok(());
            }
        }
        Err(format!("after all good weather {} of {} are acknowledged", self.device.acked().stored, self.device.highest()))
    }

    /// Whether everything is acknowledged in the end.
    fn good_weather(&mut self) -> Result<bool, Broken> {
        for _ in 0..ROUNDS {
            self.now = self.now.plus_ms(1_000);
            self.uptime_ms += 1_000;
            self.platform.at(self.now);
            if !self.connected {
                self.connect()?;
            }
            if self.device.all_acked() && self.connected {
                return Ok(true);
            }
            self.send();
            while !self.up.is_empty() {
                let (ticket, payload) = self.up.remove(0);
                self.take(ticket, &payload);
            }
            self.commit()?;
            self.ack()?;
            while let Some(message) = (!self.down.is_empty()).then(|| self.down.remove(0)) {
                self.device.hear(self.uptime_ms, &message);
            }
            self.note_made();
        }
        Ok(false)
    }
}

fn counters(payload: &[u8]) -> Vec<u64> {
    let items = sealway_schemas::up::split(payload).into_iter();
    items
        .filter_map(|item| match item {
            Ok(sealway_schemas::up::UpItem::Report(_, report)) => Some(report.ctr()),
            _ => None,
        })
        .collect()
}
