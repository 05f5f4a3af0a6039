//! Consignments 托运货物: what a transport document covers, where it lies in the tree, and what was counted of it at a split.

use super::{CargoUnit, TransportDocument};
use crate::ledger::{GoodsCode, GoodsLine, GoodsStatus, NotAValue, Quantity};
use crate::{CorridorId, PartyId};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How a leg is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Rail,
    Road,
    Sea,
    Air,
}

impl Mode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rail => "rail",
            Self::Road => "road",
            Self::Sea => "sea",
            Self::Air => "air",
        }
    }
}

impl FromStr for Mode {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        let found = [Self::Rail, Self::Road, Self::Sea, Self::Air].into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| NotAValue::new("mode", text, "rail, road, sea or air"))
    }
}

/// One stretch of a transfer, from the place where its corridor begins to the one where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Leg {
    pub mode: Mode,
    pub corridor: CorridorId,
}

/// Goods of a consignment, in the words of both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsignmentLine {
    pub goods: GoodsLine,
    pub description_zh: String,
    pub description_en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Consignment {
    /// Unique within the transfer.
    pub document: TransportDocument,
    /// The consignment that this one is a part of: a master bill over a house bill. Without one it lies in the sealed unit itself.
    #[serde(default)]
    pub parent: Option<TransportDocument>,
    /// The smaller unit within the sealed one that it is packed in; without one that of its parent.
    #[serde(default)]
    pub unit: Option<CargoUnit>,
    pub owner: PartyId,
    /// Each of other goods or another status.
    pub lines: Vec<ConsignmentLine>,
}

/// What was counted of one consignment when its parent was split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FoundConsignment {
    pub document: TransportDocument,
    pub lines: Vec<FoundLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FoundLine {
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    /// All of it, in the unit of the declared line.
    pub quantity: Quantity,
    /// How much of it is damaged.
    #[serde(default)]
    pub damaged: Quantity,
}
