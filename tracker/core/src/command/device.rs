//! Devices: enrolment, revocation, logins, quarantine.

use super::registry::unknown_party;
use super::{Asking, hex_bytes};
use crate::core::Core;
use crate::detect::Strikes;
use crate::device::{Device, Period};
use crate::effect::{CommandRefusal, Effect, KeyChange};
use crate::order::Cursor;
use crate::role::Reach;
use crate::terminal::Registering;
use crate::transfer::Transfer;
use crate::verify::verify_enrolment;
use sealway_schemas::command::DeviceCommand;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::movement::MovementState;
use sealway_schemas::{DeviceId, PartyId, PublicKey, Time};

const PROOF_BYTES_LIMIT: usize = 512;

struct Enrolling {
    device: DeviceId,
    owner: PartyId,
    public_key: PublicKey,
    challenge: String,
    proof: String,
}

impl Core {
    pub(super) fn device_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: DeviceCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            DeviceCommand::EnrolDevice { device, owner, public_key, challenge, proof } => {
                let enrolling = Enrolling { device, owner, public_key, challenge, proof };
                self.enrol(now, asking, &enrolling, effects)
            }
            DeviceCommand::RevokeDevice { device, .. } => self.revoke(now, asking, device, effects),
            DeviceCommand::ResetLogin { device, t } => self.reset_login(device, t),
            DeviceCommand::LiftQuarantine { device, .. } => self.lift_quarantine(now, device, effects),
            DeviceCommand::RegisterTerminal { terminal, owner, protocol, call_sign, used_as } => {
                let registering = Registering { terminal, owner, protocol, call_sign, used_as };
                self.register_terminal(now, asking, registering, effects)
            }
            DeviceCommand::RevokeTerminal { terminal, reason } => self.revoke_terminal(now, asking, (terminal, &reason), effects),
        }
    }

    fn enrol(&mut self, now: Time, asking: &Asking<'_>, enrolling: &Enrolling, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let Enrolling { device, owner, public_key, challenge, proof } = enrolling;
        let (device, public_key) = (*device, *public_key);
        asking.check(&format!("device {device}"), Some(owner))?;
        let owner_ix = self.registry.find_party(owner).ok_or_else(|| unknown_party(owner.as_str()))?;
        self.check_free(&device, &public_key)?;
        self.check_custody(asking, &device)?;
        let enrolment = proved(&device, &public_key, challenge, proof)?;
        // Open alerts and binding stay with the device, whatever key it has.
        let old = self.devices.by_id(&device);
        let open = old.map(|old| old.open.clone()).unwrap_or_default();
        let transfer = old.and_then(|old| old.transfer);
        let bond_since = old.map_or(Time::ZERO, |old| old.bond_since);
        let login_t = old.map_or(Time::ZERO, |old| old.login_t);
        self.keys.insert(&public_key);
        self.devices.put(Device {
            id: device,
            owner: owner_ix,
            enrolled_at: now,
            revoked_at: None,
            login_t,
            cursor: Cursor::start(public_key, &enrolment),
            last: None,
            heard_at: now,
            period: Period::default(),
            silence_watched: false,
            clock: Strikes::default(),
            hole_at: None,
            transfer,
            bond_since,
            open,
        });
        effects.push(Effect::Keys(KeyChange::Enrolled { device, key: public_key }));
        if let Some(ix) = self.device_ix(&device) {
            self.tell_device(now, ix, effects);
        }
        Ok(())
    }

    fn check_free(&self, device: &DeviceId, key: &PublicKey) -> Result<(), CommandRefusal> {
        if self.active_device(device).is_some() {
            let detail = format!("device {device}: enrolled already, expected a new id or a revoked device");
            return Err(CommandRefusal::new("device-enrolled", detail));
        }
        if self.terminals.get(device).is_some() {
            // Its unsigned track and the seal's would be one.
            let detail = format!("device {device}: a terminal has or had this id, expected a new one");
            return Err(CommandRefusal::new("terminal-registered", detail));
        }
        if self.keys.contains(key) {
            let detail = format!("public key {key}: a device has or had it, expected a new one");
            return Err(CommandRefusal::new("key-known", detail));
        }
        Ok(())
    }

    /// Under way a seal's identity is customs' business: a new one could pretend to the old epoch.
    fn check_custody(&self, asking: &Asking<'_>, id: &DeviceId) -> Result<(), CommandRefusal> {
        let bound = self.devices.by_id(id).and_then(|device| self.transfers.get(device.transfer?));
        let bound = bound.filter(|transfer| transfer.movement.in_custody());
        // A seal that was replaced on the way is evidence until the officer lets the transfer go on.
        let replaced =
            |transfer: &Transfer| transfer.state == MovementState::Incident && transfer.chain.seals().iter().any(|link| link.seal == *id);
        let replaced = || self.transfers.iter().map(|(_, transfer)| transfer).find(|transfer| replaced(transfer));
        match (asking.reach, bound.or_else(replaced)) {
            (Reach::Own | Reach::None, Some(transfer)) => {
                let detail = format!("device {id}: seals transfer {}, expected an officer to do this before it has arrived", transfer.id);
                Err(CommandRefusal::new("seal-in-custody", detail))
            }
            (Reach::All, _) | (Reach::Own | Reach::None, None) => Ok(()),
        }
    }

    fn revoke(&mut self, now: Time, asking: &Asking<'_>, id: DeviceId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        asking.check(&format!("device {id}"), self.owner_of(&id))?;
        let ix = self.active_ix(&id)?;
        self.check_custody(asking, &id)?;
        if let Some(device) = self.devices.get_mut(ix) {
            device.revoked_at = Some(now);
        }
        effects.push(Effect::Keys(KeyChange::Revoked { device: id }));
        effects.push(Effect::Close(id));
        self.tell_device(now, ix, effects);
        Ok(())
    }

    fn reset_login(&mut self, id: DeviceId, t: Time) -> Result<(), CommandRefusal> {
        let ix = self.active_ix(&id)?;
        if let Some(device) = self.devices.get_mut(ix) {
            device.login_t = t;
        }
        Ok(())
    }

    fn lift_quarantine(&mut self, now: Time, id: DeviceId, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        // Also of a revoked one: what it was a seal of waits for the decision.
        let ix = self.device_ix(&id).map_or_else(|| self.active_ix(&id), Ok)?;
        let held = |cursor: &Cursor| cursor.quarantined() || !cursor.holes().is_empty() || cursor.lost_epoch();
        let Some(device) = self.devices.get_mut(ix).filter(|device| held(&device.cursor)) else {
            let detail =
                format!("device {id}: not in quarantine, without a hole and in its epoch, expected a device whose custody is held");
            return Err(CommandRefusal::new("not-quarantined", detail));
        };
        device.cursor.lift_quarantine();
        self.look_for_hole(now, ix, effects);
        self.tell_device(now, ix, effects);
        self.tell_transfer_of(now, ix, effects);
        Ok(())
    }

    pub(crate) fn owner_of(&self, id: &DeviceId) -> Option<&PartyId> {
        let device = self.devices.by_id(id)?;
        self.registry.party(device.owner).map(|party| &party.id)
    }

    pub(crate) fn active_ix(&self, id: &DeviceId) -> Result<crate::device::DeviceIx, CommandRefusal> {
        let known = self.active_device(id).and_then(|_| self.device_ix(id));
        known.ok_or_else(|| CommandRefusal::new("unknown-device", format!("device {id}: expected one that is enrolled and not revoked")))
    }
}

fn proved(device: &DeviceId, key: &PublicKey, challenge: &str, proof: &str) -> Result<Enrolment, CommandRefusal> {
    let challenge = hex_bytes::<32>("challenge", challenge)?;
    let refused = |detail: String| CommandRefusal::new("enrolment-proof", detail);
    if proof.len() > 2 * PROOF_BYTES_LIMIT {
        return Err(refused(format!("proof of {} hex digits, expected at most {}", proof.len(), 2 * PROOF_BYTES_LIMIT)));
    }
    let bytes = hex::decode(proof).map_err(|fault| refused(format!("proof: {fault}, expected hex")))?;
    verify_enrolment(device, key, &challenge, &bytes).map_err(|refusal| refused(format!("device {device}: {refusal}")))
}
