//! Whose rows a reader may see.
//!
//! A query takes the party: the tables know which parties are the customs of a district, and what lies in it, so that they follow a place that is
//! drawn anew or a party that moves.

use sealway_schemas::command::Role;
use sealway_schemas::event::{Event, PartyView};
use sealway_schemas::{DistrictId, PartyId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Customs of the whole country, auditors, admins.
    All,
    /// Customs of a district: transfers from or to its places and what belongs to them, and what its parties have beside that.
    District { customs: PartyId, district: DistrictId },
    /// What is the party's own: its devices, its transfers, those from or to places that it operates, and their alerts.
    Party(PartyId),
}

impl Scope {
    /// Of a person in `role` of a party.
    #[must_use]
    pub fn new(role: Role, party: &PartyView) -> Self {
        match (role, &party.district) {
            (Role::Customs, Some(district)) => Self::District { customs: party.id.clone(), district: district.clone() },
            (Role::Customs, None) | (Role::Auditor | Role::Admin, _) => Self::All,
            (Role::Carrier | Role::Operator, _) => Self::Party(party.id.clone()),
        }
    }

    #[must_use]
    pub fn sees_event(&self, event: &Event) -> bool {
        self.limited_to().is_none_or(|party| event.visible_to.contains(party))
    }

    /// The party that a query and a subscription are limited to.
    #[must_use]
    pub fn limited_to(&self) -> Option<&PartyId> {
        match self {
            Self::All => None,
            Self::District { customs, .. } => Some(customs),
            Self::Party(party) => Some(party),
        }
    }

    pub(super) fn party(&self) -> Option<&str> {
        self.limited_to().map(PartyId::as_str)
    }
}
