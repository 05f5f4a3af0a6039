//! What has to hold when a history is over: the ten invariants, each against the log alone.

use super::{Broken, History, RING};
use crate::chance::Chance;
use crate::platform::{Disk, Verified, replayed, reports};
use crate::world;
use sealway_core::{Core, Input};
use sealway_schemas::command::{Command, DeviceCommand};
use sealway_schemas::entry::Entry;
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::report::Report;
use sealway_schemas::{DeviceId, Digest, Time};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Histories of which one is also told in another order.
const OTHER_ORDER_OF: u64 = 4;

type Versions = BTreeMap<u64, Vec<Digest>>;

struct NoPast;

impl sealway_core::order::Past for NoPast {
    fn versions(&self, _: &DeviceId, _: u64) -> Vec<Digest> {
        Vec::new()
    }
}

impl History {
    pub(super) fn look_back(&self) -> Result<(), Broken> {
        let mut versions = Versions::new();
        for (_, ctr, bytes) in reports(&self.platform.log) {
            versions.entry(ctr).or_default().push(Digest::of(&bytes));
        }
        self.reports(&versions)?;
        self.kept(&versions)?;
        let mut verified = HashMap::new();
        self.state(&mut verified)?;
        self.faulty(&versions)?;
        self.custody(&versions)?;
        self.bounds()?;
        self.steps(&versions)?;
        self.scope()?;
        if self.seed.is_multiple_of(OTHER_ORDER_OF) { self.other_order(&versions, &verified) } else { Ok(()) }
    }

    /// 2 and 4.
    fn reports(&self, versions: &Versions) -> Result<(), Broken> {
        for (ctr, digests) in versions {
            if digests.iter().collect::<BTreeSet<_>>().len() < digests.len() {
                return Err(format!("report {ctr} is in the log twice"));
            }
            if digests.iter().any(|digest| !self.made.contains(digest)) {
                return Err(format!("report {ctr} is in the log with other bytes than it was made of"));
            }
        }
        Ok(())
    }

    /// 3 and 4: what was promised is there, and what is not there was owned up to.
    fn kept(&self, versions: &Versions) -> Result<(), Broken> {
        if let Some(lost) = self.promised.iter().find(|ctr| !versions.contains_key(ctr)) {
            return Err(format!("report {lost} was promised and is gone"));
        }
        let there = self.accounted(self.platform.log.len());
        let held = |ctr: &u64| self.device.ring().get(*ctr).is_some();
        let vanished = (self.begins..=self.device.highest()).find(|ctr| !there.contains(ctr) && !held(ctr));
        if let Some(vanished) = vanished {
            return Err(format!("report {vanished} vanished without being owned up to"));
        }
        // No event other than a periodic one is ever lost, unless the platform's own disk was.
        let restored = self.platform.core.generation() > 1;
        match self.events.iter().find(|ctr| **ctr >= self.begins && !versions.contains_key(ctr)) {
            Some(lost) if !restored => Err(format!("event {lost} is lost")),
            _ => Ok(()),
        }
    }

    /// 1 and 2. Nothing is believed here: every signature is looked at again.
    fn state(&self, verified: &mut Verified) -> Result<(), Broken> {
        let log = &self.platform.log;
        if log.iter().any(|entry| Entry::decode(entry).is_err()) {
            return Err("the log holds something that is no entry".to_owned());
        }
        let mut core = replayed(log, verified).core;
        if let Some((_, ctr, _)) = reports(log).find(|(.., bytes)| !verified.contains_key(bytes)) {
            return Err(format!("report {ctr} is in the log and does not verify"));
        }
        core.handle(self.now, Input::Tick, &NoPast, &mut Vec::new());
        let mut own = self.platform.core.clone();
        own.handle(self.now, Input::Tick, &NoPast, &mut Vec::new());
        if core.fingerprint() == own.fingerprint() { Ok(()) } else { Err("the state is not what its log gives".to_owned()) }
    }

    /// 5: whatever looked wrong is in the log, and somebody was alarmed.
    fn faulty(&self, versions: &Versions) -> Result<(), Broken> {
        let told = &self.platform.told;
        if let Some(gone) = told.faulty.iter().find(|ctr| !versions.contains_key(ctr)) {
            return Err(format!("report {gone} looked wrong and was not kept"));
        }
        let forked = versions.values().any(|digests| digests.len() > 1);
        let alarmed: BTreeSet<_> = self.platform.core.alerts().map(|alert| alert.kind).collect();
        match told.alarms.iter().find(|kind| !alarmed.contains(kind)) {
            Some(kind) => Err(format!("{kind:?}: nobody was alarmed")),
            None if forked && !told.alarms.contains(&sealway_schemas::alert::AlertKind::Equivocation) => {
                Err("two versions of one report, and nobody was alarmed".to_owned())
            }
            None => Ok(()),
        }
    }

    /// 6: only an officer lets custody go on over a hole.
    fn custody(&self, versions: &Versions) -> Result<(), Broken> {
        let lifts = self.platform.log.iter().filter(|entry| is_lift(entry)).count();
        if lifts > self.lifts {
            return Err(format!("custody was let go on {lifts} times, an officer decided {} times", self.lifts));
        }
        let signed = |arrow| self.platform.told.steps.values().find(|step| step.arrow == arrow).map(|step| &step.by);
        let (Some(By::Seal { ctr: from, .. }), Some(By::Seal { ctr: to, .. })) = (signed(Arrow::Depart), signed(Arrow::Arrive)) else {
            return Ok(());
        };
        match (*from..*to).find(|between| !versions.contains_key(between)) {
            Some(missing) if lifts == 0 => Err(format!("report {to} closed custody, and {missing} is missing")),
            _ => Ok(()),
        }
    }

    /// 8.
    fn bounds(&self) -> Result<(), Broken> {
        let held = self.device.ring().from(0).count();
        if held > RING {
            return Err(format!("a ring of {RING} records holds {held}"));
        }
        let mut before = Time::ZERO;
        for entry in self.platform.log.iter().filter_map(|entry| Entry::decode(entry).ok()) {
            if entry.at() < before {
                return Err(format!("an entry at {} follows one at {before}", entry.at()));
            }
            before = entry.at();
        }
        Ok(())
    }

    /// 9.
    fn steps(&self, versions: &Versions) -> Result<(), Broken> {
        let mut state = MovementState::Draft;
        for ((number, step), expected) in self.platform.told.steps.iter().zip(1..) {
            if *number != expected || state != step.from {
                return Err(format!("step {number} goes from {:?}, expected step {expected} from {state:?}", step.from));
            }
            let signed = match &step.by {
                By::Seal { device, ctr } => *device == self.device.id() && versions.contains_key(ctr),
                By::User(user) | By::Signed { user, .. } => self.platform.log.iter().any(|entry| gave(entry, user.as_str())),
                By::Order { .. } | By::Gate(_) | By::Clock => false,
            };
            if !signed {
                return Err(format!("step {number} is signed by {:?}, who is not in the log", step.by));
            }
            state = step.to;
        }
        let now = self.platform.core.transfer(&world::transfer()).map(|transfer| transfer.state);
        if Some(state) == now { Ok(()) } else { Err(format!("the transfer is {now:?}, its last step led to {state:?}")) }
    }

    /// 10.
    fn scope(&self) -> Result<(), Broken> {
        let told = &self.platform.told;
        if let Some(kind) = &told.to_a_stranger {
            return Err(format!("another carrier heard of a {kind}"));
        }
        told.not_to_its_own.as_ref().map_or(Ok(()), |kind| Err(format!("the carrier did not hear of its {kind}")))
    }

    /// 1: the same reports in another order of arrival. Where one counter has two versions, or a report came although a gap had owned up
    /// to it, or an officer decided in between, the order has a meaning of its own.
    fn other_order(&self, versions: &Versions, verified: &Verified) -> Result<(), Broken> {
        let gaps = self.numbers(self.platform.log.len()).into_iter().filter_map(|(_, gap)| gap);
        let of_gaps: BTreeSet<u64> = gaps.flat_map(|(from, to)| from..=to).collect();
        let meant = versions.iter().any(|(ctr, digests)| digests.len() > 1 || of_gaps.contains(ctr));
        if meant || self.lifts > 0 || self.begins > 1 {
            return Ok(());
        }
        let mixed = mixed(&self.platform.log, &mut Chance::new(self.seed));
        let again = |log: &[Vec<u8>]| replayed(log, &mut verified.clone()).core;
        let (core, mixed) = (again(&self.platform.log), again(&mixed));
        let looked = |core: &Core| {
            let transfer = core.transfer(&world::transfer()).map(|transfer| (transfer.state, transfer.custody_held, transfer.changed_by));
            let device = core.device(&world::seal()).map(|device| (device.quarantined, device.last.map(|last| (last.ctr, last.epoch))));
            let ack = core.ack(&world::seal(), self.now).map(|ack| (ack.stored, ack.ranges, ack.wants));
            (transfer, device, ack)
        };
        if looked(&core) == looked(&mixed) {
            return Ok(());
        }
        Err(format!("another order of arrival ends in {:?}, expected {:?}", looked(&mixed), looked(&core)))
    }

    /// Counters in the log, or owned up to by a gap that is in it.
    pub(super) fn accounted(&self, entries: usize) -> BTreeSet<u64> {
        let numbers = self.numbers(entries);
        let gaps = numbers.iter().filter_map(|(_, gap)| *gap).flat_map(|(from, to)| from..=to);
        numbers.iter().map(|(ctr, _)| *ctr).chain(gaps).collect()
    }

    /// Counter and gap of each report among the first entries. Each is parsed once.
    fn numbers(&self, entries: usize) -> Vec<(u64, Option<(u64, u64)>)> {
        let mut parsed = self.parsed.borrow_mut();
        let log = self.platform.log.get(..entries).unwrap_or_default();
        log.iter().filter_map(|entry| *parsed.entry(entry.clone()).or_insert_with(|| numbers_of(entry))).collect()
    }
}

fn numbers_of(entry: &[u8]) -> Option<(u64, Option<(u64, u64)>)> {
    let Entry::Report { bytes, .. } = Entry::decode(entry).ok()? else { return None };
    let (_, report) = Report::parse(&bytes).ok()?;
    Some((report.ctr(), report.gap().map(|gap| (gap.from, gap.to))))
}

fn is_lift(entry: &[u8]) -> bool {
    let Ok(Entry::Command { body, .. }) = Entry::decode(entry) else { return false };
    matches!(Command::parse(&body), Ok(Command::Device(DeviceCommand::LiftQuarantine { .. })))
}

fn gave(entry: &[u8], user: &str) -> bool {
    matches!(Entry::decode(entry), Ok(Entry::Command { by, .. }) if by.user.as_str() == user)
}

/// The reports of a log in other places, at the times of those places.
fn mixed(log: &[Vec<u8>], chance: &mut Chance) -> Disk {
    let places: Vec<usize> = (0..log.len()).filter(|at| matches!(Entry::decode(&log[*at]), Ok(Entry::Report { .. }))).collect();
    let mut mixed = log.to_vec();
    for (count, place) in places.iter().enumerate().rev() {
        let other = places[chance.below(count + 1)];
        let times = [*place, other].map(|at| Entry::decode(&mixed[at]).unwrap().at());
        mixed.swap(*place, other);
        for (at, time) in [*place, other].into_iter().zip(times) {
            let Entry::Report { device, bytes, .. } = Entry::decode(&mixed[at]).unwrap() else { panic!("a report") };
            mixed[at].clear();
            Entry::Report { at: time, device, bytes }.encode_into(&mut mixed[at]);
        }
    }
    mixed
}
