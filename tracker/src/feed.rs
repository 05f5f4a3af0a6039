//! Events to whoever listens: a ring of the newest ones, so that a listener who was away for a moment misses nothing, and a channel
//! for those who are here. Nobody who is slow holds anything up: he is told how many he missed. An event is told once the lists have its
//! row, so whoever listens first and reads the lists then misses nothing between.

use sealway_schemas::event::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

/// Of events that are kept.
pub(crate) const RING: usize = 8192;
const CHANNEL: usize = 4096;

/// An event with its number. Numbers rise for ever, also over a restart.
pub type Numbered = (u64, Arc<Event>);

#[derive(Debug)]
struct Ring {
    events: VecDeque<Numbered>,
    next: u64,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventFeed {
    ring: Arc<Mutex<Ring>>,
    channel: broadcast::Sender<Numbered>,
    relisted: watch::Sender<()>,
}

/// What a listener begins with.
#[derive(Debug)]
pub struct Subscription {
    /// Events after the number that was asked for, as far as they are still here.
    pub backlog: Vec<Numbered>,
    /// Older events were asked for than are still here: the listener has to read the lists anew.
    pub missed: bool,
    pub live: broadcast::Receiver<Numbered>,
}

impl EventFeed {
    /// `first` has to be above every number given before a restart: unix ms times 1024.
    pub(crate) fn new(first: u64) -> Self {
        let ring = Ring { events: VecDeque::with_capacity(RING), next: first };
        Self { ring: Arc::new(Mutex::new(ring)), channel: broadcast::Sender::new(CHANNEL), relisted: watch::Sender::new(()) }
    }

    /// `after`: the last number that the listener has; `None` begins with what comes.
    #[must_use]
    pub fn subscribe(&self, after: Option<u64>) -> Subscription {
        let ring = self.lock();
        let live = self.channel.subscribe();
        let Some(after) = after else { return Subscription { backlog: Vec::new(), missed: false, live } };
        let oldest = ring.events.front().map_or(ring.next, |(seq, _)| *seq);
        let backlog = ring.events.iter().filter(|(seq, _)| *seq > after).cloned().collect();
        Subscription { backlog, missed: after.saturating_add(1) < oldest, live }
    }

    /// The number of the newest event.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.lock().next.saturating_sub(1)
    }

    /// Changes whenever the lists have again what they lacked while events were told: who listens reads them anew then.
    #[must_use]
    pub fn relisted(&self) -> watch::Receiver<()> {
        self.relisted.subscribe()
    }

    pub(crate) fn relist(&self) {
        self.relisted.send_replace(());
    }

    pub(crate) fn publish(&self, events: impl IntoIterator<Item = Event>) {
        let mut ring = self.lock();
        for event in events {
            let numbered = (ring.next, Arc::new(event));
            ring.next += 1;
            if ring.events.len() == RING {
                ring.events.pop_front();
            }
            ring.events.push_back(numbered.clone());
            // Nobody listening is no fault.
            let _listeners = self.channel.send(numbered);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
