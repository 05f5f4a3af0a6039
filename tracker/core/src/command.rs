//! Commands: who may, has it been taken before, does it hold. A command that is not taken changes nothing and is not in the log.

use crate::core::Core;
use crate::effect::{CommandReceipt, CommandRefusal, Effect};
use crate::role::{Reach, reach};
use bytes::Bytes;
use sealway_schemas::command::{Command, Signer};
use sealway_schemas::entry::Entry;
use sealway_schemas::{AlertId, PartyId, Time, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, VecDeque};

mod cargo;
mod device;
mod world;

/// A command as it was sent is at most this long.
pub const COMMAND_BYTES_LIMIT: usize = 1_200_000;
const KEY: std::ops::RangeInclusive<usize> = 1..=128;

/// What is remembered of a command that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Receipt {
    at: Time,
    body: [u8; 32],
    command: String,
    subject: String,
}

/// By user and idempotency key; and in the order of time, so that forgetting the old ones costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Receipts {
    by_key: BTreeMap<(UserId, String), Receipt>,
    by_time: VecDeque<(Time, (UserId, String))>,
}

impl Receipts {
    fn insert(&mut self, key: (UserId, String), receipt: Receipt) {
        self.by_time.push_back((receipt.at, key.clone()));
        self.by_key.insert(key, receipt);
    }

    fn forget(&mut self, now: Time, limit_ms: u64) {
        while let Some((at, key)) = self.by_time.pop_front_if(|(at, _)| now.since(*at) > limit_ms) {
            if self.by_key.get(&key).is_some_and(|kept| kept.at == at) {
                self.by_key.remove(&key);
            }
        }
    }
}

/// Who asks, and how far that person's role reaches for this command.
pub(crate) struct Asking<'a> {
    by: &'a Signer,
    reach: Reach,
}

impl Asking<'_> {
    /// Whether something of `party` is within reach.
    fn check(&self, what: &str, party: Option<&PartyId>) -> Result<(), CommandRefusal> {
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
    pub(crate) fn take_command(&mut self, now: Time, by: Signer, key: String, body: Bytes, effects: &mut Vec<Effect>) {
        match self.receipt_of(now, &by, &key, &body) {
            Ok(Some(receipt)) => effects.push(Effect::Accepted(receipt)),
            Ok(None) => match self.carry_out(now, &by, &body) {
                Ok((command, subject, done)) => {
                    self.remember(now, &by, &key, &body, (&command, &subject));
                    effects.push(Effect::Append(Entry::Command { at: now, by, key, body, signature: None }));
                    effects.push(Effect::Accepted(CommandReceipt { at: now, command, subject, repeated: false }));
                    effects.extend(done);
                }
                Err(refusal) => effects.push(Effect::Refused(refusal)),
            },
            Err(refusal) => effects.push(Effect::Refused(refusal)),
        }
    }

    /// The receipt of the same command under the same key, if it was taken before.
    fn receipt_of(&self, now: Time, by: &Signer, key: &str, body: &[u8]) -> Result<Option<CommandReceipt>, CommandRefusal> {
        if body.len() > COMMAND_BYTES_LIMIT {
            let detail = format!("command of {} bytes, expected at most {COMMAND_BYTES_LIMIT}", body.len());
            return Err(CommandRefusal::new("too-large", detail));
        }
        if !KEY.contains(&key.len()) {
            let detail = format!("idempotency key of {} bytes, expected {} to {}", key.len(), KEY.start(), KEY.end());
            return Err(CommandRefusal::new("idempotency-key", detail));
        }
        let kept = self.receipts.by_key.get(&(by.user.clone(), key.to_owned()));
        let Some(kept) = kept.filter(|kept| now.since(kept.at) <= self.policy.idempotency_ms) else {
            return Ok(None);
        };
        if kept.body != digest(body) {
            let detail = format!("idempotency key {key:?}: used at {} for another {}, expected a new key", kept.at, kept.command);
            return Err(CommandRefusal::new("idempotency-key-reused", detail));
        }
        Ok(Some(CommandReceipt { at: kept.at, command: kept.command.clone(), subject: kept.subject.clone(), repeated: true }))
    }

    fn remember(&mut self, now: Time, by: &Signer, key: &str, body: &[u8], (command, subject): (&str, &str)) {
        let limit_ms = self.policy.idempotency_ms;
        // Only here, beside an entry of the log, so that a replay forgets the same.
        self.receipts.forget(now, limit_ms);
        let receipt = Receipt { at: now, body: digest(body), command: command.to_owned(), subject: subject.to_owned() };
        self.receipts.insert((by.user.clone(), key.to_owned()), receipt);
    }

    fn carry_out(&mut self, now: Time, by: &Signer, body: &[u8]) -> Result<(String, String, Vec<Effect>), CommandRefusal> {
        let command: Command =
            serde_json::from_slice(body).map_err(|error| CommandRefusal::new("malformed-command", format!("command: {error}")))?;
        let reach = reach(by.role, &command);
        if reach == Reach::None {
            let detail = format!("role {} of user {}: may not {}", by.role, by.user, command.kind());
            return Err(CommandRefusal::new("role-forbids", detail));
        }
        let asking = Asking { by, reach };
        let kind = command.kind().to_owned();
        let mut effects = Vec::new();
        let subject = self.dispatch(now, &asking, command, &mut effects)?;
        Ok((kind, subject, effects))
    }

    fn dispatch(&mut self, now: Time, asking: &Asking<'_>, command: Command, effects: &mut Vec<Effect>) -> Result<String, CommandRefusal> {
        match command {
            Command::RegisterParty { .. } | Command::RegisterUser { .. } => self.register(command, effects),
            Command::IssueToken { .. } | Command::RevokeToken { .. } => self.change_token(now, command, effects),
            Command::PutPlace { feature } => self.put_place(&feature, effects),
            Command::PutCorridor { feature } => self.put_corridor(&feature, effects),
            Command::EnrolDevice { .. } => self.enrol(now, asking, command, effects),
            Command::RevokeDevice { device, .. } => self.revoke(now, asking, device, effects),
            Command::ResetLogin { device, t } => self.reset_login(device, t),
            Command::LiftQuarantine { device, .. } => self.lift_quarantine(now, device, effects),
            Command::DeclareTransfer { .. } => self.declare(now, asking, command, effects),
            Command::AcknowledgeAlert { alert, .. } => self.acknowledge(now, asking, alert, effects),
            Command::IssueGrant { .. } => self.issue_grant(now, command, effects),
            Command::IssueChallenge { device, nonce, not_after } => self.issue_challenge(asking, device, (&nonce, not_after), effects),
        }
    }

    fn acknowledge(&mut self, now: Time, asking: &Asking<'_>, id: AlertId, effects: &mut Vec<Effect>) -> Result<String, CommandRefusal> {
        let alert =
            self.alerts.get(id).ok_or_else(|| CommandRefusal::new("unknown-alert", format!("alert {id}: expected one that exists")))?;
        if let (Some(at), Some(by)) = (alert.acknowledged_at, &alert.acknowledged_by) {
            let detail = format!("alert {id}: acknowledged by {by} at {at}, expected one that waits");
            return Err(CommandRefusal::new("alert-acknowledged", detail));
        }
        if let Some(device) = self.devices.find(&alert.device).and_then(|ix| self.devices.get_mut(ix)) {
            self.alerts.acknowledge(now, id, &asking.by.user, &mut device.open);
        }
        if self.alerts.get(id).is_some_and(|alert| alert.cleared_at.is_some()) {
            self.close_in_transfer(id);
        }
        self.tell_alert(now, id, effects);
        Ok(id.to_string())
    }
}

fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// `N` bytes from hex.
fn hex_bytes<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], CommandRefusal> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        CommandRefusal::new("not-hex", format!("{what} {shown:?}: expected {N} bytes in hex"))
    })?;
    Ok(bytes)
}
