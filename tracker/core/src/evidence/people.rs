//! What people decided, and which of it they signed with keys of their own.

use super::verify::{Proved, Reason};
use crate::signing::proves;
use crate::verify::verify_claimed;
use bytes::Bytes;
use sealway_schemas::command::{Command, RegistryCommand, Signer};
use sealway_schemas::entry::Entry;
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::{KeyId, PublicKey, Time, UserId};
use serde::Serialize;
use std::collections::BTreeMap;

/// A command of the log.
pub(super) struct Given {
    pub(super) seq: u64,
    pub(super) at: Time,
    pub(super) by: Signer,
    pub(super) command: Command,
    key: String,
    body: Bytes,
    signature: Option<Vec<u8>>,
}

/// A decision as a bundle shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    pub entry: u64,
    pub at: Time,
    pub user: UserId,
    pub party: String,
    pub command: String,
    pub subject: String,
    /// The person's own key, where the person signed; otherwise the platform vouches for who it was.
    pub signed_by: Option<String>,
}

pub(super) fn commands(entries: &[Proved], reasons: &mut Vec<Reason>) -> Vec<Given> {
    let mut given = Vec::new();
    for Proved { seq, entry } in entries {
        let Entry::Command { at, by, key, body, signature, .. } = entry else { continue };
        match Command::parse(body) {
            Ok(command) => given.push(Given {
                seq: *seq,
                at: *at,
                by: by.clone(),
                command,
                key: key.clone(),
                body: body.clone(),
                signature: signature.clone(),
            }),
            Err(fault) => {
                let text = format!("a command of a newer contract: {fault}");
                reasons.push(Reason::incomplete(Some(*seq), text, "较新版本合约的命令，此处无法解读"));
            }
        }
    }
    given
}

/// Each decision with its signature checked, in the log's order: a key counts from its enrolment to its revocation.
pub(super) fn decisions(commands: &[Given], reasons: &mut Vec<Reason>) -> Vec<Signed> {
    let mut keys: BTreeMap<(UserId, KeyId), PublicKey> = BTreeMap::new();
    let mut decisions = Vec::with_capacity(commands.len());
    for given in commands {
        let signed_by = given.signature.as_ref().and_then(|signature| signer(given, signature, &keys, reasons));
        decisions.push(Signed {
            entry: given.seq,
            at: given.at,
            user: given.by.user.clone(),
            party: given.by.party.to_string(),
            command: given.command.kind().to_owned(),
            subject: given.command.subject(),
            signed_by: signed_by.map(|key| key.to_string()),
        });
        match &given.command {
            Command::Registry(RegistryCommand::EnrolSigningKey { user, public_key, proof }) if proves(user, public_key, proof) => {
                keys.insert((user.clone(), public_key.key_id()), *public_key);
            }
            Command::Registry(RegistryCommand::EnrolSigningKey { user, public_key, .. }) => {
                let text = format!("key {} of {user} did not sign its enrolment", public_key.key_id());
                let zh = format!("{user} 的密钥 {} 未签署其登记", public_key.key_id());
                reasons.push(Reason::forged(Some(given.seq), text, zh));
            }
            Command::Registry(RegistryCommand::RevokeSigningKey { user, public_key, .. }) => {
                keys.remove(&(user.clone(), public_key.key_id()));
            }
            _ => {}
        }
    }
    decisions
}

fn signer(given: &Given, signature: &[u8], keys: &BTreeMap<(UserId, KeyId), PublicKey>, reasons: &mut Vec<Reason>) -> Option<PublicKey> {
    let Ok(CommandSignature { key_id, signature }) = CommandSignature::from_bytes(signature) else {
        reasons.push(Reason::forged(Some(given.seq), "the signature has not the form of one", "签名格式无效"));
        return None;
    };
    let Some(key) = keys.get(&(given.by.user.clone(), key_id)) else {
        let text = format!("signed by key {key_id} of {}, whose enrolment is missing or revoked", given.by.user);
        let zh = format!("由 {} 的密钥 {key_id} 签名，其登记缺失或已撤销", given.by.user);
        reasons.push(Reason::incomplete(Some(given.seq), text, zh));
        return None;
    };
    if verify_claimed(key, &CommandSignature::to_be_signed(&given.by, &given.key, &given.body), &signature) {
        return Some(*key);
    }
    let text = format!("the signature of {} does not verify", given.by.user);
    reasons.push(Reason::forged(Some(given.seq), text, format!("{} 的签名无法通过验证", given.by.user)));
    None
}
