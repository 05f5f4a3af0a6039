//! The sessions that are open. They are not kept on disk: after a restart people sign in again.

use super::SignInRules;
use crate::state::random;
use sealway_schemas::command::Role;
use sealway_schemas::{Time, UserId};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const PER_USER: usize = 32;
const ALL: usize = 16_384;

/// SHA-256 of what is in the cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey([u8; 32]);

impl SessionKey {
    pub(crate) fn of(cookie: &str) -> Self {
        Self(Sha256::digest(cookie.as_bytes()).into())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a session was opened with.
#[derive(Clone)]
pub(crate) enum Proof {
    /// Asked for again with each request: a token that is revoked ends its sessions.
    Token(String),
    Password,
    /// The authority's own provider said who it is.
    Oidc,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Proof {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Password => "password",
            Self::Oidc => "oidc",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user: UserId,
    /// In another role the person has to sign in anew.
    pub(crate) role: Role,
    pub(crate) proof: Proof,
    /// Opens nothing but the person's own account: a second factor has to be set up first.
    pub(crate) limited: bool,
    pub(crate) from: IpAddr,
    pub(crate) opened_at: Time,
    pub(crate) used_at: Time,
}

/// Whether a person is behind a request. A page that is open asks for this and that by itself for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attention {
    Person,
    Page,
}

#[derive(Debug)]
pub(crate) struct Sessions {
    idle_ms: u64,
    absolute_ms: u64,
    open: Mutex<HashMap<SessionKey, Session>>,
}

impl Sessions {
    pub(crate) fn new(rules: &SignInRules) -> Self {
        let ms = |of: Duration| u64::try_from(of.as_millis()).unwrap_or(u64::MAX);
        Self { idle_ms: ms(rules.idle), absolute_ms: ms(rules.absolute), open: Mutex::default() }
    }

    /// Opens a session and gives what goes into the cookie. A person's oldest one goes when there are too many.
    pub(crate) fn open(&self, session: Session) -> String {
        let mut open = self.lock(session.used_at);
        let own = open.iter().filter(|(_, other)| other.user == session.user);
        let longest_unused = if own.clone().count() >= PER_USER {
            own.min_by_key(|(_, other)| other.used_at).map(|(key, _)| *key)
        } else if open.len() >= ALL {
            open.iter().min_by_key(|(_, other)| other.used_at).map(|(key, _)| *key)
        } else {
            None
        };
        longest_unused.and_then(|key| open.remove(&key));
        insert(&mut open, session)
    }

    /// The session, unless its time is over.
    pub(crate) fn look(&self, now: Time, key: SessionKey, attention: Attention) -> Option<Session> {
        let mut open = self.lock(now);
        let session = open.get_mut(&key)?;
        if attention == Attention::Person {
            session.used_at = now;
        }
        Some(session.clone())
    }

    /// The same session under another name, after `change`: whoever had the old name has nothing. It does not last longer for that.
    pub(crate) fn rotate(&self, now: Time, key: SessionKey, change: impl FnOnce(&mut Session)) -> Option<String> {
        let mut open = self.lock(now);
        let mut session = open.remove(&key)?;
        change(&mut session);
        Some(insert(&mut open, session))
    }

    pub(crate) fn close(&self, now: Time, key: SessionKey) {
        self.lock(now).remove(&key);
    }

    /// Ends a person's sessions, all or all but one.
    pub(crate) fn close_all(&self, now: Time, user: &UserId, except: Option<SessionKey>) {
        self.lock(now).retain(|key, session| session.user != *user || Some(*key) == except);
    }

    /// A person's sessions, the newest first.
    pub(crate) fn of(&self, now: Time, user: &UserId) -> Vec<(SessionKey, Session)> {
        let open = self.lock(now);
        let own = open.iter().filter(|(_, session)| session.user == *user);
        let mut own: Vec<_> = own.map(|(key, session)| (*key, session.clone())).collect();
        own.sort_by_key(|(_, session)| std::cmp::Reverse(session.opened_at));
        own
    }

    pub(crate) fn absolute_ms(&self) -> u64 {
        self.absolute_ms
    }

    pub(crate) fn idle_ms(&self) -> u64 {
        self.idle_ms
    }

    /// Those whose time is not over.
    fn lock(&self, now: Time) -> MutexGuard<'_, HashMap<SessionKey, Session>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| now.since(session.used_at) < self.idle_ms && now.since(session.opened_at) < self.absolute_ms);
        open
    }
}

fn insert(open: &mut HashMap<SessionKey, Session>, session: Session) -> String {
    let cookie = hex::encode(random::<32>());
    open.insert(SessionKey::of(&cookie), session);
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NOW: Time = Time::from_ms(1_800_000_000_000);
    const MINUTE: u64 = 60_000;

    fn session(user: &str, at: Time) -> Session {
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let user = user.parse().unwrap();
        Session { user, role: Role::Customs, proof: Proof::Password, limited: false, from, opened_at: at, used_at: at }
    }

    fn sessions() -> Sessions {
        Sessions::new(&SignInRules::default())
    }

    #[test]
    fn a_session_ends_when_nobody_is_there_for_half_an_hour_and_a_page_alone_is_nobody() {
        let sessions = sessions();
        let key = SessionKey::of(&sessions.open(session("li", NOW)));
        let at = |minutes: u64| NOW.plus_ms(minutes * MINUTE);
        assert!(sessions.look(at(29), key, Attention::Person).is_some());
        for minute in 30..59 {
            assert!(sessions.look(at(minute), key, Attention::Page).is_some(), "{minute}");
        }
        assert!(sessions.look(at(59), key, Attention::Person).is_none());
    }

    #[test]
    fn a_session_that_is_always_used_ends_after_twelve_hours_also_under_another_name() {
        let sessions = sessions();
        let mut key = SessionKey::of(&sessions.open(session("li", NOW)));
        for minute in 1..720 {
            let at = NOW.plus_ms(minute * MINUTE);
            assert!(sessions.look(at, key, Attention::Person).is_some(), "{minute}");
            let old = key;
            key = SessionKey::of(&sessions.rotate(at, key, |_| {}).unwrap());
            assert!(sessions.look(at, old, Attention::Person).is_none(), "the old name opens nothing");
        }
        assert!(sessions.look(NOW.plus_ms(720 * MINUTE), key, Attention::Person).is_none());
    }

    #[test]
    fn one_person_cannot_fill_the_table_and_ends_only_his_own_sessions() {
        let sessions = sessions();
        let other = SessionKey::of(&sessions.open(session("wang", NOW)));
        let keys: Vec<_> = (0..100).map(|n| SessionKey::of(&sessions.open(session("li", NOW.plus_ms(n))))).collect();
        let li = "li".parse().unwrap();
        assert_eq!(sessions.of(NOW, &li).len(), PER_USER);
        sessions.close_all(NOW, &li, keys.last().copied());
        assert_eq!(sessions.of(NOW, &li).len(), 1);
        assert!(sessions.look(NOW, other, Attention::Page).is_some());
    }
}
