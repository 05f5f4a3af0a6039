//! Who asks: roles, and the one person behind a command.

use crate::{PartyId, UserId};
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
