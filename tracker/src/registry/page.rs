//! What a list asks for. Pages go by key: `after` is the last key of the page before.

use sealway_schemas::event::{AlertKind, MovementState, Severity};
use sealway_schemas::record::Record;
use sealway_schemas::{DeviceId, PartyId, Time, TransferId};

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

/// Where a page of records ends: they come newest first. As text `<at>.<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordKey {
    pub at: Time,
    pub id: String,
}

impl RecordKey {
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self { at: record.at, id: record.id.clone() }
    }
}

impl std::fmt::Display for RecordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.as_ms(), self.id)
    }
}

/// A text that is no place in a list of records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after {0:?}: expected `next` of the page before")]
pub struct NotARecordKey(String);

impl std::str::FromStr for RecordKey {
    type Err = NotARecordKey;

    fn from_str(text: &str) -> Result<Self, NotARecordKey> {
        let refused = || NotARecordKey(text.chars().take(64).collect());
        let (at, id) = text.split_once('.').ok_or_else(refused)?;
        Ok(Self { at: Time::from_ms(at.parse().map_err(|_| refused())?), id: id.to_owned() })
    }
}

#[derive(Debug, Clone, Default)]
pub struct RecordFilter {
    pub transfer: Option<TransferId>,
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
