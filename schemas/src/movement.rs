//! The life of a transfer: its states, the arrows between them, and what holds it.

use crate::cargo::TransportDocument;
use crate::command::IncidentKind;
use crate::gate::Plate;
use crate::record::Recorded;
use crate::{DeviceId, GateId, KeyId, PhotoHash, PlaceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// States of a movement, in the order of the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MovementState {
    /// 草拟
    Draft,
    /// 已申报
    Declared,
    /// 已受理
    Accepted,
    /// 已施封
    Sealed,
    /// 已放行
    Released,
    /// 在途
    InTransit,
    /// 途中异常
    Incident,
    /// 已运抵
    Arrived,
    /// 已交接
    HandedOver,
    /// 准予解封
    UnsealingGranted,
    /// 已解封
    Unsealed,
    /// 核验
    Verified,
    /// 已核销
    WrittenOff,
    Cancelled,
}

impl MovementState {
    pub const ALL: [Self; 14] = [
        Self::Draft,
        Self::Declared,
        Self::Accepted,
        Self::Sealed,
        Self::Released,
        Self::InTransit,
        Self::Incident,
        Self::Arrived,
        Self::HandedOver,
        Self::UnsealingGranted,
        Self::Unsealed,
        Self::Verified,
        Self::WrittenOff,
        Self::Cancelled,
    ];

    /// Kebab-case, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Declared => "declared",
            Self::Accepted => "accepted",
            Self::Sealed => "sealed",
            Self::Released => "released",
            Self::InTransit => "in-transit",
            Self::Incident => "incident",
            Self::Arrived => "arrived",
            Self::HandedOver => "handed-over",
            Self::UnsealingGranted => "unsealing-granted",
            Self::Unsealed => "unsealed",
            Self::Verified => "verified",
            Self::WrittenOff => "written-off",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What moves a transfer from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Arrow {
    Declare,
    Accept,
    Seal,
    Release,
    Depart,
    ReportIncident,
    Resume,
    Arrive,
    HandOver,
    GrantUnsealing,
    /// The grant was revoked before it was used.
    RevokeGrant,
    Unseal,
    Verify,
    WriteOff,
    /// By a counter-entry.
    ReverseWriteOff,
    Cancel,
}

impl Arrow {
    pub const ALL: [Self; 16] = [
        Self::Declare,
        Self::Accept,
        Self::Seal,
        Self::Release,
        Self::Depart,
        Self::ReportIncident,
        Self::Resume,
        Self::Arrive,
        Self::HandOver,
        Self::GrantUnsealing,
        Self::RevokeGrant,
        Self::Unseal,
        Self::Verify,
        Self::WriteOff,
        Self::ReverseWriteOff,
        Self::Cancel,
    ];

    /// Kebab-case, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declare => "declare",
            Self::Accept => "accept",
            Self::Seal => "seal",
            Self::Release => "release",
            Self::Depart => "depart",
            Self::ReportIncident => "report-incident",
            Self::Resume => "resume",
            Self::Arrive => "arrive",
            Self::HandOver => "hand-over",
            Self::GrantUnsealing => "grant-unsealing",
            Self::RevokeGrant => "revoke-grant",
            Self::Unseal => "unseal",
            Self::Verify => "verify",
            Self::WriteOff => "write-off",
            Self::ReverseWriteOff => "reverse-write-off",
            Self::Cancel => "cancel",
        }
    }
}

/// The one who stands behind a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum By {
    User(UserId),
    /// A person who signed with a key of his own.
    Signed {
        user: UserId,
        key: KeyId,
    },
    /// The seal's own report with this counter.
    Seal {
        device: DeviceId,
        ctr: u64,
    },
    /// A standing order, and the officer who put it.
    Order {
        order: String,
        officer: UserId,
    },
    /// The decision of a gate.
    Gate(GateId),
    /// A time limit that passed.
    Clock,
}

/// Why a transfer is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    /// 布控: an officer's order.
    Officer,
    /// Left the origin without a release.
    UnreleasedDeparture,
    /// The operator says here, the seal says elsewhere.
    Contested,
    /// The place of arrival refused the cargo.
    Refused,
    /// Ledger, declaration and release note differ.
    LedgerDifference,
    /// Children do not sum to the parent.
    PartialCargo,
    /// The gate drew the truck for an inspection.
    Inspection,
    /// The enquiry was not answered in time.
    Recovery,
    /// Verified as B1, until a later verification finds it satisfactory.
    Unsatisfactory,
}

/// What holds a transfer, until an officer lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldView {
    /// Of the transfer, from 1.
    pub number: u32,
    pub reason: HoldReason,
    /// A person's words, or what the platform found in English.
    pub detail: String,
    /// What the platform found, for every language; absent where the detail is a person's words.
    pub found: Option<HoldFinding>,
    pub since: Time,
    pub by: By,
}

/// Why the platform itself held a transfer, or let it go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HoldFinding {
    /// The seal left the origin without a release.
    LeftUnreleased,
    /// The gate had let it go while it was alone.
    LetGoAlone,
    /// The operator says at the place, the seal says so far from it.
    SealElsewhere { place: PlaceId, metres: u32 },
    /// The gate drew the truck.
    TruckDrawn { truck: Plate },
    /// So many differences between ledger, declaration and release note.
    BooksDiffer { differences: u32 },
    /// They agree again.
    BooksAgree,
    /// Lines that were short or over when the parent was split; without a document it was the sealed unit.
    SplitDiffers { parent: Option<TransportDocument>, place: PlaceId, short: u32, over: u32 },
    /// The enquiry was not answered in time.
    Unanswered,
    /// It was answered, and no reply was accepted in time.
    ReplyNotAccepted,
}

impl fmt::Display for HoldFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftUnreleased => f.write_str("the seal left the origin without a release"),
            Self::LetGoAlone => f.write_str("the gate had let it go while it was alone"),
            Self::SealElsewhere { place, metres } => write!(f, "the operator says at {place}, the seal says {metres} m from it"),
            Self::TruckDrawn { truck } => write!(f, "truck {truck} was drawn"),
            Self::BooksDiffer { differences } => write!(f, "{differences} differences between ledger, declaration and release note"),
            Self::BooksAgree => f.write_str("ledger, declaration and release note agree"),
            Self::SplitDiffers { parent, place, short, over } => {
                write!(f, "{short} lines short and {over} over when ")?;
                match parent {
                    Some(document) => write!(f, "consignment {document}")?,
                    None => f.write_str("the sealed unit")?,
                }
                write!(f, " was split at {place}")
            }
            Self::Unanswered => f.write_str("the enquiry was not answered in time"),
            Self::ReplyNotAccepted => f.write_str("no reply to the enquiry was accepted in time"),
        }
    }
}

/// What the carrier reported, while it is an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentView {
    pub kind: IncidentKind,
    pub note: String,
    #[serde(default)]
    pub photos: Vec<PhotoHash>,
    pub by: By,
    pub at: Time,
}

/// Where a transfer stands to its time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Punctuality {
    #[default]
    OnTime,
    /// Arrived after its limit: a flag, not a discrepancy.
    Late,
    /// 超期
    Overdue,
    /// 核查
    Enquiry,
    /// 追缴
    Recovery,
}

/// By what rule a step has its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PlanRule {
    /// The release: a release note 核放单 out of the origin is good until then.
    ReleaseNote,
    /// The arrival: what the corridor's way may take, from the release or from the end of the leg before.
    TimeLimit,
    /// The unsealing: its grant 解封许可 is good until then.
    Grant,
    /// The verification: results are due so long after the unsealing.
    Results,
}

/// Until when a step was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Planned {
    pub by: Time,
    pub rule: PlanRule,
}

/// A step that is still to come, and until when it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedStep {
    pub arrow: Arrow,
    pub rule: PlanRule,
    /// Absent until that happened from which it counts.
    pub by: Option<Time>,
    /// Milliseconds from there, where that is known before.
    pub within_ms: Option<u64>,
}

/// One arrow that was gone: a line of the custody timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    pub transfer: TransferId,
    /// From 1.
    pub number: u32,
    pub arrow: Arrow,
    pub from: MovementState,
    pub to: MovementState,
    pub at: Time,
    pub by: By,
    /// As it was planned when it was gone; absent where nothing planned it.
    #[serde(default)]
    pub planned: Option<Planned>,
}

impl Recorded for StepView {
    const KIND: &'static str = "step";

    fn id(&self) -> String {
        format!("{}:{}", self.transfer, self.number)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_arrow_has_the_name_that_it_has_in_json() {
        for state in MovementState::ALL {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.as_str()));
        }
        for arrow in Arrow::ALL {
            assert_eq!(serde_json::to_string(&arrow).unwrap(), format!("\"{}\"", arrow.as_str()));
        }
    }
}
