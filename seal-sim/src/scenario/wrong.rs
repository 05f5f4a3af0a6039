//! What a deed does besides bending the world: to the lock, to the ring, on the wire, and what its honest twin does instead.

use super::deed::Deed;
use super::platform::Platform;
use super::play::{Conduct, Cue, Play, Twin};
use crate::device::{Device, Lock};
use crate::earth::Point;
use crate::fraud::tampered;
use sealway_schemas::Time;
use sealway_schemas::command::AlertCommand;
use sealway_schemas::report::Event;

/// The copy waits until the seal has used so many counters more.
const CLONED: u64 = 3;
const RATTLES: u16 = 200;
const BUMPS: u16 = 3;
const SECOND_MS: u64 = 1_000;
/// The truck drives off without the seal.
const TRUCK_ASIDE_M: f64 = 12_000.0;

impl Play {
    /// When the deed's steps are due.
    pub(super) fn plan_deed(&mut self, deed: Deed) {
        let (from, period_ms) = (self.way.from, self.way.period_ms());
        let rattles = |count: u16, apart_ms: u64| (0..count).map(|step| (step, u64::from(step) * apart_ms)).collect::<Vec<_>>();
        let steps: Vec<(u16, u64)> = match (deed, self.conduct.twin) {
            (Deed::Resealed, Twin::Dishonest) => vec![(0, 0), (1, 5 * 60 * SECOND_MS)],
            (Deed::Cloned, Twin::Dishonest) => vec![(0, 0), (1, CLONED * period_ms + SECOND_MS)],
            (Deed::TwoPlaces | Deed::SkippingCopy, Twin::Dishonest) | (Deed::TruckElsewhere | Deed::TakenOff, _) => {
                (0..4).map(|step| (step, u64::from(step) * period_ms)).collect()
            }
            (Deed::Jammed, Twin::Dishonest) => vec![(0, 2 * 60 * SECOND_MS)],
            (Deed::Rattled, Twin::Dishonest) => rattles(RATTLES, 10 * SECOND_MS),
            (Deed::BrokenInto | Deed::WrongCredential, Twin::Dishonest)
            | (Deed::Rattled | Deed::CableCut | Deed::MountLost | Deed::BrokenInto, Twin::Honest) => rattles(BUMPS, 10 * SECOND_MS),
            _ => vec![(0, 0)],
        };
        for (step, after_ms) in steps {
            self.cue(from.plus_ms(after_ms + SECOND_MS), Cue::Deed(step));
        }
    }

    pub(super) fn do_deed(&mut self, at: Time, step: u16, platform: &mut dyn Platform) {
        let Some(deed) = self.conduct.deed else { return };
        self.tally.done_at.get_or_insert(at);
        match self.conduct.twin {
            Twin::Dishonest => self.do_wrong(at, (deed, step), platform),
            Twin::Honest => self.do_what_looks_like_it(at, deed, platform),
        }
    }

    fn do_wrong(&mut self, at: Time, (deed, step): (Deed, u16), platform: &mut dyn Platform) {
        let lock = self.device.lock();
        match (deed, step) {
            (Deed::ForcedOpen, _) | (Deed::Resealed, 0) => {
                self.finds(at, Lock { motor_locked: false, cable_inserted: false, ..lock }, platform);
            }
            (Deed::Resealed, _) => {
                self.finds(at, Lock { cable_inserted: true, motor_locked: false, ..lock }, platform);
                self.seal(at, platform);
            }
            (Deed::CableCut | Deed::BreachWithoutNetwork, _) => self.finds(at, Lock { cable_cut: true, ..lock }, platform),
            (Deed::HousingOpened, _) => self.finds(at, Lock { housing_closed: false, ..lock }, platform),
            (Deed::MountLost, _) => self.finds(at, Lock { mount_present: false, ..lock }, platform),
            (Deed::Cloned, 0) => self.thief = Some(self.device.stolen_keys()),
            (Deed::Cloned, _) => self.copy_speaks(at, CLONED, platform),
            (Deed::SkippingCopy, 0) => self.copy_that_skips(at),
            (Deed::SkippingCopy, _) => self.copy_speaks(at, 1, platform),
            (Deed::TwoPlaces, _) => self.twin_speaks(at, platform),
            (Deed::TakenOff, 0) => self.finds(at, Lock { mount_present: false, ..lock }, platform),
            (Deed::TruckElsewhere | Deed::TakenOff, _) => self.report_truck(at, TRUCK_ASIDE_M, platform),
            (Deed::FalseArrival, _) => {
                self.report_arrival(at, platform);
                self.hand_over(at, platform);
            }
            (Deed::Replayed, _) => self.send_again(at, |bytes| bytes.to_vec(), platform),
            (Deed::Tampered, _) => self.send_again(at, tampered, platform),
            (Deed::OldLogin, _) => {
                let accepted = platform.login(at, &self.device.id(), &self.password);
                self.tally.logins_refused += u64::from(!accepted);
            }
            (Deed::HiddenReports, _) => self.hide_reports(at),
            (Deed::BrokenChain, _) => self.break_chain(at, platform),
            (Deed::StateLost, _) => self.comes_back_empty(at, platform),
            (Deed::Jammed, _) => self.report(at, Event::Jammed, platform),
            (Deed::BrokenInto, 0 | 1) => self.report(at, Event::Shock, platform),
            (Deed::BrokenInto, _) => self.report(at, Event::Light, platform),
            (Deed::WrongCredential, _) => self.report(at, Event::WrongCredential, platform),
            (Deed::MotorStuck, _) => self.report(at, Event::MotorStuck, platform),
            (Deed::Rattled, _) => self.report(at, Event::Shock, platform),
            // Done to what the receiver and the battery say, to the network, at the end of the way, or not played.
            (
                Deed::Silenced
                | Deed::LeftCorridor
                | Deed::TurnedBack
                | Deed::SkippedWaypoint
                | Deed::StoppedForHours
                | Deed::Overstayed
                | Deed::Spoofed
                | Deed::ClockBack
                | Deed::WrongUnit
                | Deed::WrongSeal
                | Deed::NoteTwice
                | Deed::Tailgated
                | Deed::LaneChanged
                | Deed::ShortSplit
                | Deed::BatteryLow
                | Deed::StolenForParts
                | Deed::AlongTheEdge,
                _,
            ) => {}
        }
    }

    fn do_what_looks_like_it(&mut self, at: Time, deed: Deed, platform: &mut dyn Platform) {
        match deed {
            Deed::CableCut | Deed::Rattled | Deed::MountLost | Deed::BrokenInto => self.report(at, Event::Shock, platform),
            Deed::HousingOpened | Deed::Resealed | Deed::BrokenChain => self.reboot(at, platform),
            Deed::HiddenReports => self.newest_first(at, platform),
            Deed::StateLost | Deed::OldLogin | Deed::Cloned => self.connect(at, platform),
            Deed::Jammed => self.report(at, Event::FixLost, platform),
            Deed::MotorStuck => self.report(at, Event::SelfTest, platform),
            Deed::TruckElsewhere | Deed::TakenOff => self.report_truck(at, 0.0, platform),
            // The day as it is, or what the way itself shows.
            Deed::ForcedOpen
            | Deed::BreachWithoutNetwork
            | Deed::WrongCredential
            | Deed::TwoPlaces
            | Deed::SkippingCopy
            | Deed::Replayed
            | Deed::Tampered
            | Deed::Silenced
            | Deed::LeftCorridor
            | Deed::TurnedBack
            | Deed::SkippedWaypoint
            | Deed::StoppedForHours
            | Deed::Overstayed
            | Deed::Spoofed
            | Deed::ClockBack
            | Deed::WrongUnit
            | Deed::WrongSeal
            | Deed::FalseArrival
            | Deed::NoteTwice
            | Deed::Tailgated
            | Deed::LaneChanged
            | Deed::ShortSplit
            | Deed::BatteryLow
            | Deed::StolenForParts
            | Deed::AlongTheEdge => {}
        }
    }

    /// The thief of a free seal takes it apart.
    pub(super) fn afterwards(&mut self, at: Time, platform: &mut dyn Platform) {
        let lock = self.device.lock();
        if self.conduct == (Conduct { deed: Some(Deed::StolenForParts), twin: Twin::Dishonest }) {
            self.tally.done_at = Some(at);
            self.finds(at, Lock { housing_closed: false, mount_present: false, ..lock }, platform);
        } else {
            self.report(at, Event::Periodic, platform);
        }
    }

    fn finds(&mut self, at: Time, lock: Lock, platform: &mut dyn Platform) {
        let uptime_ms = self.look(at);
        self.tally.made += self.device.found(uptime_ms, lock).map_or(0, |made| made.len() as u64);
        self.deliver(at, platform);
    }

    /// A thief who took the seal's place keeps the seal itself from the network.
    pub(super) fn replaced(&self) -> bool {
        self.conduct.deed == Some(Deed::SkippingCopy) && self.thief.is_some()
    }

    /// Leaves one counter out, so that all that it says lies above a hole.
    fn copy_that_skips(&mut self, at: Time) {
        let mut copy = self.device.stolen_keys();
        self.tally.made += u64::from(copy.report(self.uptime_ms(at), Event::Periodic).is_ok());
        self.thief = Some(copy);
    }

    fn copy_speaks(&mut self, at: Time, reports: u64, platform: &mut dyn Platform) {
        let (uptime_ms, id) = (self.uptime_ms(at), self.device.id());
        let observation = self.way.elsewhere(at);
        let Some(thief) = &mut self.thief else { return };
        thief.observe(uptime_ms, observation);
        let before = thief.highest();
        for _ in 0..reports {
            self.tally.made += u64::from(thief.report(uptime_ms, Event::Periodic).is_ok());
        }
        let bytes: Vec<u8> = thief.ring().from(before + 1).flat_map(|record| record.bytes.clone()).collect();
        platform.publish(at, &id, &bytes);
    }

    /// A second device has the keys and the counters too, and they take turns.
    fn twin_speaks(&mut self, at: Time, platform: &mut dyn Platform) {
        let (uptime_ms, elsewhere) = (self.uptime_ms(at), self.way.elsewhere(at));
        self.device.observe(uptime_ms, elsewhere);
        self.tally.made += u64::from(self.device.report(uptime_ms, Event::Periodic).is_ok());
        self.deliver(at, platform);
    }

    fn report_truck(&mut self, at: Time, aside_m: f64, platform: &mut dyn Platform) {
        let Point { lat, lon } = self.way.truck(at, aside_m);
        let carrier = self.carrier_desk();
        self.ask(at, &carrier, AlertCommand::ReportTruck { transfer: self.transfer.clone(), at, lat, lon }, platform);
    }

    fn send_again(&mut self, at: Time, change: impl Fn(&[u8]) -> Vec<u8>, platform: &mut dyn Platform) {
        let newest = self.device.ring().highest().unwrap_or_default();
        let copies: Vec<u8> = self.device.ring().from(newest.saturating_sub(4)).flat_map(|record| change(&record.bytes)).collect();
        let published = platform.publish(at, &self.device.id(), &copies);
        self.tally.duplicates += published.duplicates;
        self.tally.refused += published.refused;
    }

    /// Makes reports that the platform never gets, and owns up to nothing.
    fn hide_reports(&mut self, at: Time) {
        let before = self.device.highest();
        (0..3).for_each(|_| self.make(at, Event::Periodic));
        self.device.suppress(before + 1, self.device.highest());
    }

    /// Another device speaks under the seal's next counter; the seal itself goes on from its own report.
    fn break_chain(&mut self, at: Time, platform: &mut dyn Platform) {
        let mut other = self.device.stolen_keys();
        let (uptime_ms, hidden) = (self.look(at), self.device.highest() + 1);
        self.tally.made += u64::from(other.report(uptime_ms, Event::Periodic).is_ok());
        self.make(at, Event::Periodic);
        self.device.suppress(hidden, hidden);
        let bytes: Vec<u8> = other.ring().from(hidden).flat_map(|record| record.bytes.clone()).collect();
        platform.publish(at, &self.device.id(), &bytes);
        self.report(at, Event::Periodic, platform);
    }

    /// The same identity key in an empty device.
    fn comes_back_empty(&mut self, at: Time, platform: &mut dyn Platform) {
        let id = self.device.id();
        let mut blank = Device::new(id, crate::chance::secret(self.cast.seed, "identity", id.as_str()), 64);
        let password = blank.login(at.plus_ms(SECOND_MS), [0; 16]);
        self.tally.logins_refused += u64::from(!platform.login(at, &id, &password));
        platform.hello(at, &id, &blank.connected());
    }

    fn reboot(&mut self, at: Time, platform: &mut dyn Platform) {
        let lock = self.device.lock();
        self.booted_at = at;
        self.connected = false;
        self.tally.made += u64::from(self.device.boot(lock).is_ok());
        self.deliver(at, platform);
    }

    /// The network turns the order round: what is newest arrives first.
    fn newest_first(&mut self, at: Time, platform: &mut dyn Platform) {
        (0..3).for_each(|_| self.make(at, Event::Periodic));
        let newest = self.device.highest();
        let bytes: Vec<u8> = self.device.ring().from(newest).flat_map(|record| record.bytes.clone()).collect();
        platform.publish(at, &self.device.id(), &bytes);
        self.deliver(at, platform);
    }
}
