//! Passwords: what is taken as one, and how one is kept (argon2id, RFC 9106).
//!
//! A hash takes memory and time on purpose. A few are made at a time, others wait; the figures are at least those that OWASP asks for
//! (46 MiB in one pass).

use crate::problem::Problem;
use crate::state::{Dashboard, random};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::StatusCode;
use sealway_schemas::Time;
use sealway_tracker::accounts::{PasswordHash, Secret};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

const MEMORY_KIB: u32 = 47_104;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH: usize = 32;

const CHARACTERS_MIN: usize = 12;
const BYTES_MAX: usize = 1024;
/// Of what is left of a password without words that everybody tries, and of its different characters.
const OWN_MIN: usize = 8;
const DIFFERENT_MIN: usize = 5;
const WORDS: [&str; 18] = [
    "password",
    "passw0rd",
    "sealway",
    "guantu",
    "customs",
    "haiguan",
    "carrier",
    "operator",
    "administrator",
    "admin",
    "welcome",
    "letmein",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "abcdefghijkl",
    "1234567890",
    "0987654321",
];

/// As a person typed it. Never shown.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
pub(super) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Password {
    /// The same for every keyboard that writes the same characters.
    fn normal(&self) -> String {
        self.0.nfc().collect()
    }

    /// Whether it may be set by the person with these names. The answer says nothing of the password but its length.
    pub(super) fn judge(&self, names: &[&str]) -> Result<(), Problem> {
        let refused = |code, detail| Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail));
        let password = self.normal();
        let count = password.chars().count();
        if count < CHARACTERS_MIN {
            return refused("password-too-short", format!("password of {count} characters, expected at least {CHARACTERS_MIN}"));
        }
        if password.len() > BYTES_MAX {
            return refused("password-too-long", format!("password of {} bytes, expected at most {BYTES_MAX}", password.len()));
        }
        let lower = password.to_lowercase();
        let names = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).filter(|word| word.chars().count() > 1);
        let words = names.map(str::to_lowercase).chain(WORDS.map(str::to_owned));
        let own = words.fold(lower.clone(), |left, word| left.replace(&word, ""));
        let different: BTreeSet<char> = lower.chars().collect();
        let own = own.chars().filter(|c| !c.is_whitespace() && !".-_".contains(*c)).count();
        if own < OWN_MIN || different.len() < DIFFERENT_MIN {
            let detail =
                "password: little more than a name or a word that everybody tries, expected one of several words or signs of its own";
            return refused("password-forbidden", detail.to_owned());
        }
        Ok(())
    }
}

/// Waits for its turn, then for the hash.
pub(super) async fn hash(dashboard: &Dashboard, password: &Password, set_at: Time) -> Result<PasswordHash, Problem> {
    let salt = random::<16>();
    let mut kept =
        PasswordHash { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: Secret::new(salt), hash: Secret::new([]), set_at };
    kept.hash = Secret::new(derived(dashboard, password, kept.clone()).await?);
    Ok(kept)
}

/// Whether it is the password that was kept. Without one it takes as long, and the answer is no.
pub(super) async fn fits(dashboard: &Dashboard, password: &Password, kept: Option<PasswordHash>) -> Result<bool, Problem> {
    let known = kept.is_some();
    let kept = kept.unwrap_or_else(|| PasswordHash {
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        lanes: LANES,
        salt: Secret::new([0; 16]),
        hash: Secret::new([0; HASH]),
        set_at: Time::ZERO,
    });
    let expected = kept.hash.clone();
    let found = derived(dashboard, password, kept).await?;
    Ok(same(&found, expected.expose()) && known)
}

/// Whether the hash was made with other figures than today's.
pub(super) fn is_dated(kept: &PasswordHash) -> bool {
    (kept.memory_kib, kept.passes, kept.lanes) != (MEMORY_KIB, PASSES, LANES)
}

async fn derived(dashboard: &Dashboard, password: &Password, with: PasswordHash) -> Result<[u8; HASH], Problem> {
    // The semaphore is never closed. The place is kept until the hash is made, also when whoever asked is gone.
    let place = dashboard.hashes.clone().acquire_owned().await.map_err(|error| Problem::internal(&error))?;
    let password = password.normal();
    let made = tokio::task::spawn_blocking(move || {
        let made = argon2id(password.as_bytes(), &with);
        drop(place);
        made
    });
    made.await.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))
}

fn argon2id(password: &[u8], with: &PasswordHash) -> Result<[u8; HASH], argon2::Error> {
    let params = Params::new(with.memory_kib, with.passes, with.lanes, Some(HASH))?;
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(password, with.salt.expose(), &mut hash)?;
    Ok(hash)
}

/// Looks at every byte, so that the time taken says nothing about where two hashes differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |seen, (a, b)| seen | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> &'static str {
        Password(password.to_owned()).judge(&["li.wei", "李伟 Li Wei"]).map_or_else(|refused| refused.code(), |()| "taken")
    }

    #[test]
    fn a_password_is_long_and_more_than_a_name_or_a_word_that_everybody_tries() {
        for (password, expected) in [
            ("elf chars..", "password-too-short"),
            ("correct horse battery", "taken"),
            ("红旗渠的水流过山腰也流过村", "taken"),
            ("Password12345", "password-forbidden"),
            ("sealwaysealway", "password-forbidden"),
            ("li.wei.li.wei.2026", "password-forbidden"),
            ("Admin-Admin-Admin", "password-forbidden"),
            ("aaaaaaaaaaaaaaaa", "password-forbidden"),
            ("123456789012345", "password-forbidden"),
        ] {
            assert_eq!(code(password), expected, "{password}");
        }
        assert_eq!(code(&"ab cd ef ".repeat(200)), "password-too-long");
    }

    #[test]
    fn two_keyboards_write_the_same_password() {
        let composed = Password("caf\u{e9} au lait, bien".to_owned());
        let apart = Password("cafe\u{301} au lait, bien".to_owned());
        assert_eq!(composed.normal(), apart.normal());
        assert_eq!(format!("{composed:?}"), "***");
    }

    /// RFC 9106, 5.3, has a secret and associated data, which a password has not; this is the reference program's answer to
    /// `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32`.
    #[test]
    fn a_hash_is_that_of_the_reference_program() {
        let with = PasswordHash {
            memory_kib: 65_536,
            passes: 2,
            lanes: 1,
            salt: Secret::new(*b"somesalt"),
            hash: Secret::new([]),
            set_at: Time::ZERO,
        };
        let hash = hex::encode(argon2id(b"password", &with).unwrap());
        assert_eq!(hash, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
