//! What customs found when it verified a transfer 核验.

use super::Recorded;
use crate::command::SealFound;
use crate::ledger::{Conclusion, VerifiedLine};
use crate::movement::By;
use crate::{Time, TransferId};
use serde::{Deserialize, Serialize};

/// One verification; a later one stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerificationView {
    pub transfer: TransferId,
    /// Of the step of the transfer that it is.
    pub number: u32,
    pub conclusion: Conclusion,
    pub seal: SealFound,
    /// What was counted; without lines everything as it was declared.
    pub lines: Vec<VerifiedLine>,
    pub note: String,
    pub by: By,
    pub at: Time,
}

impl Recorded for VerificationView {
    const KIND: &'static str = "verification";

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
