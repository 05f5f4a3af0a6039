//! From the sequencer to the outbox's file. What is handed over waits in memory until the disk has it, and nobody waits for that.

use super::store::{OutboxError, Store};
use sealway_core::Outbound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

const PERIOD: Duration = Duration::from_secs(1);
/// Handed over and not on the disk. Beyond it nothing is taken until the next start, which makes the rest again from the log.
const WAITING: usize = 100_000;
const TRANSACTION: usize = 1_000;

#[derive(Debug, Default)]
struct Waiting {
    outbound: Vec<Outbound>,
    /// All of the entries below this number is in the file or here.
    cursor: u64,
    overflown: bool,
    closing: Option<Closing>,
}

/// Whether more may have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The sequencer has ended before, and handed over all.
    Drained,
    Dropped,
}

/// The sequencer's end. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    waiting: Arc<Mutex<Waiting>>,
    wake: Arc<Notify>,
    /// Something new is in the file.
    written: Arc<Notify>,
}

impl Feed {
    pub(crate) fn new(cursor: u64) -> Self {
        let waiting = Waiting { cursor, ..Waiting::default() };
        Self { waiting: Arc::new(Mutex::new(waiting)), wake: Arc::default(), written: Arc::default() }
    }

    /// Hands over what the entries below `cursor` told.
    pub(crate) fn put(&self, outbound: impl IntoIterator<Item = Outbound>, cursor: u64) {
        let mut waiting = self.lock();
        let mut outbound = outbound.into_iter().peekable();
        if waiting.overflown {
            return;
        }
        if outbound.peek().is_some() && waiting.outbound.len() >= WAITING {
            waiting.overflown = true;
            tracing::error!(waiting = WAITING, "the outbox cannot be written: webhooks hear of what comes after the next start");
            return;
        }
        let urgent = outbound.peek().is_some();
        waiting.outbound.extend(outbound);
        waiting.cursor = cursor;
        drop(waiting);
        if urgent {
            self.wake.notify_one();
        }
    }

    pub(crate) fn written(&self) -> Arc<Notify> {
        self.written.clone()
    }

    /// Ends [`Self::run`] after what waits is written.
    pub(crate) fn close(&self, closing: Closing) {
        self.lock().closing.get_or_insert(closing);
        self.wake.notify_one();
    }

    /// The task that writes.
    pub(crate) async fn run(self, store: Store) {
        let mut cursor = self.lock().cursor;
        loop {
            // Cancelling the wait loses nothing: what was handed over stays.
            let _timed_out = tokio::time::timeout(PERIOD, self.wake.notified()).await;
            let (outbound, upto, closing) = {
                let mut waiting = self.lock();
                (std::mem::take(&mut waiting.outbound), waiting.cursor, waiting.closing)
            };
            if !outbound.is_empty() || upto != cursor || closing.is_some() {
                let whole = closing == Some(Closing::Drained);
                match write(&store, &outbound, (cursor, upto, whole)).await {
                    Ok(()) => {
                        cursor = upto;
                        self.written.notify_one();
                    }
                    Err(error) => {
                        tracing::warn!(%error, waiting = outbound.len(), "outbox not written; it is tried again");
                        // What is in it already is not put in twice.
                        let mut waiting = self.lock();
                        let newer = std::mem::replace(&mut waiting.outbound, outbound);
                        waiting.outbound.extend(newer);
                    }
                }
            }
            if closing.is_some() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cursor goes last: after a crash between, the log tells again what is there already. `whole`: nothing more comes.
async fn write(store: &Store, outbound: &[Outbound], (from, upto, whole): (u64, u64, bool)) -> Result<(), OutboxError> {
    for piece in outbound.chunks(TRANSACTION) {
        store.put(piece, (from, false)).await?;
    }
    store.put(&[], (upto, whole)).await
}
