//! Gateways: the lines beside MQTT by which receivers, readers and terminals come in, and how each stands.

use crate::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GatewayKind {
    Jtt808,
    Jointech,
    /// A receiver on a serial line.
    Nmea,
    /// A reader of seals on a serial line.
    Reader,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GatewayState {
    /// A TCP port that is open to terminals.
    Listening,
    /// A serial line that was not opened yet.
    Starting,
    /// Unplugged, or it cannot be opened; tried again.
    Absent,
    /// Open, and nothing was heard yet.
    Quiet,
    Well,
    /// Nothing of what comes can be read: another speed, another device, or noise.
    Garbled,
    /// What comes is read, and nobody registered its terminal.
    Unregistered,
}

/// One gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GatewayView {
    pub name: String,
    pub kind: GatewayKind,
    /// Address, or path of the port.
    pub at: String,
    pub state: GatewayState,
    pub since: Time,
    /// Why it is absent, the call sign that nobody registered.
    pub detail: Option<String>,
    /// Bits a second of a serial line.
    pub baud: Option<u32>,
    /// Connections of a TCP port.
    pub open: Option<u64>,
    /// What was counted since the start of the platform, by its word; only what occurred.
    pub counts: BTreeMap<String, u64>,
}
