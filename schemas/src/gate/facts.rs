//! What is known when a gate asks: the same shape from the platform's own state and from a snapshot that a gate carries.

use super::{CardGoods, Direction, GateView, Line, PassCard, Plate};
use crate::alert::AlertKind;
use crate::ledger::{Quantity, Reference};
use crate::movement::{HoldReason, MovementState};
use crate::{AlertId, DeviceId, GateId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

/// Where and when a release note let a truck through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoteUse {
    pub gate: GateId,
    pub decision: Reference,
    pub at: Time,
}

/// A release note 核放单.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteFacts {
    pub note: Reference,
    pub transfer: TransferId,
    pub truck: Plate,
    pub unit: String,
    pub direction: Direction,
    pub place: PlaceId,
    /// Any gate of the place where it names none.
    pub gate: Option<GateId>,
    /// Truck, unit and goods as declared.
    pub gross_kg: Quantity,
    pub goods: Vec<CardGoods>,
    pub not_after: Option<Time>,
    pub revoked: bool,
    pub used: Option<NoteUse>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoteSeen {
    /// None was shown, and the truck has none or several.
    Missing,
    Unknown(Reference),
    Known(Box<NoteFacts>),
}

/// Whether ledger, declaration and release note say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Papers {
    Undeclared,
    Agree,
    Differ,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedAlert {
    pub alert: AlertId,
    pub kind: AlertKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferFacts {
    pub transfer: TransferId,
    pub state: MovementState,
    pub unit: String,
    pub seal: DeviceId,
    /// The seal is bound to this transfer and its unit now.
    pub bound: bool,
    /// That the transfer travels under.
    pub epoch: Option<u64>,
    pub origin: PlaceId,
    pub destination: PlaceId,
    pub holds: Vec<HoldReason>,
    /// No hole in the seal's counters, no quarantine.
    pub whole: bool,
    /// Unresolved.
    pub red: Vec<RedAlert>,
    pub papers: Papers,
}

/// A seal's answer to a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerFacts {
    /// When it arrived.
    pub at: Time,
    pub epoch: u64,
    pub closed: bool,
    /// Metres outside the gate's place, beyond what its fix is unsure of; `None` without a fix.
    pub beyond_m: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardSeen {
    Absent,
    /// No pass card of this platform, or another content than was issued.
    Forged,
    Known {
        card: PassCard,
        revoked: bool,
    },
}

/// The truck was drawn for an inspection 查验.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionFacts {
    pub since: Time,
    pub until: Time,
}

/// The truck was held before and has not passed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFacts {
    pub gate: GateId,
    pub lane: u8,
    pub at: Time,
}

/// Everything that a decision rests on, beside the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub gate: GateView,
    pub note: NoteSeen,
    pub transfer: Option<TransferFacts>,
    pub answer: Option<AnswerFacts>,
    pub card: CardSeen,
    pub inspection: Option<InspectionFacts>,
    pub held: Option<HeldFacts>,
    /// Of a gate that is alone: its snapshot is good until then.
    pub alone_until: Option<Time>,
}

/// The numbers that a gate decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateNumbers {
    pub answer_fresh_ms: u64,
    /// By which a weight may be off from the declared, per thousand.
    pub border_weight_permille: u32,
    pub hinterland_weight_permille: u32,
    /// Metres outside the place that a seal may be when it answers.
    pub place_slack_m: u32,
}

impl GateNumbers {
    #[must_use]
    pub fn weight_permille(&self, line: Line) -> u32 {
        match line {
            Line::Border => self.border_weight_permille,
            Line::Hinterland => self.hinterland_weight_permille,
        }
    }
}
