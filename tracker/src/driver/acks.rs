//! When a device hears the signed ack. Signing costs as much as verifying, so one ack speaks for all reports of an interval; a hello, a
//! hole or an unknown key is answered at once.

use sealway_schemas::link::SessionId;
use sealway_schemas::{DeviceId, Time};
use std::collections::HashMap;

/// Even what is urgent waits this long after the last ack of the same device.
const URGENT_INTERVAL_MS: u64 = 50;
/// Acks that can wait are looked for this often, all devices in one go.
const ROUND_MS: u64 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Haste {
    /// With the next interval.
    Usual,
    /// A hole, an unknown key.
    Urgent,
    /// A hello.
    Now,
}

#[derive(Debug)]
struct Due {
    session: SessionId,
    haste: Option<Haste>,
    /// Stands in the list of those that are due without waiting.
    at_once: bool,
    last: Option<Time>,
    /// Highest counter that was refused because its key is not known.
    unknown_key_at: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Acks {
    devices: HashMap<DeviceId, Due>,
    interval_ms: u64,
    /// Due without waiting for a round.
    at_once: Vec<DeviceId>,
    /// When the next round has something to give.
    next: Option<Time>,
    swept: Time,
}

/// An ack to be made and signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) device: DeviceId,
    pub(crate) session: SessionId,
    pub(crate) unknown_key_at: Option<u64>,
}

impl Acks {
    pub(crate) fn new(interval_ms: u64) -> Self {
        Self { devices: HashMap::new(), interval_ms, at_once: Vec::new(), next: None, swept: Time::ZERO }
    }

    /// The session that the device speaks through now.
    pub(crate) fn heard_from(&mut self, device: DeviceId, session: SessionId) {
        let due = self.devices.entry(device).or_insert_with(|| Due::new(session));
        if due.session != session {
            *due = Due { at_once: due.at_once, ..Due::new(session) };
        }
    }

    pub(crate) fn want(&mut self, device: &DeviceId, haste: Haste) {
        let Some(due) = self.devices.get_mut(device) else { return };
        due.haste = due.haste.max(Some(haste));
        match due_at(due, self.interval_ms) {
            Some(Time::ZERO) if !due.at_once => {
                due.at_once = true;
                self.at_once.push(*device);
            }
            Some(at) if at > Time::ZERO => self.next = Some(self.next.map_or(at, |next| next.min(at))),
            _ => {}
        }
    }

    pub(crate) fn unknown_key(&mut self, device: &DeviceId, ctr: Option<u64>) {
        if let Some(due) = self.devices.get_mut(device) {
            due.unknown_key_at = due.unknown_key_at.max(ctr);
        }
        self.want(device, Haste::Urgent);
    }

    /// When [`Self::take_due`] has something to give.
    pub(crate) fn next(&self) -> Option<Time> {
        if self.at_once.is_empty() { self.next } else { Some(Time::ZERO) }
    }

    pub(crate) fn take_due(&mut self, now: Time) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for device in std::mem::take(&mut self.at_once) {
            if let Some(due) = self.devices.get_mut(&device) {
                wanted.extend(due.take(device, now));
            }
        }
        if self.next.is_some_and(|next| next <= now) {
            self.round(now, &mut wanted);
        }
        wanted
    }

    fn round(&mut self, now: Time, wanted: &mut Vec<Wanted>) {
        self.next = None;
        for (device, due) in &mut self.devices {
            let Some(at) = due_at(due, self.interval_ms) else { continue };
            if at > now {
                let at = at.max(now.plus_ms(ROUND_MS));
                self.next = Some(self.next.map_or(at, |next| next.min(at)));
            } else {
                wanted.extend(due.take(*device, now));
            }
        }
        self.sweep(now);
    }

    /// A device that is owed nothing and has waited its interval is as good as one never heard of.
    fn sweep(&mut self, now: Time) {
        if now.since(self.swept) < 10 * self.interval_ms {
            return;
        }
        self.swept = now;
        let interval = self.interval_ms;
        self.devices.retain(|_, due| due.haste.is_some() || due.last.is_none_or(|last| now.since(last) < interval));
    }
}

impl Due {
    fn new(session: SessionId) -> Self {
        Self { session, haste: None, at_once: false, last: None, unknown_key_at: None }
    }

    fn take(&mut self, device: DeviceId, now: Time) -> Option<Wanted> {
        self.at_once = false;
        self.haste.take()?;
        self.last = Some(now);
        Some(Wanted { device, session: self.session, unknown_key_at: self.unknown_key_at.take() })
    }
}

fn due_at(due: &Due, interval_ms: u64) -> Option<Time> {
    let haste = due.haste?;
    let Some(last) = due.last else { return Some(Time::ZERO) };
    Some(match haste {
        Haste::Usual => last.plus_ms(interval_ms),
        Haste::Urgent => last.plus_ms(URGENT_INTERVAL_MS.min(interval_ms)),
        Haste::Now => Time::ZERO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> DeviceId {
        "XA-7Q2K".parse().unwrap()
    }

    #[test]
    fn one_ack_speaks_for_all_reports_of_an_interval() {
        let mut acks = Acks::new(500);
        acks.heard_from(device(), SessionId(1));
        acks.want(&device(), Haste::Usual);
        assert_eq!(acks.take_due(Time::from_ms(1_000)).len(), 1);
        acks.want(&device(), Haste::Usual);
        assert_eq!(acks.take_due(Time::from_ms(1_200)), []);
        assert_eq!(acks.next(), Some(Time::from_ms(1_500)));
        assert_eq!(acks.take_due(Time::from_ms(1_500)).len(), 1);
        assert_eq!(acks.next(), None);
    }

    #[test]
    fn a_hello_is_answered_at_once() {
        let mut acks = Acks::new(500);
        acks.heard_from(device(), SessionId(1));
        acks.want(&device(), Haste::Usual);
        acks.take_due(Time::from_ms(1_000));
        acks.want(&device(), Haste::Now);
        assert_eq!(acks.take_due(Time::from_ms(1_001)).len(), 1);
    }
}
