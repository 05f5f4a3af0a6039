//! Enquiries 核查: opened by the clock or by an officer, answered by the carrier, closed by an officer; what lapses goes to recovery 追缴.

use super::TransferIx;
use super::clock::under_way;
use super::hold::{Lifting, Why};
use crate::alert::Finding;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::Time;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::movement::{By, HoldFinding, HoldReason, Punctuality};
use sealway_schemas::record::{EnquiryStanding, EnquiryView, Record};

impl Core {
    pub(super) fn open_enquiry(
        &mut self,
        now: Time,
        ix: TransferIx,
        (reason, by): (String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get(ix) else {
            return Ok(());
        };
        if !under_way(transfer.state) {
            let detail = format!("transfer {}: is {}, expected one under way", transfer.id, transfer.state.as_str());
            return Err(CommandRefusal::new("not-under-way", detail));
        }
        match transfer.punctuality {
            Punctuality::OnTime | Punctuality::Late | Punctuality::Overdue => self.begin_enquiry(now, ix, (reason, by), effects),
            Punctuality::Enquiry | Punctuality::Recovery => {
                let detail = format!("transfer {}: an enquiry was opened, expected one without", transfer.id);
                return Err(CommandRefusal::new("enquiry-open", detail));
            }
        }
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    pub(super) fn begin_enquiry(&mut self, now: Time, ix: TransferIx, (reason, by): (String, By), effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        transfer.punctuality = Punctuality::Enquiry;
        transfer.enquiry = Some(EnquiryView {
            transfer: transfer.id.clone(),
            number: transfer.enquiry.as_ref().map_or(0, |before| before.number) + 1,
            opened_at: now,
            reason,
            reply: None,
            note: None,
            by,
            at: now,
            standing: EnquiryStanding::Open,
        });
        self.strike_at(now.plus_ms(self.policy.reply_ms), ix);
        self.tell_enquiry(now, ix, effects);
    }

    /// The first reply gives customs as long again; a later one only says more.
    pub(super) fn reply_enquiry(
        &mut self,
        now: Time,
        ix: TransferIx,
        (reply, by): (String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let enquiry = self.enquiry_mut(ix, |standing| match standing {
            EnquiryStanding::Open | EnquiryStanding::Replied | EnquiryStanding::Lapsed | EnquiryStanding::NotAccepted => true,
            EnquiryStanding::Accepted | EnquiryStanding::Ended => false,
        })?;
        enquiry.reply = Some(reply);
        (enquiry.by, enquiry.at) = (by, now);
        if enquiry.standing == EnquiryStanding::Open {
            enquiry.standing = EnquiryStanding::Replied;
            self.strike_at(now.plus_ms(self.policy.reply_ms), ix);
        }
        self.tell_enquiry(now, ix, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    pub(super) fn close_enquiry(
        &mut self,
        now: Time,
        ix: TransferIx,
        (accepted, note, by): (bool, String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let enquiry = self.enquiry_mut(ix, |standing| match standing {
            EnquiryStanding::Open | EnquiryStanding::Replied => true,
            // What went to recovery comes back by an officer's word.
            EnquiryStanding::Lapsed | EnquiryStanding::NotAccepted => accepted,
            EnquiryStanding::Accepted | EnquiryStanding::Ended => false,
        })?;
        enquiry.standing = if accepted { EnquiryStanding::Accepted } else { EnquiryStanding::NotAccepted };
        (enquiry.note, enquiry.by, enquiry.at) = (Some(note.clone()), by.clone(), now);
        if accepted {
            self.wait_on(now, ix, (note, by), effects);
        } else {
            self.recover(now, ix, (note, by), effects);
        }
        self.tell_enquiry(now, ix, effects);
        self.tell_transfer(now, ix, effects);
        Ok(())
    }

    /// Time ran out before customs accepted a reply.
    pub(super) fn lapse_enquiry(&mut self, at: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(enquiry) = self.transfers.get_mut(ix).and_then(|transfer| transfer.enquiry.as_mut()) else {
            return;
        };
        let found = if enquiry.reply.is_some() { HoldFinding::ReplyNotAccepted } else { HoldFinding::Unanswered };
        enquiry.standing = EnquiryStanding::Lapsed;
        (enquiry.by, enquiry.at) = (By::Clock, at);
        self.recover(at, ix, (found, By::Clock), effects);
        self.tell_enquiry(at, ix, effects);
    }

    /// What arrived or was cancelled is not asked after.
    pub(super) fn end_enquiry(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let by = transfer.changed_by.clone();
        let open = |enquiry: &&mut EnquiryView| matches!(enquiry.standing, EnquiryStanding::Open | EnquiryStanding::Replied);
        if let Some(enquiry) = transfer.enquiry.as_mut().filter(open) {
            enquiry.standing = EnquiryStanding::Ended;
            (enquiry.by, enquiry.at) = (by, now);
            self.tell_enquiry(now, ix, effects);
        }
    }

    fn recover(&mut self, now: Time, ix: TransferIx, (why, by): (impl Into<Why>, By), effects: &mut Vec<Effect>) {
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.punctuality = Punctuality::Recovery;
        }
        self.hold(now, ix, (HoldReason::Recovery, why), by, effects);
    }

    /// The clock goes on: to the limit, or where that has passed to the next enquiry.
    fn wait_on(&mut self, now: Time, ix: TransferIx, (note, by): (String, By), effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let in_time = transfer.due.filter(|due| now < *due);
        transfer.punctuality = if in_time.is_some() { Punctuality::OnTime } else { Punctuality::Overdue };
        let open = &transfer.open_alerts;
        let told = open.iter().any(|id| self.alerts.get(*id).is_some_and(|alert| alert.kind == AlertKind::Overdue));
        self.strike_at(in_time.unwrap_or(now.plus_ms(self.policy.enquiry_ms)), ix);
        if in_time.is_none() && !told {
            self.raise_on_transfer(now, ix, Finding::at(AlertKind::Overdue, now), effects);
        }
        self.lift_hold(now, ix, Lifting::of(HoldReason::Recovery, by, note), effects);
    }

    fn enquiry_mut(&mut self, ix: TransferIx, fits: impl Fn(EnquiryStanding) -> bool) -> Result<&mut EnquiryView, CommandRefusal> {
        let none = || CommandRefusal::new("no-enquiry", "transfer: no enquiry waits, expected one with an open enquiry");
        let transfer = self.transfers.get_mut(ix).filter(|transfer| under_way(transfer.state)).ok_or_else(none)?;
        transfer.enquiry.as_mut().filter(|enquiry| fits(enquiry.standing)).ok_or_else(none)
    }

    fn tell_enquiry(&self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some((transfer, view)) = self.transfers.get(ix).and_then(|transfer| Some((transfer, transfer.enquiry.as_ref()?))) else {
            return;
        };
        self.tell_record(now, Record::of(view, self.parties_of(Some(transfer), None)), effects);
    }
}
