//! What is done to the cargo itself: saying what is in the unit, looking into it, and parting a consolidation.

use super::kinds::kinds;
use crate::cargo::{Consignment, FoundConsignment, TransportDocument};
use crate::{PlaceId, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CargoCommand {
    /// What lies in the sealed unit, a parent before its children; until customs accepts. Again: instead of what was declared before.
    DeclareCargo { transfer: TransferId, consignments: Vec<Consignment> },
    /// `image`: hex of the SHA-256 of an X-ray image or a photo, of the unit or of a consignment in it.
    RecordInspection {
        transfer: TransferId,
        unit: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<TransportDocument>,
        image: String,
        note: String,
    },
    /// 拆箱, once for each parent: what was found of every child. Without a parent the sealed unit itself is split.
    SplitCargo {
        transfer: TransferId,
        place: PlaceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<TransportDocument>,
        found: Vec<FoundConsignment>,
        note: String,
    },
}

kinds!(CargoCommand {
    DeclareCargo => "declare-cargo",
    RecordInspection => "record-inspection",
    SplitCargo => "split-cargo",
});

impl CargoCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::DeclareCargo { transfer, .. } | Self::RecordInspection { transfer, .. } | Self::SplitCargo { transfer, .. } => {
                transfer.to_string()
            }
        }
    }
}
