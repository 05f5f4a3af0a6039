//! What a list asks for. Pages go by key: `after` is the last key of the page before.

use sealway_schemas::event::{AlertKind, MovementState, Severity};
use sealway_schemas::{DeviceId, PartyId, TransferId};

const LIMIT: u32 = 1000;

/// A page of a list in key order; alerts come newest first.
#[derive(Debug, Clone)]
pub struct Page<K> {
    pub after: Option<K>,
    /// At most 1000 rows are given.
    pub limit: u32,
}

impl<K> Page<K> {
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    pub(super) fn rows(&self) -> i64 {
        i64::from(self.limit.min(LIMIT))
    }
}

#[derive(Debug, Clone, Default)]
pub struct DeviceFilter {
    pub owner: Option<PartyId>,
    pub quarantined: Option<bool>,
    /// Bound to a transfer, or not.
    pub bound: Option<bool>,
}

#[derive(Debug, Clone, Default)]
pub struct TransferFilter {
    pub state: Option<MovementState>,
    pub carrier: Option<PartyId>,
    pub seal: Option<DeviceId>,
}

#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    pub device: Option<DeviceId>,
    pub transfer: Option<TransferId>,
    pub kind: Option<AlertKind>,
    pub severity: Option<Severity>,
    /// Not cleared, or cleared.
    pub open: Option<bool>,
}
