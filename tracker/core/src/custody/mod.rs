//! Custody at its end: what customs lets a seal do, and what a seal is asked.

mod grant;

use crate::command::{Asking, hex_bytes};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
pub(crate) use grant::Grants;
use sealway_schemas::command::CustodyCommand;
use sealway_schemas::down::{Challenge, Down, Grant};
use sealway_schemas::{DeviceId, Time};

const LAT_LIMIT_E7: i64 = 900_000_000;
const LON_LIMIT_E7: i64 = 1_800_000_000;

impl Core {
    pub(crate) fn custody_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: CustodyCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            CustodyCommand::ReportArrival { .. } => {
                Err(CommandRefusal::new("not-offered", format!("command {}: not offered by this platform", command.kind())))
            }
            CustodyCommand::VerifyTransfer { transfer, conclusion, verified, note } => {
                self.verify_transfer(now, asking, &transfer, (conclusion, &verified, &note), effects)
            }
            CustodyCommand::IssueGrant { grant, device, epoch, circle, not_before, not_after, authorised_by } => {
                let id = hex_bytes::<16>("grant", &grant)?;
                self.issue_grant(now, device, Grant { id, epoch, circle, not_before, not_after, authorised_by }, effects)
            }
            CustodyCommand::IssueChallenge { device, nonce, not_after } => {
                self.issue_challenge(asking, device, (&nonce, not_after), effects)
            }
        }
    }

    fn issue_grant(&mut self, now: Time, device: DeviceId, content: Grant, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let Grant { circle, not_before, not_after, .. } = content;
        let grant = hex::encode(content.id);
        self.active_ix(&device)?;
        if circle.lat_e7.abs() > LAT_LIMIT_E7 || circle.lon_e7.abs() > LON_LIMIT_E7 {
            let detail = format!("circle at {}, {}: expected 1e-7 degrees, within 90 and 180 degrees", circle.lat_e7, circle.lon_e7);
            return Err(CommandRefusal::new("grant-circle", detail));
        }
        if not_before > not_after || not_after < now {
            let detail = format!("grant from {not_before} to {not_after}: expected a time that is not over and ends after it begins");
            return Err(CommandRefusal::new("grant-time", detail));
        }
        // What a device would call malformed is not sent to it.
        Down::decode(&Down::Grant(content.clone()).encode())
            .map_err(|fault| CommandRefusal::new("grant-malformed", format!("grant {grant}: {fault}")))?;
        if !self.grants.issue(device, &content) {
            return Err(CommandRefusal::new("grant-exists", format!("grant {grant} of device {device}: exists, expected a new id")));
        }
        effects.push(Effect::Down { device, down: Down::Grant(content) });
        Ok(())
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
        effects.push(Effect::Down { device, down: Down::Challenge(Challenge { nonce: bytes, not_after }) });
        Ok(())
    }
}
