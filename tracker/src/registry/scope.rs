//! Whose rows a reader may see.

use sealway_schemas::PartyId;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::event::Event;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Customs, auditors, admins.
    All,
    /// What is the party's own: its devices, its transfers, those from or to places that it operates, and their alerts.
    Party(PartyId),
}

impl Scope {
    #[must_use]
    pub fn of(signer: &Signer) -> Self {
        Self::new(signer.role, &signer.party)
    }

    #[must_use]
    pub fn new(role: Role, party: &PartyId) -> Self {
        if role.sees_all() { Self::All } else { Self::Party(party.clone()) }
    }

    #[must_use]
    pub fn sees_event(&self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Party(party) => event.visible_to.contains(party),
        }
    }

    #[must_use]
    pub fn sees_party(&self, party: &PartyId) -> bool {
        match self {
            Self::All => true,
            Self::Party(own) => own == party,
        }
    }

    /// The party that a query is limited to.
    pub(super) fn party(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Party(party) => Some(party.as_str()),
        }
    }
}
