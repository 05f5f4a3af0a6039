//! What waits to be written to one connection. The tracker's side never waits here, so every part has a bound:
//! settlements by the connection's in-flight cap, acks by replacing the oldest (they are cumulative and are repeated), other
//! down messages by refusing the newest (who made it is told, and keeps it).

use crate::Refusal;
use bytes::Bytes;
use sealway_schemas::link::Verdict;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Signed acks kept for a device that does not take them; a newer one pushes the oldest out.
const ACKS: usize = 4;
/// Other down messages kept.
const DOWNS: usize = 16;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The client said DISCONNECT, or its socket ended.
    Left,
    Refused(Refusal),
    TakenOver,
    Revoked,
    /// By an administrator; the client may come again.
    SentAway,
    /// Orderly: after what is in flight was settled.
    Shutdown,
    /// At once: the drain took too long.
    Cut,
}

impl Farewell {
    /// MQTT 5 reason for the DISCONNECT, where one is sent.
    pub(crate) fn reason_code(self) -> Option<u8> {
        match self {
            Self::Left => None,
            Self::Refused(refusal) => Some(refusal.reason_code()),
            Self::TakenOver => Some(0x8E),
            Self::Revoked | Self::SentAway => Some(0x98),
            Self::Shutdown | Self::Cut => Some(0x8B),
        }
    }
}

impl From<Refusal> for Farewell {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    post: Mutex<Post>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Post {
    settled: Vec<(u16, Verdict)>,
    acks: VecDeque<Bytes>,
    downs: VecDeque<Bytes>,
    /// The client subscribed to its `down` topic.
    hears: bool,
    farewell: Option<Farewell>,
}

/// What a connection takes out of its mailbox at once.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) settled: Vec<(u16, Verdict)>,
    pub(crate) downs: Vec<Bytes>,
    pub(crate) farewell: Option<Farewell>,
}

impl Mailbox {
    /// Resolves when something was put in since the last call; a ring in between is not lost.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Everything due: all settlements, and as many down messages as there is `room` for. Acks last: the key that signed them may be what
    /// another message introduces.
    pub(crate) fn take(&self, room: usize) -> Delivery {
        let mut post = self.post();
        let mut downs = Vec::new();
        if post.hears {
            while let Some(down) = (downs.len() < room).then(|| post.downs.pop_front().or_else(|| post.acks.pop_front())).flatten() {
                downs.push(down);
            }
        }
        Delivery { settled: std::mem::take(&mut post.settled), downs, farewell: post.farewell }
    }

    /// Returns how many older acks had to go.
    pub(crate) fn settle(&self, settled: Vec<(u16, Verdict)>, acks: Vec<Bytes>) -> u64 {
        let mut post = self.post();
        if post.settled.is_empty() {
            post.settled = settled;
        } else {
            post.settled.extend(settled);
        }
        let mut superseded = 0;
        for ack in acks {
            if post.acks.len() == ACKS {
                post.acks.pop_front();
                superseded += 1;
            }
            post.acks.push_back(ack);
        }
        drop(post);
        self.bell.notify_one();
        superseded
    }

    /// False where the client does not hear, is being closed, or its box is full.
    pub(crate) fn publish(&self, down: Bytes) -> bool {
        let mut post = self.post();
        if !post.hears || post.farewell.is_some() || post.downs.len() == DOWNS {
            return false;
        }
        post.downs.push_back(down);
        drop(post);
        self.bell.notify_one();
        true
    }

    pub(crate) fn hears(&self, hears: bool) {
        self.post().hears = hears;
    }

    /// The first farewell stands, but any other goes before an orderly shutdown.
    pub(crate) fn close(&self, farewell: Farewell) {
        let mut post = self.post();
        if matches!(post.farewell, None | Some(Farewell::Shutdown)) {
            post.farewell = Some(farewell);
        }
        drop(post);
        self.bell.notify_one();
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(i: usize) -> Bytes {
        Bytes::from(i.to_string())
    }

    #[test]
    fn a_newer_ack_pushes_the_oldest_out_and_no_other_message_does() {
        let mailbox = Mailbox::default();
        mailbox.hears(true);
        assert!(mailbox.publish(Bytes::from_static(b"grant")));
        let superseded: u64 = (0..ACKS + 3).map(|i| mailbox.settle(Vec::new(), vec![text(i)])).sum();
        assert_eq!(superseded, 3);
        let expected: Vec<_> = [Bytes::from_static(b"grant")].into_iter().chain((3..ACKS + 3).map(text)).collect();
        assert_eq!(mailbox.take(100).downs, expected);
    }

    #[test]
    fn a_full_box_refuses_the_newest_message_and_says_so() {
        let mailbox = Mailbox::default();
        mailbox.hears(true);
        assert!((0..DOWNS).all(|i| mailbox.publish(text(i))));
        assert!(!mailbox.publish(text(DOWNS)));
        assert_eq!(mailbox.take(1).downs, [text(0)]);
        assert!(mailbox.publish(text(DOWNS)));
    }

    #[test]
    fn a_device_that_does_not_hear_keeps_its_acks_until_it_does() {
        let mailbox = Mailbox::default();
        assert!(!mailbox.publish(text(1)));
        mailbox.settle(vec![(7, Verdict::Stored)], vec![text(2)]);
        let delivery = mailbox.take(10);
        assert_eq!((delivery.settled, delivery.downs.len()), (vec![(7, Verdict::Stored)], 0));
        mailbox.hears(true);
        assert_eq!(mailbox.take(10).downs, [text(2)]);
    }

    #[test]
    fn the_first_farewell_stands_unless_it_was_only_a_shutdown() {
        let mailbox = Mailbox::default();
        mailbox.close(Farewell::Shutdown);
        mailbox.close(Farewell::TakenOver);
        mailbox.close(Farewell::Cut);
        assert_eq!(mailbox.take(0).farewell, Some(Farewell::TakenOver));
    }
}
