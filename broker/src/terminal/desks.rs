//! A terminal has one line, the newest, and says only so much in a while. Its protocol proves no sender, so whoever knows a number can speak
//! under it: he shall neither keep the terminal out nor fill the platform in its name.

use crate::config::Rate;
use crate::entrance::Bucket;
use sealway_schemas::DeviceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// One for each registered terminal that has spoken: how many there are is decided by who registers them.
#[derive(Debug)]
pub(super) struct Desks {
    frames: Rate,
    bytes: Rate,
    desks: Mutex<HashMap<DeviceId, Desk>>,
}

/// Outlives the lines that come and go.
#[derive(Debug)]
struct Desk {
    frames: Bucket,
    bytes: Bucket,
    /// Of the line that sits here.
    bell: Arc<Notify>,
}

/// A line's right to speak for a terminal.
#[derive(Debug)]
pub(super) struct Seat {
    desks: Arc<Desks>,
    terminal: DeviceId,
    bell: Arc<Notify>,
}

impl Desks {
    pub(super) fn new(frames: Rate, bytes: Rate) -> Self {
        Self { frames, bytes, desks: Mutex::default() }
    }

    /// The line that sat there is told to go.
    pub(super) fn sit(self: &Arc<Self>, terminal: DeviceId) -> Seat {
        let bell = Arc::new(Notify::new());
        let now = Instant::now();
        let mut desks = self.lock();
        let new = || Desk { frames: Bucket::full(now), bytes: Bucket::full(now), bell: Arc::default() };
        let desk = desks.entry(terminal).or_insert_with(new);
        let before = std::mem::replace(&mut desk.bell, Arc::clone(&bell));
        drop(desks);
        before.notify_one();
        Seat { desks: Arc::clone(self), terminal, bell }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(super) fn terminal(&self) -> DeviceId {
        self.terminal
    }

    /// Resolves when a newer line of the terminal sits here.
    pub(super) async fn taken_over(&self) {
        self.bell.notified().await;
    }

    /// False where the terminal has said more than it may: this frame is not heard.
    pub(super) fn hears(&self, bytes: usize) -> bool {
        let now = Instant::now();
        let (frames, all) = (self.desks.frames, self.desks.bytes);
        let cost = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.desks.lock().get_mut(&self.terminal).is_some_and(|desk| desk.frames.take(now, frames, 1) && desk.bytes.take(now, all, cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};
    use std::time::Duration;

    fn desks() -> Arc<Desks> {
        Arc::new(Desks::new(Rate { burst: 10, per_second: 2 }, Rate { burst: 1_000, per_second: 100 }))
    }

    fn is_told_to_go(seat: &Seat) -> bool {
        pin!(seat.taken_over()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_newest_line_of_a_terminal_sends_the_older_away_and_no_other_terminals() {
        let desks = desks();
        let [first, other] = ["TRUCK-1", "TRUCK-2"].map(|id| desks.sit(id.parse().unwrap()));
        let second = desks.sit("TRUCK-1".parse().unwrap());
        assert_eq!([&first, &other, &second].map(is_told_to_go), [true, false, false]);
        drop(first);
        let third = desks.sit("TRUCK-1".parse().unwrap());
        assert_eq!([&second, &third].map(is_told_to_go), [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_and_bytes_are_counted_by_terminal_and_not_by_line() {
        let desks = desks();
        let heard = |seat: &Seat, bytes| (0..100).filter(|_| seat.hears(bytes)).count();
        let first = desks.sit("TRUCK-1".parse().unwrap());
        assert_eq!(heard(&first, 1), 10);
        let second = desks.sit("TRUCK-1".parse().unwrap());
        assert_eq!(heard(&second, 1), 0, "another line has no more");
        assert_eq!(heard(&desks.sit("TRUCK-2".parse().unwrap()), 300), 3, "1,000 bytes");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(heard(&second, 1), 6);
    }
}
