//! What costs an answer and brings nothing: pings, subscriptions and the ends of them. An honest client says a few in a minute; who says
//! them without end would take from the others the time in which their reports are answered.

use crate::Refusal;
use crate::config::Rate;
use crate::entrance::Bucket;
use crate::mqtt::Kind;
use tokio::time::Instant;

const RATE: Rate = Rate { burst: 256, per_second: 8 };

#[derive(Debug)]
pub(crate) struct Chatter(Bucket);

impl Chatter {
    pub(crate) fn new() -> Self {
        Self(Bucket::full(Instant::now()))
    }

    /// An acknowledgement is owed, and a PUBLISH is judged by what it brings: neither is chatter.
    pub(crate) fn hear(&mut self, kind: Kind) -> Result<(), Refusal> {
        let chatter = matches!(kind, Kind::Pingreq | Kind::Subscribe | Kind::Unsubscribe);
        if !chatter || self.0.take(Instant::now(), RATE, 1) { Ok(()) } else { Err(Refusal::MessageRate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn chatter_is_heard_in_bounds_and_again_after_a_while() {
        let mut chatter = Chatter::new();
        let heard = |chatter: &mut Chatter, kind| (0..1_000).take_while(|_| chatter.hear(kind).is_ok()).count();
        assert_eq!(heard(&mut chatter, Kind::Pingreq), 256);
        assert_eq!(chatter.hear(Kind::Subscribe), Err(Refusal::MessageRate));
        assert_eq!(heard(&mut chatter, Kind::Puback), 1_000);
        assert_eq!(heard(&mut chatter, Kind::Publish), 1_000);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(heard(&mut chatter, Kind::Unsubscribe), 16);
    }
}
