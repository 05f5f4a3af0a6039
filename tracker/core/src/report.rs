//! The way of a report through the judge: its device's order, then what it shows, in counter order.

use crate::alert::Finding;
use crate::core::Core;
use crate::device::{DeviceIx, Last};
use crate::effect::{Effect, KeyChange};
use crate::order::{Outcome, Past, Settled};
use crate::timer::Deadline;
use crate::verify::{Refusal, VerifiedReport};
use sealway_schemas::entry::Entry;
use sealway_schemas::event::AlertKind;
use sealway_schemas::report::{Event, GapReason, Report, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time};
use std::num::NonZeroU64;

/// What is still needed of a report after its order has taken it.
struct Arrival {
    device: DeviceId,
    ctr: u64,
    t: Time,
    event: Event,
    /// Of a `sealed` report.
    epoch_key: Option<PublicKey>,
    bytes: bytes::Bytes,
}

impl Arrival {
    fn of(verified: &VerifiedReport) -> Self {
        let report = verified.report();
        Self {
            device: *verified.device(),
            ctr: report.ctr(),
            t: report.t(),
            event: report.event(),
            epoch_key: report.epoch_key(),
            bytes: verified.bytes().clone(),
        }
    }
}

impl Core {
    pub(crate) fn take_report(&mut self, now: Time, verified: VerifiedReport, past: &dyn Past, effects: &mut Vec<Effect>) {
        let arrival = Arrival::of(&verified);
        let refused = |refusal| Effect::ReportRefused { device: arrival.device, ctr: arrival.ctr, refusal };
        let Some(ix) = self.devices.find(&arrival.device) else {
            effects.push(refused(Refusal::UnknownDevice));
            return;
        };
        let Some(device) = self.devices.get_mut(ix).filter(|device| device.revoked_at.is_none()) else {
            effects.push(refused(Refusal::Revoked));
            return;
        };
        let quarantined = device.cursor.quarantined();
        let keys = &self.keys;
        let ordered = device.cursor.order(now, verified, past, &|key| keys.contains(key));
        let outcome = ordered.outcome;
        if outcome.is_kept() {
            let bytes = arrival.bytes.clone();
            effects.push(Effect::Append(Entry::Report { at: now, device: arrival.device, bytes }));
        }
        effects.push(Effect::Outcome { device: arrival.device, ctr: arrival.ctr, outcome, bytes_len: arrival.bytes.len() });
        effects.push(Effect::Ack(arrival.device));
        if !outcome.is_kept() {
            return;
        }
        self.hear(now, ix, effects);
        self.learn_key(ix, &arrival, effects);
        // A counter below the enrolment's start is kept without meaning.
        if outcome == Outcome::KeptHole || ordered.settled.iter().any(|settled| settled.report.report().ctr() == arrival.ctr) {
            self.check_breach(now, ix, &arrival, effects);
        }
        for settled in &ordered.settled {
            self.judge(now, ix, settled, effects);
        }
        self.look_for_hole(now, ix, effects);
        if self.devices.get(ix).is_some_and(|device| device.cursor.quarantined() != quarantined) {
            self.tell_device(now, ix, effects);
            self.tell_transfer_of(now, ix, effects);
        }
    }

    /// A key that the device was the first to announce is known at once, also above a hole.
    fn learn_key(&mut self, ix: DeviceIx, arrival: &Arrival, effects: &mut Vec<Effect>) {
        let Some(key) = arrival.epoch_key else {
            return;
        };
        if self.devices.get(ix).is_some_and(|device| device.cursor.epoch_keys().contains(&key)) {
            effects.push(Effect::Keys(KeyChange::EpochKey { device: arrival.device, key }));
        }
    }

    /// Does not wait for the counters below: a signed breach is an alarm whatever became of its report, or one withheld report would
    /// keep the next ones quiet.
    fn check_breach(&mut self, now: Time, ix: DeviceIx, arrival: &Arrival, effects: &mut Vec<Effect>) {
        if let Some(kind) = breach(arrival.event) {
            // No cargo is behind a free seal: somebody wants its parts.
            let free = self.devices.get(ix).is_some_and(|device| device.transfer.is_none());
            let kind = if free { AlertKind::SealStolen } else { kind };
            self.raise(now, ix, Finding::of_report(kind, arrival.t, arrival.ctr), effects);
        }
    }

    fn judge(&mut self, now: Time, ix: DeviceIx, settled: &Settled, effects: &mut Vec<Effect>) {
        let report = settled.report.report();
        if let Some(key) = report.epoch_key().filter(|_| in_order(settled.outcome)) {
            self.keys.insert(&key);
        }
        let alarm = |kind| Some(Finding::of_report(kind, report.t(), report.ctr()));
        let finding = match settled.outcome {
            Outcome::Applied => {
                self.apply(now, ix, settled, effects);
                None
            }
            Outcome::Late => {
                self.check_opening(now, ix, report, effects);
                None
            }
            Outcome::Equivocation => alarm(AlertKind::Equivocation),
            Outcome::PrevMismatch => alarm(AlertKind::PrevMismatch),
            Outcome::WrongEpoch | Outcome::WrongKey | Outcome::KnownKey | Outcome::WeakKey => alarm(AlertKind::WrongKey),
            Outcome::KeptHole | Outcome::Duplicate | Outcome::Overflow => None,
        };
        if let Some(finding) = finding {
            self.raise(now, ix, finding, effects);
        }
    }

    /// A report in its device's order.
    fn apply(&mut self, now: Time, ix: DeviceIx, settled: &Settled, effects: &mut Vec<Effect>) {
        let report = settled.report.report();
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        let before = device.last;
        device.last = Some(Last::after(before.as_ref(), report, settled.arrived));
        let bound = device.transfer;
        let jump = self.check_speed(now, ix, (before.as_ref(), report), effects);
        self.check_battery(now, ix, report, effects);
        self.check_health(now, ix, settled, effects);
        self.check_opening(now, ix, report, effects);
        self.check_answer(now, ix, report);
        if let Some(transfer) = bound {
            self.check_receiver(now, ix, (report, jump), effects);
            self.follow(now, ix, transfer, &settled.report, effects);
        }
        self.look_back(now, ix, report, effects);
        effects.push(Effect::Moved(*settled.report.device()));
    }

    /// Its clock and its parts. A clock that is off is told, and decides nothing.
    fn check_health(&mut self, now: Time, ix: DeviceIx, settled: &Settled, effects: &mut Vec<Effect>) {
        let report = settled.report.report();
        let faults = [(Event::MotorStuck, AlertKind::DeviceFault), (Event::WrongCredential, AlertKind::WrongCredential)];
        let fault = faults.into_iter().find(|(event, _)| *event == report.event()).map(|(_, kind)| kind);
        // A full ring or a lost state is no part that broke.
        let flash = report.gap().filter(|gap| gap.reason == GapReason::FlashFault).map(|_| AlertKind::DeviceFault);
        if let Some(kind) = fault.or(flash) {
            self.raise(now, ix, Finding::of_report(kind, report.t(), report.ctr()), effects);
        }
        let Some(device) = self.devices.get_mut(ix).filter(|_| !report.status().has(Status::FROM_STORE)) else {
            return;
        };
        let before = device.clock;
        device.clock = before.next(report.t(), settled.arrived, self.policy.clock_off_ms);
        let after = device.clock;
        if after.out() && !before.out() {
            self.raise(now, ix, Finding::of_report(AlertKind::ClockOff, report.t(), report.ctr()), effects);
        } else if before.out() && !after.out() {
            self.clear(now, ix, AlertKind::ClockOff, effects);
        }
    }

    fn check_battery(&mut self, now: Time, ix: DeviceIx, report: &Report, effects: &mut Vec<Effect>) {
        let percent = report.battery();
        if percent.is_some_and(|percent| percent >= self.policy.battery_well_percent) {
            self.clear(now, ix, AlertKind::LowBattery, effects);
        } else if report.event() == Event::LowBattery || percent.is_some_and(|percent| percent < self.policy.battery_low_percent) {
            let mut finding = Finding::of_report(AlertKind::LowBattery, report.t(), report.ctr());
            finding.facts.extend(percent.map(|percent| ("battery_percent", f64::from(percent))));
            self.raise(now, ix, finding, effects);
        }
    }

    /// A kept report was heard: silence ends, its watch begins anew.
    fn hear(&mut self, now: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        device.period.heard_after(now.since(device.heard_at), self.policy.period_limit_ms);
        device.heard_at = now;
        if !device.open.is_empty() {
            self.clear(now, ix, AlertKind::Silence, effects);
        }
        self.watch_silence(now, ix);
    }

    /// Sets the deadline of a bound seal that has none.
    pub(crate) fn watch_silence(&mut self, now: Time, ix: DeviceIx) {
        let Some(device) = self.devices.get(ix).filter(|device| !device.silence_watched) else {
            return;
        };
        let bound = device.transfer.and_then(|ix| self.transfers.get(ix));
        if bound.is_some_and(|transfer| transfer.movement.in_custody()) {
            let due = now.plus_ms(self.silence_limit_ms(device));
            self.timers.set(due, ix, Deadline::Silence);
            if let Some(device) = self.devices.get_mut(ix) {
                device.silence_watched = true;
            }
        }
    }

    /// A new hole gets its deadline; a filled one ends its alert. A hole that the device declared lost is none that it could fill:
    /// under custody it is an alarm at once, and stays one.
    pub(crate) fn look_for_hole(&mut self, now: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        let open = device.open.get(AlertKind::Hole).is_some();
        let waits = device.cursor.has_hole();
        match (waits, device.hole_at) {
            (true, None) => {
                device.hole_at = NonZeroU64::new(device.cursor.stored() + 1);
                self.timers.set(now.plus_ms(self.policy.resend_window_ms), ix, Deadline::Hole);
            }
            (false, Some(_)) => device.hole_at = None,
            (true, Some(_)) | (false, None) => {}
        }
        if device.cursor.holes().is_empty() {
            if open && !waits {
                self.clear(now, ix, AlertKind::Hole, effects);
            }
            return;
        }
        self.lost_under_custody(now, ix, open, waits, effects);
    }

    fn lost_under_custody(&mut self, now: Time, ix: DeviceIx, open: bool, waits: bool, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get(ix) else {
            return;
        };
        let bound = device.transfer.and_then(|ix| self.transfers.get(ix));
        let sealing = bound.filter(|transfer| transfer.movement.in_custody()).and_then(|transfer| transfer.movement.sealing());
        let lost = sealing.and_then(|sealing| device.cursor.holes().iter().find(|hole| hole.to > sealing.ctr).copied());
        match (lost, device.last) {
            (Some(lost), Some(last)) if !open => {
                #[expect(clippy::cast_precision_loss, reason = "counters are below 2^53")]
                let facts = vec![("from_ctr", lost.from as f64), ("to_ctr", lost.to as f64)];
                self.raise(now, ix, Finding { kind: AlertKind::Hole, happened_at: last.t, ctr: None, facts }, effects);
            }
            (None, _) if open && !waits => self.clear(now, ix, AlertKind::Hole, effects),
            (Some(_) | None, _) => {}
        }
    }

    pub(crate) fn take_strict_failed(&mut self, now: Time, device: DeviceId, ctr: u64, digest: Digest, effects: &mut Vec<Effect>) {
        let Some(ix) = self.devices.find(&device) else {
            return;
        };
        let Some(known) = self.devices.get_mut(ix) else {
            return;
        };
        known.cursor.strict_failed(ctr, digest);
        let happened_at = known.last.map_or(now, |last| last.t);
        effects.push(Effect::Append(Entry::StrictFailed { at: now, device, ctr, digest }));
        self.raise(now, ix, Finding::of_report(AlertKind::StrictFailed, happened_at, ctr), effects);
        self.tell_device(now, ix, effects);
    }

    /// The device has to be enrolled anew. Told once, however often it says hello until then.
    pub(crate) fn take_state_lost(&mut self, now: Time, device: DeviceId, (stored, hi): (u64, u64), effects: &mut Vec<Effect>) {
        let Some(ix) = self.devices.find(&device) else {
            return;
        };
        if self.devices.get(ix).is_some_and(|known| known.open.get(AlertKind::StateLost).is_some()) {
            return;
        }
        effects.push(Effect::Append(Entry::StateLost { at: now, device, stored, hi }));
        #[expect(clippy::cast_precision_loss, reason = "counters are below 2^53")]
        let finding = Finding::at(AlertKind::StateLost, now).with("stored_ctr", stored as f64).with("highest_ctr", hi as f64);
        self.raise(now, ix, finding, effects);
    }

    pub(crate) fn tell_transfer_of(&self, now: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        if let Some(transfer) = self.devices.get(ix).and_then(|device| device.transfer) {
            self.tell_transfer(now, transfer, effects);
        }
    }
}

/// Whether the report stood in its device's order: only then is its key the device's, or a later version could disown the first.
fn in_order(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Applied | Outcome::PrevMismatch | Outcome::WrongEpoch | Outcome::WrongKey | Outcome::KnownKey | Outcome::WeakKey => true,
        Outcome::KeptHole | Outcome::Late | Outcome::Duplicate | Outcome::Equivocation | Outcome::Overflow => false,
    }
}

/// Events that are a breach by themselves.
fn breach(event: Event) -> Option<AlertKind> {
    match event {
        Event::Opened => Some(AlertKind::OpenedWithoutGrant),
        Event::CableCut => Some(AlertKind::CableCut),
        Event::HousingOpened => Some(AlertKind::HousingOpened),
        Event::Periodic
        | Event::Sealed
        | Event::OpenedByGrant
        | Event::MotorStuck
        | Event::Shock
        | Event::Light
        | Event::MountLost
        | Event::LowBattery
        | Event::FixLost
        | Event::Jammed
        | Event::ZoneEntered
        | Event::ZoneLeft
        | Event::PowerOn
        | Event::ChallengeAnswer
        | Event::Gap
        | Event::WrongCredential
        | Event::SelfTest
        | Event::Unknown(_) => None,
    }
}
