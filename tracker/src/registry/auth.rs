//! Who stands behind a token. The token itself is nowhere: only its SHA-256 is.

use super::{Registry, RegistryError, Scope};
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::event::{PartyView, TokenView, UserView};
use sealway_schemas::{PartyId, PublicKey, UserId};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::Sqlite;

/// A person, or a person's system, who proved to be it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub party: PartyId,
    pub role: Role,
    /// As people call him.
    pub name: String,
    pub scope: Scope,
}

impl Principal {
    #[must_use]
    pub fn signer(&self) -> Signer {
        Signer { user: self.user.clone(), party: self.party.clone(), role: self.role }
    }
}

const BY_DIGEST: &str = "SELECT t.body, u.body, p.body FROM tokens t JOIN users u ON u.id = t.user JOIN parties p ON p.id = u.party
    WHERE t.digest = $1";

const BY_USER: &str = "SELECT u.body, p.body FROM users u JOIN parties p ON p.id = u.party WHERE u.id = $1";

impl Registry {
    /// A registered person, who has proved it by other means than a token.
    pub async fn principal(&self, user: &UserId) -> Result<Option<Principal>, RegistryError> {
        let found: Option<(String, String)> = sqlx::query_as::<Sqlite, _>(BY_USER).bind(user.as_str()).fetch_optional(&self.pool).await?;
        found.map(|(user, party)| principal(&user, &party)).transpose()
    }

    /// `None`: unknown, revoked or past its time; which of them is nobody's business.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Principal>, RegistryError> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let digest = PublicKey::from_bytes(digest);
        let found: Option<(String, String, String)> =
            sqlx::query_as::<Sqlite, _>(BY_DIGEST).bind(digest.to_string()).fetch_optional(&self.pool).await?;
        let Some((token, user, party)) = found else { return Ok(None) };
        let token: TokenView = serde_json::from_str(&token).map_err(|source| RegistryError::Row { table: "tokens", source })?;
        let principal = principal(&user, &party)?;
        let now = self.clock.now();
        let good = equal(token.digest.as_bytes(), digest.as_bytes())
            && token.revoked_at.is_none()
            && token.not_after.is_none_or(|not_after| now < not_after);
        Ok(good.then_some(principal))
    }
}

fn principal(user: &str, party: &str) -> Result<Principal, RegistryError> {
    let user: UserView = serde_json::from_str(user).map_err(|source| RegistryError::Row { table: "users", source })?;
    let party: PartyView = serde_json::from_str(party).map_err(|source| RegistryError::Row { table: "parties", source })?;
    let scope = Scope::new(user.role, &party);
    Ok(Principal { user: user.id, party: user.party, role: user.role, name: user.name, scope })
}

/// Looks at every byte, so that the time taken says nothing about where two digests differ.
fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |seen, (a, b)| seen | (a ^ b))) == 0
}
