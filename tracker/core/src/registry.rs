//! Parties, users and tokens: who may ask.

use sealway_schemas::command::{Role, Signer};
use sealway_schemas::event::{PartyView, TokenView, UserView};
use sealway_schemas::{DistrictId, PartyId, PublicKey, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A party's number, in the order of registration: devices keep it instead of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PartyIx(u32);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registry {
    parties: Vec<PartyView>,
    by_id: BTreeMap<PartyId, PartyIx>,
    /// Each district with its customs parties, in the order of their names.
    districts: BTreeMap<DistrictId, BTreeSet<PartyId>>,
    pub(crate) users: BTreeMap<UserId, UserView>,
    pub(crate) tokens: BTreeMap<String, TokenView>,
}

impl Registry {
    pub(crate) fn find_party(&self, id: &PartyId) -> Option<PartyIx> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn party(&self, ix: PartyIx) -> Option<&PartyView> {
        self.parties.get(ix.0 as usize)
    }

    pub(crate) fn party_by_id(&self, id: &PartyId) -> Option<&PartyView> {
        self.party(self.find_party(id)?)
    }

    pub(crate) fn put_party(&mut self, party: PartyView) {
        for (district, overseers) in &mut self.districts {
            overseers.remove(&party.id);
            if party.role == Role::Customs && party.district.as_ref() == Some(district) {
                overseers.insert(party.id.clone());
            }
        }
        if let Some(old) = self.find_party(&party.id).and_then(|ix| self.parties.get_mut(ix.0 as usize)) {
            *old = party;
            return;
        }
        let Ok(ix) = u32::try_from(self.parties.len()) else {
            return;
        };
        self.by_id.insert(party.id.clone(), PartyIx(ix));
        self.parties.push(party);
    }

    pub(crate) fn put_district(&mut self, district: DistrictId) {
        self.districts.entry(district).or_default();
    }

    pub(crate) fn has_district(&self, district: &DistrictId) -> bool {
        self.districts.contains_key(district)
    }

    /// The customs parties of a district.
    pub(crate) fn overseers(&self, district: Option<&DistrictId>) -> impl Iterator<Item = &PartyId> {
        district.and_then(|district| self.districts.get(district)).into_iter().flatten()
    }

    /// The customs parties of the whole country.
    pub(crate) fn customs(&self) -> impl Iterator<Item = &PartyId> {
        self.parties().filter(|party| party.role == Role::Customs).map(|party| &party.id)
    }

    pub(crate) fn district_of(&self, party: &PartyId) -> Option<&DistrictId> {
        self.party_by_id(party)?.district.as_ref()
    }

    /// The district that bounds what a person may see and do. `None`: an officer of the whole country, or in a role that districts do not
    /// bound.
    pub(crate) fn bounds(&self, by: &Signer) -> Option<&DistrictId> {
        match by.role {
            Role::Customs => self.district_of(&by.party),
            Role::Carrier | Role::Operator | Role::Auditor | Role::Admin => None,
        }
    }

    pub(crate) fn parties(&self) -> impl Iterator<Item = &PartyView> {
        self.parties.iter()
    }
}

/// Every key that any device has or had. The first half of a key names it: nobody can aim at the half of a key that another will make.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownKeys(BTreeSet<[u8; 16]>);

impl KnownKeys {
    pub(crate) fn insert(&mut self, key: &PublicKey) {
        self.0.insert(half(key));
    }

    pub(crate) fn contains(&self, key: &PublicKey) -> bool {
        self.0.contains(&half(key))
    }
}

fn half(key: &PublicKey) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(key.as_bytes()).for_each(|(to, from)| *to = *from);
    half
}
