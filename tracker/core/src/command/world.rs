//! Parties, users, tokens, places and corridors.

use crate::core::Core;
use crate::corridor::Corridor;
use crate::effect::{CommandRefusal, Effect, Row};
use crate::feature::GeometryRefusal;
use crate::place::Place;
use sealway_schemas::Time;
use sealway_schemas::command::{Command, Role};
use sealway_schemas::event::{PartyView, TokenView, UserView};

const NAME_LIMIT: usize = 200;

impl From<GeometryRefusal> for CommandRefusal {
    fn from(refusal: GeometryRefusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl Core {
    pub(super) fn register(&mut self, command: Command, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        match command {
            Command::RegisterParty { party, role, name_zh, name_en } => {
                name("name_zh", &name_zh)?;
                name("name_en", &name_en)?;
                self.register_party(PartyView { id: party, role, name_zh, name_en }, effects)
            }
            Command::RegisterUser { user, party, role, name: full } => {
                name("name", &full)?;
                self.register_user(UserView { id: user, party, role, name: full }, effects)
            }
            other => Err(misrouted(&other)),
        }
    }

    fn register_party(&mut self, party: PartyView, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        if let Some(known) = self.registry.party_by_id(&party.id).filter(|known| known.role != party.role) {
            let detail = format!("party {}: is {}, expected that role, not {}", party.id, known.role, party.role);
            return Err(CommandRefusal::new("party-role-fixed", detail));
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

    pub(super) fn change_token(&mut self, now: Time, command: Command, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let token = match command {
            Command::IssueToken { token, user, digest, not_after } => {
                if self.registry.tokens.contains_key(&token) {
                    return Err(CommandRefusal::new("token-exists", format!("token {token:?}: exists, expected a new id")));
                }
                if !(1..=64).contains(&token.len()) {
                    return Err(CommandRefusal::new("token-id", format!("token id of {} bytes, expected 1 to 64", token.len())));
                }
                if !self.registry.users.contains_key(&user) {
                    return Err(CommandRefusal::new("unknown-user", format!("user {user}: expected one that is registered")));
                }
                TokenView { id: token, user, digest, issued_at: now, not_after, revoked_at: None }
            }
            Command::RevokeToken { token } => {
                let unknown = || CommandRefusal::new("unknown-token", format!("token {token:?}: expected one that was issued"));
                let known = self.registry.tokens.get(&token).ok_or_else(unknown)?;
                TokenView { revoked_at: known.revoked_at.or(Some(now)), ..known.clone() }
            }
            other => return Err(misrouted(&other)),
        };
        effects.push(Effect::Row(Box::new(Row::Token(token.clone()))));
        self.registry.tokens.insert(token.id.clone(), token);
        Ok(())
    }

    pub(super) fn put_place(&mut self, feature: &serde_json::Value, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let place = Place::parse(&feature.to_string())?;
        let view = place.view();
        self.atlas.put_place(place)?;
        effects.push(Effect::Row(Box::new(Row::Place(view))));
        Ok(())
    }

    pub(super) fn put_corridor(&mut self, feature: &serde_json::Value, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let corridor = Corridor::parse(&feature.to_string())?;
        let view = corridor.view();
        if let Some(known) = self.atlas.corridor(corridor.id())
            && (known.from() != corridor.from() || known.to() != corridor.to())
        {
            let detail = format!("corridor {}: runs from {} to {}, expected the same places", known.id(), known.from(), known.to());
            return Err(CommandRefusal::new("corridor-places-fixed", detail));
        }
        self.atlas.put_corridor(corridor)?;
        effects.push(Effect::Row(Box::new(Row::Corridor(view))));
        Ok(())
    }
}

pub(super) fn unknown_party(party: &str) -> CommandRefusal {
    CommandRefusal::new("unknown-party", format!("party {party}: expected one that is registered"))
}

pub(super) fn misrouted(command: &Command) -> CommandRefusal {
    CommandRefusal::new("malformed-command", format!("command {}: came to a door that is not its own", command.kind()))
}

fn name(what: &'static str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if (1..=NAME_LIMIT).contains(&count) && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("name", format!("{what} of {count} characters, expected 1 to {NAME_LIMIT} without control characters")))
}
