//! Events fan out to people's systems through the router of rumqttd, which has no listener and no socket here.
//!
//! That router is held within what it does well. Its links are few and never end: one that feeds, and one per scope that anybody
//! listens to, each with a random id (it keeps a tombstone per link that ended). It sees one topic per party (it caches every topic
//! and keeps a log for every filter for ever); the event's own topic travels inside the message and the front matches the
//! listener's filters. Every topic is checked to be plain ASCII (it slices a topic by bytes, and panics on others), no
//! subscription is shared or ends with its listener, and its links are drained at once whoever is slow: a listener that lags
//! is told so by the front, where the router would skip for it in silence. Should it die all the same, that is noticed and
//! counted, listeners are closed, and reports go on.

use crate::EventScope;
use bytes::{BufMut, Bytes, BytesMut};
use rumqttd::local::{LinkBuilder, LinkRx, LinkTx};
use rumqttd::{Notification, Router, RouterConfig};
use sealway_schemas::PartyId;
use sealway_schemas::topics::EVENTS;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::sync::{Arc, Weak};
use tokio::sync::broadcast;

/// Events that wait for the router; above it they are shed and counted. They stay in the log, and over HTTP.
const FEED: usize = 4_096;
/// Events that a listener may lag behind before it is disconnected.
pub(crate) const LAG: usize = 1_024;
/// Parties that are listened to, in one process.
const SCOPES: usize = 1_024;
const TOPIC_MAX: usize = 256;

/// Fans events out. Clones share one router.
#[derive(Debug, Clone)]
pub struct EventRouter(Arc<Hub>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCounters {
    /// False once the router's thread has ended: no event reaches anybody over MQTT any more.
    pub alive: bool,
    pub published: u64,
    /// Not routed because the feed was full.
    pub shed: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum EventRouterError {
    #[error("cannot start the thread that feeds the event router: {0}")]
    Thread(std::io::Error),
    #[error("the event router takes no link: {0}")]
    Link(String),
    #[error("no randomness for the id of an event link: {0}")]
    Randomness(getrandom::Error),
    #[error("{SCOPES} parties are listened to already, expected fewer")]
    TooManyScopes,
    #[error("the event router has ended")]
    Dead,
}

/// Why an event reaches no listener. It is in the evidence log all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventNotRouted {
    #[error("event topic {0:?}: expected events/v1/<party>/<transfer>/<kind> in ASCII letters, digits, '-', '_' and '.'")]
    Topic(String),
    #[error("{FEED} events wait for the router already")]
    Full,
    #[error("the event router has ended")]
    Dead,
}

/// One event as a listener gets it.
#[derive(Debug, Clone)]
pub(crate) struct Routed {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
}

#[derive(Debug)]
struct Hub {
    router: RouterHandle,
    feed: mpsc::SyncSender<(String, Bytes)>,
    scopes: tokio::sync::Mutex<HashMap<EventScope, broadcast::Sender<Routed>>>,
    health: Arc<Health>,
}

#[derive(Debug)]
struct Health {
    alive: AtomicBool,
    published: AtomicU64,
    shed: AtomicU64,
}

impl Health {
    fn died(&self, why: &dyn std::fmt::Display) {
        if self.alive.swap(false, Ordering::SeqCst) {
            tracing::error!(%why, "the event router has ended: no events over MQTT until the next start; reports are not touched");
        }
    }
}

/// Makes links; the channel's type is not public in rumqttd, a closure over it is as good.
struct RouterHandle(Box<LinkMaker>);

type LinkMaker = dyn Fn(&str) -> Result<(LinkTx, LinkRx), EventRouterError> + Send + Sync;

impl std::fmt::Debug for RouterHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouterHandle")
    }
}

impl EventRouter {
    /// Starts the router's thread and the one that feeds it.
    pub fn start() -> Result<Self, EventRouterError> {
        let config = RouterConfig {
            max_connections: SCOPES + 8,
            max_outgoing_packet_count: 200,
            max_segment_size: 1024 * 1024,
            max_segment_count: 4,
            // Every event matches this one, so the feeding link is never closed for a topic that nobody listens to.
            initialized_filters: Some(vec![filter_of(&EventScope::All)]),
            ..RouterConfig::default()
        };
        let to_router = Router::new(0, config).spawn();
        let router = RouterHandle(Box::new(move |id| {
            let link = LinkBuilder::new(id, to_router.clone()).build();
            link.map(|(tx, rx, _)| (tx, rx)).map_err(no_link)
        }));
        let link = router.link()?;
        let health = Arc::new(Health { alive: AtomicBool::new(true), published: AtomicU64::new(0), shed: AtomicU64::new(0) });
        let (feed, events) = mpsc::sync_channel(FEED);
        let feeding = Arc::clone(&health);
        std::thread::Builder::new()
            .name("event-feed".to_owned())
            .spawn(move || feed_router(link, &events, &feeding))
            .map_err(EventRouterError::Thread)?;
        Ok(Self(Arc::new(Hub { router, feed, scopes: tokio::sync::Mutex::default(), health })))
    }

    /// Hands an event to the router, without waiting: who wants every event reads them over HTTP.
    pub fn publish(&self, topic: &str, payload: &[u8]) -> Result<(), EventNotRouted> {
        let party = party_of(topic).ok_or_else(|| EventNotRouted::Topic(topic.chars().take(TOPIC_MAX).collect()))?;
        let health = &self.0.health;
        if !health.alive.load(Ordering::SeqCst) {
            return Err(EventNotRouted::Dead);
        }
        let sent = self.0.feed.try_send((filter_of(&EventScope::Party(party)), wrap(topic, payload)));
        sent.inspect(|()| {
            health.published.fetch_add(1, Ordering::Relaxed);
        })
        .map_err(|error| {
            health.shed.fetch_add(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => EventNotRouted::Full,
                TrySendError::Disconnected(_) => EventNotRouted::Dead,
            }
        })
    }

    #[must_use]
    pub fn counters(&self) -> EventCounters {
        let health = &self.0.health;
        EventCounters {
            alive: health.alive.load(Ordering::SeqCst),
            published: health.published.load(Ordering::Relaxed),
            shed: health.shed.load(Ordering::Relaxed),
        }
    }

    /// All events of a scope from now on: what is published after this returns is heard.
    pub(crate) async fn listen(&self, scope: &EventScope) -> Result<broadcast::Receiver<Routed>, EventRouterError> {
        let mut scopes = self.0.scopes.lock().await;
        if !self.0.health.alive.load(Ordering::SeqCst) {
            return Err(EventRouterError::Dead);
        }
        if let Some(sender) = scopes.get(scope) {
            return Ok(sender.subscribe());
        }
        if scopes.len() >= SCOPES {
            return Err(EventRouterError::TooManyScopes);
        }
        let hub = Arc::clone(&self.0);
        // Making a link waits for the router's thread.
        let linked = tokio::task::spawn_blocking(move || hub.router.link()).await;
        let (mut to_router, mut link) = linked.map_err(no_link)??;
        to_router.subscribe(filter_of(scope)).map_err(no_link)?;
        while !matches!(link.next().await.map_err(no_link)?, Some(Notification::DeviceAck(_))) {}
        let (sender, receiver) = broadcast::channel(LAG);
        scopes.insert(scope.clone(), sender.clone());
        tokio::spawn(pump(link, sender, Arc::downgrade(&self.0)));
        Ok(receiver)
    }
}

impl RouterHandle {
    fn link(&self) -> Result<(LinkTx, LinkRx), EventRouterError> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(EventRouterError::Randomness)?;
        (self.0)(&format!("front-{:016x}", u64::from_be_bytes(id)))
    }
}

fn no_link(error: impl std::fmt::Display) -> EventRouterError {
    EventRouterError::Link(error.to_string())
}

fn feed_router((mut link, _receiving): (LinkTx, LinkRx), events: &mpsc::Receiver<(String, Bytes)>, health: &Health) {
    while let Ok((topic, event)) = events.recv() {
        if let Err(error) = link.publish(topic, event) {
            health.died(&error);
            return;
        }
    }
}

/// Takes a scope's events from the router as they come, whoever listens.
async fn pump(mut link: LinkRx, listeners: broadcast::Sender<Routed>, hub: Weak<Hub>) {
    let why = loop {
        match link.next().await {
            Ok(Some(Notification::Forward(forward))) => {
                // Nobody listening just now is no error.
                let _ = opened(&forward.publish.payload).map(|event| listeners.send(event));
            }
            Ok(Some(Notification::Unschedule)) => {
                if let Err(error) = link.wake().await {
                    break error;
                }
            }
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    if let Some(hub) = hub.upgrade() {
        hub.health.died(&why);
        hub.scopes.lock().await.clear();
    }
}

/// What the router sees instead of the event's topic: one topic per party.
fn filter_of(scope: &EventScope) -> String {
    match scope {
        EventScope::All => format!("{EVENTS}#"),
        EventScope::Party(party) => format!("{EVENTS}{party}"),
    }
}

fn party_of(topic: &str) -> Option<PartyId> {
    let mut levels = topic.strip_prefix(EVENTS).filter(|_| topic.len() <= TOPIC_MAX)?.split('/');
    let party = levels.next()?.parse().ok()?;
    let plain = |level: &str| !level.is_empty() && level.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let (transfer, kind) = (levels.next()?, levels.next()?);
    (plain(transfer) && plain(kind) && levels.next().is_none()).then_some(party)
}

/// `len(topic) as u16 | topic | payload`
fn wrap(topic: &str, payload: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(2 + topic.len() + payload.len());
    event.put_u16(u16::try_from(topic.len()).unwrap_or(u16::MAX));
    event.extend_from_slice(topic.as_bytes());
    event.extend_from_slice(payload);
    event.freeze()
}

fn opened(event: &Bytes) -> Option<Routed> {
    let (len, rest) = event.split_first_chunk::<2>()?;
    let (topic, payload) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    Some(Routed { topic: std::str::from_utf8(topic).ok()?.into(), payload: event.slice_ref(payload) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn party(name: &str) -> EventScope {
        EventScope::Party(name.parse().unwrap())
    }

    async fn next(receiver: &mut broadcast::Receiver<Routed>) -> (String, Bytes) {
        let event = tokio::time::timeout(Duration::from_secs(10), receiver.recv()).await.unwrap().unwrap();
        (event.topic.to_string(), event.payload)
    }

    #[tokio::test]
    async fn a_party_hears_its_own_events_and_customs_hear_all() {
        let router = EventRouter::start().unwrap();
        let mut own = router.listen(&party("lian-yun")).await.unwrap();
        let mut second = router.listen(&party("lian-yun")).await.unwrap();
        let mut all = router.listen(&EventScope::All).await.unwrap();
        router.publish("events/v1/other/26CN/opened", b"1").unwrap();
        router.publish("events/v1/lian-yun/26CN/opened", b"2").unwrap();
        assert_eq!(next(&mut own).await, ("events/v1/lian-yun/26CN/opened".to_owned(), Bytes::from_static(b"2")));
        assert_eq!(next(&mut second).await.1, &b"2"[..]);
        assert_eq!(next(&mut all).await.1, &b"1"[..]);
        assert_eq!(next(&mut all).await.1, &b"2"[..]);
    }

    #[tokio::test]
    async fn no_event_is_lost_to_a_listener_that_reads() {
        let router = EventRouter::start().unwrap();
        let mut own = router.listen(&party("lian-yun")).await.unwrap();
        for round in 0..20_u32 {
            for i in 0..500_u32 {
                router.publish("events/v1/lian-yun/26CN/opened", &(round * 500 + i).to_be_bytes()).unwrap();
            }
            for i in 0..500_u32 {
                assert_eq!(next(&mut own).await.1, &(round * 500 + i).to_be_bytes()[..]);
            }
        }
    }

    #[test]
    fn only_a_plain_event_topic_reaches_the_router() {
        let router = EventRouter::start().unwrap();
        for bad in [
            "",
            "events/v1/lian-yun",
            "events/v1/lian-yun/26CN",
            "events/v1/lian-yun/26CN/opened/x",
            "events/v1/lian-yun//opened",
            "events/v1/关/26CN/opened",
            "关/v1/lian-yun/26CN/opened",
            "events/v1/lian-yun/26CN/打开",
            "events/v1/+/26CN/opened",
            "events/v1/lian-yun/#/opened",
            "$share/v1/lian-yun/26CN/opened",
            "events/v1/lian-yun/26 CN/opened",
        ] {
            assert!(matches!(router.publish(bad, b"x"), Err(EventNotRouted::Topic(_))), "{bad}");
        }
        assert!(router.counters().alive);
    }

    #[tokio::test]
    async fn a_router_that_died_is_noticed_and_its_listeners_are_told() {
        let router = EventRouter::start().unwrap();
        let mut own = router.listen(&party("lian-yun")).await.unwrap();
        let (mut link, _receiving) = router.0.router.link().unwrap();
        // What the checks above keep away from it: a topic that begins with a character of several bytes.
        link.publish("关", "x").unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), own.recv()).await.unwrap();
        assert!(matches!(ended, Err(broadcast::error::RecvError::Closed)));
        assert!(!router.counters().alive);
        assert_eq!(router.publish("events/v1/lian-yun/26CN/opened", b"x"), Err(EventNotRouted::Dead));
        assert!(matches!(router.listen(&party("lian-yun")).await, Err(EventRouterError::Dead)));
    }
}
