//! The life of a transfer, from draft to cancelled; what happens at its end is in `custody`.

use super::kinds::kinds;
use crate::cargo::{Consignment, Leg};
use crate::movement::Arrow;
use crate::{CorridorId, DeviceId, PartyId, PhotoHash, PlaceId, TransferId};
use serde::{Deserialize, Serialize};

/// A lock or bolt beside the electronic seal, ISO 17712.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MechanicalSeal {
    pub number: String,
    pub class: SealClass,
}

/// ISO 17712.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SealClass {
    /// Indicative.
    I,
    /// Security.
    S,
    /// High security.
    H,
}

/// How risky customs takes a carrier to be; the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RiskTier {
    Low,
    Medium,
    High,
}

/// What became of a transfer on its way, by the codes of the common transit procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// 1
    RouteImpossible,
    /// 2: beyond the carrier's control.
    SealBroken,
    /// 3
    GoodsTransferred,
    /// 4
    ImminentDanger,
    /// 5
    Accident,
    /// 6
    PartOfTransportChanged,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TransferCommand {
    /// 草拟: nothing is bound yet; `seal` is the one that is meant to be.
    DraftTransfer {
        transfer: TransferId,
        carrier: PartyId,
        unit: String,
        seal: DeviceId,
        origin: PlaceId,
        destination: PlaceId,
        /// Of the first leg.
        corridor: CorridorId,
        /// Chained place to place, from the origin to the destination; where they are left out, one along `corridor`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        legs: Vec<Leg>,
        /// What lies in the unit, a parent before its children; `declare-cargo` says it anew.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        consignments: Vec<Consignment>,
    },
    /// 申报 of a draft.
    SubmitTransfer {
        transfer: TransferId,
    },
    /// A draft, its binding and its declaration in one.
    DeclareTransfer {
        transfer: TransferId,
        carrier: PartyId,
        unit: String,
        seal: DeviceId,
        origin: PlaceId,
        destination: PlaceId,
        corridor: CorridorId,
    },
    AcceptTransfer {
        transfer: TransferId,
    },
    /// 布控
    HoldTransfer {
        transfer: TransferId,
        reason: String,
    },
    LiftHold {
        transfer: TransferId,
        reason: String,
    },
    BindSeal {
        transfer: TransferId,
        unit: String,
        seal: DeviceId,
        mechanical: Vec<MechanicalSeal>,
    },
    UnbindSeal {
        transfer: TransferId,
        seal: DeviceId,
        reason: String,
    },
    CountersignSeal {
        transfer: TransferId,
        seal: DeviceId,
        epoch: u64,
    },
    /// By an officer; a gate releases by its decision.
    ReleaseTransfer {
        transfer: TransferId,
        reason: String,
    },
    ReportIncident {
        transfer: TransferId,
        kind: IncidentKind,
        note: String,
        /// At most 8; their bytes follow, at `/api/v1/transfers/<id>/photos/<hash>`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<PhotoHash>,
    },
    ResumeTransfer {
        transfer: TransferId,
        note: String,
    },
    CancelTransfer {
        transfer: TransferId,
        reason: String,
    },
    /// 核查 into cargo that is under way; the clock opens one by itself when the cargo stays out.
    OpenEnquiry {
        transfer: TransferId,
        reason: String,
    },
    /// Accepted, the time limit goes on; not accepted, recovery 追缴 begins. What lapsed may be accepted late.
    CloseEnquiry {
        transfer: TransferId,
        accepted: bool,
        note: String,
    },
    /// The carrier's answer to an enquiry. The first one gives customs time to look at it.
    ReplyEnquiry {
        transfer: TransferId,
        reply: String,
    },
    /// An officer's order that lets through without being asked each time: the named arrows of `accept`, `seal` and `release`, for one
    /// carrier or every one, from one place or every one.
    PutStandingOrder {
        order: String,
        carrier: Option<PartyId>,
        origin: Option<PlaceId>,
        /// Carriers of this risk tier or a lower one. `seal` goes by itself only while the seal is inside the origin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<RiskTier>,
        arrows: Vec<Arrow>,
    },
    RemoveStandingOrder {
        order: String,
    },
    AssessCarrier {
        carrier: PartyId,
        tier: RiskTier,
        reason: String,
    },
}

kinds!(TransferCommand {
    DraftTransfer => "draft-transfer",
    SubmitTransfer => "submit-transfer",
    DeclareTransfer => "declare-transfer",
    AcceptTransfer => "accept-transfer",
    HoldTransfer => "hold-transfer",
    LiftHold => "lift-hold",
    BindSeal => "bind-seal",
    UnbindSeal => "unbind-seal",
    CountersignSeal => "countersign-seal",
    ReleaseTransfer => "release-transfer",
    ReportIncident => "report-incident",
    ResumeTransfer => "resume-transfer",
    CancelTransfer => "cancel-transfer",
    OpenEnquiry => "open-enquiry",
    CloseEnquiry => "close-enquiry",
    ReplyEnquiry => "reply-enquiry",
    PutStandingOrder => "put-standing-order",
    RemoveStandingOrder => "remove-standing-order",
    AssessCarrier => "assess-carrier",
});

impl TransferCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::DraftTransfer { transfer, .. }
            | Self::SubmitTransfer { transfer }
            | Self::OpenEnquiry { transfer, .. }
            | Self::CloseEnquiry { transfer, .. }
            | Self::ReplyEnquiry { transfer, .. }
            | Self::DeclareTransfer { transfer, .. }
            | Self::AcceptTransfer { transfer }
            | Self::HoldTransfer { transfer, .. }
            | Self::LiftHold { transfer, .. }
            | Self::BindSeal { transfer, .. }
            | Self::UnbindSeal { transfer, .. }
            | Self::CountersignSeal { transfer, .. }
            | Self::ReleaseTransfer { transfer, .. }
            | Self::ReportIncident { transfer, .. }
            | Self::ResumeTransfer { transfer, .. }
            | Self::CancelTransfer { transfer, .. } => transfer.to_string(),
            Self::PutStandingOrder { order, .. } | Self::RemoveStandingOrder { order } => order.clone(),
            Self::AssessCarrier { carrier, .. } => carrier.to_string(),
        }
    }
}
