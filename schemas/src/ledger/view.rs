//! What the platform tells of ledgers: records, each with those who may see it.

use super::{GoodsCode, GoodsStatus, HsCode, Quantity, Reference, UnitCode, VerifiedLine};
use crate::movement::By;
use crate::record::Recorded;
use crate::{PartyId, Time, TransferId};
use serde::{Deserialize, Serialize};

/// A line of an import that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedLine {
    /// Counted from 1, a CSV's heading not among them.
    pub line: u32,
    /// Stable, kebab-case.
    pub code: String,
    pub detail: String,
}

/// What became of an imported ledger, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerImport {
    pub enterprise: PartyId,
    pub reference: Reference,
    pub at: Time,
    pub lines: u32,
    /// First and last line of each run of lines that were taken.
    pub taken: Vec<(u32, u32)>,
    pub refused: Vec<RefusedLine>,
}

impl Recorded for LedgerImport {
    const KIND: &'static str = "ledger-import";

    fn id(&self) -> String {
        format!("{}.{}", self.enterprise, self.reference)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// Where goods of a ledger are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// The other side of every import.
    Opening,
    Stock,
    /// Declared for a transfer.
    UnderWay,
    WrittenOff,
    /// Not found when the transfer was verified.
    Missing,
}

/// One entry of the double-entry book: out of `credit`, into `debit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostingView {
    pub id: u64,
    pub at: Time,
    pub enterprise: PartyId,
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    pub debit: Account,
    pub credit: Account,
    pub quantity: Quantity,
    pub transfer: Option<TransferId>,
    /// The entry that this one takes back.
    pub reverses: Option<u64>,
    pub by: By,
    pub note: String,
}

impl Recorded for PostingView {
    const KIND: &'static str = "ledger-posting";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

/// What an enterprise's ledger says of one kind of goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerStand {
    pub enterprise: PartyId,
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    pub at: Time,
    /// As the newest import has them.
    pub name_zh: String,
    pub name_en: String,
    pub hs: HsCode,
    pub unit: UnitCode,
    /// Of everything that was ever imported; the sum of the four quantities below.
    pub imported: Quantity,
    pub weight_kg: Quantity,
    pub stock: Quantity,
    pub under_way: Quantity,
    pub written_off: Quantity,
    #[serde(default)]
    pub missing: Quantity,
}

impl Recorded for LedgerStand {
    const KIND: &'static str = "ledger-stand";

    fn id(&self) -> String {
        let status = match self.status {
            GoodsStatus::Bonded => "bonded",
            GoodsStatus::NonBonded => "non-bonded",
            GoodsStatus::InTransit => "in-transit",
        };
        format!("{}.{}.{status}", self.enterprise, self.goods)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// What differs between ledger, declaration and release note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The line itself.
    Line,
    Hs,
    Unit,
    Quantity,
    WeightKg,
    /// What the consignments of the enterprise sum to.
    Consigned,
}

/// One field of one line, as each of the three says it; absent where a document lacks the line or is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    pub field: Field,
    pub ledger: Option<String>,
    pub declared: Option<String>,
    pub noted: Option<String>,
    /// The sum of the consignments, where they differ.
    #[serde(default)]
    pub consigned: Option<String>,
}

/// The three-way comparison of a transfer's goods, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerComparison {
    pub transfer: TransferId,
    pub enterprise: PartyId,
    pub at: Time,
    pub declaration: Reference,
    pub note: Option<Reference>,
    pub differences: Vec<Difference>,
}

impl Recorded for LedgerComparison {
    const KIND: &'static str = "ledger-comparison";

    fn id(&self) -> String {
        self.transfer.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}

/// Split deliveries collected into one declaration 分送集报.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeriodicDeclaration {
    pub enterprise: PartyId,
    pub declaration: Reference,
    pub at: Time,
    pub transfers: Vec<TransferId>,
    /// What was written off of all of them.
    pub lines: Vec<VerifiedLine>,
}

impl Recorded for PeriodicDeclaration {
    const KIND: &'static str = "periodic-declaration";

    fn id(&self) -> String {
        format!("{}.{}", self.enterprise, self.declaration)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
