//! Custody at its end: arrival, handoff, opening, verifying.

use super::kinds::kinds;
use crate::down::Circle;
use crate::ledger::{Conclusion, VerifiedLine};
use crate::{DeviceId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CustodyCommand {
    /// 运抵报告
    ReportArrival { transfer: TransferId, place: PlaceId },
    /// 核验. On A1 and A2 what was counted is written off at once; without lines that is everything that was declared.
    VerifyTransfer {
        transfer: TransferId,
        conclusion: Conclusion,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verified: Vec<VerifiedLine>,
        note: String,
    },
    /// `grant`: hex of 16 bytes.
    IssueGrant { grant: String, device: DeviceId, epoch: u64, circle: Circle, not_before: Time, not_after: Time, authorised_by: String },
    /// `nonce`: hex of 16 bytes.
    IssueChallenge { device: DeviceId, nonce: String, not_after: Time },
}

kinds!(CustodyCommand {
    ReportArrival => "report-arrival",
    VerifyTransfer => "verify-transfer",
    IssueGrant => "issue-grant",
    IssueChallenge => "issue-challenge",
});

impl CustodyCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::ReportArrival { transfer, .. } | Self::VerifyTransfer { transfer, .. } => transfer.to_string(),
            Self::IssueGrant { grant, .. } => grant.clone(),
            Self::IssueChallenge { device, .. } => device.to_string(),
        }
    }
}
