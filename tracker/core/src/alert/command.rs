//! What people do with an alert: take note, assign, decide.

use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::geometry::Position;
use crate::transfer::TransferIx;
use crate::transfer::life::after;
use sealway_schemas::alert::{AlertNote, AlertView, Assignment, Decision, Ground, Verdict};
use sealway_schemas::command::{AlertCommand, Role};
use sealway_schemas::movement::{Arrow, By, HoldReason};
use sealway_schemas::{AlertId, Time, TransferId, UserId};

const REASON_LIMIT: usize = 1_000;
/// On one alert: each note sends the alert anew to everybody who sees it.
const NOTES_LIMIT: usize = 200;

impl Core {
    pub(crate) fn alert_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: AlertCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            AlertCommand::AcknowledgeAlert { alert, transfer, note } => {
                self.expect_of(alert, transfer)?;
                self.acknowledge(now, asking, (alert, note), effects)
            }
            AlertCommand::NoteAlert { alert, transfer, note } => {
                self.expect_of(alert, transfer)?;
                expect_length("note", &note)?;
                self.expect_room(alert)?;
                self.alerts.note(alert, AlertNote { by: asking.by.user.clone(), at: now, text: note });
                self.tell_alert(now, alert, effects);
                Ok(())
            }
            AlertCommand::AssignAlert { alert, transfer, to } => {
                self.expect_of(alert, transfer)?;
                self.assign(now, asking, (alert, to), effects)
            }
            AlertCommand::DecideAlert { alert, transfer, verdict, reason } => {
                self.expect_of(alert, transfer)?;
                let decision = Decision { verdict, by: asking.by.user.clone(), at: now, reason: reason.clone() };
                self.decide_alert(now, alert, decision, effects)?;
                match verdict {
                    Verdict::Incident => self.enter_incident(now, alert, asking.signer(), effects),
                    // The decision ends the alert, so that something else has to hold the cargo.
                    Verdict::SuspectedSmuggling => {
                        if let Some(ix) = self.transfer_of_alert(alert) {
                            self.hold(now, ix, (HoldReason::Officer, reason), asking.signer(), effects);
                        }
                        Ok(())
                    }
                    Verdict::FalseAlarm | Verdict::DeviceFault => Ok(()),
                }
            }
            AlertCommand::ReportTruck { transfer, at, lat, lon } => {
                self.report_truck(now, asking, (&transfer, at, Position { lat, lon }), effects)
            }
        }
    }

    /// What an officer calls an incident is one, if the transfer is where one begins.
    fn enter_incident(&mut self, now: Time, id: AlertId, by: By, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let begins =
            |ix: &TransferIx| self.transfers.get(*ix).is_some_and(|transfer| after(transfer.state, Arrow::ReportIncident).is_some());
        match self.transfer_of_alert(id).filter(begins) {
            Some(ix) => self.step(now, ix, Arrow::ReportIncident, by, effects),
            None => Ok(()),
        }
    }

    fn transfer_of_alert(&self, id: AlertId) -> Option<TransferIx> {
        self.alerts.get(id).and_then(|alert| alert.transfer.as_ref()).and_then(|transfer| self.transfers.find(transfer))
    }

    fn known_alert(&self, id: AlertId) -> Result<&AlertView, CommandRefusal> {
        self.alerts.get(id).ok_or_else(|| CommandRefusal::new("unknown-alert", format!("alert {id}: expected one that exists")))
    }

    /// A decision shall not show up in the evidence of another transfer.
    fn expect_of(&self, id: AlertId, named: Option<TransferId>) -> Result<(), CommandRefusal> {
        let own = &self.known_alert(id)?.transfer;
        match named {
            Some(named) if Some(&named) != own.as_ref() => {
                let own = own.as_ref().map_or_else(|| "none".to_owned(), TransferId::to_string);
                Err(CommandRefusal::new("other-transfer", format!("transfer {named}: expected {own}, which alert {id} is about")))
            }
            _ => Ok(()),
        }
    }

    fn acknowledge(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, note): (AlertId, Option<String>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let alert = self.known_alert(id)?;
        if let Some(note) = &note {
            expect_length("note", note)?;
        }
        if let (Some(at), Some(by)) = (alert.acknowledged_at, &alert.acknowledged_by) {
            let detail = format!("alert {id}: acknowledged by {by} at {at}, expected one that waits");
            return Err(CommandRefusal::new("alert-acknowledged", detail));
        }
        self.alerts.acknowledge(now, id, &asking.by.user);
        if let Some(text) = note {
            self.alerts.note(id, AlertNote { by: asking.by.user.clone(), at: now, text });
        }
        self.tell_alert(now, id, effects);
        Ok(())
    }

    fn assign(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, to): (AlertId, UserId),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let alert = self.known_alert(id)?;
        if let Some(decision) = &alert.decided {
            let detail = format!("alert {id}: decided by {} at {}, expected one that is open to decide", decision.by, decision.at);
            return Err(CommandRefusal::new("alert-decided", detail));
        }
        if self.user(&to).is_none_or(|user| user.role != Role::Customs) {
            return Err(CommandRefusal::new("not-an-officer", format!("user {to}: expected a customs officer who is registered")));
        }
        let bounds = self.user(&to).and_then(|user| self.registry.district_of(&user.party));
        if let Some(bounds) = bounds {
            self.check_alert(bounds, id)?;
        }
        self.alerts.assign(id, Assignment { to, by: asking.by.user.clone(), at: now });
        self.tell_alert(now, id, effects);
        Ok(())
    }

    /// A decision stands until the alert is revised.
    fn decide_alert(&mut self, now: Time, id: AlertId, decision: Decision, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let alert = self.known_alert(id)?;
        expect_length("reason", &decision.reason)?;
        let revised_at = alert.revisions.last().map(|revision| revision.at);
        if let Some(earlier) = alert.decided.as_ref().filter(|earlier| revised_at.is_none_or(|revised| revised <= earlier.at)) {
            let detail = format!("alert {id}: decided by {} at {}, expected one that was revised since", earlier.by, earlier.at);
            return Err(CommandRefusal::new("alert-decided", detail));
        }
        let device = alert.device;
        if let Some(device) = self.devices.find(&device).and_then(|ix| self.devices.get_mut(ix)) {
            self.alerts.decide(id, decision.clone(), &mut device.open);
        }
        if self.alerts.get(id).is_some_and(|alert| alert.cleared_at.is_some()) {
            self.close_in_transfer(id);
        }
        self.tell_alert(now, id, effects);
        self.count_verdict(now, id, decision.verdict, effects);
        if let Some(alert) = self.alerts.get(id).filter(|_| decision.verdict.clears_the_driver()) {
            self.exculpate(now, alert, Ground::Decided(decision), effects);
        }
        Ok(())
    }
}

impl Core {
    fn expect_room(&self, id: AlertId) -> Result<(), CommandRefusal> {
        let count = self.known_alert(id)?.notes.len();
        if count < NOTES_LIMIT {
            return Ok(());
        }
        Err(CommandRefusal::new("too-many-notes", format!("alert {id}: {count} notes, expected at most {NOTES_LIMIT}")))
    }
}

pub(crate) fn expect_length(what: &str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if !text.trim().is_empty() && count <= REASON_LIMIT {
        return Ok(());
    }
    Err(CommandRefusal::new("reason-length", format!("{what} of {count} characters, expected 1 to {REASON_LIMIT}")))
}
