//! Reports of one device that nobody signed: the door of order believes the one before it.

mod faults;
mod holes;
mod laws;

use super::{Cursor, Ordered, Outcome, Past};
use crate::verify::{SignedBy, UnverifiedReport, VerifiedReport};
use ed25519_dalek::SigningKey;
use sealway_schemas::cose::seal;
use sealway_schemas::down::Range;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Gap, GapReason, Report, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, KeyId, PublicKey, Time};
use std::collections::BTreeMap;

const CLOSED: u64 = 0b1_0000_0111;
const OPEN: u64 = 0b110;

fn device() -> DeviceId {
    "XA-7Q2K".parse().unwrap()
}

fn key(number: u8) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes())
}

fn identity() -> PublicKey {
    key(255)
}

/// Makes the reports of a seal, each with the digest of the one before.
#[derive(Clone)]
struct Pen {
    ctr: u64,
    prev: Digest,
    epoch: u64,
    key: Option<PublicKey>,
    held: bool,
}

impl Pen {
    fn new() -> Self {
        Self { ctr: 0, prev: Digest::ZERO, epoch: 0, key: None, held: false }
    }

    fn draft(&mut self, event: Event) -> ReportDraft {
        self.ctr += 1;
        let mut draft =
            ReportDraft::new(self.ctr, self.epoch, self.prev, Time::from_ms(1_790_000_000_000 + self.ctr % 1000 * 60_000), event);
        draft.status = Status::new(if self.held { CLOSED } else { OPEN }).unwrap();
        draft
    }

    fn signer(&self) -> SignedBy {
        match self.key {
            Some(key) if self.held => SignedBy::Epoch(key),
            _ => SignedBy::Identity,
        }
    }

    fn finish(&mut self, draft: ReportDraft, signed_by: SignedBy) -> VerifiedReport {
        let report = verified(draft.build().unwrap(), signed_by);
        self.prev = report.digest();
        report
    }

    fn write(&mut self, event: Event) -> VerifiedReport {
        let draft = self.draft(event);
        let signer = self.signer();
        self.finish(draft, signer)
    }

    fn periodic(&mut self) -> VerifiedReport {
        self.write(Event::Periodic)
    }

    fn sealed(&mut self, key: PublicKey) -> VerifiedReport {
        (self.epoch, self.key, self.held) = (self.epoch + 1, Some(key), true);
        let mut draft = self.draft(Event::Sealed);
        draft.epoch_key = Some(key);
        self.finish(draft, SignedBy::Identity)
    }

    fn opened(&mut self) -> VerifiedReport {
        self.held = false;
        self.write(Event::Opened)
    }

    fn gap(&mut self, from: u64, to: u64) -> VerifiedReport {
        let mut draft = self.draft(Event::Gap);
        draft.gap = Some(Gap { from, to, reason: GapReason::RingFull });
        let signer = self.signer();
        self.finish(draft, signer)
    }

    /// A report of the same counter as the next one, and no part of the chain.
    fn other(&self, event: Event) -> VerifiedReport {
        self.clone().write(event)
    }
}

fn verified(report: Report, signed_by: SignedBy) -> VerifiedReport {
    let bytes = seal(&report.encode(), "", KeyId::from_bytes([0; 8]), |_| [0; 64]);
    UnverifiedReport::decode(device(), bytes.into()).unwrap().into_verified(signed_by, true)
}

/// Everything that was kept.
#[derive(Default)]
struct Log(BTreeMap<u64, Vec<Digest>>);

impl Past for Log {
    fn versions(&self, _: &DeviceId, ctr: u64) -> Vec<Digest> {
        self.0.get(&ctr).cloned().unwrap_or_default()
    }
}

/// A cursor with its log, and what became of every report.
struct Desk {
    cursor: Cursor,
    log: Log,
    settled: Vec<(u64, Outcome)>,
}

impl Desk {
    fn new() -> Self {
        Self::starting(1, Digest::ZERO, 0)
    }

    fn starting(next_ctr: u64, prev: Digest, epoch: u64) -> Self {
        let enrolment = Enrolment { challenge: [0; 32], next_ctr, prev, epoch };
        Self { cursor: Cursor::start(identity(), &enrolment), log: Log::default(), settled: Vec::new() }
    }

    fn order(&mut self, report: &VerifiedReport) -> Ordered {
        let ordered = self.cursor.order(Time::from_ms(1), report.clone(), &self.log, &|_| false);
        if ordered.outcome.is_kept() {
            self.log.0.entry(report.report().ctr()).or_default().push(report.digest());
        }
        self.settled.extend(ordered.settled.iter().map(|settled| (settled.report.report().ctr(), settled.outcome)));
        ordered
    }

    fn take(&mut self, report: &VerifiedReport) -> Outcome {
        self.order(report).outcome
    }

    fn wants(&self) -> Vec<(u64, u64)> {
        pairs(&self.cursor.position().wants)
    }

    fn ranges(&self) -> Vec<(u64, u64)> {
        pairs(&self.cursor.position().ranges)
    }

    fn holes(&self) -> Vec<(u64, u64)> {
        self.cursor.holes().iter().map(|hole| (hole.from, hole.to)).collect()
    }
}

fn pairs(ranges: &[Range]) -> Vec<(u64, u64)> {
    ranges.iter().map(|range| (range.from, range.to)).collect()
}
