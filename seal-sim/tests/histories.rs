//! Any history of reports, losses, acks, restarts and restored platforms: nothing vanishes without being owned up to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

mod common;

use common::Platform;
use proptest::prelude::*;
use sealway_schemas::report::{Event, Report};
use sealway_seal_sim::device::{Device, Lock};
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Step {
    Periodic(u8),
    Shock,
    Connect,
    /// A payload that arrives, or is lost on the way.
    Send(bool),
    Ack,
    Boot,
    /// The platform comes back from a copy that lacks the newest of what it had.
    Restore(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..12_u8).prop_map(Step::Periodic),
        1 => Just(Step::Shock),
        2 => Just(Step::Connect),
        4 => any::<bool>().prop_map(Step::Send),
        3 => Just(Step::Ack),
        1 => Just(Step::Boot),
        1 => (0..20_u8).prop_map(Step::Restore),
    ]
}

struct History {
    device: Device,
    platform: Platform,
    ticket: u16,
    /// Counters of events that were made.
    events: BTreeSet<u64>,
    /// Counters that any platform ever acknowledged as stored.
    ever_stored: BTreeSet<u64>,
    connected: bool,
}

impl History {
    fn new(ring: usize) -> Self {
        let mut device = Device::new("XA-7Q2K".parse().unwrap(), [1; 32], ring);
        let platform = Platform::of(device.id(), device.public_key());
        device.trust(platform.public_key());
        Self { device, platform, ticket: 0, events: BTreeSet::new(), ever_stored: BTreeSet::new(), connected: false }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Periodic(count) => (0..*count).for_each(|_| drop(self.device.report(0, Event::Periodic))),
            Step::Shock => self.events.extend(self.device.report(0, Event::Shock)),
            Step::Connect => self.connect(),
            Step::Send(arrives) if self.connected => self.send(*arrives),
            Step::Ack if self.connected => self.ack(),
            Step::Boot => {
                self.connected = false;
                self.events.extend(self.device.boot(Lock::default()));
            }
            Step::Restore(lost) => self.restore(u64::from(*lost)),
            Step::Send(_) | Step::Ack => {}
        }
    }

    fn connect(&mut self) {
        self.connected = true;
        let hello = self.device.connected();
        self.platform.take(&hello);
        self.ack();
    }

    fn send(&mut self, arrives: bool) {
        self.ticket += 1;
        let Some(payload) = self.device.next_payload(self.ticket) else { return };
        if arrives {
            self.platform.take(&payload);
            self.device.settled(self.ticket);
        } else {
            self.connected = false;
            self.device.disconnected();
        }
    }

    fn ack(&mut self) {
        self.device.hear(0, &self.platform.signed_ack());
        let stored = self.platform.stored();
        self.ever_stored.extend(self.platform.held.keys().copied().chain(1..=stored));
    }

    fn restore(&mut self, lost: u64) {
        self.connected = false;
        self.platform.generation += 1;
        let keep = self.platform.stored().saturating_sub(lost);
        self.platform.held.retain(|ctr, _| *ctr <= keep);
        let gaps = self.platform.held.keys().filter_map(|ctr| self.platform.report(*ctr).gap()).collect::<Vec<_>>();
        self.platform.accounted = gaps.iter().flat_map(|gap| gap.from..=gap.to).collect();
    }

    /// Good weather: connected, everything arrives.
    fn settle(&mut self) {
        self.connect();
        for _ in 0..200 {
            if self.device.all_acked() {
                return;
            }
            self.send(true);
            self.ack();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_report_is_held_or_stored_or_owned_up_to(ring in 3..24_usize, steps in prop::collection::vec(step(), 1..60)) {
        let mut history = History::new(ring);
        steps.iter().for_each(|step| history.take(step));
        history.settle();
        prop_assert!(history.device.all_acked(), "{:?} of {}", history.platform.ack(), history.device.highest());
        prop_assert_eq!(history.platform.refused, 0);
    }

    #[test]
    fn no_event_is_lost_before_a_platform_had_it(ring in 3..24_usize, steps in prop::collection::vec(step(), 1..60)) {
        let mut history = History::new(ring);
        steps.iter().for_each(|step| history.take(step));
        for ctr in &history.events {
            prop_assert!(history.device.ring().get(*ctr).is_some() || history.ever_stored.contains(ctr), "event {}", ctr);
        }
    }

    #[test]
    fn no_counter_is_ever_used_twice(ring in 3..24_usize, steps in prop::collection::vec(step(), 1..60)) {
        let mut history = History::new(ring);
        steps.iter().for_each(|step| history.take(step));
        history.settle();
        prop_assert!(history.platform.held.values().all(|versions| versions.len() == 1));
        for (ctr, versions) in &history.platform.held {
            prop_assert_eq!(Report::parse(&versions[0]).unwrap().1.ctr(), *ctr);
        }
    }
}
