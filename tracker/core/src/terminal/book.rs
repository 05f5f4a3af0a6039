//! What is remembered of each terminal.

use crate::device::PackedFix;
use crate::registry::PartyIx;
use sealway_schemas::report::Event;
use sealway_schemas::terminal::{CallSign, LastSighting, LockWord, Protocol, Sighting, TerminalUse, UnsignedFrame};
use sealway_schemas::{DeviceId, Digest, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A terminal sends a frame again until it is answered; so many of its last ones are known again.
const RECENT: usize = 16;
/// A terminal whose clock ran ahead by more than this does not stop its marker until that time comes.
const AHEAD_MS: u64 = 600_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Terminal {
    pub(crate) id: DeviceId,
    pub(crate) owner: PartyIx,
    pub(crate) protocol: Protocol,
    pub(crate) call_sign: CallSign,
    pub(crate) used_as: TerminalUse,
    pub(crate) registered_at: Time,
    pub(crate) revoked_at: Option<Time>,
    pub(crate) last: Option<Last>,
    /// Sightings kept of it, also before it was registered anew.
    sightings: u64,
    /// Of its last frames, oldest first.
    recent: VecDeque<Digest>,
}

/// The newest sighting in the terminal's time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    number: u64,
    t: Time,
    received_at: Time,
    event: Event,
    status: u64,
    lock: Option<LockWord>,
    battery: Option<u8>,
    fix: Option<PackedFix>,
}

impl Last {
    /// A sighting without a fix or a lock's word leaves the earlier one's.
    fn after(earlier: Option<&Last>, number: u64, sighting: &Sighting, received_at: Time) -> Self {
        let t = sighting.time(received_at);
        let fresh = sighting.fix.and_then(|fix| PackedFix::pack(&fix, t));
        Self {
            number,
            t,
            received_at,
            event: sighting.event(),
            status: sighting.status_bits(),
            lock: sighting.lock.or_else(|| earlier.and_then(|last| last.lock)),
            battery: sighting.battery.or_else(|| earlier.and_then(|last| last.battery)),
            fix: fresh.or_else(|| earlier.and_then(|last| last.fix)),
        }
    }

    pub(crate) fn view(self) -> LastSighting {
        LastSighting {
            number: self.number,
            t: self.t,
            received_at: self.received_at,
            event: self.event,
            status: self.status,
            lock: self.lock,
            battery: self.battery,
            fix: self.fix.map(|fix| fix.view()),
        }
    }
}

impl Terminal {
    pub(crate) fn registered(
        now: Time,
        (id, owner): (DeviceId, PartyIx),
        (protocol, call_sign): (Protocol, CallSign),
        used_as: TerminalUse,
    ) -> Self {
        Self {
            id,
            owner,
            protocol,
            call_sign,
            used_as,
            registered_at: now,
            revoked_at: None,
            last: None,
            sightings: 0,
            recent: VecDeque::new(),
        }
    }

    /// The number of the frame's first sighting, or `None` where the same frame was heard before.
    pub(crate) fn hear(&mut self, now: Time, frame: &UnsignedFrame) -> Option<u64> {
        let digest = Digest::of(frame.frame());
        if self.recent.contains(&digest) {
            return None;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(digest);
        let first = self.sightings + 1;
        for (sighting, number) in frame.sightings().iter().zip(first..) {
            self.sightings = number;
            let overtaken = self.last.is_some_and(|last| sighting.time(now) < last.t && last.t <= now.plus_ms(AHEAD_MS));
            if !overtaken {
                self.last = Some(Last::after(self.last.as_ref(), number, sighting, now));
            }
        }
        Some(first)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Terminals {
    by_id: BTreeMap<DeviceId, Terminal>,
    /// Those that are not revoked.
    by_call: BTreeMap<(Protocol, CallSign), DeviceId>,
}

impl Terminals {
    pub(crate) fn get(&self, id: &DeviceId) -> Option<&Terminal> {
        self.by_id.get(id)
    }

    pub(crate) fn active_mut(&mut self, id: &DeviceId) -> Option<&mut Terminal> {
        self.by_id.get_mut(id).filter(|terminal| terminal.revoked_at.is_none())
    }

    pub(crate) fn called(&self, protocol: Protocol, call_sign: &CallSign) -> Option<DeviceId> {
        self.by_call.get(&(protocol, call_sign.clone())).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Terminal> {
        self.by_id.values()
    }

    /// Adds a terminal, or puts it in the place of its revoked self, whose sightings go on to be counted.
    pub(crate) fn put(&mut self, mut terminal: Terminal) {
        terminal.sightings = self.by_id.get(&terminal.id).map_or(0, |old| old.sightings);
        self.by_call.insert((terminal.protocol, terminal.call_sign.clone()), terminal.id);
        self.by_id.insert(terminal.id, terminal);
    }

    pub(crate) fn revoke(&mut self, now: Time, id: &DeviceId) -> bool {
        let Some(terminal) = self.by_id.get_mut(id).filter(|terminal| terminal.revoked_at.is_none()) else { return false };
        terminal.revoked_at = Some(now);
        self.by_call.remove(&(terminal.protocol, terminal.call_sign.clone()));
        true
    }
}
