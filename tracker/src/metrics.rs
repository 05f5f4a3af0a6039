//! Figures for `/metrics` and the bench: counters that only go up, and gauges read when asked.

use sealway_core::order::Outcome;
use sealway_core::verify::Refusal;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the commit latency histogram, in microseconds; the last bucket has none.
pub const COMMIT_BOUNDS_US: [u64; 9] = [250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Refused {
    pub malformed: u64,
    pub unknown_device: u64,
    pub unknown_key: u64,
    pub bad_signature: u64,
    pub revoked: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TrackerMetrics {
    /// Reports put into the log, whatever became of them in their device's order.
    pub accepted: u64,
    pub duplicates: u64,
    pub equivocations: u64,
    pub prev_mismatches: u64,
    pub kept_above_hole: u64,
    pub late: u64,
    /// Above a hole with no room left: not stored, asked for again.
    pub overflows: u64,
    pub refused: Refused,
    /// Frames of terminals: put into the log, known already, not of a registered terminal.
    pub unsigned_kept: u64,
    pub unsigned_duplicates: u64,
    pub unsigned_refused: u64,
    pub hellos: u64,
    pub logins: u64,
    pub logins_refused: u64,
    pub commands: u64,
    pub commands_refused: u64,
    pub acks_signed: u64,
    /// Uploads between the socket and their settlement.
    pub in_flight_uploads: u64,
    pub log_entries: u64,
    pub fsyncs: u64,
    /// Commits within each of [`COMMIT_BOUNDS_US`], then those above; not cumulative.
    pub commit_latency: [u64; 10],
    pub commit_latency_sum_us: u64,
    /// Entries that the background strict check has yet to see.
    pub strict_backlog: u64,
    pub strict_failed: u64,
    pub devices: u64,
    pub registry_backlog: u64,
    pub snapshots: u64,
    pub verify_batches: u64,
    pub verified_in_batches: u64,
    pub cpu_verify_ns: u64,
    pub cpu_sequence_ns: u64,
    pub cpu_commit_ns: u64,
    pub cpu_strict_ns: u64,
    /// Entries under the newest signed checkpoint.
    pub tree_size: u64,
    pub cpu_tree_ns: u64,
    /// The log waits for room: nothing is taken meanwhile.
    pub disk_full: bool,
    /// Entries of this round that the background scrub has looked at, rounds that it has finished, faults that it found.
    pub scrubbed: u64,
    pub scrub_rounds: u64,
    pub scrub_faults: u64,
    /// Entries that a standby has on its disk.
    pub confirmed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    outcomes: [AtomicU64; 10],
    refused: [AtomicU64; 5],
    overflows: AtomicU64,
    pub(crate) unsigned_kept: AtomicU64,
    pub(crate) unsigned_duplicates: AtomicU64,
    pub(crate) unsigned_refused: AtomicU64,
    pub(crate) hellos: AtomicU64,
    pub(crate) logins: AtomicU64,
    pub(crate) logins_refused: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) commands_refused: AtomicU64,
    pub(crate) acks_signed: AtomicU64,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) log_entries: AtomicU64,
    pub(crate) fsyncs: AtomicU64,
    commit_latency: [AtomicU64; 10],
    commit_latency_sum_us: AtomicU64,
    pub(crate) strict_cursor: AtomicU64,
    pub(crate) strict_failed: AtomicU64,
    pub(crate) devices: AtomicU64,
    pub(crate) snapshots: AtomicU64,
    pub(crate) verify_batches: AtomicU64,
    pub(crate) verified_in_batches: AtomicU64,
    pub(crate) cpu_verify_ns: AtomicU64,
    pub(crate) cpu_sequence_ns: AtomicU64,
    pub(crate) cpu_commit_ns: AtomicU64,
    pub(crate) cpu_strict_ns: AtomicU64,
    pub(crate) tree_size: AtomicU64,
    pub(crate) cpu_tree_ns: AtomicU64,
    pub(crate) disk_full: AtomicBool,
    pub(crate) scrubbed: AtomicU64,
    pub(crate) scrub_rounds: AtomicU64,
    pub(crate) scrub_faults: AtomicU64,
}

impl Counters {
    pub(crate) fn outcome(&self, outcome: Outcome) {
        let slot = match outcome {
            Outcome::Applied => 0,
            Outcome::KeptHole => 1,
            Outcome::Late => 2,
            Outcome::Duplicate => 3,
            Outcome::Equivocation => 4,
            Outcome::PrevMismatch => 5,
            Outcome::WrongEpoch => 6,
            Outcome::WrongKey => 7,
            Outcome::KnownKey => 8,
            Outcome::WeakKey => 9,
            Outcome::Overflow => {
                self.overflows.fetch_add(1, Relaxed);
                return;
            }
        };
        bump(&self.outcomes, slot);
    }

    pub(crate) fn refusal(&self, refusal: &Refusal) {
        let slot = match refusal {
            Refusal::Malformed(_) => 0,
            Refusal::UnknownDevice => 1,
            Refusal::UnknownKey => 2,
            Refusal::BadSignature => 3,
            Refusal::Revoked => 4,
        };
        bump(&self.refused, slot);
    }

    pub(crate) fn commit(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        bump(&self.commit_latency, COMMIT_BOUNDS_US.partition_point(|bound| *bound < us));
        self.commit_latency_sum_us.fetch_add(us, Relaxed);
    }

    pub(crate) fn read(&self) -> TrackerMetrics {
        let of = |counters: &[AtomicU64], slot: usize| counters.get(slot).map_or(0, |counter| counter.load(Relaxed));
        let outcome = |slot| of(&self.outcomes, slot);
        let duplicates = outcome(3);
        let entries = self.log_entries.load(Relaxed);
        TrackerMetrics {
            accepted: self.outcomes.iter().map(|counter| counter.load(Relaxed)).sum::<u64>() - duplicates,
            duplicates,
            equivocations: outcome(4),
            prev_mismatches: outcome(5),
            kept_above_hole: outcome(1),
            late: outcome(2),
            overflows: self.overflows.load(Relaxed),
            refused: Refused {
                malformed: of(&self.refused, 0),
                unknown_device: of(&self.refused, 1),
                unknown_key: of(&self.refused, 2),
                bad_signature: of(&self.refused, 3),
                revoked: of(&self.refused, 4),
            },
            unsigned_kept: self.unsigned_kept.load(Relaxed),
            unsigned_duplicates: self.unsigned_duplicates.load(Relaxed),
            unsigned_refused: self.unsigned_refused.load(Relaxed),
            hellos: self.hellos.load(Relaxed),
            logins: self.logins.load(Relaxed),
            logins_refused: self.logins_refused.load(Relaxed),
            commands: self.commands.load(Relaxed),
            commands_refused: self.commands_refused.load(Relaxed),
            acks_signed: self.acks_signed.load(Relaxed),
            in_flight_uploads: self.in_flight.load(Relaxed) as u64,
            log_entries: entries,
            fsyncs: self.fsyncs.load(Relaxed),
            commit_latency: std::array::from_fn(|slot| of(&self.commit_latency, slot)),
            commit_latency_sum_us: self.commit_latency_sum_us.load(Relaxed),
            strict_backlog: entries.saturating_sub(self.strict_cursor.load(Relaxed)),
            strict_failed: self.strict_failed.load(Relaxed),
            devices: self.devices.load(Relaxed),
            registry_backlog: 0,
            snapshots: self.snapshots.load(Relaxed),
            verify_batches: self.verify_batches.load(Relaxed),
            verified_in_batches: self.verified_in_batches.load(Relaxed),
            cpu_verify_ns: self.cpu_verify_ns.load(Relaxed),
            cpu_sequence_ns: self.cpu_sequence_ns.load(Relaxed),
            cpu_commit_ns: self.cpu_commit_ns.load(Relaxed),
            cpu_strict_ns: self.cpu_strict_ns.load(Relaxed),
            tree_size: self.tree_size.load(Relaxed),
            cpu_tree_ns: self.cpu_tree_ns.load(Relaxed),
            confirmed: 0,
            disk_full: self.disk_full.load(Relaxed),
            scrubbed: self.scrubbed.load(Relaxed),
            scrub_rounds: self.scrub_rounds.load(Relaxed),
            scrub_faults: self.scrub_faults.load(Relaxed),
        }
    }
}

fn bump(counters: &[AtomicU64], slot: usize) {
    if let Some(counter) = counters.get(slot) {
        counter.fetch_add(1, Relaxed);
    }
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
}

/// Adds the CPU time since `since` to `counter` and returns the time now.
pub(crate) fn charge(counter: &AtomicU64, since: u64) -> u64 {
    let now = thread_cpu_ns();
    counter.fetch_add(now.saturating_sub(since), Relaxed);
    now
}
