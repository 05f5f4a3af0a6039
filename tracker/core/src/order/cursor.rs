//! A device's place in its own history: what comes next, what is missing, what has gone wrong.

use super::backlog::{Backlog, Kept};
use super::keys::EpochKeys;
use super::seal::{self, Seal};
use super::window::Window;
use super::{Ordered, Outcome, Past, Settled};
use crate::verify::{SignedBy, VerifiedReport, check_key};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::{DeviceId, Digest, PublicKey, Time};
use serde::{Deserialize, Serialize};

/// Custody holes remembered for a device. Beyond it the two oldest count as one, with everything between them.
const HOLES_LIMIT: usize = 64;
/// Kept reports judged ahead to see whether a gap report is faulty.
const AHEAD_LIMIT: usize = 512;

/// Counters that no report was applied for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    pub from: u64,
    pub to: u64,
}

/// Where a device's reports stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    identity: PublicKey,
    /// First counter with a meaning, and the `prev` that its report has.
    start: u64,
    start_prev: Digest,
    /// Every counter from the start up to this one is stored or accounted for.
    stored: u64,
    seal: Seal,
    pub(super) backlog: Backlog,
    window: Window,
    keys: EpochKeys,
    holes: Vec<Hole>,
    /// The counter from which on nothing is believed without an officer: 0 where it showed by something else than a report's own turn.
    quarantined_from: Option<u64>,
    /// Of the `sealed` reports that opened no epoch the one with the highest.
    passed: Option<Passed>,
}

/// A `sealed` report that the cursor went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Passed {
    ctr: u64,
    epoch: u64,
}

/// What the order door asks of others.
struct Asked<'a> {
    past: &'a dyn Past,
    taken: &'a dyn Fn(&PublicKey) -> bool,
    device: DeviceId,
}

impl Cursor {
    #[must_use]
    pub fn identity(&self) -> PublicKey {
        self.identity
    }

    /// At the enrolment: the device's next report is the first that counts.
    #[must_use]
    pub fn start(identity: PublicKey, enrolment: &Enrolment) -> Self {
        let stored = enrolment.next_ctr.saturating_sub(1);
        Self {
            identity,
            start: enrolment.next_ctr,
            start_prev: enrolment.prev,
            stored,
            seal: Seal::at(enrolment.epoch),
            window: Window::above(stored),
            backlog: Backlog::default(),
            keys: EpochKeys::default(),
            holes: Vec::new(),
            quarantined_from: None,
            passed: None,
        }
    }

    /// Takes one report. `taken`: whether any device has or had the key.
    pub fn order(&mut self, arrived: Time, report: VerifiedReport, past: &dyn Past, taken: &dyn Fn(&PublicKey) -> bool) -> Ordered {
        let asked = Asked { past, taken, device: *report.device() };
        let ctr = report.report().ctr();
        if !self.can_be_verified_again(&report) {
            return Ordered { outcome: Outcome::Overflow, settled: Vec::new() };
        }
        match self.sight(ctr, report.digest(), &asked) {
            Sight::Same => Ordered { outcome: Outcome::Duplicate, settled: Vec::new() },
            Sight::New | Sight::Other if ctr < self.start => {
                self.announce(&report);
                Ordered { outcome: Outcome::Late, settled: Vec::new() }
            }
            Sight::Other => self.equivocate(arrived, report),
            Sight::New if ctr <= self.stored => self.take_late(arrived, report, &asked),
            Sight::New if ctr == self.stored + 1 => self.take_next(arrived, report, &asked),
            Sight::New => self.keep(arrived, report, &asked),
        }
    }

    /// Everything up to this counter is on disk or accounted for; 0: none.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Whether reports are missing that the device may still send.
    #[must_use]
    pub fn has_hole(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Counters that a gap report accounted for: custody never closes over them. Ascending.
    #[must_use]
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// After an equivocation, a wrong `prev` or a failed strict check, until an officer decides.
    #[must_use]
    pub fn quarantined(&self) -> bool {
        self.quarantined_from.is_some()
    }

    /// Whether custody since the sealing at counter `sealed` was whole when report `ctr` had its turn, whatever came after it: a report that
    /// waited above a hole is judged as if it had come in its turn.
    #[must_use]
    pub fn whole_at(&self, sealed: Option<u64>, ctr: u64) -> bool {
        let quarantined = self.quarantined_from.is_some_and(|from| from <= ctr);
        let hole = sealed.is_some_and(|sealed| self.holes.iter().any(|hole| hole.to > sealed && hole.from < ctr));
        !quarantined && !hole
    }

    fn quarantine(&mut self, from: u64) {
        self.quarantined_from = Some(self.quarantined_from.map_or(from, |earlier| earlier.min(from)));
    }

    /// An officer's decision: quarantine and custody holes end. Where a `sealed` report opened no epoch, because a clone's report took its
    /// place or an epoch before it is not known here, the count of epochs goes on from it; its own epoch stays without a key, so custody
    /// needs another sealing.
    pub fn lift_quarantine(&mut self) {
        self.quarantined_from = None;
        self.holes.clear();
        if let Some(passed) = self.passed_over() {
            self.seal.resume_at(passed.epoch);
            self.passed = None;
        }
    }

    /// Whether no sealing of an honest device can open an epoch any more, until an officer decides.
    #[must_use]
    pub fn lost_epoch(&self) -> bool {
        self.passed_over().is_some()
    }

    /// Not one that may still be judged.
    fn passed_over(&self) -> Option<Passed> {
        self.passed.filter(|passed| passed.ctr <= self.stored && passed.epoch > self.seal.epoch())
    }

    fn pass(&mut self, report: &VerifiedReport) {
        let content = report.report();
        if content.epoch_key().is_some()
            && report.signed_by() == SignedBy::Identity
            && self.passed.is_none_or(|passed| passed.epoch < content.epoch())
        {
            self.passed = Some(Passed { ctr: content.ctr(), epoch: content.epoch() });
        }
    }

    /// A report that a batch let pass does not satisfy the contract's equation.
    pub fn strict_failed(&mut self, _ctr: u64, _digest: Digest) {
        self.quarantine(0);
    }

    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.seal.epoch()
    }

    /// Key of the current epoch; `None` before the first sealing, or if the enrolment was in mid-life.
    #[must_use]
    pub fn epoch_key(&self) -> Option<PublicKey> {
        self.seal.key()
    }

    /// Every epoch key that may have signed a report of the device, by the counter that announced it: what its keyring holds.
    #[must_use]
    pub fn epoch_keys(&self) -> &[PublicKey] {
        self.keys.all()
    }

    fn sight(&self, ctr: u64, digest: Digest, asked: &Asked<'_>) -> Sight {
        self.with_versions(ctr, asked, |versions| {
            let mut any = false;
            for version in versions {
                if *version == digest {
                    return Sight::Same;
                }
                any = true;
            }
            if any { Sight::Other } else { Sight::New }
        })
    }

    /// Hands over the digests of all kept versions of a report.
    fn with_versions<T>(&self, ctr: u64, asked: &Asked<'_>, judge: impl FnOnce(&mut dyn Iterator<Item = &Digest>) -> T) -> T {
        if ctr > self.stored {
            return match self.backlog.get(ctr) {
                Some(kept) if kept.versions_complete() => judge(&mut kept.versions()),
                Some(_) => judge(&mut asked.past.versions(&asked.device, ctr).iter()),
                None => judge(&mut std::iter::empty()),
            };
        }
        if self.window.reaches(ctr) {
            return judge(&mut self.window.versions(ctr));
        }
        judge(&mut asked.past.versions(&asked.device, ctr).iter())
    }

    /// Whether `prev` fits what stands before `ctr`. Nothing there, after a gap: nothing to compare with.
    fn prev_fits(&self, ctr: u64, prev: Digest, asked: &Asked<'_>) -> bool {
        if ctr == self.start {
            return prev == self.start_prev;
        }
        self.with_versions(ctr - 1, asked, |versions| {
            let mut none = true;
            for version in versions {
                if *version == prev {
                    return true;
                }
                none = false;
            }
            none
        })
    }

    fn equivocate(&mut self, arrived: Time, report: VerifiedReport) -> Ordered {
        self.quarantine(0);
        self.announce(&report);
        self.pass(&report);
        let ctr = report.report().ctr();
        if ctr > self.stored {
            self.backlog.add_version(ctr, report.digest());
        } else {
            self.window.insert(ctr, report.digest());
        }
        let outcome = Outcome::Equivocation;
        Ordered { outcome, settled: vec![Settled { report, outcome, arrived }] }
    }

    /// The epoch of its own time is not known any more, so only `prev` and the kind of key are judged.
    fn take_late(&mut self, arrived: Time, report: VerifiedReport, asked: &Asked<'_>) -> Ordered {
        self.announce(&report);
        let content = report.report();
        let ctr = content.ctr();
        let outcome = if !self.prev_fits(ctr, content.prev(), asked) {
            Outcome::PrevMismatch
        } else if !seal::right_kind(content, report.signed_by()) {
            Outcome::WrongKey
        } else {
            Outcome::Late
        };
        if outcome == Outcome::PrevMismatch {
            self.quarantine(0);
        }
        self.pass(&report);
        self.window.insert(ctr, report.digest());
        Ordered { outcome, settled: vec![Settled { report, outcome, arrived }] }
    }

    fn take_next(&mut self, arrived: Time, report: VerifiedReport, asked: &Asked<'_>) -> Ordered {
        self.announce(&report);
        let mut settled = Vec::with_capacity(1);
        let outcome = self.settle(arrived, report, asked, &mut settled);
        self.advance(asked, &mut settled);
        Ordered { outcome, settled }
    }

    fn keep(&mut self, arrived: Time, report: VerifiedReport, asked: &Asked<'_>) -> Ordered {
        if !self.backlog.has_room(report.report().event()) {
            return Ordered { outcome: Outcome::Overflow, settled: Vec::new() };
        }
        self.announce(&report);
        let ctr = report.report().ctr();
        self.backlog.insert(ctr, Kept::of(arrived, &report));
        let mut settled = Vec::new();
        self.advance(asked, &mut settled);
        let own = settled.iter().find(|settled| settled.report.report().ctr() == ctr);
        Ordered { outcome: own.map_or(Outcome::KeptHole, |settled| settled.outcome), settled }
    }

    /// Judges the report that is next and steps over it.
    fn settle(&mut self, arrived: Time, report: VerifiedReport, asked: &Asked<'_>, settled: &mut Vec<Settled>) -> Outcome {
        let content = report.report();
        let ctr = content.ctr();
        let prev_fits = self.prev_fits(ctr, content.prev(), asked);
        let mut seal = self.seal;
        let outcome = seal.judge(content, report.signed_by(), prev_fits, |key| self.key_fault(ctr, key, asked));
        self.seal = seal;
        if outcome == Outcome::PrevMismatch {
            self.quarantine(ctr);
        }
        if outcome != Outcome::Applied {
            self.pass(&report);
        }
        self.stored = ctr;
        self.window.insert(ctr, report.digest());
        settled.push(Settled { report, outcome, arrived });
        outcome
    }

    /// Goes on through what is kept and what gaps account for.
    fn advance(&mut self, asked: &Asked<'_>, settled: &mut Vec<Settled>) {
        while !self.backlog.is_empty() {
            let next = self.stored + 1;
            if let Some((kept, report)) = self.backlog.take(next, asked.device) {
                self.settle(kept.arrived(), report, asked, settled);
                kept.others().iter().for_each(|digest| self.window.insert(next, *digest));
                if !kept.versions_complete() {
                    self.window.forget(next);
                }
            } else if let Some(to) = self.accounted_to(next, asked) {
                self.stored = to;
                self.add_hole(Hole { from: next, to });
            } else {
                return;
            }
        }
    }

    /// Up to where gap reports account for the missing counter `next` and those after it.
    fn accounted_to(&self, next: u64, asked: &Asked<'_>) -> Option<u64> {
        let lowest_kept = self.backlog.lowest()?;
        let declared = self.backlog.gaps_over(next).find(|(ctr, _)| self.gap_counts(*ctr, asked))?;
        Some(declared.1.to.min(lowest_kept - 1))
    }

    /// A faulty gap has no effect. Whether this one is faulty shows by judging everything up to it as if it were not; where another
    /// hole lies before it, by what can be seen of itself and the report before it.
    fn gap_counts(&self, gap_ctr: u64, asked: &Asked<'_>) -> bool {
        let mut seal = self.seal;
        let mut expected = self.stored + 1;
        let mut before: Option<&Kept> = None;
        for (judged, (ctr, kept)) in self.backlog.up_to(gap_ctr).enumerate() {
            if judged >= AHEAD_LIMIT {
                return self.shows_no_fault(gap_ctr);
            }
            if ctr != expected {
                if !self.backlog.is_declared(expected, ctr - 1, |other| self.shows_no_fault(other)) {
                    return self.shows_no_fault(gap_ctr);
                }
                before = None;
            }
            let Some(report) = kept.report() else {
                return false;
            };
            let prev_fits = before.is_none_or(|before| before.versions().any(|version| *version == report.prev()));
            let outcome = seal.judge(&report, kept.signed_by(), prev_fits, |key| self.key_fault(ctr, key, asked));
            if ctr == gap_ctr {
                return outcome == Outcome::Applied;
            }
            before = Some(kept);
            expected = ctr + 1;
        }
        false
    }

    /// What can be seen of a kept gap report while a hole lies before it.
    pub(super) fn shows_no_fault(&self, gap_ctr: u64) -> bool {
        let Some(kept) = self.backlog.get(gap_ctr) else {
            return false;
        };
        let Some(report) = kept.report() else {
            return false;
        };
        let before = self.backlog.get(gap_ctr - 1);
        let prev_fits = before.is_none_or(|before| before.versions().any(|version| *version == report.prev()));
        prev_fits && report.epoch() >= self.seal.epoch() && seal::right_kind(&report, kept.signed_by())
    }

    /// Why a `sealed` with this key opens no epoch. A key counts as known if a lower counter announced it.
    fn key_fault(&self, ctr: u64, key: &PublicKey, asked: &Asked<'_>) -> Option<Outcome> {
        if check_key(key).is_err() {
            return Some(Outcome::WeakKey);
        }
        let known = key.key_id() == self.identity.key_id() || self.keys.announced_below(ctr, key) || (asked.taken)(key);
        known.then_some(Outcome::KnownKey)
    }

    /// A verified `sealed` makes its key known at once, whatever becomes of it in order.
    fn announce(&mut self, report: &VerifiedReport) {
        let content = report.report();
        if let (Some(key), SignedBy::Identity) = (content.epoch_key(), report.signed_by())
            && key.key_id() != self.identity.key_id()
        {
            self.keys.announce(content.ctr(), key);
        }
    }

    /// Whether the log holds the key's announcement: a `sealed` that found no room may have told it to the keyring alone.
    fn can_be_verified_again(&self, report: &VerifiedReport) -> bool {
        match report.signed_by() {
            SignedBy::Identity => true,
            SignedBy::Epoch(key) => self.keys.holds(&key),
        }
    }

    fn add_hole(&mut self, hole: Hole) {
        match self.holes.last_mut() {
            Some(last) if last.to + 1 == hole.from => last.to = hole.to,
            _ => self.holes.push(hole),
        }
        if self.holes.len() > HOLES_LIMIT {
            let oldest = self.holes.remove(0);
            if let Some(next) = self.holes.first_mut() {
                next.from = oldest.from;
            }
        }
    }
}

/// What is known of a counter.
enum Sight {
    New,
    Same,
    Other,
}
