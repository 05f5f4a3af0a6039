//! What people and their systems ask of the platform. A command is kept in the evidence log as the JSON bytes that were sent.

use crate::down::Circle;
use crate::{AlertId, CorridorId, DeviceId, PartyId, PlaceId, PublicKey, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Customs officer 海关关员.
    Customs,
    /// Carrier 承运人.
    Carrier,
    /// Port or gate operator 场站/卡口操作员.
    Operator,
    /// Auditor 审计: reads all, decides nothing.
    Auditor,
    /// Keeps parties, users and tokens.
    Admin,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Customs, Role::Carrier, Role::Operator, Role::Auditor, Role::Admin];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Customs => "customs",
            Role::Carrier => "carrier",
            Role::Operator => "operator",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }

    /// Whether the role sees what belongs to every party.
    #[must_use]
    pub fn sees_all(self) -> bool {
        match self {
            Role::Customs | Role::Auditor | Role::Admin => true,
            Role::Carrier | Role::Operator => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = crate::ids::NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| crate::ids::NotAnId {
            kind: "role",
            text: text.chars().take(64).collect(),
            expected: "customs, carrier, operator, auditor or admin",
        })
    }
}

/// The one person who stands behind a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    pub user: UserId,
    pub party: PartyId,
    pub role: Role,
}

/// Names in both languages of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    pub name_zh: String,
    pub name_en: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    RegisterParty {
        party: PartyId,
        role: Role,
        name_zh: String,
        name_en: String,
    },
    RegisterUser {
        user: UserId,
        party: PartyId,
        role: Role,
        name: String,
    },
    /// The token itself is shown once and never kept: only its SHA-256 is.
    IssueToken {
        token: String,
        user: UserId,
        digest: PublicDigest,
        not_after: Option<Time>,
    },
    RevokeToken {
        token: String,
    },
    /// A GeoJSON feature with a polygon.
    PutPlace {
        feature: serde_json::Value,
    },
    /// A GeoJSON feature with a line and its width.
    PutCorridor {
        feature: serde_json::Value,
    },
    /// `proof`: hex of the COSE_Sign1 that the device made over `challenge`.
    EnrolDevice {
        device: DeviceId,
        owner: PartyId,
        public_key: PublicKey,
        challenge: String,
        proof: String,
    },
    RevokeDevice {
        device: DeviceId,
        reason: String,
    },
    /// Lets a device whose clock ran ahead log in again.
    ResetLogin {
        device: DeviceId,
        t: Time,
    },
    /// An officer lets custody go on after an equivocation or a `prev` mismatch.
    LiftQuarantine {
        device: DeviceId,
        reason: String,
    },
    DeclareTransfer {
        transfer: TransferId,
        carrier: PartyId,
        unit: String,
        seal: DeviceId,
        origin: PlaceId,
        destination: PlaceId,
        corridor: CorridorId,
    },
    AcknowledgeAlert {
        alert: AlertId,
        note: Option<String>,
    },
    /// `grant`: hex of 16 bytes.
    IssueGrant {
        grant: String,
        device: DeviceId,
        epoch: u64,
        circle: Circle,
        not_before: Time,
        not_after: Time,
        authorised_by: String,
    },
    /// `nonce`: hex of 16 bytes.
    IssueChallenge {
        device: DeviceId,
        nonce: String,
        not_after: Time,
    },
}

impl Command {
    /// The `type` that the command has in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Command::RegisterParty { .. } => "register-party",
            Command::RegisterUser { .. } => "register-user",
            Command::IssueToken { .. } => "issue-token",
            Command::RevokeToken { .. } => "revoke-token",
            Command::PutPlace { .. } => "put-place",
            Command::PutCorridor { .. } => "put-corridor",
            Command::EnrolDevice { .. } => "enrol-device",
            Command::RevokeDevice { .. } => "revoke-device",
            Command::ResetLogin { .. } => "reset-login",
            Command::LiftQuarantine { .. } => "lift-quarantine",
            Command::DeclareTransfer { .. } => "declare-transfer",
            Command::AcknowledgeAlert { .. } => "acknowledge-alert",
            Command::IssueGrant { .. } => "issue-grant",
            Command::IssueChallenge { .. } => "issue-challenge",
        }
    }
}

/// SHA-256 of a token, hex in JSON. A public key has the same shape, so its type is reused.
pub type PublicDigest = PublicKey;
