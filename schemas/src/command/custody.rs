//! Custody at its end: arrival, handoff, opening, verifying.

use super::kinds::kinds;
use crate::down::Circle;
use crate::ledger::{Conclusion, VerifiedLine};
use crate::{DeviceId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

/// Unloading remark 卸货记录 on the seal. Anything but intact makes the conclusion A5 or B1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SealFound {
    #[default]
    Intact,
    Absent,
    Damaged,
    Different,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CustodyCommand {
    /// 运抵报告, by the operator of the destination.
    ReportArrival { transfer: TransferId, place: PlaceId },
    /// 交接: needs the seal's fresh answer to a challenge, from inside the place.
    HandOver { transfer: TransferId, place: PlaceId },
    /// 拒收: holds the transfer until an officer decides.
    RefuseTransfer { transfer: TransferId, place: PlaceId, reason: String },
    /// 核验, and again where it was B1. `verified` is what was counted: without lines everything under way, with lines nothing of what they
    /// leave out. On A1 and A2 it is written off at once; less than everything is A5 or B1.
    VerifyTransfer {
        transfer: TransferId,
        conclusion: Conclusion,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verified: Vec<VerifiedLine>,
        /// What the seal looked like when it was to be opened.
        #[serde(default)]
        seal: SealFound,
        note: String,
    },
    /// `grant`: hex of 16 bytes.
    IssueGrant { grant: String, device: DeviceId, epoch: u64, circle: Circle, not_before: Time, not_after: Time, authorised_by: String },
    /// The second officer, for a grant elsewhere than inside the destination.
    CountersignGrant { grant: String, device: DeviceId },
    /// Takes back a grant that was not used.
    RevokeGrant { grant: String, device: DeviceId },
    /// `nonce`: hex of 16 bytes.
    IssueChallenge { device: DeviceId, nonce: String, not_after: Time },
}

kinds!(CustodyCommand {
    ReportArrival => "report-arrival",
    HandOver => "hand-over",
    RefuseTransfer => "refuse-transfer",
    VerifyTransfer => "verify-transfer",
    IssueGrant => "issue-grant",
    CountersignGrant => "countersign-grant",
    RevokeGrant => "revoke-grant",
    IssueChallenge => "issue-challenge",
});

impl CustodyCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::ReportArrival { transfer, .. }
            | Self::HandOver { transfer, .. }
            | Self::RefuseTransfer { transfer, .. }
            | Self::VerifyTransfer { transfer, .. } => transfer.to_string(),
            Self::IssueGrant { grant, .. } | Self::CountersignGrant { grant, .. } | Self::RevokeGrant { grant, .. } => grant.clone(),
            Self::IssueChallenge { device, .. } => device.to_string(),
        }
    }
}
