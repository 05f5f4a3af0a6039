//! What people do with a transfer on its way to arrival.

use super::TransferIx;
use super::declare::Draft;
use super::order::StandingOrder;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use sealway_schemas::binding::RiskTierView;
use sealway_schemas::command::{RiskTier, Role, TransferCommand};
use sealway_schemas::movement::{Arrow, IncidentView, MovementState};
use sealway_schemas::record::Record;
use sealway_schemas::{PartyId, Time, TransferId};

const TEXT_LIMIT: usize = 1_000;

impl Core {
    pub(crate) fn transfer_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: TransferCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        use TransferCommand as C;
        let by = asking.signer();
        match command {
            C::DraftTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor, legs, consignments } => {
                let draft = Draft { id, carrier, unit, seal, origin, destination, corridor, legs, consignments };
                self.draft(now, asking, draft, effects)
            }
            C::DeclareTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor } => {
                let (legs, consignments) = (Vec::new(), Vec::new());
                let draft = Draft { id, carrier, unit, seal, origin, destination, corridor, legs, consignments };
                self.declare(now, asking, draft, effects)
            }
            C::SubmitTransfer { transfer } => self.step(now, self.asked(asking, &transfer)?, Arrow::Declare, by, effects),
            C::AcceptTransfer { transfer } => self.step(now, self.asked(asking, &transfer)?, Arrow::Accept, by, effects),
            C::HoldTransfer { transfer, reason } => {
                let ix = self.asked(asking, &transfer)?;
                text("reason", &reason)?;
                self.hold_by_word(now, ix, (reason, by), effects)
            }
            C::LiftHold { transfer, reason } => {
                let ix = self.asked(asking, &transfer)?;
                text("reason", &reason)?;
                self.lift(now, ix, (reason, by), effects)
            }
            C::BindSeal { transfer, unit, seal, mechanical } => self.bind_seal(now, asking, (&transfer, &unit, seal, mechanical), effects),
            C::UnbindSeal { transfer, seal, reason } => {
                text("reason", &reason)?;
                self.unbind(now, self.asked(asking, &transfer)?, seal, effects)
            }
            C::CountersignSeal { transfer, seal, epoch } => {
                self.countersign(now, self.asked(asking, &transfer)?, (seal, epoch, by), effects)
            }
            C::ReleaseTransfer { transfer, reason } => {
                text("reason", &reason)?;
                self.step(now, self.asked(asking, &transfer)?, Arrow::Release, by, effects)
            }
            C::ReportIncident { transfer, kind, note, photos } => {
                text("note", &note)?;
                let ix = self.asked(asking, &transfer)?;
                self.report_incident(now, ix, IncidentView { kind, note, photos, by, at: now }, effects)
            }
            C::ResumeTransfer { transfer, note } => {
                text("note", &note)?;
                self.resume(now, self.asked(asking, &transfer)?, (note, by), effects)
            }
            C::CancelTransfer { transfer, reason } => {
                text("reason", &reason)?;
                let ix = self.asked(asking, &transfer)?;
                self.check_cancel(asking, ix)?;
                self.step(now, ix, Arrow::Cancel, by, effects)
            }
            C::ReplyEnquiry { transfer, reply } => {
                text("reply", &reply)?;
                self.reply_enquiry(now, self.asked(asking, &transfer)?, (reply, by), effects)
            }
            C::OpenEnquiry { transfer, reason } => {
                text("reason", &reason)?;
                self.open_enquiry(now, self.asked(asking, &transfer)?, (reason, by), effects)
            }
            C::CloseEnquiry { transfer, accepted, note } => {
                text("note", &note)?;
                self.close_enquiry(now, self.asked(asking, &transfer)?, (accepted, note, by), effects)
            }
            C::PutStandingOrder { order, carrier, origin, tier, arrows } => {
                let officer = asking.by.user.clone();
                self.put_order(now, order, StandingOrder { officer, carrier, origin, tier, arrows, put_at: now }, effects)
            }
            C::RemoveStandingOrder { order } => self.remove_order(now, &order, &asking.by.user, effects),
            C::AssessCarrier { carrier, tier, reason } => {
                text("reason", &reason)?;
                self.assess_carrier(now, asking, (carrier, tier, reason), effects)
            }
        }
    }

    /// The transfer, if it is within the asker's reach.
    pub(crate) fn asked(&self, asking: &Asking<'_>, id: &TransferId) -> Result<TransferIx, CommandRefusal> {
        let unknown = || CommandRefusal::new("unknown-transfer", format!("transfer {id}: expected one that was drafted or declared"));
        let ix = self.transfers.find(id).ok_or_else(unknown)?;
        asking.check(&format!("transfer {id}"), self.transfers.get(ix).map(|transfer| &transfer.carrier))?;
        Ok(ix)
    }

    /// The carrier before release, customs later.
    fn check_cancel(&self, asking: &Asking<'_>, ix: TransferIx) -> Result<(), CommandRefusal> {
        let released = self.transfers.get(ix).map(|transfer| transfer.state).filter(|state| *state >= MovementState::Released);
        let Some(state) = released.filter(|_| asking.by.role != Role::Customs) else {
            return Ok(());
        };
        let detail = format!("user {}: the transfer is {}, expected an officer to cancel it", asking.by.user, state.as_str());
        let step = RefusedStep { state, arrow: Arrow::Cancel, missing: vec!["customs-officer"] };
        Err(CommandRefusal::new("role-forbids", detail).at(step))
    }

    fn assess_carrier(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (carrier, tier, reason): (PartyId, RiskTier, String),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        if self.registry.party_by_id(&carrier).is_none_or(|party| party.role != Role::Carrier) {
            let detail = format!("party {carrier}: expected a carrier that is registered");
            return Err(CommandRefusal::new("unknown-party", detail));
        }
        self.orders.assess(carrier.clone(), tier);
        // The carrier itself does not see it: who knows his tier knows when he is looked at.
        let overseers = self.registry.overseers(self.registry.district_of(&carrier)).cloned().collect();
        let view = RiskTierView { carrier, tier, reason, at: now, by: asking.by.user.clone() };
        self.tell_record(now, Record::of(&view, overseers), effects);
        Ok(())
    }
}

fn text(what: &'static str, text: &str) -> Result<(), CommandRefusal> {
    let count = text.chars().count();
    if (1..=TEXT_LIMIT).contains(&count) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("text", format!("{what} of {count} characters, expected 1 to {TEXT_LIMIT}")))
}
