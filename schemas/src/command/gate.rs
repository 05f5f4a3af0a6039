//! Gates 卡口: their lanes, release notes, pass cards and decisions.

use super::kinds::kinds;
use crate::gate::{CardGoods, Direction, GateQuestion, Line, Plate};
use crate::ledger::{GoodsLine, Quantity, Reference};
use crate::{GateId, PartyId, PlaceId, PublicKey, Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GateCommand {
    PutGate {
        gate: GateId,
        place: PlaceId,
        name_zh: String,
        name_en: String,
        line: Line,
        /// Numbered from 1.
        lanes: u8,
        directions: Vec<Direction>,
        /// By which it signs what it decides alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_key: Option<PublicKey>,
    },
    /// 核放单, for one passage. `goods`: compared like those of `note-goods`.
    IssueReleaseNote {
        note: Reference,
        transfer: TransferId,
        truck: Plate,
        unit: String,
        direction: Direction,
        place: PlaceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gate: Option<GateId>,
        /// Truck, unit and goods.
        gross_kg: Quantity,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_after: Option<Time>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        goods: Vec<GoodsLine>,
    },
    RevokeReleaseNote {
        note: Reference,
        reason: String,
    },
    /// 企业智能通行卡
    IssuePassCard {
        card: Reference,
        enterprise: PartyId,
        truck: Plate,
        goods: Vec<CardGoods>,
        not_before: Time,
        not_after: Time,
    },
    RevokePassCard {
        card: Reference,
        reason: String,
    },
    /// Files itself as a record; `text` is what the QR code says.
    ReadPassCard {
        gate: GateId,
        reading: Reference,
        lane: u8,
        text: String,
    },
    /// Of a thousand trucks so many are drawn. `salt`: hex of 32 random bytes, so that nobody outside works out whom it will be.
    PutInspectionRule {
        permille: u16,
        salt: String,
    },
    /// The truck was inspected, or an officer lets it off.
    ClearInspection {
        truck: Plate,
        note: String,
    },
    /// An officer sends a truck that was held to another lane.
    DirectTruck {
        truck: Plate,
        gate: GateId,
        lane: u8,
    },
    /// The decision is the answer, and a record.
    AskGate {
        question: GateQuestion,
    },
    /// A barrier opened and closed. `decision`: the one that opened it.
    ReportBarrier {
        gate: GateId,
        cycle: Reference,
        lane: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Reference>,
        vehicles: u8,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        plates: Vec<Plate>,
    },
    /// What the gate needs to decide alone is the answer. `nonce`: hex of 16 random bytes, of which the challenges are made.
    TakeGateSnapshot {
        gate: GateId,
        nonce: String,
    },
    /// A decision that the gate made alone: its line as it was written, and the signature of its key, hex of 64 bytes.
    FileGateDecision {
        gate: GateId,
        line: String,
        signature: String,
    },
}

kinds!(GateCommand {
    PutGate => "put-gate",
    IssueReleaseNote => "issue-release-note",
    RevokeReleaseNote => "revoke-release-note",
    IssuePassCard => "issue-pass-card",
    RevokePassCard => "revoke-pass-card",
    ReadPassCard => "read-pass-card",
    PutInspectionRule => "put-inspection-rule",
    ClearInspection => "clear-inspection",
    DirectTruck => "direct-truck",
    AskGate => "ask-gate",
    ReportBarrier => "report-barrier",
    TakeGateSnapshot => "take-gate-snapshot",
    FileGateDecision => "file-gate-decision",
});

impl GateCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::PutGate { gate, .. } | Self::TakeGateSnapshot { gate, .. } | Self::FileGateDecision { gate, .. } => gate.to_string(),
            Self::IssueReleaseNote { note, .. } | Self::RevokeReleaseNote { note, .. } => note.to_string(),
            Self::IssuePassCard { card, .. } | Self::RevokePassCard { card, .. } => card.to_string(),
            Self::ReadPassCard { gate, reading, .. } => format!("{gate}.{reading}"),
            Self::PutInspectionRule { .. } => "inspection".to_owned(),
            Self::ClearInspection { truck, .. } | Self::DirectTruck { truck, .. } => truck.to_string(),
            Self::AskGate { question } => format!("{}.{}", question.gate, question.decision),
            Self::ReportBarrier { gate, cycle, .. } => format!("{gate}.{cycle}"),
        }
    }
}
