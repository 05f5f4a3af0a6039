//! Parties, people, their tokens and their signing keys, and districts.

use super::Role;
use super::kinds::kinds;
use crate::movement::Arrow;
use crate::{DistrictId, PartyId, PublicKey, Time, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RegistryCommand {
    RegisterParty {
        party: PartyId,
        role: Role,
        name_zh: String,
        name_en: String,
        /// The customs district 关区 that the party belongs to; without one it is of the whole country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        district: Option<DistrictId>,
    },
    RegisterUser {
        user: UserId,
        party: PartyId,
        role: Role,
        name: String,
    },
    /// The token itself is shown once and never kept: only its SHA-256 is.
    IssueToken {
        token: String,
        user: UserId,
        digest: PublicDigest,
        not_after: Option<Time>,
    },
    RevokeToken {
        token: String,
    },
    /// A link by which the user sets a password, once. The link itself is shown once and never kept: only its SHA-256 is.
    IssueAccountLink {
        user: UserId,
        digest: PublicDigest,
        not_after: Time,
        /// Whoever follows the link also signs in without the second factor that the user had.
        reset_second_factor: bool,
    },
    /// A person's own key. `proof`: hex of the signature by it over `sealway/v1/signing-key\n<user>\n<public key in hex>`.
    EnrolSigningKey {
        user: UserId,
        public_key: PublicKey,
        proof: String,
    },
    RevokeSigningKey {
        user: UserId,
        public_key: PublicKey,
        reason: String,
    },
    /// From now on the command has to be signed by people in these roles; in none where the list is empty.
    PutSignatureRule {
        command: String,
        roles: Vec<Role>,
    },
    /// From now on whoever goes this arrow of a transfer's life in one of these roles has to sign for it, by whichever command.
    PutArrowRule {
        arrow: Arrow,
        roles: Vec<Role>,
    },
    PutDistrict {
        district: DistrictId,
        name_zh: String,
        name_en: String,
    },
}

kinds!(RegistryCommand {
    RegisterParty => "register-party",
    RegisterUser => "register-user",
    IssueToken => "issue-token",
    RevokeToken => "revoke-token",
    IssueAccountLink => "issue-account-link",
    EnrolSigningKey => "enrol-signing-key",
    RevokeSigningKey => "revoke-signing-key",
    PutSignatureRule => "put-signature-rule",
    PutArrowRule => "put-arrow-rule",
    PutDistrict => "put-district",
});

impl RegistryCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::RegisterParty { party, .. } => party.to_string(),
            Self::RegisterUser { user, .. } | Self::IssueAccountLink { user, .. } => user.to_string(),
            Self::IssueToken { token, .. } | Self::RevokeToken { token } => token.clone(),
            Self::EnrolSigningKey { public_key, .. } | Self::RevokeSigningKey { public_key, .. } => public_key.key_id().to_string(),
            Self::PutSignatureRule { command, .. } => command.clone(),
            Self::PutArrowRule { arrow, .. } => arrow.as_str().to_owned(),
            Self::PutDistrict { district, .. } => district.to_string(),
        }
    }
}

/// SHA-256 of a token or a link, hex in JSON. A public key has the same shape, so its type is reused.
pub type PublicDigest = PublicKey;
