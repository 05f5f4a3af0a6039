//! One history: what happens, and what has to hold afterwards.

use super::chance::Chance;
use super::mutant::Mutant;
use super::platform::{Platform, replayed, reports};
use base64::Engine as _;
use sealway_core::Input;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{Digest, Time};
use sealway_seal_sim::device::{Device, Heard, Lock, Observation};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const START: u64 = 1_790_000_000_000;
const STEPS: usize = 60;
const RING: usize = 24;

pub(crate) struct History {
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
}

type Broken = String;

impl History {
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let now = Time::from_ms(START);
        let mut platform = Platform::new(mutant, now);
        let mut device = Device::new("XA-7Q2K".parse().unwrap(), [1; 32], RING);
        device.trust(platform.public_key());
        platform.furnish(device.public_key(), &device.enrolment([7; 32]));
        platform.copy_to_standby(usize::MAX / 2);
        Self {
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

    fn step(&mut self) -> Result<(), Broken> {
        let ms = self.chance.next() % 30_000;
        self.uptime_ms += ms;
        self.now = self.now.plus_ms(ms);
        self.platform.at(self.now);
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
        let t = self.now;
        let observation = Observation { gnss_time: self.chance.once_in(3).then_some(t), ..Observation::default() };
        self.device.observe(self.uptime_ms, observation);
        let made = self.device.report(self.uptime_ms, event);
        if event != Event::Periodic {
            self.events.extend(made);
        }
    }

    fn turn_lock(&mut self) {
        if self.device.epoch_key().is_none() {
            self.epochs += 1;
            let sealed = self.device.seal(self.uptime_ms, [self.epochs.wrapping_add(50); 32]);
            self.sealings.extend(sealed.iter());
            self.events.extend(sealed);
        } else {
            let open = Lock { motor_locked: false, ..self.device.lock() };
            self.events.extend(self.device.found(self.uptime_ms, open).unwrap_or_default());
        }
    }

    fn boot(&mut self) {
        self.cut();
        self.uptime_ms = 0;
        self.events.extend(self.device.boot(self.device.lock()));
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
        self.platform.take(0, &hello);
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
            self.forge(&payload);
        }
        self.take(ticket, &payload);
        Ok(())
    }

    fn forge(&mut self, payload: &[u8]) {
        let mut changed = payload.to_vec();
        let at = self.chance.below(changed.len());
        if let Some(byte) = changed.get_mut(at) {
            *byte ^= 1 << self.chance.below(8);
        }
        self.platform.take(0, &changed);
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
        let Some((message, stored, released)) = self.platform.ack() else { return Err("the platform does not know its seal".to_owned()) };
        let there = self.accounted(self.platform.durable);
        if let Some(missing) = (1..=stored).find(|ctr| !there.contains(ctr)) {
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
            self.platform.restore();
            self.promised.clear();
            let there = self.accounted(self.platform.durable);
            if let Some(missing) = (1..=before).find(|ctr| !there.contains(ctr)) {
                return Err(format!("released up to {before}, and the second copy lacks {missing}"));
            }
        } else {
            let kept = self.chance.below(6);
            self.platform.crash(kept);
        }
        Ok(())
    }

    /// Counters in the log, or owned up to by a gap that is in it.
    fn accounted(&self, entries: usize) -> BTreeSet<u64> {
        let mut there = BTreeSet::new();
        for (_, ctr, bytes) in reports(self.platform.log.get(..entries).unwrap_or_default()) {
            there.insert(ctr);
            if let Some(gap) = Report::parse(&bytes).ok().and_then(|(_, report)| report.gap()) {
                there.extend(gap.from..=gap.to);
            }
        }
        there
    }

    /// Good weather: everything arrives and is committed.
    fn settle(&mut self) -> Result<(), Broken> {
        for _ in 0..400 {
            self.now = self.now.plus_ms(1_000);
            self.uptime_ms += 1_000;
            self.platform.at(self.now);
            if !self.connected {
                self.connect()?;
            }
            if self.device.all_acked() && self.connected {
                return Ok(());
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
        }
        if self.is_stuck_by_contract() {
            return Ok(());
        }
        Err(format!("after all good weather {} of {} are acknowledged", self.device.acked().stored, self.device.highest()))
    }

    /// Two ways in which the contract itself leaves a seal without acks until an officer helps: a clone has put its own report into the
    /// chain, so every later sealing is faulty; or a copy lacks a `sealed` report that the seal has overwritten because it was stored, so
    /// nobody can verify what its key signed, and every later sealing counts from another epoch.
    fn is_stuck_by_contract(&self) -> bool {
        let there: BTreeSet<u64> = reports(&self.platform.log).map(|(_, ctr, _)| ctr).collect();
        let lost = |ctr: &u64| !there.contains(ctr) && self.device.ring().get(*ctr).is_none();
        self.clone_spoke || self.sealings.iter().any(lost)
    }

    fn look_back(&self) -> Result<(), Broken> {
        let log = &self.platform.log;
        let mut versions: BTreeMap<u64, Vec<Digest>> = BTreeMap::new();
        for (_, ctr, bytes) in reports(log) {
            versions.entry(ctr).or_default().push(Digest::of(&bytes));
        }
        for (ctr, digests) in &versions {
            if digests.iter().collect::<BTreeSet<_>>().len() < digests.len() {
                return Err(format!("report {ctr} is in the log twice"));
            }
        }
        if let Some(lost) = self.promised.iter().find(|ctr| !versions.contains_key(ctr)) {
            return Err(format!("report {lost} was promised and is gone"));
        }
        let there = self.accounted(log.len());
        let held = |ctr: &u64| self.device.ring().get(*ctr).is_some();
        let vanished = (1..=self.device.highest()).find(|ctr| !there.contains(ctr) && !held(ctr));
        // Nobody can read what a seal without its `sealed` owns up to.
        if let Some(vanished) = vanished.filter(|_| !self.is_stuck_by_contract()) {
            return Err(format!("report {vanished} vanished without being owned up to"));
        }
        self.look_at_events(&versions)?;
        self.look_at_the_state()
    }

    /// No event other than a periodic one is ever lost, unless the platform's own disk was.
    fn look_at_events(&self, versions: &BTreeMap<u64, Vec<Digest>>) -> Result<(), Broken> {
        let restored = self.platform.core.generation() > 1;
        match self.events.iter().find(|ctr| !versions.contains_key(ctr)) {
            Some(lost) if !restored => Err(format!("event {lost} is lost")),
            _ => Ok(()),
        }
    }

    fn look_at_the_state(&self) -> Result<(), Broken> {
        let log = &self.platform.log;
        if log.iter().any(|entry| Entry::decode(entry).is_err()) {
            return Err("the log holds something that is no entry".to_owned());
        }
        // Nothing is believed here: every signature is looked at again.
        let mut verified = HashMap::new();
        let (mut core, _) = replayed(log, &mut verified);
        if let Some((_, ctr, _)) = reports(log).find(|(.., bytes)| !verified.contains_key(bytes)) {
            return Err(format!("report {ctr} is in the log and does not verify"));
        }
        struct NoPast;
        impl sealway_core::order::Past for NoPast {
            fn versions(&self, _: &sealway_schemas::DeviceId, _: u64) -> Vec<Digest> {
                Vec::new()
            }
        }
        core.handle(self.now, Input::Tick, &NoPast, &mut Vec::new());
        let mut own = self.platform.core.clone();
        own.handle(self.now, Input::Tick, &NoPast, &mut Vec::new());
        if core.fingerprint() != own.fingerprint() {
            return Err("the state is not what its log gives".to_owned());
        }
        let alarmed = core.alerts().any(|alert| alert.kind == sealway_schemas::event::AlertKind::Equivocation);
        let forked = reports(log).fold(BTreeMap::<u64, u32>::new(), |mut counts, (_, ctr, _)| {
            *counts.entry(ctr).or_default() += 1;
            counts
        });
        if self.clone_spoke && forked.values().any(|count| *count > 1) && !alarmed {
            return Err("a clone spoke and nobody was alarmed".to_owned());
        }
        Ok(())
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
