//! Custody at its end: arrival, handoff, opening, verifying.

use super::kinds::kinds;
use crate::down::Circle;
use crate::{DeviceId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CustodyCommand {
    /// 运抵报告
    ReportArrival { transfer: TransferId, place: PlaceId },
    /// `grant`: hex of 16 bytes.
    IssueGrant { grant: String, device: DeviceId, epoch: u64, circle: Circle, not_before: Time, not_after: Time, authorised_by: String },
    /// `nonce`: hex of 16 bytes.
    IssueChallenge { device: DeviceId, nonce: String, not_after: Time },
}

kinds!(CustodyCommand {
    ReportArrival => "report-arrival",
    IssueGrant => "issue-grant",
    IssueChallenge => "issue-challenge",
});

impl CustodyCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::ReportArrival { transfer, .. } => transfer.to_string(),
            Self::IssueGrant { grant, .. } => grant.clone(),
            Self::IssueChallenge { device, .. } => device.to_string(),
        }
    }
}
