//! The life of a transfer: its states, the arrows between them, and what holds it.

use serde::{Deserialize, Serialize};

/// States of a movement, in the order of the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MovementState {
    /// 已申报
    Declared,
    /// 已施封
    Sealed,
    /// 在途
    InTransit,
    /// 已运抵
    Arrived,
}
