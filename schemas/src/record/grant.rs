//! Unsealing grants 解封许可, as people see them.

use super::Recorded;
use crate::down::Circle;
use crate::{DeviceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

/// What became of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GrantStanding {
    /// Waits for a second officer.
    Proposed,
    /// The seal may use it.
    Given,
    Revoked,
    Used,
}

/// Leave to open one seal once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// 16 bytes, hex.
    pub grant: String,
    pub device: DeviceId,
    /// What the seal was bound to when the grant was proposed.
    pub transfer: Option<TransferId>,
    pub epoch: u64,
    pub circle: Circle,
    pub not_before: Time,
    pub not_after: Time,
    pub proposed_by: UserId,
    /// The second officer, where two were needed.
    pub countersigned_by: Option<UserId>,
    pub standing: GrantStanding,
    /// Counter of the seal's receipt.
    pub used_by: Option<u64>,
    /// When it came to stand so.
    pub at: Time,
}

impl Recorded for GrantView {
    const KIND: &'static str = "grant";

    fn id(&self) -> String {
        format!("{}:{}", self.device, self.grant)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}
