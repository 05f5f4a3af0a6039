//! Gates 卡口: their lanes, release notes and decisions.

use super::kinds::kinds;
use crate::{GateId, PlaceId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GateCommand {
    PutGate { gate: GateId, place: PlaceId, name_zh: String, name_en: String },
}

kinds!(GateCommand { PutGate => "put-gate" });

impl GateCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        let Self::PutGate { gate, .. } = self;
        gate.to_string()
    }
}
