//! The ledger 底账: imports, postings, write-off.

use super::kinds::kinds;
use crate::TransferId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LedgerCommand {
    /// 核销
    WriteOffTransfer { transfer: TransferId, note: String },
}

kinds!(LedgerCommand { WriteOffTransfer => "write-off-transfer" });

impl LedgerCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        let Self::WriteOffTransfer { transfer, .. } = self;
        transfer.to_string()
    }
}
