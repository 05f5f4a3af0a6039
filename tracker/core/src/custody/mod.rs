//! Custody at its end: what customs lets a seal do, and what a seal is asked.

mod asked;
mod grant;
mod handover;

use crate::command::{Asking, hex_bytes};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::ledger::Unloading;
pub(crate) use asked::Questions;
pub(crate) use grant::Grants;
use sealway_schemas::command::CustodyCommand;
use sealway_schemas::down::{Challenge, Down, Grant};
use sealway_schemas::{DeviceId, Time};

impl Core {
    pub(crate) fn custody_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: CustodyCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            CustodyCommand::ReportArrival { transfer, place } => self.report_arrival(now, asking, (&transfer, &place), effects),
            CustodyCommand::HandOver { transfer, place } => self.hand_over(now, asking, (&transfer, &place), effects),
            CustodyCommand::RefuseTransfer { transfer, place, reason } => {
                self.refuse_transfer(now, asking, (&transfer, &place, reason), effects)
            }
            CustodyCommand::VerifyTransfer { transfer, conclusion, verified, seal, note } => {
                self.verify_transfer(now, asking, &transfer, Unloading { conclusion, seal, lines: verified, note }, effects)
            }
            CustodyCommand::IssueGrant { grant, device, epoch, circle, not_before, not_after, authorised_by } => {
                let id = hex_bytes::<16>("grant", &grant)?;
                self.issue_grant(now, asking, device, Grant { id, epoch, circle, not_before, not_after, authorised_by }, effects)
            }
            CustodyCommand::CountersignGrant { grant, device } => {
                self.countersign_grant(now, asking, (device, hex_bytes::<16>("grant", &grant)?), effects)
            }
            CustodyCommand::RevokeGrant { grant, device } => {
                self.revoke_grant(now, asking, (device, hex_bytes::<16>("grant", &grant)?), effects)
            }
            CustodyCommand::IssueChallenge { device, nonce, not_after } => {
                self.issue_challenge(asking, device, (&nonce, not_after), effects)
            }
        }
    }

    fn issue_challenge(
        &mut self,
        asking: &Asking<'_>,
        device: DeviceId,
        (nonce, not_after): (&str, Time),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let bytes = hex_bytes::<16>("nonce", nonce)?;
        self.active_ix(&device)?;
        let visible = self.visible_to(&device);
        asking.check(&format!("device {device}"), visible.iter().find(|party| **party == asking.by.party).or(visible.first()))?;
        self.questions.ask(device, (bytes, not_after), asking.by.user.clone());
        effects.push(Effect::Down { device, down: Down::Challenge(Challenge { nonce: bytes, not_after }) });
        Ok(())
    }

    /// What a device that was away has not heard yet: it takes each once, so hearing it twice does nothing.
    pub(crate) fn tell_again(&mut self, now: Time, device: DeviceId, effects: &mut Vec<Effect>) {
        if let Some((nonce, not_after)) = self.questions.open(&device, now) {
            effects.push(Effect::Down { device, down: Down::Challenge(Challenge { nonce, not_after }) });
        }
        for grant in self.grants.usable(&device, now) {
            effects.push(Effect::Down { device, down: Down::Grant(grant.clone()) });
        }
    }
}
