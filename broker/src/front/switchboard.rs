//! Who is connected: from a session, a device or a listener's name to its mailbox, and the way back that the tracker sees.

use super::line::Line;
use super::mailbox::{Farewell, Mailbox};
use crate::counters::{Counters, add};
use crate::mqtt::Version;
use bytes::Bytes;
use sealway_schemas::link::{Client, CloseReason, Connection, Connections, Downlink, SessionId, Settlement};
use sealway_schemas::{DeviceId, Time};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const SHARDS: usize = 64;

/// A name that only one connection has at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Device(DeviceId),
    /// A client id belongs to its user: nobody closes another's connection by choosing its id.
    Listener {
        user: String,
        client_id: String,
    },
}

type Seat = (SessionId, Arc<Mailbox>);

/// A connection as an administrator sees it.
#[derive(Debug)]
pub(crate) struct Badge {
    pub(crate) name: Name,
    pub(crate) peer: String,
    pub(crate) version: &'static str,
    pub(crate) tls: bool,
    pub(crate) since: Time,
}

impl Badge {
    pub(crate) fn of(name: Name, line: &Line, version: Version) -> Self {
        let version = match version {
            Version::V3_1_1 => "3.1.1",
            Version::V5 => "5",
        };
        Self { name, peer: line.peer.to_string(), version, tls: line.is_tls(), since: now() }
    }

    /// Of a seal in a reader's reach.
    pub(crate) fn relayed(device: DeviceId, reader: &str) -> Self {
        Self { name: Name::Device(device), peer: reader.to_owned(), version: "reader", tls: false, since: now() }
    }

    fn shown(&self, session: SessionId) -> Connection {
        let client = match &self.name {
            Name::Device(device) => Client::Device(*device),
            Name::Listener { user, client_id } => Client::Listener { user: user.clone(), client_id: client_id.clone() },
        };
        Connection { session, client, peer: self.peer.clone(), version: self.version, tls: self.tls, since: self.since }
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap_or_default())
}

#[derive(Debug)]
pub(crate) struct Switchboard {
    sessions: Sharded<SessionId, (Badge, Arc<Mailbox>)>,
    names: Sharded<Name, Seat>,
    draining: AtomicBool,
    counters: Arc<Counters>,
}

impl Switchboard {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { sessions: Sharded::default(), names: Sharded::default(), draining: AtomicBool::new(false), counters }
    }

    /// Gives a connection its name, and closes the one that had it.
    pub(crate) fn seat(&self, session: SessionId, badge: Badge, mailbox: &Arc<Mailbox>) {
        let name = badge.name.clone();
        self.sessions.shard(&session).insert(session, (badge, Arc::clone(mailbox)));
        let before = self.names.shard(&name).insert(name, (session, Arc::clone(mailbox)));
        if let Some((_, before)) = before {
            add(&self.counters.taken_over, 1);
            before.close(Farewell::TakenOver);
        }
        // After the insertion, so that a drain either finds this session or is seen here.
        if self.draining.load(Ordering::SeqCst) {
            mailbox.close(Farewell::Shutdown);
        }
    }

    pub(crate) fn leave(&self, session: SessionId, name: &Name) {
        self.sessions.shard(&session).remove(&session);
        let mut names = self.names.shard(name);
        if names.get(name).is_some_and(|(holder, _)| *holder == session) {
            names.remove(name);
        }
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.sessions.each(|_, (_, mailbox)| mailbox.close(Farewell::Shutdown));
    }

    pub(crate) fn cut(&self) {
        self.sessions.each(|_, (_, mailbox)| mailbox.close(Farewell::Cut));
    }

    fn mailbox(&self, session: SessionId) -> Option<Arc<Mailbox>> {
        self.sessions.shard(&session).get(&session).map(|(_, mailbox)| Arc::clone(mailbox))
    }

    fn device(&self, device: &DeviceId) -> Option<Arc<Mailbox>> {
        let name = Name::Device(*device);
        self.names.shard(&name).get(&name).map(|(_, mailbox)| Arc::clone(mailbox))
    }
}

/// The way back to devices. Clones are equal.
#[derive(Debug, Clone)]
pub struct FrontDownlink(Arc<Switchboard>);

impl FrontDownlink {
    pub(crate) fn new(switchboard: Arc<Switchboard>) -> Self {
        Self(switchboard)
    }
}

impl Downlink for FrontDownlink {
    /// Never waits. A settlement of a session that ended is dropped: the device sends again and is acknowledged again. `down` is
    /// taken to be acks: of those a newer one replaces an older that the device has not taken yet.
    fn settle(&self, settlements: Vec<Settlement>) {
        for settlement in settlements {
            if let Some(mailbox) = self.0.mailbox(settlement.session) {
                let superseded = mailbox.settle(settlement.settled, settlement.down);
                add(&self.0.counters.acks_superseded, superseded);
            }
        }
    }

    /// False where the device is not connected, has not subscribed to its `down` topic, or has 16 such messages waiting.
    fn publish(&self, device: &DeviceId, message: Bytes) -> bool {
        self.0.device(device).is_some_and(|mailbox| mailbox.publish(message))
    }

    fn close(&self, device: &DeviceId, reason: CloseReason) {
        if let Some(mailbox) = self.0.device(device) {
            mailbox.close(match reason {
                CloseReason::Revoked => Farewell::Revoked,
                CloseReason::Shutdown => Farewell::Shutdown,
            });
        }
    }
}

impl Connections for FrontDownlink {
    fn list(&self, after: Option<SessionId>, limit: usize) -> Vec<Connection> {
        let mut page = BTreeMap::new();
        self.0.sessions.each(|session, (badge, _)| {
            if Some(*session) > after {
                page.insert(*session, badge.shown(*session));
            }
            if page.len() > limit {
                page.pop_last();
            }
        });
        page.into_values().collect()
    }

    fn send_away(&self, session: SessionId) -> bool {
        self.0.mailbox(session).inspect(|mailbox| mailbox.close(Farewell::SentAway)).is_some()
    }
}

/// A map in parts, so that the threads that accept, settle and end seldom meet.
#[derive(Debug)]
struct Sharded<K, V> {
    first: Mutex<HashMap<K, V>>,
    rest: Vec<Mutex<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K, V> Default for Sharded<K, V> {
    fn default() -> Self {
        Self { first: Mutex::default(), rest: (1..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl<K: Hash + Eq, V> Sharded<K, V> {
    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        lock(index.checked_sub(1).and_then(|index| self.rest.get(index)).unwrap_or(&self.first))
    }

    fn each(&self, mut visit: impl FnMut(&K, &V)) {
        self.rest.iter().chain([&self.first]).for_each(|shard| lock(shard).iter().for_each(|(key, value)| visit(key, value)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn badge(name: &Name) -> Badge {
        Badge { name: name.clone(), peer: "127.0.0.1:1".to_owned(), version: "5", tls: true, since: Time::from_ms(1) }
    }

    #[test]
    fn an_administrator_sees_page_by_page_who_is_connected_and_sends_one_away() {
        let switchboard = Arc::new(Switchboard::new(Arc::default()));
        let mailboxes: Vec<Arc<Mailbox>> = (0..100).map(|_| Arc::default()).collect();
        for (number, mailbox) in (1..).zip(&mailboxes) {
            let name = Name::Listener { user: "customs".to_owned(), client_id: number.to_string() };
            switchboard.seat(SessionId(number), badge(&name), mailbox);
        }
        let front = FrontDownlink::new(switchboard);
        let mut seen = Vec::new();
        loop {
            let page = front.list(seen.last().copied(), 30);
            if page.is_empty() {
                break;
            }
            seen.extend(page.iter().map(|connection| connection.session));
        }
        assert_eq!(seen, (1..=100).map(SessionId).collect::<Vec<_>>());
        assert!(front.send_away(SessionId(7)) && !front.send_away(SessionId(101)));
        assert_eq!(mailboxes[6].take(0).farewell, Some(Farewell::SentAway));
    }

    #[test]
    fn the_one_that_was_taken_over_does_not_unseat_its_successor() {
        let switchboard = Switchboard::new(Arc::default());
        let name = Name::Device("XA-7Q2K".parse().unwrap());
        let (first, second) = (Arc::new(Mailbox::default()), Arc::new(Mailbox::default()));
        switchboard.seat(SessionId(1), badge(&name), &first);
        switchboard.seat(SessionId(2), badge(&name), &second);
        assert_eq!(first.take(0).farewell, Some(Farewell::TakenOver));
        switchboard.leave(SessionId(1), &name);
        assert!(switchboard.device(&"XA-7Q2K".parse().unwrap()).is_some());
        switchboard.leave(SessionId(2), &name);
        assert!(switchboard.device(&"XA-7Q2K".parse().unwrap()).is_none());
    }

    #[test]
    fn a_connection_that_comes_during_the_drain_is_shut_too() {
        let switchboard = Switchboard::new(Arc::default());
        switchboard.drain();
        let mailbox = Arc::new(Mailbox::default());
        switchboard.seat(SessionId(1), badge(&Name::Device("XA-7Q2K".parse().unwrap())), &mailbox);
        assert_eq!(mailbox.take(0).farewell, Some(Farewell::Shutdown));
    }
}
