//! People's own keys, and which decisions need them.

use super::Recorded;
use crate::command::Role;
use crate::movement::Arrow;
use crate::{KeyId, PublicKey, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

/// An Ed25519 key that a person signs commands with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKeyView {
    pub user: UserId,
    pub public_key: PublicKey,
    pub enrolled_at: Time,
    pub revoked_at: Option<Time>,
}

impl SigningKeyView {
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.public_key.key_id()
    }

    /// What the key signs to prove that the person holds it.
    #[must_use]
    pub fn challenge(user: &UserId, key: &PublicKey) -> String {
        format!("sealway/v1/signing-key\n{user}\n{key}")
    }
}

impl Recorded for SigningKeyView {
    const KIND: &'static str = "signing-key";

    fn id(&self) -> String {
        self.key_id().to_string()
    }

    fn at(&self) -> Time {
        self.revoked_at.unwrap_or(self.enrolled_at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// In which roles a command has to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignatureRuleView {
    /// The command's `type`.
    pub command: String,
    pub roles: Vec<Role>,
    pub put_at: Time,
    pub put_by: UserId,
}

impl Recorded for SignatureRuleView {
    const KIND: &'static str = "signature-rule";

    fn id(&self) -> String {
        self.command.clone()
    }

    fn at(&self) -> Time {
        self.put_at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// In which roles an arrow of a transfer's life has to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArrowRuleView {
    pub arrow: Arrow,
    pub roles: Vec<Role>,
    pub put_at: Time,
    pub put_by: UserId,
}

impl Recorded for ArrowRuleView {
    const KIND: &'static str = "arrow-rule";

    fn id(&self) -> String {
        self.arrow.as_str().to_owned()
    }

    fn at(&self) -> Time {
        self.put_at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
