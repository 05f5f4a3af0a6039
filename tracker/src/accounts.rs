//! What people sign in with: the hash of a password, the key of a second factor, links that an administrator made.
//!
//! It is no view of the evidence log and no part of it. The log is kept for ever, copied to witnesses, standbys and courts, and nothing is
//! ever taken out of it; a secret has to be forgotten when it is changed, and nobody who checks evidence may be given a hash to guess at.
//! So it lies beside the log, in one file that only its owner reads, and a backup takes it along. That an administrator made a link for
//! somebody is in the log, as a command.

use crate::data_dir::{mode_for_others, write_durably};
use sealway_schemas::command::PublicDigest;
use sealway_schemas::{Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("accounts {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("accounts {}: {source}, expected the JSON that this program writes", path.display())]
    Form { path: PathBuf, source: serde_json::Error },
    #[error("accounts {}: mode {mode:o}, expected 600: others can read it", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("accounts: the program is stopping")]
    Stopped,
}

/// Bytes that are never shown; hex in the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret(Vec<u8>);

impl Secret {
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        hex::encode(secret.0)
    }
}

impl TryFrom<String> for Secret {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

/// Argon2id (RFC 9106), with the figures that it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHash {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    pub salt: Secret,
    pub hash: Secret,
    /// When the person set the password; a hash that is only made stronger keeps it.
    pub set_at: Time,
}

/// A link by which a password is set once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountLink {
    pub digest: PublicDigest,
    pub not_after: Time,
    pub reset_second_factor: bool,
}

/// Codes by time (RFC 6238).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    pub key: Secret,
    /// Without it the person has not shown yet that his device gives the right codes.
    pub confirmed_at: Option<Time>,
    /// The step of the newest code that was taken: it and those before it are spent.
    pub spent_step: u64,
    /// SHA-256 of each code that is good once, for a person without his device.
    pub recovery: Vec<PublicDigest>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    pub password: Option<PasswordHash>,
    pub link: Option<AccountLink>,
    pub second_factor: Option<SecondFactor>,
}

type Book = BTreeMap<UserId, Account>;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    path: PathBuf,
    book: Mutex<Book>,
}

impl Accounts {
    /// Without a file there are no accounts; the first one makes it.
    pub(crate) fn open(path: PathBuf) -> Result<Self, AccountsError> {
        let book = match std::fs::read(&path) {
            Ok(bytes) => {
                let mode = mode_for_others(&path).map_err(|source| AccountsError::Io { path: path.clone(), source })?;
                if let Some(mode) = mode {
                    return Err(AccountsError::Open { path, mode });
                }
                serde_json::from_slice(&bytes).map_err(|source| AccountsError::Form { path: path.clone(), source })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Book::new(),
            Err(source) => return Err(AccountsError::Io { path, source }),
        };
        Ok(Self(Arc::new(Shelf { path, book: Mutex::new(book) })))
    }

    /// An empty one for whoever has none.
    #[must_use]
    pub fn of(&self, user: &UserId) -> Account {
        self.0.lock().get(user).cloned().unwrap_or_default()
    }

    /// Changes an account, one change after the other. It is on disk when this returns; what `change` refuses leaves everything as it was.
    pub async fn change<T, E>(&self, user: &UserId, change: impl FnOnce(&mut Account) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<AccountsError> + Send + 'static,
    {
        let (shelf, user) = (self.0.clone(), user.clone());
        let changed = tokio::task::spawn_blocking(move || shelf.change(user, change)).await;
        changed.unwrap_or_else(|_| Err(AccountsError::Stopped.into()))
    }
}

impl Shelf {
    fn change<T, E: From<AccountsError>>(&self, user: UserId, change: impl FnOnce(&mut Account) -> Result<T, E>) -> Result<T, E> {
        let mut book = self.lock();
        let mut next = book.clone();
        let changed = change(next.entry(user).or_default())?;
        if next != *book {
            self.write(&next)?;
            *book = next;
        }
        Ok(changed)
    }

    fn write(&self, book: &Book) -> Result<(), AccountsError> {
        let bytes = serde_json::to_vec(book).map_err(|source| AccountsError::Form { path: self.path.clone(), source })?;
        write_durably(&self.path, &bytes, 0o600).map_err(|source| AccountsError::Io { path: self.path.clone(), source })
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn linked(account: &mut Account) -> Result<(), AccountsError> {
        let digest = PublicDigest::from_bytes([7; 32]);
        account.link = Some(AccountLink { digest, not_after: Time::from_ms(9), reset_second_factor: false });
        Ok(())
    }

    #[tokio::test]
    async fn what_was_changed_is_there_after_a_start_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        let li: UserId = "li".parse().unwrap();
        let accounts = Accounts::open(path.clone()).unwrap();
        accounts.change(&li, linked).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Accounts::open(path.clone()).unwrap();
        assert_eq!((again.of(&li), again.of(&"wang".parse().unwrap())), (accounts.of(&li), Account::default()));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Accounts::open(path), Err(AccountsError::Open { mode: 0o640, .. })));
    }

    #[tokio::test]
    async fn what_is_refused_or_cannot_be_written_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(folder.path().join("gone/accounts.json")).unwrap();
        let li: UserId = "li".parse().unwrap();
        let refused = accounts.change(&li, |account| linked(account).and(Err::<(), _>(AccountsError::Stopped))).await;
        assert!(matches!(refused, Err(AccountsError::Stopped)));
        assert!(matches!(accounts.change(&li, linked).await, Err(AccountsError::Io { .. })));
        assert_eq!(accounts.of(&li), Account::default());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let hash = PasswordHash {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
            salt: Secret::new([0xab; 4]),
            hash: Secret::new([0xcd; 4]),
            set_at: Time::ZERO,
        };
        let shown = format!("{hash:?}");
        assert!(!shown.contains("abab") && !shown.contains("cdcd") && !shown.contains("171"), "{shown}");
    }
}
