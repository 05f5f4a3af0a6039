//! Deadlines. A device that speaks does not move its deadline: the deadline looks, when it comes, whether the device spoke since.

use crate::alert::Finding;
use crate::atlas::Subject;
use crate::core::Core;
use crate::corridor::{Corridor, Mode};
use crate::device::{Device, DeviceIx, PackedFix};
use crate::effect::Effect;
use crate::movement::Movement;
use crate::transfer::{Progress, Transfer, TransferIx};
use sealway_schemas::Time;
use sealway_schemas::event::AlertKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroU64;

/// Slower than this nobody crosses a stretch without a network.
const DEAD_ZONE_M_PER_S: f64 = 5.0;
const AIR_M_PER_S: f64 = 110.0;
/// Taxi, holding, unloading.
const AIR_GROUND_MS: u64 = 7_200_000;
/// A dead zone is looked for this far ahead at least.
const AHEAD_KM: f64 = 1.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Deadline {
    Silence,
    Hole,
}

/// What a transfer is given time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Term {
    /// To arrive; then to be found in an enquiry.
    Arrival,
    /// From the unsealing to the results of the verification.
    Results,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timers {
    devices: BTreeSet<(Time, DeviceIx, Deadline)>,
    transfers: BTreeSet<(Time, TransferIx, Term)>,
    /// Versions that are planned.
    world: BTreeSet<(Time, Subject)>,
}

enum Due {
    Version(Subject),
    Device(DeviceIx, Deadline),
    Transfer(TransferIx, Term),
}

impl Timers {
    pub(crate) fn next(&self) -> Option<Time> {
        let devices = self.devices.first().map(|(at, _, _)| *at);
        let transfers = self.transfers.first().map(|(at, _, _)| *at);
        let world = self.world.first().map(|(at, _)| *at);
        devices.into_iter().chain(transfers).chain(world).min()
    }

    pub(crate) fn set(&mut self, at: Time, device: DeviceIx, deadline: Deadline) {
        self.devices.insert((at, device, deadline));
    }

    pub(crate) fn set_for_transfer(&mut self, at: Time, transfer: TransferIx, term: Term) {
        self.transfers.insert((at, transfer, term));
    }

    pub(crate) fn set_for_world(&mut self, at: Time, subject: Subject) {
        self.world.insert((at, subject));
    }

    pub(crate) fn forget_for_world(&mut self, at: Time, subject: &Subject) {
        self.world.remove(&(at, subject.clone()));
    }

    /// The earliest. Of the same time a version comes first, since the others are judged by it, and a device's before a transfer's.
    fn pop_until(&mut self, now: Time) -> Option<(Time, Due)> {
        let at = self.next().filter(|at| *at <= now)?;
        if self.world.first().is_some_and(|(due, _)| *due == at) {
            return self.world.pop_first().map(|(at, subject)| (at, Due::Version(subject)));
        }
        if let Some((_, device, deadline)) = self.devices.first().copied().filter(|due| due.0 == at) {
            self.devices.pop_first();
            return Some((at, Due::Device(device, deadline)));
        }
        let (_, transfer, term) = self.transfers.pop_first()?;
        Some((at, Due::Transfer(transfer, term)))
    }
}

impl Core {
    pub(crate) fn fire_until(&mut self, now: Time, effects: &mut Vec<Effect>) {
        while let Some((at, due)) = self.timers.pop_until(now) {
            match due {
                Due::Version(subject) => self.version_due(at, &subject, effects),
                Due::Device(device, Deadline::Silence) => self.silence_due(at, device, effects),
                Due::Device(device, Deadline::Hole) => self.hole_due(at, device, effects),
                Due::Transfer(transfer, Term::Arrival) => self.arrival_due(at, transfer, effects),
                Due::Transfer(transfer, Term::Results) => self.results_due(at, transfer, effects),
            }
        }
    }

    /// Two of the slower of the expected and the observed period.
    pub(crate) fn silence_limit_ms(&self, device: &Device) -> u64 {
        2 * device.period.ms().max(self.policy.period_ms)
    }

    fn silence_due(&mut self, at: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get(ix) else {
            return;
        };
        let transfer = device.transfer.and_then(|ix| self.transfers.get(ix)).filter(|transfer| transfer.movement.in_custody());
        let Some(transfer) = transfer.filter(|_| device.revoked_at.is_none()) else {
            if let Some(device) = self.devices.get_mut(ix) {
                device.silence_watched = false;
            }
            return;
        };
        let limit_ms = self.silence_limit_ms(device);
        let quiet_ms = self.progress_at(transfer, at).map_or(0, |on| quiet_ms(device, transfer, on, limit_ms));
        let due = device.heard_at.plus_ms(limit_ms).plus_ms(quiet_ms);
        if due > at {
            self.timers.set(due, ix, Deadline::Silence);
            return;
        }
        let heard_at = device.heard_at;
        if let Some(device) = self.devices.get_mut(ix) {
            device.silence_watched = false;
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of silence")]
        let silent_s = at.since(heard_at) as f64 / 1000.0;
        let finding = Finding { kind: AlertKind::Silence, happened_at: heard_at, ctr: None, facts: vec![("silent_s", silent_s)] };
        self.raise(at, ix, finding, effects);
    }

    /// The hole that was seen a resend window ago, or a newer one that gets its own window.
    fn hole_due(&mut self, at: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        let Some(seen_at) = device.hole_at.filter(|_| device.revoked_at.is_none()) else {
            return;
        };
        let position = device.cursor.position();
        if position.stored + 1 != seen_at.get() {
            device.hole_at = NonZeroU64::new(position.stored + 1);
            self.timers.set(at.plus_ms(self.policy.resend_window_ms), ix, Deadline::Hole);
            return;
        }
        let happened_at = device.last.map_or(device.enrolled_at, |last| last.t);
        let missing = position.wants.first().copied();
        let mut finding = Finding { kind: AlertKind::Hole, happened_at, ctr: None, facts: Vec::new() };
        if let Some(missing) = missing {
            #[expect(clippy::cast_precision_loss, reason = "counters are below 2^53")]
            finding.facts.extend([("from_ctr", missing.from as f64), ("to_ctr", missing.to as f64)]);
        }
        self.raise(at, ix, finding, effects);
    }
}

/// How much longer than usual a seal may be quiet where it was last seen: under way in the air, in a stretch without a network or
/// about to enter one. Not for ever: only as long as the crossing takes.
fn quiet_ms(device: &Device, transfer: &Transfer, (progress, corridor): (Progress, &Corridor), limit_ms: u64) -> u64 {
    let under_way = match transfer.movement {
        Movement::InTransit { .. } => true,
        Movement::Declared | Movement::Sealed(_) | Movement::Arrived(_) => false,
    };
    if !under_way {
        return 0;
    }
    match corridor.mode() {
        Mode::Air => AIR_GROUND_MS + crossing_ms(corridor.length_km() - progress.km, AIR_M_PER_S),
        Mode::Rail | Mode::Road | Mode::Sea => {
            let ahead_km = device.last.and_then(|last| last.fix).map_or(0.0, |fix| reach_km(&fix, limit_ms)).max(AHEAD_KM);
            let zone = corridor.no_signal().iter().find(|zone| (zone.from_km - ahead_km..zone.to_km).contains(&progress.km));
            zone.map_or(0, |zone| crossing_ms(zone.to_km - progress.km, DEAD_ZONE_M_PER_S))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a period")]
fn reach_km(fix: &PackedFix, within_ms: u64) -> f64 {
    f64::from(fix.speed_cm_s) / 100.0 * (within_ms as f64 / 1000.0) / 1000.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a week")]
fn crossing_ms(km: f64, metres_per_second: f64) -> u64 {
    (km * 1e6 / metres_per_second).clamp(0.0, 604_800_000.0) as u64
}
