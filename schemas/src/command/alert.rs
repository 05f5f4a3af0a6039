//! What people do with an alert.

use super::kinds::kinds;
use crate::alert::Verdict;
use crate::{AlertId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AlertCommand {
    AcknowledgeAlert {
        alert: AlertId,
        /// The alert's own, if it has one: its evidence shows the decision then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferId>,
        note: Option<String>,
    },
    /// Something to remember beside it.
    NoteAlert {
        alert: AlertId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferId>,
        note: String,
    },
    /// To the officer who sees to it.
    AssignAlert {
        alert: AlertId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferId>,
        to: UserId,
    },
    DecideAlert {
        alert: AlertId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferId>,
        verdict: Verdict,
        reason: String,
    },
    /// Where the truck's own receiver is, by its carrier's word: unsigned, so it raises a check and proves nothing. Degrees, WGS-84.
    ReportTruck { transfer: TransferId, at: Time, lat: f64, lon: f64 },
}

kinds!(AlertCommand {
    AcknowledgeAlert => "acknowledge-alert",
    NoteAlert => "note-alert",
    AssignAlert => "assign-alert",
    DecideAlert => "decide-alert",
    ReportTruck => "report-truck",
});

impl AlertCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::AcknowledgeAlert { alert, .. }
            | Self::NoteAlert { alert, .. }
            | Self::AssignAlert { alert, .. }
            | Self::DecideAlert { alert, .. } => alert.to_string(),
            Self::ReportTruck { transfer, .. } => transfer.to_string(),
        }
    }
}
