//! Enrolment challenges: asked for by a person, signed by the device, good once and for ten minutes.

use crate::problem::Problem;
use axum::http::StatusCode;
use sealway_schemas::{Time, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) const VALID_MS: u64 = 600_000;
const PER_USER: usize = 256;
const ALL: usize = 16_384;

#[derive(Debug, Clone)]
struct Open {
    user: UserId,
    expires_at: Time,
    /// The request that spent it may be sent again.
    spent_by: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Challenges(Mutex<HashMap<[u8; 32], Open>>);

impl Challenges {
    /// Keeps `challenge` for `user`, whose oldest one goes when there are too many.
    pub(crate) fn issue(&self, now: Time, user: &UserId, challenge: [u8; 32]) -> Result<Time, Problem> {
        let mut open = self.lock();
        // An expired one is kept for a while, so that the device's maker reads why it is refused.
        open.retain(|_, kept| kept.expires_at.plus_ms(VALID_MS) > now);
        let own = || open.iter().filter(|(_, kept)| kept.user == *user);
        if own().count() >= PER_USER {
            let oldest = own().min_by_key(|(_, kept)| kept.expires_at).map(|(challenge, _)| *challenge);
            oldest.and_then(|oldest| open.remove(&oldest));
        }
        if open.len() >= ALL {
            let detail = format!("{ALL} challenges are open, expected fewer");
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-challenges", detail).retry_after(60));
        }
        let expires_at = now.plus_ms(VALID_MS);
        open.insert(challenge, Open { user: user.clone(), expires_at, spent_by: None });
        Ok(expires_at)
    }

    /// Spends a challenge. Whatever becomes of the enrolment, another request needs another challenge.
    pub(crate) fn spend(&self, now: Time, user: &UserId, challenge: &[u8; 32], key: &str) -> Result<(), Problem> {
        let mut open = self.lock();
        let refused = |status, code, what: &str| {
            Err(Problem::new(status, code, format!("challenge {}: {what}, expected a new one", hex::encode(challenge))))
        };
        let Some(kept) = open.get_mut(challenge).filter(|kept| kept.user == *user) else {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, "challenge-unknown", "not asked for by this user");
        };
        match &kept.spent_by {
            Some(spent_by) if spent_by == key => Ok(()),
            Some(_) => refused(StatusCode::CONFLICT, "challenge-spent", "used before"),
            None if kept.expires_at <= now => refused(StatusCode::UNPROCESSABLE_ENTITY, "challenge-expired", "its ten minutes are over"),
            None => {
                kept.spent_by = Some(key.to_owned());
                Ok(())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_800_000_000_000);

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn a_challenge_is_good_for_one_request_of_its_user() {
        let challenges = Challenges::default();
        challenges.issue(NOW, &user("li"), [1; 32]).unwrap();
        assert!(challenges.spend(NOW, &user("wang"), &[1; 32], "a").is_err());
        assert!(challenges.spend(NOW, &user("li"), &[2; 32], "a").is_err());
        challenges.spend(NOW, &user("li"), &[1; 32], "a").unwrap();
        challenges.spend(NOW, &user("li"), &[1; 32], "a").unwrap();
        assert!(challenges.spend(NOW, &user("li"), &[1; 32], "b").is_err());
    }

    #[test]
    fn a_challenge_expires() {
        let challenges = Challenges::default();
        let expires_at = challenges.issue(NOW, &user("li"), [1; 32]).unwrap();
        assert!(challenges.spend(expires_at, &user("li"), &[1; 32], "a").is_err());
        assert!(challenges.spend(expires_at.minus_ms(1), &user("li"), &[1; 32], "a").is_ok());
    }

    #[test]
    fn one_user_cannot_fill_the_table() {
        let challenges = Challenges::default();
        for number in 0..1000_u64 {
            let mut challenge = [0; 32];
            challenge[..8].copy_from_slice(&number.to_be_bytes());
            challenges.issue(NOW.plus_ms(number), &user("li"), challenge).unwrap();
        }
        assert_eq!(challenges.lock().len(), PER_USER);
    }
}
