//! Places and corridors.

use super::kinds::kinds;
use crate::{CorridorId, PlaceId, Time};
use serde::{Deserialize, Serialize};

/// A version is in force from `effective_from` on, until the next one's; without it at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorldCommand {
    /// A GeoJSON feature with a polygon.
    PutPlace {
        feature: serde_json::Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effective_from: Option<Time>,
    },
    /// A GeoJSON feature with a line and its width.
    PutCorridor {
        feature: serde_json::Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effective_from: Option<Time>,
    },
    /// Of a planned version, before its time comes.
    WithdrawPlaceVersion {
        place: PlaceId,
        effective_from: Time,
        reason: String,
    },
    WithdrawCorridorVersion {
        corridor: CorridorId,
        effective_from: Time,
        reason: String,
    },
}

kinds!(WorldCommand {
    PutPlace => "put-place",
    PutCorridor => "put-corridor",
    WithdrawPlaceVersion => "withdraw-place-version",
    WithdrawCorridorVersion => "withdraw-corridor-version",
});

impl WorldCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::PutPlace { feature, .. } | Self::PutCorridor { feature, .. } => {
                feature.pointer("/properties/id").and_then(|id| id.as_str()).unwrap_or_default().to_owned()
            }
            Self::WithdrawPlaceVersion { place, .. } => place.to_string(),
            Self::WithdrawCorridorVersion { corridor, .. } => corridor.to_string(),
        }
    }
}
