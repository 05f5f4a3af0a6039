//! Incidents 途中异常 as the carrier reported them: the transfer itself shows only the one that it is in.

use super::Recorded;
use crate::movement::{By, IncidentView};
use crate::{Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedIncident {
    pub transfer: TransferId,
    /// Counted for each transfer, from 1.
    pub number: u32,
    pub incident: IncidentView,
    /// Absent while it goes on.
    pub resumed: Option<ResumedView>,
}

/// The officer's word that let the transfer go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResumedView {
    pub at: Time,
    pub by: By,
    pub note: String,
}

impl Recorded for ReportedIncident {
    const KIND: &'static str = "incident";

    fn id(&self) -> String {
        format!("{}:{}", self.transfer, self.number)
    }

    fn at(&self) -> Time {
        self.resumed.as_ref().map_or(self.incident.at, |resumed| resumed.at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}
