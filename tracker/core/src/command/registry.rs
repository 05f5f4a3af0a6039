//! Parties, people and their tokens, and districts.

use super::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, Row};
use sealway_schemas::command::{RegistryCommand, Role};
use sealway_schemas::event::{PartyView, TokenView, UserView};
use sealway_schemas::record::{DistrictView, Record};
use sealway_schemas::{DistrictId, Time, UserId};

const NAME_LIMIT: usize = 200;
const LINK_LIMIT_MS: u64 = 7 * 24 * 3_600_000;

impl Core {
    pub(super) fn registry_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: RegistryCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            RegistryCommand::RegisterParty { party, role, name_zh, name_en, district } => {
                name("name_zh", &name_zh)?;
                name("name_en", &name_en)?;
                self.register_party(PartyView { id: party, role, name_zh, name_en, district }, effects)
            }
            RegistryCommand::RegisterUser { user, party, role, name: full } => {
                name("name", &full)?;
                self.register_user(UserView { id: user, party, role, name: full }, effects)
            }
            RegistryCommand::IssueToken { token, user, digest, not_after } => {
                self.issue_token(TokenView { id: token, user, digest, issued_at: now, not_after, revoked_at: None }, effects)
            }
            RegistryCommand::RevokeToken { token } => self.revoke_token(now, &token, effects),
            // What the link opens is no state of the trade. That there was one, by whom and for whom, is evidence.
            RegistryCommand::IssueAccountLink { user, not_after, .. } => {
                self.expect_user(&user)?;
                link_time(now, not_after)
            }
            RegistryCommand::EnrolSigningKey { .. }
            | RegistryCommand::RevokeSigningKey { .. }
            | RegistryCommand::PutSignatureRule { .. }
            | RegistryCommand::PutArrowRule { .. } => self.signing_command(now, asking, command, effects),
            RegistryCommand::PutDistrict { district, name_zh, name_en } => {
                name("name_zh", &name_zh)?;
                name("name_en", &name_en)?;
                self.registry.put_district(district.clone());
                let view = DistrictView { id: district, name_zh, name_en, put_at: now };
                self.tell_record(now, Record::of(&view, Vec::new()), effects);
                Ok(())
            }
        }
    }

    pub(super) fn expect_district(&self, district: &DistrictId) -> Result<(), CommandRefusal> {
        if self.registry.has_district(district) {
            return Ok(());
        }
        Err(CommandRefusal::new("unknown-district", format!("district {district}: expected one that was put before")))
    }

    fn register_party(&mut self, party: PartyView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        if let Some(known) = self.registry.party_by_id(&party.id).filter(|known| known.role != party.role) {
            let detail = format!("party {}: is {}, expected that role, not {}", party.id, known.role, party.role);
            return Err(CommandRefusal::new("party-role-fixed", detail));
        }
        if let Some(district) = &party.district {
            self.expect_district(district)?;
        }
        effects.push(Effect::Row(Box::new(Row::Party(party.clone()))));
        self.registry.put_party(party);
        Ok(())
    }

    fn register_user(&mut self, user: UserView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let party = self.registry.party_by_id(&user.party).ok_or_else(|| unknown_party(user.party.as_str()))?;
        // A party that sees everything may have its own auditors and administrators; nobody else gets more than the party has.
        let fits = match user.role {
            Role::Auditor | Role::Admin => party.role.sees_all(),
            Role::Customs | Role::Carrier | Role::Operator => party.role == user.role,
        };
        if !fits {
            let detail = format!("role {} of user {}: party {} is {}", user.role, user.id, party.id, party.role);
            return Err(CommandRefusal::new("role-exceeds-party", detail));
        }
        if let Some(known) = self.registry.users.get(&user.id).filter(|known| known.party != user.party) {
            let detail = format!("user {}: belongs to {}, expected that party, not {}", user.id, known.party, user.party);
            return Err(CommandRefusal::new("user-party-fixed", detail));
        }
        effects.push(Effect::Row(Box::new(Row::User(user.clone()))));
        self.registry.users.insert(user.id.clone(), user);
        Ok(())
    }

    fn issue_token(&mut self, token: TokenView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let TokenView { id, user, .. } = &token;
        if self.registry.tokens.contains_key(id) {
            return Err(CommandRefusal::new("token-exists", format!("token {id:?}: exists, expected a new id")));
        }
        if !(1..=64).contains(&id.len()) {
            return Err(CommandRefusal::new("token-id", format!("token id of {} bytes, expected 1 to 64", id.len())));
        }
        self.expect_user(user)?;
        self.put_token(token, effects);
        Ok(())
    }

    fn expect_user(&self, user: &UserId) -> Result<(), CommandRefusal> {
        if self.registry.users.contains_key(user) {
            return Ok(());
        }
        Err(CommandRefusal::new("unknown-user", format!("user {user}: expected one that is registered")))
    }

    fn revoke_token(&mut self, now: Time, token: &str, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-token", format!("token {token:?}: expected one that was issued"));
        let known = self.registry.tokens.get(token).ok_or_else(unknown)?;
        let revoked = TokenView { revoked_at: known.revoked_at.or(Some(now)), ..known.clone() };
        self.put_token(revoked, effects);
        Ok(())
    }

    fn put_token(&mut self, token: TokenView, effects: &mut Vec<Effect>) {
        effects.push(Effect::Row(Box::new(Row::Token(token.clone()))));
        self.registry.tokens.insert(token.id.clone(), token);
    }
}

pub(crate) fn unknown_party(party: &str) -> CommandRefusal {
    CommandRefusal::new("unknown-party", format!("party {party}: expected one that is registered"))
}

/// A link that nobody followed must not lie about for long.
fn link_time(now: Time, not_after: Time) -> Result<(), CommandRefusal> {
    if now < not_after && not_after.since(now) <= LINK_LIMIT_MS {
        return Ok(());
    }
    Err(CommandRefusal::new("account-link-time", format!("not_after {not_after}: expected a time within 7 days from now")))
}

fn name(what: &'static str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if (1..=NAME_LIMIT).contains(&count) && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("name", format!("{what} of {count} characters, expected 1 to {NAME_LIMIT} without control characters")))
}
