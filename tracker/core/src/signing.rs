//! People sign what they decide with keys of their own: the judge checks each signature over the bytes as they were sent, and refuses a
//! decision without one where a rule asks for it. Rules are commands, so a replay judges old decisions by the rules of their time.

use crate::command::{Asked, Asking};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::arrows;
use crate::verify::{check_key, verify_claimed};
use sealway_schemas::command::{Command, RegistryCommand, Role};
use sealway_schemas::movement::Arrow;
use sealway_schemas::record::{ArrowRuleView, Record, SignatureRuleView, SigningKeyView};
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::{PublicKey, Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A person has a few devices to decide with.
const KEYS_OF_ONE: usize = 8;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Signing {
    /// Every key that any person has or had: nobody else ever gets it.
    keys: BTreeMap<PublicKey, SigningKeyView>,
    /// By the command's `type`.
    rules: BTreeMap<String, Vec<Role>>,
    arrows: BTreeMap<Arrow, Vec<Role>>,
}

impl Signing {
    /// By a rule for the command, or for an arrow that it goes.
    fn needed(&self, command: &Command, role: Role) -> bool {
        let by_command = self.rules.get(command.kind());
        let by_arrow = arrows(command).into_iter().filter_map(|arrow| self.arrows.get(&arrow));
        by_command.into_iter().chain(by_arrow).any(|roles| roles.contains(&role))
    }
}

impl Core {
    /// Whether the command is signed as it has to be, and by whom it says.
    pub(crate) fn check_signature(&self, asked: &Asked, command: &Command) -> Result<(), CommandRefusal> {
        let Some(signature) = asked.signature else {
            if self.signing.needed(command, asked.by.role) {
                let detail = format!(
                    "command {}: not signed, expected the signature of {} in role {}",
                    command.kind(),
                    asked.by.user,
                    asked.by.role
                );
                return Err(CommandRefusal::new("signature-required", detail));
            }
            return Ok(());
        };
        let CommandSignature { key_id, signature } = signature;
        let own = |key: &&SigningKeyView| key.user == asked.by.user && key.revoked_at.is_none() && key.key_id() == key_id;
        let Some(key) = self.signing.keys.values().find(own) else {
            let detail = format!("key {key_id}: expected one that {} has enrolled and not revoked", asked.by.user);
            return Err(CommandRefusal::new("signing-key-unknown", detail));
        };
        let message = CommandSignature::to_be_signed(&asked.by, &asked.key, &asked.body);
        if verify_claimed(&key.public_key, &message, &signature) {
            return Ok(());
        }
        let detail = format!("signature by key {key_id} of {}: does not verify over the command as it was sent", asked.by.user);
        Err(CommandRefusal::new("signature-invalid", detail))
    }

    pub(crate) fn signing_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: RegistryCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            RegistryCommand::EnrolSigningKey { user, public_key, proof } => {
                self.expect_self(asking, &user)?;
                self.check_proof(&user, &public_key, &proof)?;
                let key = SigningKeyView { user, public_key, enrolled_at: now, revoked_at: None };
                self.put_key(now, key, effects);
                Ok(())
            }
            RegistryCommand::RevokeSigningKey { user, public_key, .. } => {
                if asking.by.role != Role::Admin {
                    self.expect_self(asking, &user)?;
                }
                let known = self.signing.keys.get(&public_key).filter(|key| key.user == user && key.revoked_at.is_none());
                let unknown =
                    || CommandRefusal::new("signing-key-unknown", format!("key {public_key}: expected one that {user} has enrolled"));
                let key = SigningKeyView { revoked_at: Some(now), ..known.ok_or_else(unknown)?.clone() };
                self.put_key(now, key, effects);
                Ok(())
            }
            RegistryCommand::PutSignatureRule { command, roles } => {
                if !Command::is_kind(&command) {
                    return Err(CommandRefusal::new("unknown-command", format!("command {command:?}: expected a type of the contract")));
                }
                let rule =
                    SignatureRuleView { command: command.clone(), roles: roles.clone(), put_at: now, put_by: asking.by.user.clone() };
                self.tell_record(now, Record::of(&rule, Vec::new()), effects);
                self.signing.rules.insert(command, roles);
                Ok(())
            }
            RegistryCommand::PutArrowRule { arrow, roles } => {
                let rule = ArrowRuleView { arrow, roles: roles.clone(), put_at: now, put_by: asking.by.user.clone() };
                self.tell_record(now, Record::of(&rule, Vec::new()), effects);
                self.signing.arrows.insert(arrow, roles);
                Ok(())
            }
            other => Err(CommandRefusal::new("malformed-command", format!("command {}: not about signing", other.kind()))),
        }
    }

    /// A key speaks for its holder alone: not even an administrator enrols one for somebody.
    fn expect_self(&self, asking: &Asking<'_>, user: &UserId) -> Result<(), CommandRefusal> {
        if asking.by.user == *user {
            return Ok(());
        }
        Err(CommandRefusal::new("not-yours", format!("signing key of {user}: expected a key of {}", asking.by.user)))
    }

    fn check_proof(&self, user: &UserId, key: &PublicKey, proof: &str) -> Result<(), CommandRefusal> {
        check_key(key).map_err(|weak| CommandRefusal::new("key-weak", weak.to_string()))?;
        if self.signing.keys.contains_key(key) || self.keys.contains(key) {
            return Err(CommandRefusal::new("key-known", format!("public key {key}: somebody has or had it, expected a new one")));
        }
        let held = self.signing.keys.values().filter(|known| known.user == *user && known.revoked_at.is_none()).count();
        if held >= KEYS_OF_ONE {
            return Err(CommandRefusal::new("too-many-keys", format!("user {user}: has {held} keys, expected at most {KEYS_OF_ONE}")));
        }
        if proves(user, key, proof) {
            return Ok(());
        }
        let detail = format!(
            "proof: expected 64 bytes in hex, the signature by {key} over \"sealway/v1/signing-key\", {user} and the key, a line each"
        );
        Err(CommandRefusal::new("signing-key-proof", detail))
    }

    fn put_key(&mut self, now: Time, key: SigningKeyView, effects: &mut Vec<Effect>) {
        let party = self.registry.users.get(&key.user).map(|user| user.party.clone());
        self.tell_record(now, Record::of(&key, party.into_iter().collect()), effects);
        self.signing.keys.insert(key.public_key, key);
    }
}

/// Whether who holds the key says that it is this person's. `proof`: hex.
pub(crate) fn proves(user: &UserId, key: &PublicKey, proof: &str) -> bool {
    let mut signature = [0; 64];
    hex::decode_to_slice(proof, &mut signature).is_ok() && verify_claimed(key, SigningKeyView::challenge(user, key).as_bytes(), &signature)
}
