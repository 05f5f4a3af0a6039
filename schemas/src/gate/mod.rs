//! The words of a gate 卡口: what it sees of a truck, what it is told, and what it answers.

mod alone;
mod facts;
mod papers;
mod reason;
mod sentence;
mod view;

use crate::ids::NotAnId;
use crate::ledger::{Quantity, Reference};
use crate::{DeviceId, GateId};
pub use alone::{GateLine, GateSnapshot, SealAsked, SignedText};
pub use facts::{
    AnswerFacts, CardSeen, Facts, GateNumbers, HeldFacts, InspectionFacts, NoteFacts, NoteSeen, NoteUse, Papers, RedAlert, TransferFacts,
};
pub use papers::{CardGoods, PassCard, PassCardReading, PassCardView, ReleaseNoteView};
pub use reason::Reason;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;
pub use view::{BarrierCycle, GateDecision, GateView, InspectionDraw, KpiDay, Minutes, ReasonView};

/// Which border a gate stands at. Each has its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// 一线: towards abroad and other supervised places; the passage is filed, papers may follow.
    Border,
    /// 二线: towards the hinterland; goods leave only with papers that agree.
    Hinterland,
}

/// Seen from the gate's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// 进
    Inbound,
    /// 出
    Outbound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// 放行
    Go,
    /// 拦截
    Hold,
}

/// A truck's number plate 车牌.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plate(String);

impl Plate {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Plate {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' || (c.is_alphabetic() && !c.is_ascii());
        if (2..=16).contains(&text.chars().count()) && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        let text = text.chars().take(64).collect();
        Err(NotAnId { kind: "plate", text, expected: "2 to 16 of A-Z, 0-9, '-' and letters of other scripts" })
    }
}

impl fmt::Display for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Plate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Plate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// How a unit's number was read: a camera misreads, a person is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    Ocr,
    Typed,
}

/// The unit's number as the gate has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnitSeen {
    pub number: String,
    pub reading: Reading,
}

/// What a gate sees of a truck in a lane, and asks about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GateQuestion {
    /// The gate's own number of this decision: asked again under it, the same answer comes.
    pub decision: Reference,
    pub gate: GateId,
    /// From 1.
    pub lane: u8,
    pub direction: Direction,
    /// From the plate reader; a pass card names the truck too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck: Option<Plate>,
    /// The text of a pass card's QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitSeen>,
    /// The number on the seal, where somebody or something reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<DeviceId>,
    /// Of truck, unit and goods, from the weighbridge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<Quantity>,
    /// Where it is left out, the truck's only unused note for this gate and direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Reference>,
    /// What the lane's loops count before the barrier.
    #[serde(default = "one")]
    pub vehicles: u8,
}

fn one() -> u8 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_is_written_in_capitals_of_any_script() {
        for good in ["陕A12345", "粤ZF023港", "B-XY-123", "KZ123ABC"] {
            assert_eq!(good.parse::<Plate>().unwrap().as_str(), good);
        }
        for bad in ["", "A", "a12345", "陕A 123", "A\n1", "A1234567890123456"] {
            assert!(bad.parse::<Plate>().is_err(), "{bad:?}");
        }
    }
}
