//! What the front counts, and how a storm of one cause becomes one line in the log instead of thousands.

use crate::Refusal;
use sealway_schemas::DeviceId;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A snapshot for `/metrics`. Counts go up for the life of the process; `open`, `half_open` and `listeners` are gauges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrontCounters {
    pub open: u64,
    pub half_open: u64,
    pub listeners: u64,
    pub accepted: u64,
    pub admitted: u64,
    pub taken_over: u64,
    /// PUBLISHes handed to the ingress, and their payload bytes.
    pub published: u64,
    pub published_bytes: u64,
    /// Reads that brought at least one PUBLISH: `published / uploads` is how well reads coalesce.
    pub uploads: u64,
    pub pubacks: u64,
    /// Writes that carried at least one PUBACK.
    pub puback_writes: u64,
    pub downs_sent: u64,
    /// Acks that a newer one pushed out of a full mailbox.
    pub acks_superseded: u64,
    /// Down messages that did not fit the client's own maximum packet size.
    pub downs_unsendable: u64,
    pub events_sent: u64,
    /// Every reason, also those that never occurred.
    pub refused: Vec<(&'static str, u64)>,
}

impl FrontCounters {
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused.iter().find(|(word, _)| *word == refusal.as_str()).map_or(0, |(_, count)| *count)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) open: AtomicU64,
    pub(crate) half_open: AtomicU64,
    pub(crate) listeners: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) admitted: AtomicU64,
    pub(crate) taken_over: AtomicU64,
    pub(crate) published: AtomicU64,
    pub(crate) published_bytes: AtomicU64,
    pub(crate) uploads: AtomicU64,
    pub(crate) pubacks: AtomicU64,
    pub(crate) puback_writes: AtomicU64,
    pub(crate) downs_sent: AtomicU64,
    pub(crate) acks_superseded: AtomicU64,
    pub(crate) downs_unsendable: AtomicU64,
    pub(crate) events_sent: AtomicU64,
    refused: Refused,
    teller: Teller,
}

type Telling = dyn Fn(&DeviceId, Refusal) + Send + Sync;

/// Whoever wants to hear of each refusal of a device.
#[derive(Default)]
struct Teller(Option<Box<Telling>>);

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Teller")
    }
}

/// One cell per [`Refusal`].
#[derive(Debug)]
struct Refused(Vec<RefusedCell>);

#[derive(Debug, Default)]
struct RefusedCell {
    count: AtomicU64,
    /// How many of `count` a log line has told.
    told: AtomicU64,
    /// Whether this reason had its line since the last fold.
    spoke: AtomicBool,
}

impl Default for Refused {
    fn default() -> Self {
        Self(Refusal::ALL.iter().map(|_| RefusedCell::default()).collect())
    }
}

/// Where a refused client came from: what a log line may say of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) peer: SocketAddr,
    pub(crate) device: Option<DeviceId>,
}

pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

pub(crate) fn less(counter: &AtomicU64) {
    counter.fetch_sub(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn telling(tell: impl Fn(&DeviceId, Refusal) + Send + Sync + 'static) -> Self {
        Self { teller: Teller(Some(Box::new(tell))), ..Self::default() }
    }

    /// Counts, tells whose device it was, and logs the first of its kind since the last [`Counters::fold`].
    pub(crate) fn refuse(&self, refusal: Refusal, origin: Origin) {
        if let Some((tell, device)) = self.teller.0.as_ref().zip(origin.device.as_ref()) {
            tell(device, refusal);
        }
        let Some(cell) = self.refused.0.get(refusal as usize) else { return };
        add(&cell.count, 1);
        if cell.spoke.swap(true, Ordering::Relaxed) {
            return;
        }
        add(&cell.told, 1);
        match origin.device {
            Some(device) => tracing::warn!(reason = refusal.as_str(), peer = %origin.peer, %device, "refused"),
            None => tracing::warn!(reason = refusal.as_str(), peer = %origin.peer, "refused"),
        }
    }

    /// Tells in one line per reason how many more there were. Called from time to time.
    pub(crate) fn fold(&self) {
        for (refusal, cell) in Refusal::ALL.iter().zip(&self.refused.0) {
            cell.spoke.store(false, Ordering::Relaxed);
            let count = cell.count.load(Ordering::Relaxed);
            let more = count.saturating_sub(cell.told.swap(count, Ordering::Relaxed));
            if more > 0 {
                tracing::warn!(reason = refusal.as_str(), more, "refused, and not told one by one");
            }
        }
    }

    pub(crate) fn snapshot(&self) -> FrontCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FrontCounters {
            open: read(&self.open),
            half_open: read(&self.half_open),
            listeners: read(&self.listeners),
            accepted: read(&self.accepted),
            admitted: read(&self.admitted),
            taken_over: read(&self.taken_over),
            published: read(&self.published),
            published_bytes: read(&self.published_bytes),
            uploads: read(&self.uploads),
            pubacks: read(&self.pubacks),
            puback_writes: read(&self.puback_writes),
            downs_sent: read(&self.downs_sent),
            acks_superseded: read(&self.acks_superseded),
            downs_unsendable: read(&self.downs_unsendable),
            events_sent: read(&self.events_sent),
            refused: Refusal::ALL.iter().zip(&self.refused.0).map(|(refusal, cell)| (refusal.as_str(), read(&cell.count))).collect(),
        }
    }
}

/// Holds a gauge up while it lives.
#[derive(Debug)]
pub(crate) struct Gauge<'a>(&'a AtomicU64);

impl<'a> Gauge<'a> {
    pub(crate) fn up(counter: &'a AtomicU64) -> Self {
        add(counter, 1);
        Self(counter)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        less(self.0);
    }
}
