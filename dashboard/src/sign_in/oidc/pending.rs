//! Sign-ins that were begun and not ended: each is good once, for ten minutes, for the browser that began it.

use openidconnect::{Nonce, PkceCodeVerifier};
use sealway_schemas::Time;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) const MINUTES: u64 = 10;
const ALL: usize = 4096;

/// Where the browser goes, and what is remembered until it comes back with `state`.
pub(super) struct Pending {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) started: Started,
}

pub(super) struct Started {
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
    browser: [u8; 32],
}

impl Started {
    pub(super) fn new(nonce: Nonce, verifier: PkceCodeVerifier) -> Self {
        Self { nonce, verifier, browser: [0; 32] }
    }

    /// `browser`: what is in its cookie.
    pub(super) fn of_browser(self, browser: &str) -> Self {
        Self { browser: digest(browser), ..self }
    }
}

#[derive(Default)]
pub(super) struct Begun(Mutex<HashMap<String, (Time, Started)>>);

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun(***)")
    }
}

impl Begun {
    /// The oldest goes where there are too many.
    pub(super) fn keep(&self, now: Time, state: String, started: Started) {
        let mut begun = self.lock(now);
        if begun.len() >= ALL {
            let oldest = begun.iter().min_by_key(|(_, (at, _))| *at).map(|(state, _)| state.clone());
            oldest.and_then(|state| begun.remove(&state));
        }
        begun.insert(state, (now, started));
    }

    /// What was begun under `state`, if this browser began it. Another one's stays.
    pub(super) fn take(&self, now: Time, state: &str, browser: &str) -> Option<Started> {
        let mut begun = self.lock(now);
        let own = begun.get(state).is_some_and(|(_, started)| started.browser == digest(browser));
        if !own {
            return None;
        }
        begun.remove(state).map(|(_, started)| started)
    }

    fn lock(&self, now: Time) -> MutexGuard<'_, HashMap<String, (Time, Started)>> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, (at, _)| now.since(*at) < MINUTES * 60_000);
        begun
    }
}

fn digest(browser: &str) -> [u8; 32] {
    Sha256::digest(browser.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_800_000_000_000);

    fn started() -> Started {
        Started::new(Nonce::new("n".to_owned()), PkceCodeVerifier::new("v".repeat(43))).of_browser("mine")
    }

    #[test]
    fn a_sign_in_is_ended_once_by_the_browser_that_began_it() {
        let begun = Begun::default();
        begun.keep(NOW, "s".to_owned(), started());
        assert!(begun.take(NOW, "s", "another's").is_none());
        assert!(begun.take(NOW, "s", "").is_none());
        assert!(begun.take(NOW, "s", "mine").is_some());
        assert!(begun.take(NOW, "s", "mine").is_none());
    }

    #[test]
    fn after_ten_minutes_it_is_too_late_and_the_table_has_an_end() {
        let begun = Begun::default();
        begun.keep(NOW, "s".to_owned(), started());
        assert!(begun.take(NOW.plus_ms(MINUTES * 60_000), "s", "mine").is_none());
        for number in 0..ALL as u64 + 10 {
            begun.keep(NOW.plus_ms(number), number.to_string(), started());
        }
        assert_eq!(begun.lock(NOW.plus_ms(9_000)).len(), ALL);
        assert!(begun.take(NOW.plus_ms(9_000), "9", "mine").is_none(), "the oldest went");
    }
}
