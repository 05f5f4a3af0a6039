//! What the platform tells: the rows of its views, and the events that say that one changed. JSON, times in unix ms.

pub use crate::alert::{AlertKind, AlertView, Severity};
use crate::cargo::LegView;
use crate::command::Role;
pub use crate::movement::{By as ChangedBy, HoldView, IncidentView, MovementState, PlannedStep, Punctuality};
use crate::record::Record;
use crate::terminal::Grade;
use crate::{CorridorId, DeviceId, DistrictId, PartyId, PlaceId, PublicKey, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyView {
    pub id: PartyId,
    pub role: Role,
    pub name_zh: String,
    pub name_en: String,
    /// The customs district 关区 that it belongs to; without one it is of the whole country.
    pub district: Option<DistrictId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserView {
    pub id: UserId,
    pub party: PartyId,
    pub role: Role,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenView {
    pub id: String,
    pub user: UserId,
    pub digest: PublicKey,
    pub issued_at: Time,
    pub not_after: Option<Time>,
    pub revoked_at: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceView {
    pub id: PlaceId,
    /// The feature as it was put, GeoJSON.
    pub feature: serde_json::Value,
    pub operator: Option<PartyId>,
    /// The customs district 关区 that it lies in: property `district`.
    pub district: Option<DistrictId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorridorView {
    pub id: CorridorId,
    pub feature: serde_json::Value,
    pub from: PlaceId,
    pub to: PlaceId,
    pub length_km: f64,
}

/// A version of a place or a corridor, as it was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionView {
    /// In force from then on, until the next one's time.
    pub effective_from: Time,
    pub put_at: Time,
    pub put_by: ChangedBy,
    /// SHA-256 of the feature's text, in hex.
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceView {
    pub id: DeviceId,
    pub owner: PartyId,
    pub public_key: PublicKey,
    pub enrolled_at: Time,
    pub revoked_at: Option<Time>,
    pub quarantined: bool,
    pub transfer: Option<TransferId>,
    /// Since when it has been bound to its transfer, or free of any; absent before its first one.
    pub bond_since: Option<Time>,
    pub last: Option<LastReport>,
}

/// The newest report in the device's counter order, and its newest fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastReport {
    pub ctr: u64,
    pub epoch: u64,
    pub t: Time,
    pub received_at: Time,
    pub event: crate::report::Event,
    pub status: u64,
    pub battery: Option<u8>,
    pub fix: Option<LastFix>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastFix {
    pub t: Time,
    /// Degrees.
    pub lat: f64,
    pub lon: f64,
    pub speed_cm_s: u64,
    pub heading_ddeg: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferView {
    pub id: TransferId,
    pub carrier: PartyId,
    pub unit: String,
    pub seal: DeviceId,
    pub origin: PlaceId,
    pub destination: PlaceId,
    /// Of the leg that it is on, as are progress, length and limit.
    pub corridor: CorridorId,
    pub legs: Vec<LegView>,
    /// The one that it is on, from 0.
    pub leg: u32,
    pub state: MovementState,
    pub state_since: Time,
    pub changed_by: ChangedBy,
    pub declared_at: Time,
    pub progress_km: Option<f64>,
    pub length_km: f64,
    pub open_alerts: u32,
    pub worst_severity: Option<Severity>,
    /// What holds it; each is lifted by an officer.
    pub holds: Vec<HoldView>,
    /// Until an officer lets it go on.
    #[serde(default)]
    pub incident: Option<IncidentView>,
    /// Milliseconds from its release to its arrival at the latest; from its declaration on.
    #[serde(default)]
    pub limit_ms: Option<u64>,
    /// When it has to have arrived; from its release on.
    pub due: Option<Time>,
    /// The steps to come that have a time or will have one, in their order; nothing plans the others. Legs say theirs themselves.
    pub plan: Vec<PlannedStep>,
    pub punctuality: Punctuality,
    /// Custody stopped: an equivocation, a mismatch or a hole waits for an officer.
    pub custody_held: bool,
}

/// A device moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PositionView {
    pub device: DeviceId,
    /// `unsigned`: a terminal said so, and it proves nothing.
    pub grade: Grade,
    pub transfer: Option<TransferId>,
    /// Of a terminal: its sightings, counted by the platform.
    pub ctr: u64,
    pub t: Time,
    pub received_at: Time,
    pub lat: f64,
    pub lon: f64,
    pub speed_cm_s: u64,
    pub heading_ddeg: u64,
    pub battery: Option<u8>,
    pub progress_km: Option<f64>,
}

/// One change of what people see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
pub enum Change {
    Position(PositionView),
    Movement(TransferView),
    Alert(AlertView),
    Device(DeviceView),
    Record(Record),
}

impl Change {
    /// What a webhook may be told. A position comes with every report: that is for the event stream and MQTT.
    pub const TOLD_BY_WEBHOOK: [&str; 4] = ["movement", "alert", "device", "record"];

    /// The SSE event name and the last level of the MQTT topic.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Change::Position(_) => "position",
            Change::Movement(_) => "movement",
            Change::Alert(_) => "alert",
            Change::Device(_) => "device",
            Change::Record(_) => "record",
        }
    }

    #[must_use]
    pub fn transfer(&self) -> Option<&TransferId> {
        match self {
            Change::Position(position) => position.transfer.as_ref(),
            Change::Movement(transfer) => Some(&transfer.id),
            Change::Alert(alert) => alert.transfer.as_ref(),
            Change::Device(device) => device.transfer.as_ref(),
            Change::Record(record) => record.transfer.as_ref(),
        }
    }
}

/// A change with the parties that may see it; those who see all see it too.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Time,
    pub visible_to: Vec<PartyId>,
    pub change: Change,
}
