//! Verified reports above a hole: on disk, and waiting here for the reports before them.

use crate::verify::{SignedBy, UnverifiedReport, VerifiedReport};
use bytes::Bytes;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, Digest, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Periodic reports kept above a hole, per device.
pub const PERIODIC_LIMIT: usize = 4096;
/// Reports of all kinds kept above a hole, per device: events find room that periodic reports cannot take.
pub const KEPT_LIMIT: usize = 2 * PERIODIC_LIMIT;
/// Other versions of one report in memory; more of them are in the log alone.
const OTHERS_LIMIT: usize = 15;
/// Gap reports that count before their turn, per device. Further ones count when their turn comes.
pub const GAPS_LIMIT: usize = 64;
/// Gap reports that are looked at for one missing counter.
const GAPS_TRIED: usize = 8;

/// Counters that a gap report names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Declared {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// The first version of a report, and the digests of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    bytes: Box<[u8]>,
    signed_by: SignedBy,
    arrived: Time,
    periodic: bool,
    gap: Option<Declared>,
    digest: Digest,
    others: Vec<Digest>,
    /// More versions came than are here.
    more: bool,
}

impl Kept {
    /// Copies the bytes: as received they are a part of a whole payload, which would stay in memory with them.
    pub(super) fn of(arrived: Time, report: &VerifiedReport) -> Self {
        let content = report.report();
        Self {
            bytes: report.bytes().as_ref().into(),
            signed_by: report.signed_by(),
            arrived,
            periodic: content.event() == Event::Periodic,
            gap: content.gap().map(|gap| Declared { from: gap.from, to: gap.to }),
            digest: report.digest(),
            others: Vec::new(),
            more: false,
        }
    }

    pub(super) fn arrived(&self) -> Time {
        self.arrived
    }

    pub(super) fn signed_by(&self) -> SignedBy {
        self.signed_by
    }

    pub(super) fn others(&self) -> &[Digest] {
        &self.others
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.digest).chain(&self.others)
    }

    pub(super) fn versions_complete(&self) -> bool {
        !self.more
    }

    pub(super) fn report(&self) -> Option<Report> {
        Report::parse(&self.bytes).ok().map(|(_, report)| report)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backlog {
    kept: BTreeMap<u64, Kept>,
    periodic: usize,
    gaps: BTreeMap<u64, Declared>,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn has_room(&self, event: Event) -> bool {
        self.kept.len() < KEPT_LIMIT && !(event == Event::Periodic && self.periodic >= PERIODIC_LIMIT)
    }

    pub(super) fn get(&self, ctr: u64) -> Option<&Kept> {
        self.kept.get(&ctr)
    }

    pub(super) fn lowest(&self) -> Option<u64> {
        self.kept.first_key_value().map(|(ctr, _)| *ctr)
    }

    pub(super) fn highest(&self) -> Option<u64> {
        self.kept.last_key_value().map(|(ctr, _)| *ctr)
    }

    pub(super) fn insert(&mut self, ctr: u64, kept: Kept) {
        self.periodic += usize::from(kept.periodic);
        if let Some(gap) = kept.gap
            && self.gaps.len() < GAPS_LIMIT
        {
            self.gaps.insert(ctr, gap);
        }
        self.kept.insert(ctr, kept);
    }

    pub(super) fn add_version(&mut self, ctr: u64, digest: Digest) {
        if let Some(kept) = self.kept.get_mut(&ctr) {
            if kept.others.len() < OTHERS_LIMIT {
                kept.others.push(digest);
            } else {
                kept.more = true;
            }
        }
    }

    /// Takes a report out. Whether a batch or a single check let it in depends on what else arrived in that moment, so it is not state: a
    /// replay, which checks singly, would end in another one.
    pub(super) fn take(&mut self, ctr: u64, device: DeviceId) -> Option<(Kept, VerifiedReport)> {
        let kept = self.kept.remove(&ctr)?;
        self.periodic -= usize::from(kept.periodic);
        self.gaps.remove(&ctr);
        let unverified = UnverifiedReport::decode(device, Bytes::copy_from_slice(&kept.bytes)).ok()?;
        let report = unverified.into_verified(kept.signed_by, false);
        Some((kept, report))
    }

    /// Kept reports up to a counter, ascending.
    pub(super) fn up_to(&self, ctr: u64) -> impl Iterator<Item = (u64, &Kept)> {
        self.kept.range(..=ctr).map(|(ctr, kept)| (*ctr, kept))
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = u64> {
        self.kept.keys().copied()
    }

    /// Gap reports and what they name, lowest counter first.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (u64, Declared)> {
        self.gaps.iter().map(|(ctr, gap)| (*ctr, *gap))
    }

    /// Gap reports that name a counter.
    pub(super) fn gaps_over(&self, ctr: u64) -> impl Iterator<Item = (u64, Declared)> {
        self.gaps().filter(move |(_, gap)| (gap.from..=gap.to).contains(&ctr)).take(GAPS_TRIED)
    }

    /// Whether gap reports that `count` together name all of `from..=to`.
    pub(super) fn is_declared(&self, from: u64, to: u64, count: impl Fn(u64) -> bool) -> bool {
        let mut reached = from;
        while reached <= to {
            let over = self.gaps_over(reached).find(|(ctr, _)| count(*ctr));
            let Some((_, gap)) = over else {
                return false;
            };
            reached = gap.to + 1;
        }
        true
    }
}
