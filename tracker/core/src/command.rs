//! Commands: who may, has it been taken before, does it hold. A command that is not taken changes nothing and is not in the log.

use crate::core::Core;
use crate::effect::{CommandReceipt, CommandRefusal, Effect};
use crate::role::{Reach, reach};
use bytes::Bytes;
use sealway_schemas::command::{Command, LedgerCommand, Signer};
use sealway_schemas::entry::{Entry, Salt};
use sealway_schemas::movement::By;
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::{KeyId, PartyId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

mod device;
mod registry;
mod world;

pub(crate) use registry::unknown_party;

/// A command as it was sent is at most this long: the import of a ledger; every other one has a limit of its own.
pub const COMMAND_BYTES_LIMIT: usize = 8_000_000;
const USUAL_BYTES_LIMIT: usize = 1_200_000;
const KEY: std::ops::RangeInclusive<usize> = 1..=128;

/// First half of a SHA-256.
type Half = [u8; 16];

/// What is remembered of a command that was taken: its body says the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Taken {
    at: Time,
    body: Half,
}

/// By user and idempotency key. A fleet is enrolled in a day, so an entry is small; and old ones are swept out seldom, so that it costs
/// nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipts {
    by_key: BTreeMap<Half, Taken>,
    swept_at: Time,
}

impl Receipts {
    /// Sweeps so many times in the life of an entry.
    const SWEEPS: u64 = 24;

    fn insert(&mut self, key: Half, taken: Taken) {
        self.by_key.insert(key, taken);
    }

    fn forget(&mut self, now: Time, limit_ms: u64) {
        if now.since(self.swept_at) >= limit_ms / Self::SWEEPS {
            self.swept_at = now;
            self.by_key.retain(|_, taken| now.since(taken.at) <= limit_ms);
        }
    }
}

/// A command as it came.
pub(crate) struct Asked {
    pub(crate) by: Signer,
    pub(crate) key: String,
    pub(crate) body: Bytes,
    pub(crate) signature: Option<CommandSignature>,
}

/// Who asks, and how far that person's role reaches for this command.
pub(crate) struct Asking<'a> {
    pub(crate) by: &'a Signer,
    pub(crate) reach: Reach,
    /// With which it was signed.
    pub(crate) key: Option<KeyId>,
}

impl Asking<'_> {
    /// The one who stands behind what the command changes.
    pub(crate) fn signer(&self) -> By {
        let user = self.by.user.clone();
        match self.key {
            Some(key) => By::Signed { user, key },
            None => By::User(user),
        }
    }

    /// Whether something of `party` is within reach.
    pub(crate) fn check(&self, what: &str, party: Option<&PartyId>) -> Result<(), CommandRefusal> {
        match self.reach {
            Reach::All => Ok(()),
            Reach::Own if party == Some(&self.by.party) => Ok(()),
            Reach::Own | Reach::None => {
                let owner = party.map_or("nobody", PartyId::as_str);
                Err(CommandRefusal::new("not-yours", format!("{what}: belongs to {owner}, expected {}", self.by.party)))
            }
        }
    }
}

impl Core {
    pub(crate) fn take_command(&mut self, now: Time, asked: Asked, effects: &mut Vec<Effect>) {
        let mut done = Vec::new();
        let carried_out = self.carry_out(now, &asked, &mut done);
        let Asked { by, key, body, signature } = asked;
        match carried_out {
            Ok(receipt) if receipt.repeated => effects.push(Effect::Accepted(receipt)),
            Ok(receipt) => {
                // Only here, beside an entry of the log, so that a replay remembers and forgets the same.
                self.receipts.forget(now, self.policy.idempotency_ms);
                self.receipts.insert(key_of(&by, &key), Taken { at: now, body: half(&[&body]) });
                let signature = signature.map(|signature| signature.to_bytes());
                effects.push(Effect::Append(Entry::Command { at: now, by, key, body, signature, salt: Salt::UNFILLED }));
                effects.push(Effect::Accepted(receipt));
                effects.append(&mut done);
            }
            Err(refusal) => effects.push(Effect::Refused(refusal)),
        }
    }

    fn carry_out(&mut self, now: Time, asked: &Asked, effects: &mut Vec<Effect>) -> Result<CommandReceipt, CommandRefusal> {
        let Asked { by, key, body, signature } = asked;
        let taken = self.taken_before(now, by, key, body)?;
        let command = Command::parse(body).map_err(|fault| CommandRefusal::new("malformed-command", fault.to_string()))?;
        expect_usual_size(&command, body.len())?;
        let reach = reach(by.role, &command);
        if reach == Reach::None {
            let detail = format!("role {} of user {}: may not {}", by.role, by.user, command.kind());
            return Err(CommandRefusal::new("role-forbids", detail));
        }
        self.check_signature(asked, &command)?;
        let (kind, subject) = (command.kind().to_owned(), command.subject());
        if let Some(taken) = taken {
            let answer = self.answer_again(&command);
            return Ok(CommandReceipt { at: taken.at, command: kind, subject, repeated: true, answer });
        }
        self.check_district(by, &command)?;
        let key = signature.map(|signature| signature.key_id);
        let answer = self.dispatch(now, &Asking { by, reach, key }, command, effects)?;
        Ok(CommandReceipt { at: now, command: kind, subject, repeated: false, answer })
    }

    /// The same command under the same key, if it was taken before.
    fn taken_before(&self, now: Time, by: &Signer, key: &str, body: &[u8]) -> Result<Option<Taken>, CommandRefusal> {
        if body.len() > COMMAND_BYTES_LIMIT {
            let detail = format!("command of {} bytes, expected at most {COMMAND_BYTES_LIMIT}", body.len());
            return Err(CommandRefusal::new("too-large", detail));
        }
        if !KEY.contains(&key.len()) {
            let detail = format!("idempotency key of {} bytes, expected {} to {}", key.len(), KEY.start(), KEY.end());
            return Err(CommandRefusal::new("idempotency-key", detail));
        }
        let kept = self.receipts.by_key.get(&key_of(by, key)).filter(|kept| now.since(kept.at) <= self.policy.idempotency_ms);
        match kept {
            Some(kept) if kept.body != half(&[body]) => {
                let detail = format!("idempotency key {key:?}: used at {} for another command, expected a new key", kept.at);
                Err(CommandRefusal::new("idempotency-key-reused", detail))
            }
            kept => Ok(kept.copied()),
        }
    }

    /// Each area of the trade takes its own commands, in its own folder; what it answers beside the receipt.
    fn dispatch(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: Command,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Value>, CommandRefusal> {
        let taken = match command {
            Command::Gate(command) => return self.gate_command(now, asking, command, effects),
            Command::Registry(command) => self.registry_command(now, asking, command, effects),
            Command::World(command) => self.world_command(now, asking, &command, effects),
            Command::Device(command) => self.device_command(now, asking, command, effects),
            Command::Transfer(command) => self.transfer_command(now, asking, command, effects),
            Command::Custody(command) => self.custody_command(now, asking, command, effects),
            Command::Ledger(command) => self.ledger_command(now, asking, command, effects),
            Command::Alert(command) => self.alert_command(now, asking, command, effects),
            Command::Exchange(command) => self.exchange_command(now, asking, command, effects),
            Command::Cargo(command) => self.cargo_command(now, asking, command, effects),
        };
        taken.map(|()| None)
    }

    /// What a command answered that was taken before.
    fn answer_again(&self, command: &Command) -> Option<Value> {
        match command {
            Command::Gate(command) => self.gate_answer(command),
            _ => None,
        }
    }
}

fn expect_usual_size(command: &Command, bytes: usize) -> Result<(), CommandRefusal> {
    let import = matches!(command, Command::Ledger(LedgerCommand::ImportLedger { .. }));
    if import || bytes <= USUAL_BYTES_LIMIT {
        return Ok(());
    }
    let detail = format!("command {} of {bytes} bytes, expected at most {USUAL_BYTES_LIMIT}", command.kind());
    Err(CommandRefusal::new("too-large", detail))
}

fn key_of(by: &Signer, key: &str) -> Half {
    // No user id has a zero byte in it.
    half(&[by.user.as_str().as_bytes(), &[0], key.as_bytes()])
}

fn half(parts: &[&[u8]]) -> Half {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    let mut half = [0; 16];
    half.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    half
}

/// `N` bytes from hex.
pub(crate) fn hex_bytes<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], CommandRefusal> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        CommandRefusal::new("not-hex", format!("{what} {shown:?}: expected {N} bytes in hex"))
    })?;
    Ok(bytes)
}
