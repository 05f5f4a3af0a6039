//! Terminals: who calls, and what they say. Answered after the commit like everything else.

use super::super::work::{TerminalFailure, TerminalReply, UnsignedReply};
use super::Sequencer;
use crate::log::LogError;
use sealway_core::{Input, Sighted, TerminalRefusal};
use sealway_schemas::DeviceId;
use sealway_schemas::refusals::RefusedKind;
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use std::sync::atomic::Ordering::Relaxed;

impl Sequencer {
    pub(super) fn take_call(&mut self, protocol: Protocol, call_sign: &CallSign, reply: TerminalReply) {
        let answer = self.parts.core.terminal_called(protocol, call_sign).map_err(TerminalFailure::Refused);
        if answer.is_err() {
            self.refused.count(RefusedKind::UnknownTerminal);
        }
        self.owed.calls.push((reply, answer));
    }

    pub(super) fn take_unsigned(&mut self, frame: UnsignedFrame, reply: UnsignedReply) -> Result<(), LogError> {
        let terminal = frame.terminal;
        let answer = self.handle(Input::Unsigned(frame))?;
        let counters = &self.parts.counters;
        let result = match answer.sighted {
            Some(Sighted::Kept) => {
                counters.unsigned_kept.fetch_add(1, Relaxed);
                Ok(())
            }
            Some(Sighted::Duplicate) => {
                counters.unsigned_duplicates.fetch_add(1, Relaxed);
                Ok(())
            }
            Some(Sighted::Refused) | None => {
                counters.unsigned_refused.fetch_add(1, Relaxed);
                self.refused.count(RefusedKind::UnknownTerminal);
                Err(TerminalFailure::Refused(TerminalRefusal::Gone(terminal)))
            }
        };
        self.owed.unsigned.push((reply, result));
        Ok(())
    }

    /// After the commit.
    pub(super) fn answer_terminals(&mut self) {
        for (reply, answer) in std::mem::take(&mut self.owed.calls) {
            let _gone = reply.send(answer);
        }
        for (reply, result) in std::mem::take(&mut self.owed.unsigned) {
            let _gone = reply.send(result);
        }
    }

    /// The row and the marker of a terminal that was heard.
    pub(super) fn show_terminal(&mut self, id: &DeviceId) {
        if let Some((row, event)) = self.parts.core.terminal_told(self.parts.now, id) {
            self.owed.rows.push(row);
            self.owed.events.extend(event);
        }
    }
}
