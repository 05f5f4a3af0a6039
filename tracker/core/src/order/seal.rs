//! The state of a seal that its reports are judged by: epoch, epoch key, and whether the key is still held.

use super::Outcome;
use crate::verify::SignedBy;
use sealway_schemas::PublicKey;
use sealway_schemas::report::{Event, Report};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    epoch: u64,
    key: Option<PublicKey>,
    /// Bit 8 was clear in this epoch: it stays clear.
    key_erased: bool,
}

impl Seal {
    pub(super) fn at(epoch: u64) -> Self {
        Self { epoch, key: None, key_erased: false }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn key(&self) -> Option<PublicKey> {
        self.key
    }

    /// An officer takes the device's word for its epoch: no key signs in it, and the next sealing opens the one after it.
    pub(super) fn resume_at(&mut self, epoch: u64) {
        if epoch > self.epoch {
            *self = Self { epoch, key: None, key_erased: true };
        }
    }

    /// Names the outcome, the first of prev, epoch, key that is at fault, and takes over what the report changes.
    pub(super) fn judge(
        &mut self,
        report: &Report,
        signed_by: SignedBy,
        prev_fits: bool,
        key_fault: impl FnOnce(&PublicKey) -> Option<Outcome>,
    ) -> Outcome {
        if report.event() == Event::Sealed {
            return self.judge_sealed(report, signed_by, prev_fits, key_fault);
        }
        let outcome = if !prev_fits {
            Outcome::PrevMismatch
        } else if report.epoch() != self.epoch {
            Outcome::WrongEpoch
        } else if self.may_sign(report, signed_by) {
            Outcome::Applied
        } else {
            Outcome::WrongKey
        };
        // Also under a wrong `prev`: the seal's own word that its key is gone is not taken back.
        let erased = report.epoch() == self.epoch && !report.status().epoch_key_held() && signed_by == SignedBy::Identity;
        self.key_erased |= erased;
        outcome
    }

    fn judge_sealed(
        &mut self,
        report: &Report,
        signed_by: SignedBy,
        prev_fits: bool,
        key_fault: impl FnOnce(&PublicKey) -> Option<Outcome>,
    ) -> Outcome {
        if !prev_fits {
            return Outcome::PrevMismatch;
        }
        if report.epoch() != self.epoch + 1 {
            return Outcome::WrongEpoch;
        }
        let Some(key) = report.epoch_key().filter(|_| right_kind(report, signed_by) && report.status().epoch_key_held()) else {
            return Outcome::WrongKey;
        };
        if let Some(fault) = key_fault(&key) {
            return fault;
        }
        *self = Self { epoch: report.epoch(), key: Some(key), key_erased: false };
        Outcome::Applied
    }

    fn may_sign(&self, report: &Report, signed_by: SignedBy) -> bool {
        match signed_by {
            SignedBy::Identity => !report.status().epoch_key_held(),
            SignedBy::Epoch(key) => report.status().epoch_key_held() && !self.key_erased && self.key == Some(key),
        }
    }
}

/// Bit 8 set: the epoch key. Bit 8 clear, and `sealed`: the identity key.
pub(super) fn right_kind(report: &Report, signed_by: SignedBy) -> bool {
    let by_epoch_key = report.status().epoch_key_held() && report.event() != Event::Sealed;
    by_epoch_key == matches!(signed_by, SignedBy::Epoch(_))
}
