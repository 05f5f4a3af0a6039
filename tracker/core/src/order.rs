//! The door of order: each report against its device's counter, `prev`, epoch and keys. `wire.md`, "Judging, per device, in counter order".
//!
//! What is in memory of a device is bounded: the digests of its newest reports (older ones are asked of [`Past`]), and what is kept above
//! a hole. Beyond [`PERIODIC_LIMIT`] periodic reports, or [`KEPT_LIMIT`] of all kinds, a report above the hole is not stored and not
//! acknowledged ([`Outcome::Overflow`]): the device holds it and sends it again once the hole is filled.

mod backlog;
mod position;
mod seal;
#[cfg(test)]
mod tests;
mod window;

use crate::verify::{SignedBy, UnverifiedReport, VerifiedReport, check_key};
use backlog::{Backlog, Kept};
use seal::Seal;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time};
use serde::{Deserialize, Serialize};
use window::Window;

pub use backlog::{KEPT_LIMIT, PERIODIC_LIMIT};
pub use position::AckState;

/// Keys remembered for a device; a key forgotten for age is still refused by whoever asks `taken`.
const KEYS_LIMIT: usize = 4096;
/// Custody holes remembered for a device. Beyond it the two oldest count as one, with everything between them.
const HOLES_LIMIT: usize = 64;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Next in order, and faultless.
    Applied,
    /// Kept above a hole.
    KeptHole,
    /// A gap had accounted for it, or it lies below the enrolment's start.
    Late,
    /// Seen with the same bytes.
    Duplicate,
    /// Seen with other bytes.
    Equivocation,
    /// `prev` fits no kept version of the report before it.
    PrevMismatch,
    /// Of another epoch than the current one; a `sealed` that does not open the next one.
    WrongEpoch,
    /// Signed by the wrong kind of key.
    WrongKey,
    /// A `sealed` with an epoch key that a device has or had.
    KnownKey,
    /// A `sealed` with an epoch key that no device may have.
    WeakKey,
    /// Above a hole, with no room left: not stored, not acknowledged.
    Overflow,
}

impl Outcome {
    /// The words of the golden vectors.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::KeptHole => "kept_hole",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Equivocation => "equivocation",
            Self::PrevMismatch => "prev_mismatch",
            Self::WrongEpoch => "wrong_epoch",
            Self::WrongKey => "wrong_key",
            Self::KnownKey => "known_key",
            Self::WeakKey => "weak_key",
            Self::Overflow => "overflow",
        }
    }

    /// Whether the report is new and belongs into the log.
    #[must_use]
    pub fn is_kept(self) -> bool {
        !matches!(self, Self::Duplicate | Self::Overflow)
    }
}

/// A report that has its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub report: VerifiedReport,
    pub outcome: Outcome,
    pub arrived: Time,
}

/// What one report brought about.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered {
    /// Of the report itself.
    pub outcome: Outcome,
    /// What reaches judging now, in counter order: the report itself unless it waits above a hole, and what it let through.
    pub settled: Vec<Settled>,
}

/// The log, asked for what is older than the digests in memory. It must know what was appended, committed or not.
pub trait Past {
    /// Digests of the kept versions of a report.
    fn versions(&self, device: &DeviceId, ctr: u64) -> Vec<Digest>;
}

/// Counters that no report was applied for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    pub from: u64,
    pub to: u64,
}

/// A key that a verified `sealed` announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Announced {
    ctr: u64,
    key: PublicKey,
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
    window: Window,
    backlog: Backlog,
    keys: Vec<Announced>,
    epoch_keys: Vec<PublicKey>,
    holes: Vec<Hole>,
    quarantined: bool,
}

/// What the order door asks of others.
struct Asked<'a> {
    past: &'a dyn Past,
    taken: &'a dyn Fn(&PublicKey) -> bool,
    device: DeviceId,
}

impl Cursor {
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
            keys: Vec::new(),
            epoch_keys: Vec::new(),
            holes: Vec::new(),
            quarantined: false,
        }
    }

    /// Takes one report. `taken`: whether any device has or had the key.
    pub fn order(&mut self, arrived: Time, report: VerifiedReport, past: &dyn Past, taken: &dyn Fn(&PublicKey) -> bool) -> Ordered {
        let asked = Asked { past, taken, device: *report.device() };
        let ctr = report.report().ctr();
        let seen = self.sight(ctr, report.digest(), &asked);
        match seen {
            Sight::Same => Ordered { outcome: Outcome::Duplicate, settled: Vec::new() },
            Sight::New if ctr < self.start => Ordered { outcome: Outcome::Late, settled: Vec::new() },
            Sight::Other if ctr < self.start => Ordered { outcome: Outcome::Late, settled: Vec::new() },
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
        self.quarantined
    }

    /// An officer's decision: quarantine and custody holes end.
    pub fn lift_quarantine(&mut self) {
        self.quarantined = false;
        self.holes.clear();
    }

    /// A report that a batch let pass does not satisfy the contract's equation.
    pub fn strict_failed(&mut self, _ctr: u64, _digest: Digest) {
        self.quarantined = true;
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
        &self.epoch_keys
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
        self.quarantined = true;
        self.announce(&report);
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
        self.quarantined |= outcome == Outcome::PrevMismatch;
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
        self.quarantined |= outcome == Outcome::PrevMismatch;
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
        for (ctr, kept) in self.backlog.up_to(gap_ctr) {
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
    fn shows_no_fault(&self, gap_ctr: u64) -> bool {
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
        let id = key.key_id();
        let own = self.keys.iter().any(|known| known.ctr < ctr && known.key.key_id() == id);
        let known = own || id == self.identity.key_id() || (asked.taken)(key);
        known.then_some(Outcome::KnownKey)
    }

    /// A verified `sealed` makes its key known at once, whatever becomes of it in order.
    fn announce(&mut self, report: &VerifiedReport) {
        let content = report.report();
        let Some(key) = content.epoch_key().filter(|_| report.signed_by() == SignedBy::Identity) else {
            return;
        };
        let ctr = content.ctr();
        if let Some(known) = self.keys.iter_mut().find(|known| known.key == key) {
            known.ctr = known.ctr.min(ctr);
        } else if check_key(&key).is_ok() && !self.has_key_id(&key) {
            self.keys.push(Announced { ctr, key });
        }
        self.keys.sort_by_key(|known| known.ctr);
        if self.keys.len() > KEYS_LIMIT {
            self.keys.remove(0);
        }
        self.epoch_keys = self.keys.iter().map(|known| known.key).collect();
    }

    fn has_key_id(&self, key: &PublicKey) -> bool {
        let id = key.key_id();
        id == self.identity.key_id() || self.keys.iter().any(|known| known.key.key_id() == id)
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

/// What a kept report's bytes say; they were read once already.
fn reread(device: DeviceId, bytes: &[u8], signed_by: SignedBy, strict: bool) -> Option<VerifiedReport> {
    let unverified = UnverifiedReport::decode(device, bytes::Bytes::copy_from_slice(bytes)).ok()?;
    Some(unverified.into_verified(signed_by, strict))
}

fn is_periodic(event: Event) -> bool {
    event == Event::Periodic
}

fn read(bytes: &[u8]) -> Option<Report> {
    Report::parse(bytes).ok().map(|(_, report)| report)
}
