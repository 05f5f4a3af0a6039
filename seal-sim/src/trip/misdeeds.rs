//! What a fraud does besides showing the device another world: to the lock, to the ring, on the wire.

use super::Driver;
use crate::fraud::{Fraud, Misdeed, broken, tampered};
use crate::link::{Around as _, Link};
use sealway_schemas::report::Event;
use tokio::time::Instant;

/// The copy waits until the seal has used this many counters since its keys were copied, and then uses exactly the same ones:
/// with more or fewer, the platform would tell one of the two that its state is lost.
const CLONED: u64 = 3;

impl Driver {
    /// Does what the misdeed does besides showing the device another world.
    pub(super) async fn misbehave(&mut self) {
        let Some(misdeed) = self.way.misdeed else { return };
        if self.misdeed_done || self.link.is_none() || self.way.progress_m() < misdeed.from_m {
            return;
        }
        match misdeed.fraud {
            Fraud::Opened | Fraud::CableCut => self.break_open(misdeed.fraud),
            Fraud::Gap => self.hide_reports(),
            Fraud::Replay => self.put_on_wire(|bytes| bytes.to_vec(), 5).await,
            Fraud::Tamper => self.put_on_wire(tampered, 1).await,
            Fraud::Clone => return self.clone_speaks().await,
            Fraud::Deviation | Fraud::Silence | Fraud::Jump | Fraud::Clock => {}
        }
        self.misdeed_done = true;
    }

    fn break_open(&mut self, fraud: Fraud) {
        let uptime_ms = self.way.look(&mut self.device);
        if let Some(lock) = broken(fraud, self.device.lock())
            && let Err(reason) = self.device.found(uptime_ms, lock)
        {
            self.tally.not_made += 1;
            tracing::debug!(device = %self.device.id(), %reason, "no report made");
        }
    }

    /// Makes three reports that the platform never gets.
    fn hide_reports(&mut self) {
        let before = self.device.highest();
        for _ in 0..3 {
            self.live_report();
        }
        self.device.suppress(before + 1, self.device.highest());
        self.tally.hidden += self.device.highest() - before;
    }

    async fn put_on_wire(&mut self, change: impl Fn(&[u8]) -> Vec<u8>, count: usize) {
        let newest = self.device.ring().highest().unwrap_or_default();
        let from = newest.saturating_sub(count as u64 - 1);
        let copies: Vec<u8> = self.device.ring().from(from).flat_map(|record| change(&record.bytes)).collect();
        let Some(link) = &mut self.link else { return };
        self.tally.forged += count as u64;
        if let Err(lost) = link.publish_raw(&copies, &mut self.traffic).await {
            self.lose(&lost);
        }
    }

    /// The keys are copied first; the copy speaks when the seal itself has used the same counters.
    async fn clone_speaks(&mut self) {
        let Some(stolen) = &self.stolen else {
            self.stolen = Some(self.device.stolen_keys());
            return;
        };
        if self.device.highest() < stolen.highest() + CLONED {
            return;
        }
        self.misdeed_done = true;
        let mut clone = stolen.clone();
        let counters = self.device.highest() - clone.highest();
        for _ in 0..counters {
            let now = self.way.now();
            let uptime_ms = self.way.uptime_ms(now);
            let elsewhere = Misdeed { fraud: Fraud::Jump, from_m: 0.0, to_m: f64::INFINITY };
            let honest = self.way.journey.observation(now, &mut self.way.chance);
            clone.observe(uptime_ms, elsewhere.distort(0.0, 0.0, honest));
            self.tally.made_by_clone += u64::from(clone.report(uptime_ms, Event::Periodic).is_ok());
        }
        let reports: Vec<u8> = clone.ring().from(1).flat_map(|record| record.bytes.clone()).collect();
        let mut link = match Link::open(&mut clone, &self.trip.door, |_| {}).await {
            Ok(link) => link,
            Err(failed) => return tracing::warn!(%failed, "the clone could not connect"),
        };
        let until = Instant::now() + self.trip.drain;
        let sent = link.publish_raw(&reports, &mut self.traffic).await;
        let told = link.wait_for_receipts(&mut clone, &mut self.way, until, &mut self.traffic).await;
        if let Err(lost) = sent.and(told) {
            tracing::warn!(%lost, "the clone lost its connection");
        }
        link.close(&mut clone).await;
    }
}
