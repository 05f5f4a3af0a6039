//! What is done to the cargo itself: looking into it, and parting a consolidation.

use super::kinds::kinds;
use crate::TransferId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CargoCommand {
    /// `image`: hex of the SHA-256 of an X-ray image or a photo.
    RecordInspection { transfer: TransferId, unit: String, image: String, note: String },
}

kinds!(CargoCommand { RecordInspection => "record-inspection" });

impl CargoCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        let Self::RecordInspection { transfer, .. } = self;
        transfer.to_string()
    }
}
