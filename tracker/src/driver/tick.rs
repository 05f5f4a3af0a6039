//! What a tick owes to the outside once its commit is durable. Gathered while the judge works, given out in one go.

use super::work::{AdmitRefusal, AdmitReply, CommandFailure, CommandReply, TerminalFailure, TerminalReply, UnsignedReply};
use crate::log::Position;
use bytes::Bytes;
use sealway_core::{CommandReceipt, Outbound, Row};
use sealway_schemas::DeviceId;
use sealway_schemas::down::Down;
use sealway_schemas::event::Event;
use sealway_schemas::link::{SessionId, Settlement, Verdict};
use std::collections::HashMap;
use tokio::sync::oneshot;

#[derive(Debug, Default)]
pub(crate) struct Owed {
    sessions: HashMap<SessionId, usize>,
    settlements: Vec<Settlement>,
    pub(crate) uploads: usize,
    pub(crate) down: Vec<(DeviceId, Down)>,
    /// Devices that came and may believe an older key of the platform.
    pub(crate) introduce: Vec<DeviceId>,
    pub(crate) close: Vec<DeviceId>,
    pub(crate) rows: Vec<Row>,
    pub(crate) events: Vec<Event>,
    pub(crate) outbound: Vec<Outbound>,
    pub(crate) admits: Vec<(AdmitReply, Result<(), AdmitRefusal>)>,
    pub(crate) commands: Vec<(CommandReply, Result<CommandReceipt, CommandFailure>)>,
    pub(crate) calls: Vec<(TerminalReply, Result<DeviceId, TerminalFailure>)>,
    pub(crate) unsigned: Vec<(UnsignedReply, Result<(), TerminalFailure>)>,
    pub(crate) heads: Vec<(oneshot::Sender<Option<Position>>, Option<Position>)>,
}

impl Owed {
    pub(crate) fn settle(&mut self, session: SessionId, ticket: u16, verdict: Verdict) {
        // Ticket 0 is QoS 0: nobody waits for it.
        if ticket == 0 {
            return;
        }
        if let Some(settlement) = self.settlement(session) {
            settlement.settled.push((ticket, verdict));
        }
    }

    pub(crate) fn send_down(&mut self, session: SessionId, message: Bytes) {
        if let Some(settlement) = self.settlement(session) {
            settlement.down.push(message);
        }
    }

    pub(crate) fn take_settlements(&mut self) -> Vec<Settlement> {
        self.sessions.clear();
        std::mem::take(&mut self.settlements)
    }

    fn settlement(&mut self, session: SessionId) -> Option<&mut Settlement> {
        let index = *self.sessions.entry(session).or_insert_with(|| {
            self.settlements.push(Settlement { session, settled: Vec::new(), down: Vec::new() });
            self.settlements.len() - 1
        });
        self.settlements.get_mut(index)
    }
}
