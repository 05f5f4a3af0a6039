//! The door of order: each report against its device's counter, `prev`, epoch and keys. `wire.md`, "Judging, per device, in counter order".
//!
//! What is in memory of a device is bounded: the digests of its newest reports (older ones are asked of [`Past`]), and what is kept above
//! a hole. Beyond [`PERIODIC_LIMIT`] periodic reports, or [`KEPT_LIMIT`] of all kinds, a report above the hole is not stored and not
//! acknowledged ([`Outcome::Overflow`]): the device holds it and sends it again once the hole is filled.

mod backlog;
mod cursor;
mod keys;
mod position;
mod seal;
#[cfg(test)]
mod tests;
mod window;

use crate::verify::VerifiedReport;
use sealway_schemas::{DeviceId, Digest, Time};
use serde::{Deserialize, Serialize};

pub use backlog::{GAPS_LIMIT, KEPT_LIMIT, PERIODIC_LIMIT};
pub use cursor::{Cursor, Hole};
pub use position::AckState;

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
    /// Above a hole with no room left, or of a key whose announcement is not in the log: not stored, not acknowledged.
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
