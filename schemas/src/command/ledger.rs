//! The ledger 底账: imports, postings, write-off.

use super::kinds::kinds;
use crate::ledger::{GoodsLine, LedgerFormat, Reference, VerifiedLine};
use crate::{PartyId, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LedgerCommand {
    /// The enterprise's electronic ledger as a file; the record `ledger-import` says what became of each line.
    ImportLedger { enterprise: PartyId, reference: Reference, format: LedgerFormat, content: String },
    /// The goods of a transfer, out of the enterprise's stock. Again: instead of what was declared before.
    DeclareGoods { transfer: TransferId, enterprise: PartyId, declaration: Reference, lines: Vec<GoodsLine> },
    /// The goods that the release note names.
    NoteGoods { transfer: TransferId, note: Reference, lines: Vec<GoodsLine> },
    /// 核销. Without lines everything that was verified and is not written off yet.
    WriteOffTransfer {
        transfer: TransferId,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verified: Vec<VerifiedLine>,
        note: String,
    },
    /// Takes a write-off back by a counter-entry.
    ReverseWriteOff { posting: u64, reason: String },
    /// 分送集报
    DeclarePeriodic { enterprise: PartyId, declaration: Reference, transfers: Vec<TransferId> },
}

kinds!(LedgerCommand {
    ImportLedger => "import-ledger",
    DeclareGoods => "declare-goods",
    NoteGoods => "note-goods",
    WriteOffTransfer => "write-off-transfer",
    ReverseWriteOff => "reverse-write-off",
    DeclarePeriodic => "declare-periodic",
});

impl LedgerCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::ImportLedger { enterprise, reference, .. } => format!("{enterprise}.{reference}"),
            Self::DeclarePeriodic { enterprise, declaration, .. } => format!("{enterprise}.{declaration}"),
            Self::DeclareGoods { transfer, .. } | Self::NoteGoods { transfer, .. } | Self::WriteOffTransfer { transfer, .. } => {
                transfer.to_string()
            }
            Self::ReverseWriteOff { posting, .. } => posting.to_string(),
        }
    }
}
