//! Places and corridors.

use super::kinds::kinds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorldCommand {
    /// A GeoJSON feature with a polygon.
    PutPlace { feature: serde_json::Value },
    /// A GeoJSON feature with a line and its width.
    PutCorridor { feature: serde_json::Value },
}

kinds!(WorldCommand { PutPlace => "put-place", PutCorridor => "put-corridor" });

impl WorldCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        let (Self::PutPlace { feature } | Self::PutCorridor { feature }) = self;
        feature.pointer("/properties/id").and_then(|id| id.as_str()).unwrap_or_default().to_owned()
    }
}
