//! What people do with an alert.

use super::kinds::kinds;
use crate::AlertId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AlertCommand {
    AcknowledgeAlert { alert: AlertId, note: Option<String> },
}

kinds!(AlertCommand { AcknowledgeAlert => "acknowledge-alert" });

impl AlertCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        let Self::AcknowledgeAlert { alert, .. } = self;
        alert.to_string()
    }
}
