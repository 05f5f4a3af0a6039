//! An officer's ways out where the contract leaves a seal without acks: a clone has put its own report into the chain, so every later
//! sealing is faulty; or a copy lacks a `sealed` report that the seal has overwritten because it was stored, so nobody can verify what its
//! key signed. Lifting the quarantine lets the next sealing count; where that does not help, the seal is enrolled anew with a new key.

use super::{Broken, History};
use crate::platform::reports;
use crate::world;
use sealway_seal_sim::device::Lock;
use serde_json::json;
use std::collections::BTreeSet;

impl History {
    /// The officer lifts what holds custody, has the seal opened and sealed again under his eyes.
    pub(super) fn lift(&mut self) {
        let lift = json!({"type": "lift-quarantine", "device": self.device.id(), "reason": "seal looked at"});
        if !self.platform.command("officer", &lift) {
            return;
        }
        self.lifts += 1;
        self.observe();
        if self.device.epoch_key().is_some() {
            let open = Lock { motor_locked: false, ..self.device.lock() };
            let opened = self.device.found(self.uptime_ms, open).unwrap_or_default();
            self.made(opened);
        }
        self.turn_lock();
    }

    /// Whether there is a cause that the contract knows; without one the platform has to do without an officer.
    pub(super) fn may_need_an_officer(&self) -> bool {
        // A gap accounts for a sealing, and nobody knows its key for all that.
        let kept: BTreeSet<u64> = reports(&self.platform.log).map(|(_, ctr, _)| ctr).collect();
        let lost = |ctr: &u64| !kept.contains(ctr) && self.device.ring().get(*ctr).is_none();
        self.clone_spoke || self.sealings.iter().any(lost)
    }

    /// The device gets a new identity key. What was made before and is not stored counts no more.
    pub(super) fn enrol_anew(&mut self) -> Result<(), Broken> {
        self.cut();
        let revoke = json!({"type": "revoke-device", "device": self.device.id(), "reason": "its history cannot go on"});
        if !self.platform.command("officer", &revoke) {
            return Err("an officer could not revoke the seal".to_owned());
        }
        self.device.renew([self.epochs.wrapping_add(150); 32]);
        let enrolment = world::enrolment(self.device.public_key(), &self.device.enrolment([7; 32]));
        if !self.platform.command("officer", &enrolment) {
            return Err("a revoked seal could not be enrolled anew".to_owned());
        }
        self.device.trust(self.platform.public_key());
        self.begins = self.device.highest() + 1;
        self.released = 0;
        Ok(())
    }
}
