//! What held a transfer, and how it ended: the transfer itself shows only what holds it now.

use super::Recorded;
use crate::movement::{By, HoldFinding, HoldView};
use crate::{Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldView {
    pub transfer: TransferId,
    pub hold: HoldView,
    /// Absent while it holds.
    pub lifted: Option<LiftedView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftedView {
    pub at: Time,
    pub by: By,
    /// A person's words, or what the platform found in English.
    pub reason: String,
    /// What the platform found, for every language; absent where the reason is a person's words.
    pub found: Option<HoldFinding>,
}

impl Recorded for HeldView {
    const KIND: &'static str = "hold";

    fn id(&self) -> String {
        format!("{}:{}", self.transfer, self.hold.number)
    }

    fn at(&self) -> Time {
        self.lifted.as_ref().map_or(self.hold.since, |lifted| lifted.at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}
