//! Terminals: what speaks without a signature. Deny by default: only a registered one is heard. What it says is kept and shown with its
//! grade, and touches nothing that custody, a seal's order or a movement's state is made of.

mod book;

use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, Row};
use book::Terminal;
pub(crate) use book::Terminals;
use sealway_schemas::entry::Entry;
use sealway_schemas::event::{Change, Event, PositionView};
use sealway_schemas::record::Record;
use sealway_schemas::terminal::{CallSign, Grade, Protocol, TerminalUse, TerminalView, UnsignedFrame};
use sealway_schemas::{DeviceId, DistrictId, PartyId, Time};

const REASON_LIMIT: usize = 1_000;

/// Why a terminal is not heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalRefusal {
    #[error("{0} terminal {1}: not registered")]
    Unknown(Protocol, CallSign),
    #[error("terminal {0}: not registered, or revoked")]
    Gone(DeviceId),
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighted {
    Kept,
    /// The same bytes as one of the frames before it: acknowledged again, recorded once.
    Duplicate,
    Refused,
}

pub(crate) struct Registering {
    pub(crate) terminal: DeviceId,
    pub(crate) owner: PartyId,
    pub(crate) protocol: Protocol,
    pub(crate) call_sign: CallSign,
    pub(crate) used_as: TerminalUse,
}

impl Core {
    /// The registered terminal that calls itself so.
    pub fn terminal_called(&self, protocol: Protocol, call_sign: &CallSign) -> Result<DeviceId, TerminalRefusal> {
        self.terminals.called(protocol, call_sign).ok_or_else(|| TerminalRefusal::Unknown(protocol, call_sign.clone()))
    }

    #[must_use]
    pub fn terminal(&self, id: &DeviceId) -> Option<TerminalView> {
        self.terminals.get(id).and_then(|terminal| self.terminal_view(terminal))
    }

    /// By id.
    pub fn terminals(&self) -> impl Iterator<Item = TerminalView> + '_ {
        self.terminals.iter().filter_map(|terminal| self.terminal_view(terminal))
    }

    /// A terminal's row and its marker on the map, as they are now.
    #[must_use]
    pub fn terminal_told(&self, now: Time, id: &DeviceId) -> Option<(Row, Option<Event>)> {
        let terminal = self.terminals.get(id)?;
        let owner = self.terminal_owner(terminal);
        let record = Record::of(&self.terminal_view(terminal)?, owner.iter().cloned().collect())?;
        let change = self.terminal_position(terminal).map(Change::Position);
        let event = change.map(|change| Event { at: now, visible_to: self.parties_of(None, owner), change });
        Some((Row::Record(record), event))
    }

    /// The state needs no way back from a device or a transfer to a terminal: nothing of theirs is read or changed here.
    pub(crate) fn take_unsigned(&mut self, now: Time, frame: UnsignedFrame, effects: &mut Vec<Effect>) {
        let Some(terminal) = self.terminals.active_mut(&frame.terminal) else {
            effects.push(Effect::Sighted(Sighted::Refused));
            return;
        };
        let Some(first) = terminal.hear(now, &frame) else {
            effects.push(Effect::Sighted(Sighted::Duplicate));
            return;
        };
        let id = frame.terminal;
        effects.push(Effect::Append(Entry::Unsigned { at: now, first, frame }));
        effects.push(Effect::Sighted(Sighted::Kept));
        effects.push(Effect::Moved(id));
    }

    pub(crate) fn register_terminal(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        registering: Registering,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let Registering { terminal: id, owner, protocol, call_sign, used_as } = registering;
        asking.check(&format!("terminal {id}"), Some(&owner))?;
        let owner_ix = self.registry.find_party(&owner).ok_or_else(|| crate::command::unknown_party(owner.as_str()))?;
        if self.devices.by_id(&id).is_some() || self.terminals.get(&id).is_some_and(|terminal| terminal.revoked_at.is_none()) {
            let detail = format!("terminal {id}: a device or a terminal has this id, expected a new id or a revoked terminal");
            return Err(CommandRefusal::new("terminal-registered", detail));
        }
        if let Some(other) = self.terminals.called(protocol, &call_sign) {
            let detail = format!("{protocol} call sign {call_sign}: is that of terminal {other}, expected one that no terminal has");
            return Err(CommandRefusal::new("call-sign-taken", detail));
        }
        self.check_heir(&id, owner_ix)?;
        self.terminals.put(Terminal::registered(now, (id, owner_ix), (protocol, call_sign), used_as));
        self.tell_terminal(now, &id, effects);
        Ok(())
    }

    /// The track of a revoked terminal is its owner's: another owner takes another id.
    fn check_heir(&self, id: &DeviceId, owner: crate::registry::PartyIx) -> Result<(), CommandRefusal> {
        match self.terminals.get(id).filter(|terminal| terminal.owner != owner) {
            None => Ok(()),
            Some(_) => {
                let detail = format!("terminal {id}: was another party's, expected a new id");
                Err(CommandRefusal::new("terminal-registered", detail))
            }
        }
    }

    pub(crate) fn revoke_terminal(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, reason): (DeviceId, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let owner = self.terminals.get(&id).and_then(|terminal| self.registry.party(terminal.owner));
        asking.check(&format!("terminal {id}"), owner.map(|party| &party.id))?;
        let count = reason.chars().count();
        if reason.trim().is_empty() || count > REASON_LIMIT {
            return Err(CommandRefusal::new("reason-length", format!("reason of {count} characters, expected 1 to {REASON_LIMIT}")));
        }
        if !self.terminals.revoke(now, &id) {
            return Err(unknown_terminal(&id));
        }
        effects.push(Effect::Close(id));
        self.tell_terminal(now, &id, effects);
        Ok(())
    }

    /// A terminal of another district does not exist for its officers.
    pub(crate) fn check_terminal_of(&self, own: &DistrictId, id: &DeviceId) -> Result<(), CommandRefusal> {
        let owner = self.terminals.get(id).and_then(|terminal| self.registry.party(terminal.owner));
        match owner {
            Some(owner) if owner.district.as_ref() != Some(own) => Err(unknown_terminal(id)),
            Some(_) | None => Ok(()),
        }
    }

    fn tell_terminal(&self, now: Time, id: &DeviceId, effects: &mut Vec<Effect>) {
        let Some(terminal) = self.terminals.get(id) else { return };
        let view = self.terminal_view(terminal);
        let owner = self.terminal_owner(terminal).into_iter().collect();
        self.tell_record(now, view.and_then(|view| Record::of(&view, owner)), effects);
    }

    fn terminal_owner(&self, terminal: &Terminal) -> Option<PartyId> {
        self.registry.party(terminal.owner).map(|party| party.id.clone())
    }

    fn terminal_view(&self, terminal: &Terminal) -> Option<TerminalView> {
        Some(TerminalView {
            id: terminal.id,
            owner: self.registry.party(terminal.owner)?.id.clone(),
            protocol: terminal.protocol,
            call_sign: terminal.call_sign.clone(),
            used_as: terminal.used_as,
            registered_at: terminal.registered_at,
            revoked_at: terminal.revoked_at,
            grade: Grade::Unsigned,
            last: terminal.last.map(book::Last::view),
        })
    }

    fn terminal_position(&self, terminal: &Terminal) -> Option<PositionView> {
        let last = terminal.last?.view();
        let fix = last.fix?;
        Some(PositionView {
            device: terminal.id,
            grade: Grade::Unsigned,
            transfer: None,
            ctr: last.number,
            t: fix.t,
            received_at: last.received_at,
            lat: fix.lat,
            lon: fix.lon,
            speed_cm_s: fix.speed_cm_s,
            heading_ddeg: fix.heading_ddeg,
            battery: last.battery,
            progress_km: None,
        })
    }
}

fn unknown_terminal(id: &DeviceId) -> CommandRefusal {
    CommandRefusal::new("unknown-terminal", format!("terminal {id}: expected one that is registered and not revoked"))
}
